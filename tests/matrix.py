"""docs/support-matrix.md: what each system can, from its connector's capabilities and from what its world lacks."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from syncd.cli.questions import kinds
from syncd.connector import Capabilities, installed, load
from syncd.model import Role
from syncd.testing import World

PAGE = Path(__file__).parent.parent / "docs" / "support-matrix.md"
OURS = "connectors."
"""Where the connectors that come with syncd stand; what else this machine has installed is no part of the page."""
HEAD = """# What each system can

Each column is a system that a connector comes along for. A dash: the system has no such thing, or tells nobody of it;
then syncd does without, and the rest works all the same. An empty field: it doesn't concern that part. This page is
made by `make docs` from what the connectors say of themselves (`syncd.connector.Capabilities`, and what the worlds of
their tests lack); a test sees to it that it is current.

"""
DASH = "\N{EN DASH}"
SILENT = frozenset({"lost_answer", "html_answer", "tags_version"})
"""What a world may lack that says nothing to those who use the system."""
ACTS = ("label", "release", "show")
"""What people do in a world only where its connector tells of it (see :class:`syncd.testing.World`)."""


@dataclass(frozen=True, slots=True)
class Column:
    """One system: what its connector can, what its world lacks, and which of ``ACTS`` people do there."""

    title: str
    can: Capabilities
    lacks: frozenset[str]
    acts: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Row:
    """What is told of every system. ``of``: the capability, or what a world may lack, that it rests on."""

    of: str
    what: str
    tell: Callable[[Column], str]


def _can(of: str, what: str, *, yes: str = "yes", no: str = "no") -> Row:
    return Row(of, what, lambda one: yes if getattr(one.can, of) else no)


def _only(role: Role, row: Row) -> Row:
    """A row that says nothing of what can't be a helpdesk, or a tracker."""
    return Row(row.of, row.what, lambda one: row.tell(one) if role in one.can.roles else "")


def _has(of: str, what: str) -> Row:
    return Row(of, what, lambda one: DASH if of in one.lacks else "yes")


def _does(of: str, what: str) -> Row:
    return Row(of, what, lambda one: "yes" if of in one.acts else DASH)


def _together(of: str, what: str) -> Row:
    def tell(one: Column) -> str:
        size = getattr(one.can, of)
        return f"up to {size}" if size > 1 else "one"

    return Row(of, what, tell)


def _looked_up(one: Column) -> str:
    return "" if one.can.keys_are_ids else _together("resolve_batch", "").tell(one)


PROBES = {"listing": "in the full list of notes", "search": "by a search that may lag, therefore twice"}
ROWS = (
    Row("roles", "Its part", lambda one: " or ".join(sorted(one.can.roles))),
    _can("internal_notes", "Notes that only the team sees", no="no: who sees the item sees the note"),
    _only(Role.HELPDESK, _has("waiting", "It is seen whether a customer still waits for an answer")),
    _can("can_create", "New items can be filed there"),
    _only(Role.TRACKER, _does("show", "It is asked who can read what is filed there")),
    _only(Role.TRACKER, _can("boards", "Issues can be put on boards")),
    _only(Role.HELPDESK, _has("copies", "A reply to a customer can be copied to the company's representatives")),
    _can("edits_notes", "A note of syncd's can be given another text"),
    _can("comments_apart", "What is said on an item costs a call of its own", no="no"),
    _can("sets_fields", "Custom fields can be set"),
    _can("sets_tags", "Tags or labels can be set"),
    _only(Role.TRACKER, _can("keeps_links", "An issue shows a link to each of its tickets")),
    _does("label", "Tags or labels are read"),
    _only(Role.TRACKER, _does("release", "It is seen whether what an issue brought is released")),
    _only(Role.HELPDESK, _can("details", "Escalated tickets can be filed: subject, requester, company are told")),
    _only(Role.HELPDESK, _can("time_entries", "The report can tell the hours that were worked, by company")),
    _can("attribution", "It is told who moved an item"),
    _only(Role.HELPDESK, _can("notes_hold_links", "Links are looked for in the notes that agents leave")),
    _has("remove", "A deleted item is noticed"),
    _has("restore", "A deleted item can come back, and its link with it"),
    _has("move", "An item that was moved or merged is followed to where it is now"),
    _has("rate_limit", "It limits how often it may be asked, and is given time"),
    _can("status_with_notes", "Note and status are written together", yes="yes, both or neither", no="one by one"),
    _together("fetch_batch", "Items that one call reads"),
    _together("apply_batch", "Items that one call writes"),
    _can("feed_texts", "The list of changes shows the texts", no="no: a further call for each changed item"),
    _can("keys_are_ids", "A number or address names an item without asking"),
    Row("resolve_batch", "Numbers or addresses that one call looks up", _looked_up),
    Row("probe", "Where a note is looked for whose answer was lost", lambda one: PROBES[one.can.probe]),
)
"""For support managers: no word of the code. ``create`` and ``internal_notes`` of a world are capabilities, too."""


def columns() -> list[Column]:
    """Every connector that comes along."""
    titles = {name: kind.title for name, kind in kinds().items()}
    points = {name: point for name, point in sorted(installed().items()) if point.module.startswith(OURS)}
    return [_column(titles.get(name, name), load(name).capabilities, point.module) for name, point in points.items()]


def _column(title: str, can: Capabilities, module: str) -> Column:
    """What the world of a connector's tests says besides."""
    found = importlib.import_module(f"{module}.sandbox.world")
    worlds = [one for _, one in inspect.getmembers(found, inspect.isclass) if one.__module__ == found.__name__]
    made = [one for one in worlds if issubclass(one, World) and not inspect.isabstract(one)]
    make: Callable[[], World] = max(made, key=lambda one: len(one.__mro__))
    world = make()
    world.close()
    acts = frozenset(act for act in ACTS if getattr(type(world), act) is not getattr(World, act))
    return Column(title, can, world.lacks, acts)


def page(shown: Iterable[Column]) -> str:
    """The page.

    Raises:
        LookupError: a world lacks something that no row tells.
    """
    shown = list(shown)
    told = {row.of for row in ROWS} | {"create"} | SILENT
    for one in shown:
        if one.lacks - told:
            raise LookupError(f"{one.title} lacks what no row tells: {', '.join(sorted(one.lacks - told))}")
    head = ["", *(one.title for one in shown)]
    rows = [[row.what, *(row.tell(one) for one in shown)] for row in ROWS]
    lines = [head, ["---"] * len(head), *rows]
    return HEAD + "".join(f"| {' | '.join(line)} |\n" for line in lines)
