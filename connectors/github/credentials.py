"""What a connector shows GitHub: a personal access token, or what stands for it where it is a GitHub App."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import TYPE_CHECKING

from github import Auth

from connectors.github.answers import Answer
from syncd.errors import Problem

if TYPE_CHECKING:
    from connectors.github.api import Api
    from connectors.github.repositories import Facts


class Credential(ABC):
    """The credential of one account. It may make calls of its own to get at what the others show."""

    writes_by_role: bool = True
    """What it may write hangs on a role in each repository, which GitHub tells with the repository."""

    blind: str = "the token lacks rights"
    """Why it may not see a repository that is there."""

    @abstractmethod
    def word(self, api: Api) -> str:
        """What the next call shows.

        Raises:
            ConnectorError: there is none to be had.
        """

    @abstractmethod
    def renewed(self, api: Api, answer: Answer, before: int) -> bool:
        """Whether a call that was answered so is worth making again, now that ``word`` may be another.

        True only where the answer says that nothing was done. ``before``: how often that was said of this call.
        """

    @abstractmethod
    def login(self, api: Api) -> str | None:
        """The account that it writes as; None where that has to be asked with it."""

    @abstractmethod
    def refused(self, where: str) -> Problem:
        """Why the latest call was Unauthorized, and the cure. ``where``: the config file."""

    @abstractmethod
    def problems(self, api: Api, where: str) -> Iterator[Problem]:
        """What is wrong with the credential, apart from any repository."""

    @abstractmethod
    def problems_in(self, api: Api, facts: Facts) -> Iterator[tuple[str, str]]:
        """What it can't do in a repository that it sees, each with its cure."""


class Token(Credential):
    """A personal access token."""

    def __init__(self, text: str) -> None:
        self._text = text

    def word(self, api: Api) -> str:
        """See :class:`Credential`; no call."""
        del api
        return self._text

    def renewed(self, api: Api, answer: Answer, before: int) -> bool:
        """A person makes the next one."""
        del api, answer, before
        return False

    def login(self, api: Api) -> str | None:
        """GitHub tells whose it is."""
        del api
        return None

    def refused(self, where: str) -> Problem:
        """See :class:`Credential`."""
        cure = "Make a new token on GitHub and store it where the config file says."
        return Problem(f"{where}: token", "GitHub doesn't accept the token", cure)

    def problems(self, api: Api, where: str) -> Iterator[Problem]:
        """None that a call of its own would show."""
        del api, where
        yield from ()

    def problems_in(self, api: Api, facts: Facts) -> Iterator[tuple[str, str]]:
        """None beyond its owner's role there."""
        del api, facts
        yield from ()


class Shown(Auth.Auth):
    """What PyGithub puts into a call's headers: whatever was set last, for one call at a time."""

    def __init__(self) -> None:
        self.kind, self.word = "token", ""

    @property
    def token_type(self) -> str:
        """``Bearer`` for an app's signature, which GitHub takes under no other name."""
        return self.kind

    @property
    def token(self) -> str:
        """The credential of the call that is under way."""
        return self.word
