"""What ``syncd init`` has to ask of a connector, and the file that comes of the answers.

A connector brings both in its package: ``questions.toml`` names keys of its options and says for people where the
answers come from; ``example.toml`` is the file that they are put into, so that every other key stands there with its
comment. The connector's own model judges each answer, exactly as it will judge the file.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Annotated, Any

from pydantic import Field, SecretStr, ValidationError

from syncd.config.accounts import URL_KEYS, origin
from syncd.connector import installed, load
from syncd.model import Role
from syncd.schema import Table, Wrong, problems

QUESTIONS, EXAMPLE = "questions.toml", "example.toml"
Answer = str | list[str]


class Question(Table):
    """One key of a connector's file.

    Attributes:
        key: its name there.
        ask: what is asked, in a line.
        help: where the answer comes from, and for a credential which rights it needs.
        secret: the answer is a credential, or a reference to one.
        many: it takes several answers.
        table: the key is a list of tables, and this is the one key of each that an answer stands for.
        flag: how the option is called, if not as the key.
        default: what holds where nothing is answered.
        optional: nothing has to be answered.
        only: the choice with which alone it is asked.
        places: the answers are repositories or projects, where issues can be filed.
    """

    key: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    ask: str
    help: str = ""
    secret: bool = False
    many: bool = False
    table: str = ""
    flag: str = ""
    default: str = ""
    optional: bool = False
    only: str = ""
    places: bool = False

    @property
    def needed(self) -> bool:
        """Whether there is no way without an answer."""
        return not self.optional and not self.default


class Choice(Table):
    """What is asked first where an account can be logged in to in several ways."""

    ask: str
    help: str = ""


class Questions(Table):
    """A connector's ``questions.toml``."""

    title: str
    choice: Choice | None = None
    questions: list[Question]


@dataclass(frozen=True)
class Kind:
    """A kind of connector that ``init`` can set up."""

    name: str
    title: str
    questions: Sequence[Question]
    package: str
    choice: Choice | None = None

    @property
    def choices(self) -> dict[str, list[Question]]:
        """What can be chosen, the default first -> what is asked only then."""
        found: dict[str, list[Question]] = {}
        for question in self.questions:
            if question.only:
                found.setdefault(question.only, []).append(question)
        return found

    def flag(self, question: Question) -> str:
        """The option that takes an answer."""
        return f"--{self.name}-{question.flag or question.key}".replace("_", "-")

    def spots(self, answers: Mapping[str, Answer]) -> list[str]:
        """The repositories or projects among these answers."""
        found = [answers.get(question.key) for question in self.questions if question.places]
        return [one for answer in found if isinstance(answer, list) for one in answer]

    def roles(self) -> frozenset[Role]:
        """What it can be; loads the connector."""
        return load(self.name).capabilities.roles

    def judge(self, question: Question, answer: Answer, secret: Callable[[str], SecretStr]) -> Answer:
        """The answer as the file will hold it; ``secret`` reads the secret behind a reference.

        Raises:
            Wrong: the connector can't use it.
        """
        if question.key in URL_KEYS and isinstance(answer, str):
            answer = origin(answer if "://" in answer else f"https://{answer}")
        model = load(self.name).Options
        value: object = [{question.table: one} for one in answer] if question.table else answer
        try:
            model.model_validate({"connector": self.name, question.key: value}, context={"secret": secret})
        except ValidationError as error:
            for one in problems(error, self.name, model):
                if re.match(rf"{re.escape(self.name)}: {re.escape(question.key)}\b", one.where):
                    raise Wrong(one.what, one.cure) from None
        return answer

    def file(self, answers: Mapping[str, Answer]) -> str:
        """The commented file of a connector with these answers."""
        text = files(self.package).joinpath(EXAMPLE).read_text(encoding="utf-8")
        chosen = {question.only for question in self.questions if answers.get(question.key)} - {""}
        for question in self.questions:
            if chosen and question.only not in {"", *chosen}:
                text = re.sub(rf"^(?={question.key} = )", "# ", text, flags=re.MULTILINE)
            answer = answers.get(question.key)
            if answer:
                text = put(text, question, answer)
        return text


def kinds() -> dict[str, Kind]:
    """Every installed connector that brings its questions; no connector is loaded."""
    found = {}
    for name, point in sorted(installed().items()):
        try:
            text = files(point.module).joinpath(QUESTIONS).read_text(encoding="utf-8")
        except (ImportError, TypeError, OSError):  # it brings none, or can't be loaded: `check` says so once it is used
            continue
        asked = Questions.model_validate(tomllib.loads(text))
        found[name] = Kind(name, asked.title, asked.questions, point.module, asked.choice)
    return found


def put(text: str, question: Question, answer: Answer) -> str:
    """The example with an answer where its key stands, commented out or not."""
    if question.table:
        tables = "\n".join(f"[[{question.key}]]\n{question.table} = {toml(one)}\n" for one in answer)
        made, count = re.subn(
            rf"^\[\[{question.key}\]\]\n(?:(?!\[).*\n?)*", lambda _: tables, text, count=1, flags=re.MULTILINE
        )
    else:
        line = f"{question.key} = {toml(answer)}"
        made, count = re.subn(rf"^(?:# )?{question.key} = .*$", lambda _: line, text, count=1, flags=re.MULTILINE)
    if not count:
        raise LookupError(f"{EXAMPLE} has no line for {question.key}")
    return made


def toml(value: Any) -> str:
    """A text, or a list of texts, as TOML: what JSON writes is that as well, but for DEL."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
