"""What is late: what a playbook's ``[timers]`` set a limit to, and has passed it; from the state alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from syncd.clock import moment
from syncd.config import Helpdesk, Tracker
from syncd.config.notify import Alert
from syncd.model import FINISHED_ISSUE, FINISHED_TICKET, UNFINISHED, Ref, Status, Word
from syncd.records import Standing
from syncd.store import FilingState, PairRow, Store
from syncd.tables import Timers
from syncd.tables.timers import Lapse

LATE_ALERTS: tuple[Alert, ...] = (
    *("overdue_answer", "overdue_filing", "ownerless", "sprint_over", "old_link", "still_waiting", "ended_early"),
)
WAITING = frozenset({Word.PENDING, Word.ON_HOLD})
"""What nobody looks at until the issue is finished."""
HELD = frozenset(
    {Standing.WAITS_FOR_AGENT, Standing.WAITS_FOR_PERSON, Standing.CASCADES, Standing.CONFLICT, Standing.DRIFT}
)
"""Standings in which the ticket isn't resolved with its issue."""
DONE = frozenset({FilingState.FILED, FilingState.ADOPTED})


@dataclass(frozen=True, slots=True)
class Late:
    """Something that is late.

    Attributes:
        issue: None where it is about a ticket only.
        since: when it began, not when it became late.
        limit: what it has passed; None where that is no lapse of its own.
        why: in words for people, if the alert alone doesn't say it.
    """

    alert: Alert
    ticket: Ref
    issue: Ref | None
    since: datetime
    why: str = ""
    limit: Lapse | None = None

    @property
    def about(self) -> str:
        """What it is about, in the state's terms."""
        return f"{self.ticket} {self.issue}" if self.issue else str(self.ticket)

    @property
    def reason(self) -> str:
        """In words for people, with the day."""
        return f"{self.why + ', ' if self.why else ''}since {self.since:%Y-%m-%d}"


@dataclass(frozen=True, slots=True)
class _Pair:
    """A pair with what its ends' statuses mean to its helpdesk.

    ``given_up``: the issue has the label that says that a sprint went by without it being done.
    """

    row: PairRow
    ticket: Word
    issue: Word
    given_up: bool

    def late(self, alert: Alert, since: datetime, why: str, limit: Lapse | None = None) -> Late:
        return Late(alert, self.row.ticket.ref, self.row.issue.ref, since, why, limit)

    @property
    def waits(self) -> bool:
        """Both ends are unfinished."""
        return self.issue in UNFINISHED and self.ticket not in {*FINISHED_TICKET, Word.UNKNOWN}


def what_is_late(
    store: Store, now: datetime, *, helpdesks: Mapping[str, Helpdesk], trackers: Mapping[str, Tracker]
) -> list[Late]:
    """All that is late, of these helpdesks."""
    timed = {name: desk for name, desk in helpdesks.items() if desk.playbook.timers != Timers()}
    if not timed:
        return []
    found: list[Late | None] = [*_unanswered(store, timed, now), *_escalated(store, timed, now)]
    for pairs in _tickets(store, timed, trackers):
        timers = timed[pairs[0].row.ticket.ref.connector].playbook.timers
        for pair in pairs:
            found += [one(pair, timers, now) for one in OF_PAIR]
        found.append(_still_waiting(pairs, timed, now))
    return [one for one in found if one is not None]


def _tickets(
    store: Store, helpdesks: Mapping[str, Helpdesk], trackers: Mapping[str, Tracker]
) -> Iterator[Sequence[_Pair]]:
    """The links of each ticket, in the order made, where one of their ends isn't finished."""
    mappings = {name: one.mapping for name, one in {**helpdesks, **trackers}.items()}
    words = {(at, status): mappings[at].word(status) for at, status in store.waits.statuses() if at in mappings}
    at_once = all(desk.playbook.resolve_when == "closed" for desk in helpdesks.values())
    finished = FINISHED_TICKET | (FINISHED_ISSUE if at_once else {Word.DECLINED})
    rows = store.waits.pairs([one for one, word in words.items() if word not in finished])

    def pair(row: PairRow) -> _Pair:
        book, issue = helpdesks[row.ticket.ref.connector].playbook, row.issue
        word = _word(words, issue.ref, issue.status)
        counted = book.counts(word, book.met(issue.tags, issue.released))
        return _Pair(row, _word(words, row.ticket.ref, row.ticket.status), counted, book.expired(issue.tags))

    mine = [row for row in rows if row.ticket.ref.connector in helpdesks]
    mine.sort(key=lambda row: (str(row.ticket.ref), row.id))
    for _, group in groupby(mine, key=lambda row: row.ticket.ref):
        yield [pair(row) for row in group]


def _word(words: Mapping[tuple[str, Status], Word], ref: Ref, status: Status) -> Word:
    return words.get((ref.connector, status), Word.UNKNOWN)


def _ownerless(pair: _Pair, timers: Timers, now: datetime) -> Late | None:
    """Whoever drops an issue hands it to somebody, or to support."""
    ticket, issue = pair.row.ticket, pair.row.issue
    if timers.ownerless is None or not pair.waits or issue.assigned is not False:
        return None
    if issue.assigned_at:
        since, why = moment(issue.unassigned_at), "the issue has lost its assignee"
    elif ticket.assigned is False and pair.row.kind != "workshop":  # a workshop needs no agent
        since, why = moment(max(issue.unassigned_at, ticket.unassigned_at)), "neither end has an assignee"
    else:
        return None
    found = pair.late("ownerless", since, why, timers.ownerless)
    return found if since <= timers.latest(timers.ownerless, now) else None


def _sprint_over(pair: _Pair, timers: Timers, now: datetime) -> Late | None:
    """A sprint's time runs from the assignment; what is critical is done within the sprint in which it was linked."""
    sprint, row = timers.sprint, pair.row
    if sprint is None or timers.sprint_limit is None or not pair.waits or pair.given_up:
        return None
    labels = {one.casefold() for one in row.issue.tags}
    if labels & {one.casefold() for one in sprint.exempt}:
        return None
    made = moment(row.made_at)
    if (labels | {row.priority.casefold()}) & {one.casefold() for one in sprint.critical}:
        return pair.late("sprint_over", made, "critical, and linked") if made < sprint.begin(now) else None
    if not row.issue.assigned or not row.issue.assigned_at:
        return None
    since = max(moment(row.issue.assigned_at), made)
    limit = Lapse(sprint.length * timers.sprint_limit)
    return pair.late("sprint_over", since, "assigned", limit) if since <= timers.latest(limit, now) else None


def _old_link(pair: _Pair, timers: Timers, now: datetime) -> Late | None:
    """The ticket has waited for its issue for long."""
    if timers.old_link is None or not pair.waits:
        return None
    since, limit = moment(pair.row.made_at), timers.old_link
    return pair.late("old_link", since, "linked", limit) if since <= timers.latest(limit, now) else None


def _ended_early(pair: _Pair, timers: Timers, now: datetime) -> Late | None:
    """Helpdesks take Pending for waiting on the customer, and their rules may end such a ticket."""
    del now
    ticket, told = pair.row.ticket, pair.row.standing is Standing.TOLD
    if not timers.ended_early or pair.ticket not in FINISHED_TICKET or pair.issue not in UNFINISHED:
        return None
    if ticket.ours or pair.given_up:
        return None
    since = moment(ticket.moved_at or pair.row.changed_at)
    if ticket.automated:
        return pair.late("ended_early", since, "ended by a rule or an app")
    if ticket.automated is None and told:
        return pair.late("ended_early", since, "nothing tells by whom")
    return None


OF_PAIR: tuple[Callable[[_Pair, Timers, datetime], Late | None], ...] = (
    *(_ownerless, _sprint_over, _old_link, _ended_early),
)


def _still_waiting(pairs: Sequence[_Pair], helpdesks: Mapping[str, Helpdesk], now: datetime) -> Late | None:
    """All that a ticket waits for is finished, and it waits."""
    book = helpdesks[pairs[0].row.ticket.ref.connector].playbook
    limit, word = book.timers.still_waiting, pairs[0].ticket
    held = {pair.row.standing for pair in pairs} & HELD
    if limit is None or word in {*FINISHED_TICKET, Word.UNKNOWN} or not (word in WAITING or held):
        return None
    if any(pair.row.standing is Standing.TOLD for pair in pairs):  # it waits for something else by now
        return None
    if book.fold([pair.issue for pair in pairs]) not in {*FINISHED_ISSUE, Word.DUPLICATE}:
        return None
    over = [pair for pair in pairs if pair.issue in {*FINISHED_ISSUE, Word.DUPLICATE}]
    last = max(over, key=lambda pair: moment(pair.row.issue.moved_at or pair.row.changed_at))
    since = moment(last.row.issue.moved_at or last.row.changed_at)
    found = last.late("still_waiting", since, "the issue is finished", limit)
    return found if since <= book.timers.latest(limit, now) else None


def _unanswered(store: Store, helpdesks: Mapping[str, Helpdesk], now: datetime) -> Iterator[Late]:
    """Open tickets whose texts have been read, and hold no answer of an agent."""
    limits = {name: desk.playbook.timers.acknowledge for name, desk in helpdesks.items()}
    latest = {name: helpdesks[name].playbook.timers.latest(limit, now) for name, limit in limits.items() if limit}
    for ref, status, at in store.waits.unanswered() if latest else ():
        name, created = ref.connector, moment(at)
        if name in latest and created <= latest[name] and _is_open(helpdesks[name], status):
            yield Late("overdue_answer", ref, None, created, limit=limits[name])


def _escalated(store: Store, helpdesks: Mapping[str, Helpdesk], now: datetime) -> Iterator[Late]:
    """Escalated tickets without their issue, or, if nobody has read their texts since, without an answer."""
    for row in store.waits.escalated():
        desk = helpdesks.get(row.ticket.connector)
        if desk is None or (row.status and not _is_open(desk, row.status)):
            continue
        timers, created, seen = desk.playbook.timers, moment(row.created_at), moment(row.seen_at)
        told = not row.texts_seen and (row.state not in DONE or desk.read_notes or desk.commands)
        if timers.acknowledge and told and not row.answered_at and created <= timers.latest(timers.acknowledge, now):
            yield Late("overdue_answer", row.ticket, row.issue, created, limit=timers.acknowledge)
        undecided = row.state not in DONE and row.rule != "no_issue"
        if timers.evaluate and undecided and seen <= timers.latest(timers.evaluate, now):
            yield Late("overdue_filing", row.ticket, None, seen, row.why, timers.evaluate)


def _is_open(desk: Helpdesk, status: Status) -> bool:
    return desk.mapping.word(status) not in FINISHED_TICKET


__all__ = ["LATE_ALERTS", "Late", "what_is_late"]
