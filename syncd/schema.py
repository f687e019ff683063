"""What every configuration file has in common: durations, moments, and pydantic's findings as plain sentences.

pydantic checks the shapes; this module says what it found in words that a support lead can act on. No value of a
file is ever repeated in a problem, because it may be a secret that landed under the wrong key.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time
from difflib import get_close_matches
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from syncd.errors import Problem

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}

_KINDS = {
    "string_type": ("a text is expected", "Write it in quotes"),
    "bool_type": ("yes or no is expected", "Write true or false, without quotes"),
    "int_type": ("a whole number is expected", "Write it without quotes or decimals"),
    "float_type": ("a number is expected", "Write it without quotes"),
    "finite_number": ("a finite number is expected", "Write an ordinary number"),
    "list_type": ("a list is expected", 'Write it in brackets, such as ["one", "two"]'),
    "tuple_type": ("a list is expected", 'Write it in brackets, such as ["one", "two"]'),
    "frozen_set_type": ("a list is expected", 'Write it in brackets, such as ["one", "two"]'),
    "dict_type": ("a table is expected", "Write it as a [section] of its own"),
    "model_type": ("a table is expected", "Write it as a [section] of its own"),
    "missing": ("this key is missing", "Add it"),
}
"""What pydantic calls an error -> what is wrong, and the cure."""

_BOUNDS = {
    "too_short": ("too few are listed", "List at least {min_length}"),
    "too_long": ("too many are listed", "List {max_length} at most"),
    "string_too_short": (
        "this text is too short",
        "Write {min_length} characters or more, or leave the key out",
    ),
    "string_too_long": ("this text is too long", "Write {max_length} characters at most"),
    "string_pattern_mismatch": ("this is not written as it has to be", "Write it in the form {pattern}"),
    "greater_than": ("this number is too small", "Write one above {gt}"),
    "greater_than_equal": ("this number is too small", "Write {ge} or more"),
    "less_than": ("this number is too large", "Write one below {lt}"),
    "less_than_equal": ("this number is too large", "Write {le} or less"),
}
"""The same, of what is outside of a bound; the cure names the bound."""


UNUSABLE = "this value can't be used"


class Wrong(ValueError):
    """A value that can't be used, with the way to mend it; raised inside validators, never seen by users."""

    def __init__(self, what: str, cure: str) -> None:
        super().__init__(f"{what}. {cure}")
        self.what, self.cure = what, cure


class Table(BaseModel):
    """A table of a configuration file: unknown keys are refused, types are exact, nothing changes after the load."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)


def seconds(text: object) -> float:
    """A duration as configs write it (``30s``, ``2m``, ``1h``, ``3d``), in seconds.

    Raises:
        ValueError: it is not written so.
    """
    if isinstance(text, str) and re.fullmatch(r"[0-9]{1,9}[smhd]", text):
        return float(int(text[:-1]) * _SECONDS[text[-1]])
    raise Wrong("this is no duration", "Write a whole number and a unit, such as 30s, 2m, 1h or 3d")


def instant(value: object) -> datetime:
    """A point in time as configs write it, quoted or not: a date, or a date and time; UTC where no zone is given.

    Raises:
        ValueError: it is not written so.
    """
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            value = None
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time(), UTC)
    if not isinstance(value, datetime):
        raise Wrong("this is no date", "Write it as 2026-01-31 or 2026-01-31T09:00:00Z")
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Duration = Annotated[float, BeforeValidator(seconds)]
"""Seconds; a config writes ``30s``, ``2m``, ``1h``, ``3d``."""
Instant = Annotated[datetime, BeforeValidator(instant)]
"""Aware, UTC; a config writes ``2026-01-31`` or a date with a time."""


def problems(error: ValidationError, where: str, model: type[BaseModel], known: Iterable[str] = ()) -> list[Problem]:
    """Everything that pydantic found, in the order of the file's keys.

    Args:
        error: what validation raised.
        where: the file (``connectors/github.toml``), to which the key is added.
        model: what was validated; its keys are offered where one is misspelt.
        known: the keys of the top level, where they aren't all of the model's.
    """
    top = tuple(known) or _keys(model)
    told: list[Problem] = []
    for one in _bare(error.errors(include_url=False, include_input=False)):
        place, around = _placed(model, one["loc"], named=one["type"] != "extra_forbidden")
        what, cure = _sentence(one, top if len(place) == 1 else around)
        if one["type"] == "extra_forbidden" and len(place) > 1 and place[-1] in top:
            cure = f"It belongs further up: {_above(where)}"
        new = problem(where, _key(place), what, cure)
        if told and len(place) < len(one["loc"]):  # one choice of a union, after another
            if told[-1].where.startswith(f"{new.where}."):
                continue
            if told[-1].where == new.where:
                new = replace(new, what=UNUSABLE, cure=f"{told.pop().cure}; or {cure[:1].lower()}{cure[1:]}")
        told.append(new)
    return told


def problem(where: str, key: str, what: str, cure: str) -> Problem:
    """One problem of a file, or of a table in it (``connectors/desk.toml: sync``); an empty key means all of it."""
    joint = "." if ": " in where else ": "
    return Problem(f"{where}{joint}{key}" if key else where, what, cure)


def unknown_key(key: str, known: Iterable[str]) -> tuple[str, str]:
    """What is wrong with a key that nobody knows, and the cure: the nearest known one, or all of them."""
    names = sorted(known)
    near = get_close_matches(key, names, 1)
    if near:
        return "unknown key", f"Did you mean {near[0]!r}?"
    return "unknown key", f"Remove it; known here: {', '.join(names)}" if names else "Remove it"


def _above(where: str) -> str:
    """Where the keys of the top level stand."""
    return f"right below [{where.partition(': ')[2]}]" if ": " in where else "before the first [section]"


def _bare(found: Sequence[Any]) -> list[Any]:
    """Without lists that only lack what is wrong in them."""
    places = [one["loc"] for one in found]
    return [
        one
        for one in found
        if one["type"] != "too_short"
        or not any(len(other) > len(one["loc"]) and other[: len(one["loc"])] == one["loc"] for other in places)
    ]


def _keys(model: type[BaseModel]) -> tuple[str, ...]:
    """The keys of a table as a file has them."""
    return tuple(one.alias or key for key, one in model.model_fields.items())


def _placed(
    model: type[BaseModel], loc: tuple[int | str, ...], *, named: bool
) -> tuple[tuple[int | str, ...], tuple[str, ...]]:
    """A place without pydantic's names for the choices of a union, and the keys that are known where it ends.

    ``named``: its last key is a known one.
    """
    found: list[int | str] = []
    here: list[Any] = [model]
    around: tuple[str, ...] = ()
    for number, step in enumerate(loc):
        keys = tuple(key for one in here if _is_table(one) for key in _keys(one))
        inner = [kind for one in here for kind in _inner(one, step)]
        if inner or isinstance(step, int) or step == "[key]" or (number == len(loc) - 1 and not named):
            found.append(step)
            here, around = inner, keys
    return tuple(found), around


def _inner(kind: Any, step: int | str) -> list[Any]:
    """What may stand at a key of a table, or at a place of a list; the choices of a union each by itself."""
    if _is_table(kind):
        fields = {one.alias or key: one.annotation for key, one in kind.model_fields.items()}
        return _choices(fields[step]) if step in fields else []
    origin, args = get_origin(kind), get_args(kind)
    if origin is dict:
        return _choices(args[1])
    return _choices(args[0]) if origin in {list, tuple, frozenset} and isinstance(step, int) else []


def _choices(kind: Any) -> list[Any]:
    """The members of a union, or the kind itself; without what validators add to it."""
    if get_origin(kind) is Annotated:
        return _choices(get_args(kind)[0])
    if get_origin(kind) in {Union, UnionType}:
        return [one for member in get_args(kind) for one in _choices(member)]
    return [kind]


def _is_table(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _key(place: tuple[int | str, ...]) -> str:
    """``("repositories", 0, "name")`` as ``repositories[0].name``."""
    text = ""
    for step in place:
        if isinstance(step, int):
            text += f"[{step}]"
        elif step != "[key]":  # pydantic's sign that the key itself is meant
            text += f".{step}" if text else step
    return text


def _sentence(found: Mapping[str, Any], known: tuple[str, ...]) -> tuple[str, str]:
    """What is wrong, and the cure."""
    kind, context = found["type"], found.get("ctx", {})
    cause = context.get("error")
    if isinstance(cause, Wrong):
        return cause.what, cause.cure
    if kind in _KINDS:
        return _KINDS[kind]
    if kind in _BOUNDS:
        what, cure = _BOUNDS[kind]
        return what, cure.format(**context)
    if kind == "extra_forbidden":
        return unknown_key(str(found["loc"][-1]), known)
    if kind in {"literal_error", "enum"}:
        return "this is none of the known values", f"Write one of {context['expected'].replace(' or ', ', ')}"
    said = str(cause) if cause is not None else str(found["msg"]).replace("Input should", "It should", 1)
    return UNUSABLE, said[:1].upper() + said[1:]
