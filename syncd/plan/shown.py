"""What tickets show of their issues, and issues of their tickets: in fields and tags, for views, and in links.

Of an item that was adopted nothing is shown until one of its ends has moved (rule 4), of one that is closed for good
nothing any more. What is wanted is compared with what was shown last, not with what stands there: what an agent puts
into such a field stays until something else is to be shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from syncd.actions import Action, Pointer
from syncd.model import FINISHED_TICKET, ISSUE_WORDS, Audience, Item, Ref, Word
from syncd.plan.asks import Outline
from syncd.plan.group import Group, is_new
from syncd.plan.ticket import view
from syncd.records import (
    COUNT_TAG,
    FIELD,
    LINK,
    NUMBER,
    WORD_TAG,
    Base,
    Left,
    Link,
    LinkState,
    Shown,
    Standing,
    Step,
    Why,
)

NEEDS = {FIELD: "fields", NUMBER: "fields", WORD_TAG: "tags", COUNT_TAG: "tags", LINK: "links"}


def show(outline: Outline) -> None:
    """What is to be shown now, with the step that an item has anyway, or as a step of its own."""
    group, known = outline.group, _Known(outline)
    for ref in sorted({end for link in group.links for end in (link.ticket, link.issue)} | group.shown.keys(), key=str):
        item = group.items.get(ref)
        if not isinstance(item, Item) or item.final or group.mappings[ref.connector].is_final(item.status):
            continue
        links = [link for link in known.live if ref in (link.ticket, link.issue)]
        if ref in group.muted or (links and all(link.ticket in group.muted for link in links)):
            continue
        shown = group.shown.get(ref, {})
        if not shown and not any(known.speaks(link) for link in links):
            continue
        is_ticket = ref.connector in group.playbooks
        if not is_ticket and known.unsettled(links):  # it is counted once those are written
            continue
        wanted = dict(_of_ticket(group, item, links) if is_ticket else _of_issue(group, ref, links))
        wanted |= {} if is_ticket else dict(_ways_back(known, item))
        changes = tuple(_changes(wanted, shown, group.can.get(ref.connector, frozenset())))
        if changes:
            _add(outline, item, changes, links)


class _Known:
    """The group's links as they will be once what is planned is recorded."""

    def __init__(self, outline: Outline) -> None:
        self.group = outline.group
        planned = [record for step in outline.steps for record in step.records]
        self._after = {record.link: record for record in [*planned, *outline.records]}
        self._written = {step.target: step.status for step in outline.steps if step.status is not None}
        self.live = [link for link in self.group.links if self.state(link) is LinkState.LIVE]

    def state(self, link: Link) -> LinkState:
        record = self._after.get(link.id)
        ends = (self.group.items.get(ref) for ref in (link.ticket, link.issue))
        there = all(isinstance(item, Item) for item in ends)
        return (record.state if record else None) or (link.state if there else LinkState.ENDED)

    def unsettled(self, links: list[Link]) -> bool:
        """Whether one of their tickets is about to be finished, or opened again."""
        now = {link.ticket: _waits(self.group, link.ticket) for link in links}
        written = {ref: self.group.word(ref, status) for ref, status in self._written.items() if ref in now}
        return any((word not in FINISHED_TICKET) != now[ref] for ref, word in written.items())

    def speaks(self, link: Link) -> bool:
        """Whether it is no link that was adopted and has been left as it stood since."""
        record = self._after.get(link.id)
        base: Base | None = (record.base if record else None) or self.group.bases.get(link.id)
        if base is None or (record or link).standing is Standing.ADOPTED:
            return False
        return base.turn > 0 or base.exempt or is_new(self.group, link)


def _of_ticket(group: Group, item: Item, links: list[Link]) -> Iterator[tuple[str, str | None]]:
    """What, and its value; None: as it was."""
    playbook = group.playbooks[item.ref.connector]
    if not links:
        return
    ticket = view(group, item, links)
    issues, word = [ticket.issue(link) for link in ticket.links], ticket.issues_word
    told = None if word is Word.UNKNOWN else word.value
    values = {
        "issue_key": ", ".join(issue.ref.key or issue.ref.id for issue in issues),
        "issue_url": ", ".join(issue.url for issue in issues),
        "issue_word": told,
    }
    for name, value in playbook.ticket_fields.items():
        yield f"{FIELD}{name}", values[value]
    if playbook.ticket_tag:
        yield f"{WORD_TAG}{playbook.ticket_tag}", told and f"{playbook.ticket_tag}_{told}"


def _of_issue(group: Group, issue: Ref, links: list[Link]) -> Iterator[tuple[str, str]]:
    """How many tickets wait; of a field that never showed any, nothing."""
    waiting = {link.ticket for link in links if _waits(group, link.ticket)}
    count, shown = str(len(waiting)), group.shown.get(issue, {})
    for playbook in (group.playbooks[name] for name in sorted({link.ticket.connector for link in links})):
        for name in playbook.issue_fields:
            if waiting or f"{NUMBER}{name}" in shown:
                yield f"{NUMBER}{name}", count
        if playbook.issue_tag:
            yield f"{COUNT_TAG}{playbook.issue_tag}", f"{playbook.issue_tag}-{count}" if waiting else ""


def _ways_back(known: _Known, issue: Item) -> Iterator[tuple[str, str | None]]:
    """A link to each ticket, where only the team sees it; None: as it was."""
    group = known.group
    for link in group.links if issue.audience is Audience.PRIVATE else ():
        state, ticket = known.state(link), group.items[link.ticket]
        if (
            link.issue != issue.ref
            or state is LinkState.ENDED
            or not group.playbooks[link.ticket.connector].issue_links
        ):
            continue
        left = state is not LinkState.LIVE or link.ticket in group.muted or not known.speaks(link)
        told = None if left or not isinstance(ticket, Item) else f"{ticket.url} Ticket {ticket.ref.human}"
        yield f"{LINK}{link.ticket}", told


def _waits(group: Group, ref: Ref) -> bool:
    item = group.items[ref]
    return isinstance(item, Item) and group.word(ref, item.status) not in FINISHED_TICKET


def _changes(wanted: dict[str, str | None], shown: Mapping[str, Left], can: frozenset[str]) -> Iterator[Shown]:
    for what in sorted(wanted.keys() | shown.keys()):
        value, left = wanted.get(what, ""), shown.get(what, Left())
        news = value != left.value or left.tried  # what may stand there is written over, or taken away
        if value is not None and news and NEEDS[what[: what.index(":") + 1]] in can:
            yield Shown(what, value, left.value, left.tried)


def _add(outline: Outline, item: Item, changes: tuple[Shown, ...], links: list[Link]) -> None:
    for index, step in enumerate(outline.steps):
        if step.target == item.ref:
            outline.steps[index] = replace(step, shows=changes)
            return
    is_ticket = item.ref.connector in outline.group.playbooks
    word = outline.group.word(item.ref, item.status)
    why = Why("shown", "issue" if is_ticket else "ticket", before=word, after=word)
    mine = [link.id for link in links]
    # An issue may have a hundred tickets: to say how many, none of them needs to be read.
    outline.steps.append(Step(item.ref, tuple(mine if is_ticket else mine[:1]), why, expect=item.status, shows=changes))


def unseen(step: Step, item: Item) -> tuple[Shown, ...]:
    """What of a step the fresh item doesn't show already; with each tag those of its kind that stand beside it.

    No read tells of our links: they are written over.
    """
    return tuple(_beside(one, item) for one in step.shows if not _is_so(one, item))


def _is_so(one: Shown, item: Item) -> bool:
    if one.what.startswith(LINK):
        return False
    if one.in_field:
        stands = item.fields.get(one.name)
        if one.value:
            return stands == one.value
        return stands is not None and stands not in one.ours  # what somebody else put there is theirs
    kin = set(_kin(one, item.tags))
    return kin == {one.value} if one.value else kin.isdisjoint(one.ours)


def _beside(one: Shown, item: Item) -> Shown:
    if one.in_field or one.what.startswith(LINK):
        return one
    beside = _kin(one, item.tags) if one.value else []
    return replace(one, beside=tuple(sorted({*beside, *one.ours} - {one.value})))


def _kin(one: Shown, tags: Iterable[str]) -> list[str]:
    """The tags that say what this one says."""
    words = one.what.startswith(WORD_TAG)
    pattern = re.compile(
        f"{re.escape(one.name)}{'_' if words else '-'}({'|'.join(ISSUE_WORDS) if words else '[0-9]+'})"
    )
    return [tag for tag in tags if pattern.fullmatch(tag)]


def put_on(action: Action, shows: Iterable[Shown]) -> Action:
    """An action that shows these as well."""
    fields: dict[str, str | int] = {}
    tags, untags = list[str](), list[str]()
    links, unlinks = list[Pointer](), list[str]()
    for one in shows:
        if one.what.startswith(LINK):
            url, _, title = one.value.partition(" ")
            links += [Pointer(one.name, url, title)] if one.value else []
            unlinks += [] if one.value else [one.name]
        elif one.in_field:
            fields[one.name] = int(one.value or 0) if one.what.startswith(NUMBER) else one.value
        else:
            tags += [one.value] if one.value else []
            untags += one.beside or sorted({*one.ours} - {one.value})
    action = replace(action, fields=fields, tags=tuple(tags), untags=tuple(untags))
    return replace(action, links=tuple(links), unlinks=tuple(unlinks))
