"""Whether an issue is filed for a ticket, where, of what kind, how urgent, for which team."""

from __future__ import annotations

from dataclasses import dataclass

from syncd.details import Detail
from syncd.filing.keywords import Match, areas, said
from syncd.filing.known import known
from syncd.filing.may import OF_PEOPLE, escalated
from syncd.filing.urgency import ASSUMED, priority, proposed
from syncd.filing.values import Choice, Decision, Unfiled
from syncd.model import Item, Word
from syncd.playbook import Playbook
from syncd.tables import Rule, Tagged


@dataclass(frozen=True, slots=True)
class _Area:
    """The area that was chosen, and what else was meant."""

    rule: Rule | None
    why: str
    others: tuple[Match, ...] = ()


def decide(
    detail: Detail, playbook: Playbook, *, word: Word, ordered: bool = False, promoted: bool = False
) -> Decision | Unfiled:
    """The issue that a ticket becomes, as far as that doesn't depend on who can see it; or why it becomes none.

    Args:
        detail: the ticket, read afresh.
        playbook: of its helpdesk.
        word: of its status.
        ordered: an agent has written ``/file`` in a note; then no table says that none is needed.
        promoted: it has an issue already, and a tag asks for one in another place.
    """
    detail = known(detail, playbook)
    why = _promoted(detail, playbook) if promoted else escalated(detail, playbook, word, ordered=ordered)
    kind, level, area = kind_of(detail, playbook), priority(detail, playbook.priorities), _area(detail, playbook)
    none = None if ordered or promoted else _needless(playbook, kind, level, area)
    if isinstance(why, Unfiled):
        return none if none is not None and why.rule in OF_PEOPLE else why
    if none is not None:
        return none
    tags = {name: row for name, row in playbook.routing.tags.items() if _worn(detail, name)}
    place = _place(playbook, area, tags)
    if isinstance(place, Unfiled):
        return place
    proposal = proposed(detail, playbook.priorities, level.value)
    return Decision(
        escalated=why,
        place=place,
        kind=kind,
        priority=level,
        proposed=proposal,
        area=Choice(area.rule.area if area.rule else "", area.why),
        rule=area.rule,
        others=tuple(_named(match.rule) for match in area.others),
        labels=_labels(playbook, kind, level, area.rule, tags),
        remarks=_remarks(level, proposal, area),
    )


def _promoted(detail: Detail, playbook: Playbook) -> Choice | Unfiled:
    tag = promotes(detail.item, playbook)
    return Choice("yes", f"the tag {tag}") if tag else Unfiled("not_escalated", "no tag of the ticket names a place")


def promotes(item: Item, playbook: Playbook) -> str:
    """The tag by which a ticket's issue is to stand in another place, too; of a follow-up none (rule 9)."""
    worn = {tag.casefold() for tag in item.tags} if item.follows is None else set()
    return next((name for name, row in playbook.routing.tags.items() if row.place and name.casefold() in worn), "")


def _worn(detail: Detail, tag: str) -> bool:
    return tag.casefold() in {one.casefold() for one in detail.item.tags}


def kind_of(detail: Detail, playbook: Playbook) -> Choice:
    """By the ticket's type, else by a tag, each in the table's order."""
    for kind, row in playbook.kinds.items():
        if detail.kind and detail.kind.casefold() in {one.casefold() for one in row.types}:
            return Choice(kind, f"the ticket's type is {detail.kind}")
    for kind, row in playbook.kinds.items():
        tag = next((tag for tag in row.tags if _worn(detail, tag)), None)
        if tag is not None:
            return Choice(kind, f"the ticket has the tag {tag}")
    return Choice(playbook.file.kind, "neither the ticket's type nor a tag says otherwise")


def _area(detail: Detail, playbook: Playbook) -> _Area:
    """The area that an agent chose, else the first that keywords name and that takes issues."""
    rules = playbook.routing.rules
    chosen = next((rule for rule in rules if rule.tag and _worn(detail, rule.tag)), None)
    if chosen is not None:
        return _Area(chosen, f"chosen by hand: the tag {chosen.tag}")
    matches = areas(said(detail), rules)
    if not matches:
        return _Area(None, "the ticket names none of the areas" if rules else "the playbook has no keyword table")
    taken = next((match for match in matches if not match.rule.no_issue), None)
    if taken is None and matches[0].weak:
        return _Area(None, "only ordinary words speak for an area that needs no issue", matches)
    match = taken or matches[0]
    words = ", ".join(repr(word) for word in match.words)
    others = tuple(one for one in matches if one is not match)
    first = "; the first of several in the table" if others else ""
    return _Area(match.rule, f"the ticket says {words}{first}", others)


def _needless(playbook: Playbook, kind: Choice, level: Choice, area: _Area) -> Unfiled | None:
    """A kind, a priority or an area that needs no issue."""
    row = playbook.kinds.get(kind.value)
    if row is not None and row.no_issue:
        return Unfiled("no_issue", f"the ticket is of the kind {kind.value} ({kind.why}): {row.no_issue}")
    if level.value in playbook.priorities.no_issue:
        why = playbook.priorities.no_issue[level.value]
        return Unfiled("no_issue", f"the priority is {level.value} ({level.why}): {why}")
    if area.rule is not None and area.rule.no_issue:
        return Unfiled("no_issue", f"the area is {area.rule.area} ({area.why}): {area.rule.no_issue}")
    return None


def _place(playbook: Playbook, area: _Area, tags: dict[str, Tagged]) -> Choice | Unfiled:
    """A tag's, else the area's, else the default."""
    routing = playbook.routing
    tag = next((name for name, row in tags.items() if row.place), None)
    if tag is not None:
        name, why = tags[tag].place, f"the ticket has the tag {tag}"
    elif area.rule is not None and area.rule.place:
        name, why = area.rule.place, f"the area {area.rule.area} has its own"
    else:
        name, why = routing.place, "the default"
    spot = routing.places[name]
    if not spot:
        cure = f"Add {name} = \"OWNER/REPOSITORY\" (or a project's key) to [sync.routing.places] of the helpdesk's file"
        return Unfiled("no_place", f"nobody has said yet which repository or project {name!r} is. {cure}")
    return Choice(spot, f"the place {name!r}: {why}")


def _labels(
    playbook: Playbook, kind: Choice, level: Choice, rule: Rule | None, tags: dict[str, Tagged]
) -> tuple[Choice, ...]:
    """Labels in the order in which they are shown, each once."""
    row = playbook.kinds.get(kind.value)
    found = [Choice(label, "every issue has it") for label in playbook.routing.labels]
    found += [Choice(label, f"the kind is {kind.value}") for label in (row.labels if row else ())]
    if level.value and playbook.priorities.labelled:
        found.append(Choice(f"{playbook.priorities.prefix}{level.value}", level.why))
    found += [Choice(label, f"the area is {rule.area}") for label in rule.labels] if rule else []
    found += [Choice(label, f"the ticket has the tag {tag}") for tag, one in tags.items() for label in one.labels]
    return tuple({one.value.casefold(): one for one in reversed(found)}.values())[::-1]


def _remarks(level: Choice, proposal: Choice, area: _Area) -> tuple[str, ...]:
    found = []
    if ASSUMED in level.why:
        found.append(f"The priority rests on a default: {level.why}.")
    if proposal.value:
        found.append(f"Proposed priority: {proposal.value}, because {proposal.why}.")
    if area.others:
        found.append(f"It may concern others, too: {', '.join(_named(one.rule) for one in area.others)}.")
    return tuple(found)


def _named(rule: Rule) -> str:
    return f"{rule.area} ({rule.team})" if rule.team and rule.team != rule.area else rule.area
