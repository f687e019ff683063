"""What a playbook may ask of a tracker: every place, label, assignee and type that an issue of its could get."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from syncd import guard
from syncd.actions import Board, Draft
from syncd.model import Audience
from syncd.playbook import Playbook
from syncd.tables.parts import GIVEN


@dataclass(frozen=True, slots=True)
class Use:
    """What one key of a playbook asks of one place.

    Attributes:
        key: of the playbook, such as ``routing.labels``.
        draft: an issue with what that key gives it; its place is as the playbook has it (``github:acme/customer``).
        boards: that the key puts issues of that place on, with values that it may set.
    """

    key: str
    draft: Draft
    boards: tuple[Board, ...] = ()


def spots(playbook: Playbook) -> dict[str, str]:
    """The places that issues go to, by the playbook's own names; a place that nobody has named yet is empty."""
    routing = playbook.routing
    named = [routing.place, *(row.place for row in routing.tags.values()), *(rule.place for rule in routing.rules)]
    return {name: routing.places.get(name, "") for name in dict.fromkeys(named) if name}


def uses(playbook: Playbook, audiences: Mapping[str, Audience | None]) -> Iterator[Use]:
    """Everything, place by place; a place's own key first. What only private places get is asked of those alone.

    Args:
        playbook: that files issues.
        audiences: who can read in each place, by its spot; places that aren't in there are left out.
    """
    for name, spot in spots(playbook).items():
        if spot and spot in audiences:
            found = [Use(f"routing.places.{name}", _draft(spot)), *_of_every_issue(playbook, spot)]
            found += _of_rules(playbook, name, spot)
            if guard.may_see("company", audiences[spot]):
                found += _of_customers(playbook, spot)
            yield from (_complete(playbook, one) for one in found)
            yield from _of_types(playbook, spot)
            yield from _of_boards(playbook, name, spot)


def _of_every_issue(playbook: Playbook, spot: str) -> Iterator[Use]:
    """Labels, and agents, that don't depend on the area."""
    if playbook.routing.labels:
        yield Use("routing.labels", _draft(spot, *playbook.routing.labels))
    for kind, row in playbook.kinds.items():
        if row.labels and not row.no_issue:
            yield Use(f"kinds.{kind}.labels", _draft(spot, *row.labels))
    table, levels = playbook.priorities, _levels(playbook)
    if table.labelled and levels:
        yield Use("priorities.prefix", _draft(spot, *(f"{table.prefix}{level}" for level in levels)))
    for agent, handle in playbook.routing.agents.items() if playbook.routing.agent_takes else ():
        yield Use(f"routing.agents.{agent}", _draft(spot, assignee=handle))


def _of_rules(playbook: Playbook, name: str, spot: str) -> Iterator[Use]:
    """Labels and assignees of the areas and tags whose issues may come to this place: a tag's place wins."""
    routing = playbook.routing
    by_tag = {row.place for row in routing.tags.values()}
    for tag, row in routing.tags.items():
        if row.labels and row.place in {"", name}:
            yield Use(f"routing.tags.{tag}.labels", _draft(spot, *row.labels))
    for rule in routing.rules:
        if rule.no_issue or name not in {rule.place or routing.place, *by_tag}:
            continue
        key = f"routing.rules, {rule.area}"
        if rule.labels:
            yield Use(f"{key}: labels", _draft(spot, *rule.labels))
        if rule.assignee:
            yield Use(f"{key}: assignee", _draft(spot, assignee=rule.assignee))


def _of_customers(playbook: Playbook, spot: str) -> Iterator[Use]:
    """Labels of the customers that the playbook names, made where they aren't there yet, and their engineers."""
    customer = playbook.customer
    for name, engineer in customer.engineers.items():
        labels = (f"{customer.label}{name}",) if customer.label else ()
        draft = _draft(spot, *labels, assignee=engineer, audience=Audience.PRIVATE)
        yield Use(f"customer.engineers.{name}", replace(draft, new_labels=labels))


def _complete(playbook: Playbook, use: Use) -> Use:
    """With the type and the fields of every issue, so that nothing seems to be missing."""
    return replace(use, draft=replace(use.draft, type=playbook.file.type, fields=_fields(playbook, _kind(playbook))))


def _of_types(playbook: Playbook, spot: str) -> Iterator[Use]:
    """Types of the kinds, and each value that a field may get."""
    levels, table = _levels(playbook), playbook.file
    for kind, row in playbook.kinds.items():
        if row.type and not row.no_issue:
            fields = _fields(playbook, kind, levels[0] if levels else "")
            yield Use(f"kinds.{kind}.type", replace(_draft(spot), type=row.type, fields=fields))
    if table.set:
        for kind in _kinds(playbook):
            for level in levels or [""]:
                fields = _fields(playbook, kind, level)
                yield Use("file.set", replace(_draft(spot), type=table.type, fields=fields))


def _of_boards(playbook: Playbook, name: str, spot: str) -> Iterator[Use]:
    """Each board with each value that a field of it may get."""
    for row in playbook.boards:
        if row.place in {"", name}:
            pairs = [(kind, level) for kind in _kinds(playbook) for level in _levels(playbook) or [""]]
            wanted = [_filled(row.fields, playbook, *pair) for pair in pairs]
            fields = [{key: value for key, value in one.items() if value is not None} for one in wanted]
            boards = tuple(Board(row.board, one) for at, one in enumerate(fields) if one not in fields[:at])
            yield Use(f"boards, {row.board}", _draft(spot), boards)


def _fields(playbook: Playbook, kind: str, level: str = "") -> dict[str, Any]:
    """Fields of every issue, as such a ticket has them; None for what only a ticket tells."""
    levels = _levels(playbook)
    return _filled(playbook.file.set, playbook, kind, level or (levels[0] if levels else ""))


def _filled(texts: Mapping[str, str], playbook: Playbook, kind: str, level: str) -> dict[str, str | None]:
    row = playbook.kinds.get(kind)
    known = {"kind": kind, "kind_name": (row.shown if row else "") or kind, "priority": level}
    found: dict[str, str | None] = {}
    for name, text in texts.items():
        told = [known.get(one[1], "") for one in GIVEN.finditer(text)]
        found[name] = GIVEN.sub(lambda one: known.get(one[1], ""), text) if all(told) else None
    return found


def _kind(playbook: Playbook) -> str:
    return playbook.file.kind


def _kinds(playbook: Playbook) -> list[str]:
    """Kinds that become issues."""
    rows = playbook.kinds
    return [kind for kind in dict.fromkeys((playbook.file.kind, *rows)) if kind not in rows or not rows[kind].no_issue]


def _levels(playbook: Playbook) -> list[str]:
    """Priorities that become issues."""
    table = playbook.priorities
    return [level for level in table.levels if level not in table.no_issue]


def _draft(spot: str, *labels: str, assignee: str = "", audience: Audience = Audience.PUBLIC) -> Draft:
    """Titles, bodies and markers don't matter: nothing is filed."""
    people = (assignee.removeprefix("@"),) if assignee else ()
    return Draft(spot, "", "", "", tuple(dict.fromkeys(labels)), people, audience=audience)
