"""Answers for ``syncd init``: from options, else from whoever sits at the terminal, until each can be used."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import click
from pydantic import SecretStr

from syncd.cli.questions import Answer, Question
from syncd.cli.show import say
from syncd.config.credentials import SecretReader, sound
from syncd.schema import UNUSABLE, Wrong

REFERENCES = ("env:", "file:", "credential:")
FROM_INPUT = "-"

Read = Callable[[str], SecretStr]
Judge = Callable[[Answer, Read], Answer]


class Asker:
    """Gets answers.

    Args:
        folder: the config folder to be, where ``credential:NAME`` is looked for.
        given: option -> what was given for it.
        live: somebody can be asked.
    """

    def __init__(self, folder: Path, given: Mapping[str, Answer], *, live: bool) -> None:
        self.folder, self._given, self.live = folder, given, live
        self.secrets: dict[str, str] = {}
        """Secrets that were typed, or read from standard input: the name of the credential -> what to keep there."""
        self.lacking: list[str] = []
        """What is missing or wrong, where nobody can be asked: a line each."""

    def given(self, flags: Iterable[str]) -> list[str]:
        """Those of some options that were given."""
        return [flag for flag in flags if self._given.get(flag)]

    def plain(self, flag: str, question: Question, judge: Judge) -> Answer | None:
        """What isn't secret."""
        reader = SecretReader(self.folder, os.environ)

        def use(text: str | list[str]) -> Answer:
            parts = text if isinstance(text, list) else text.replace(",", " ").split()
            return judge(parts if question.many else str(text).strip(), reader)

        return self._get(flag, question, use)

    def secret(self, flag: str, question: Question, name: str, judge: Judge) -> Answer | None:
        """A reference to a secret: one that was given, or to the credential of that name, where it is to be kept."""
        kept = self.folder / "credentials" / name
        if os.path.lexists(kept):
            say(f"{question.ask}: {kept} is there already, and is used")
            return f"credential:{name}"

        def use(text: str | list[str]) -> Answer:
            reference = str(text).strip()
            if not reference.startswith(REFERENCES):
                secret = sound(str(text))
                judge(f"credential:{name}", lambda _: secret)
                self.secrets[name] = secret.get_secret_value()
                return f"credential:{name}"
            scheme, _, rest = reference.partition(":")
            if scheme == "file":  # a path as it was typed here; in the file it would begin at the config folder
                reference = f"file:{Path(rest).expanduser().absolute()}"
            return judge(reference, SecretReader(self.folder, os.environ))

        return self._get(flag, question, use)

    def _get(self, flag: str, question: Question, use: Callable[[str | list[str]], Answer]) -> Answer | None:
        """The first answer that can be used; None if there is none and nobody to ask, or none is needed."""
        given = self._given.get(flag)
        if given:
            try:
                return use(self._from_option(flag, given) if question.secret else given)
            except Wrong as wrong:
                self._complain(flag, wrong)
        elif not self.live and question.needed:
            self.lacking.append(f"{flag} is missing: {question.ask}")
        if not self.live:
            return (question.default or None) if not given else None
        return self._ask(question, use)

    def _ask(self, question: Question, use: Callable[[str | list[str]], Answer]) -> Answer | None:
        """Ask, and say why an answer can't be used, until one can."""
        say()
        if question.help:
            say(question.help.strip())
        hint = " (not shown while you type; or env:NAME, file:PATH)" if question.secret else ""
        several = " (with blanks in between)" if question.many else ""
        nothing = " (nothing: none)" if question.optional else ""
        while True:
            text = click.prompt(
                f"{question.ask}{hint}{several}{nothing}",
                default=question.default or "",
                show_default=bool(question.default),
                hide_input=question.secret,
            )
            if not text.strip() and question.optional:
                return None
            if not text.strip():
                say("An answer is needed. Ctrl-C gives up, and nothing is written.")
                continue
            try:
                return use(text)
            except Wrong as wrong:
                why = "" if wrong.what == UNUSABLE else f": {wrong.what}"
                say(f"That can't be used{why}. {wrong.cure.rstrip('.')}.")

    def _from_option(self, flag: str, given: Answer) -> str:
        """A secret, or a reference to one, as an option gives it: never the secret itself, which `ps` would show."""
        text = str(given).strip()
        if text == FROM_INPUT:
            return click.prompt("", prompt_suffix="", hide_input=True) if self.live else sys.stdin.readline()
        if not text.startswith(REFERENCES):
            what = "a secret does not belong on a command line, where others on this machine can see it"
            raise Wrong(what, f"Write {flag} env:NAME, {flag} file:PATH, or {flag} - to have it read from the input")
        return text

    def _complain(self, flag: str, wrong: Wrong) -> None:
        line = f"{flag} can't be used: {wrong.what}. {wrong.cure.rstrip('.')}."
        if self.live:
            say(line)
        else:
            self.lacking.append(line)
