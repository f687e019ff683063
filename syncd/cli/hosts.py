"""Where the work of a command is done: in the running service if there is one, else here, under the state's lock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

import click

from syncd.cli.running import configured, working
from syncd.cli.show import Meter
from syncd.config import Config, digest, find_folder, state_of
from syncd.control.client import Asked, ask
from syncd.store import Store
from syncd.work import Work

VERBS = {
    "brake release": "verbs.brake.do_release",
    "links add": "verbs.links.do_add",
    "links import": "imports.do_import",
    "links mute": "muting.do_mute",
    "links remove": "verbs.links.do_remove",
    "links unmute": "muting.do_unmute",
    "pause": "verbs.pause.do_pause",
    "queue drop": "verbs.queue.do_drop",
    "queue retry": "verbs.queue.do_retry",
    "reconcile": "verbs.reconcile.do_reconcile",
    "reconcile --apply": "plans.do_apply",
    "resume": "verbs.resume.do_resume",
}
"""What writes the state: verb -> the function that does it."""


class Host(Protocol):
    """Where a command's work is done."""

    config: Config
    serves: bool
    """Whether a service goes on with it afterwards, without being asked again."""

    def working(self, *, dry: bool = False, whole: bool = False) -> AbstractContextManager[Work]:
        """A run. ``dry``: on a copy of the state, and nothing is written anywhere. ``whole``: it walks everything.

        Raises:
            StateBusy, StateError: the state can't be used.
        """

    def writing(self) -> AbstractContextManager[Store]:
        """The state, to write to.

        Raises:
            StateBusy, StateError: it can't be used.
        """

    def changed(self) -> None:
        """There may be something to do, or to leave alone, that there wasn't before."""

    def counted(self, work: Work) -> tuple[Counter[str], dict[str, int]]:
        """What was done since the run began, and how many calls each connector made."""


class Alone:
    """In this process: no service runs."""

    serves = False

    def __init__(self, config: Config) -> None:
        self.config = config

    def working(self, *, dry: bool = False, whole: bool = False) -> AbstractContextManager[Work]:
        """See :class:`Host`."""
        del whole
        return working(self.config, dry=dry)

    @contextmanager
    def writing(self) -> Iterator[Store]:
        """See :class:`Host`."""
        store = Store.open(self.config.state)
        try:
            yield store
        finally:
            store.close()

    def changed(self) -> None:
        """See :class:`Host`."""

    def counted(self, work: Work) -> tuple[Counter[str], dict[str, int]]:
        """See :class:`Host`."""
        return work.tally, {name: sum(one.calls.values()) for name, one in work.connectors.items()}


class _Terminal(Meter):
    """What the service says, as if it were said here."""

    def output(self, text: str, *, err: bool) -> None:
        """See :class:`syncd.control.client.Shown`."""
        click.echo(text, nl=False, err=err)


def through(folder: Path | None, verb: str, **told: Any) -> int:
    """Let the running service do it, or do it here; its exit status."""
    place = find_folder(folder)
    state = state_of(place)
    if state is not None:
        with _Terminal() as shown:
            status = ask(Asked(state, digest(place), verb, told), shown)
        if status is not None:
            return status
    return doer(verb)(Alone(configured(folder)), **told)


def doer(verb: str) -> Callable[..., int]:
    """The function that does it."""
    module, _, name = VERBS[verb].rpartition(".")
    found: Callable[..., int] = getattr(import_module(f"syncd.cli.{module}"), name)
    return found
