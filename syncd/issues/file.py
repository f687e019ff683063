"""File: escalated tickets become issues, each once (rules 12, 14 and 17).

A row of ``filings`` that is due is decided afresh, on fresh reads: of the place's tracker, since a person may have
filed an issue meanwhile; of the ticket; and of who can read in the place. The row is kept as sent before the first byte
leaves. An answer that is lost leaves it in doubt: after a while the issue is looked for by its marker, and only if it
certainly isn't there is the ticket decided afresh. What the ticket shows of its issue is then up to the plan, as for
any other link.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from syncd.braking import refuse_filing
from syncd.clock import precise
from syncd.config import Helpdesk
from syncd.defects import of_one_item, told
from syncd.details import Detail
from syncd.errors import BrakeOn, ConnectorError, Gone, Interrupted
from syncd.filing import Filing, Unfiled, customer, decide, write
from syncd.ingest.poll import poll
from syncd.issues.already import already, came_from
from syncd.issues.beside import look_again, look_beside
from syncd.issues.boarding import see_to_boards
from syncd.issues.create import create, due_in, failed, is_in_question, keep, look, was_filed_before
from syncd.issues.seen import asked_for, decision, is_refused, may_be_filed, steady
from syncd.issues.urgent import most_urgent_first
from syncd.messages.occasions import APPROVAL_NEEDED, TOLD_OF, note_unfiled, promise
from syncd.playbook import Playbook
from syncd.probe.settle import ASK_AGAIN
from syncd.retry import reads
from syncd.store import FilingRow, FilingState
from syncd.store.filings import PROMOTED
from syncd.work import IN_PLACE, Work, WouldFile

FOREVER = "9"
"""Later than any moment."""


@dataclass(slots=True)
class _Trackers:
    """Which trackers were polled since these rows were due, and what kept the others from being."""

    work: Work
    polled: set[str] = field(default_factory=set)

    def poll(self, name: str) -> bool:
        """Whether it was polled; if it can't be now, its rows stay as due as they are."""
        if name not in self.polled and self.work.writes:
            try:
                refused = poll(self.work, name)
            except ConnectorError as error:
                self.work.say(f"{name}: {error.what}")
                return False
            if refused is not None:  # what people filed there can't be seen; elsewhere it can
                self.work.say(f"{name}: {refused.what}")
            self.polled.add(name)
        return True


def file(work: Work, name: str | None = None) -> None:
    """File what is due, and look for what is in doubt; ``name``: for tickets of this helpdesk.

    Raises:
        Interrupted: syncd is to stop; between two tickets.
    """
    if work.approved is not None and not work.approved.filings:  # nothing but what a person has approved
        return
    if work.approved is None:
        look_again(work)
    for desk in [name] if name else list(work.helpdesks):
        try:
            if desk in work.helpdesks:
                _file_due(work, work.helpdesks[desk])
                see_to_boards(work, work.helpdesks[desk])
                if work.approved is None:
                    look_beside(work, desk)
        except BrakeOn as error:
            work.say(str(error))


def _file_due(work: Work, desk: Helpdesk) -> None:
    rows = asked_for(work, desk.name)
    rows = work.store.filings.due(desk.name, FOREVER if work.ahead else work.now) if rows is None else rows
    rows = [row for row in rows if row.state is FilingState.DOUBT or _may_be_filed(work, desk, row)]
    trackers = _Trackers(work)
    for row in _in_order(work, desk, rows, trackers):
        if work.clock.sleep(0):
            raise Interrupted("stopped between two filings")
        looks = row.state is FilingState.DOUBT
        if looks and work.writes:
            _alone(work, row, partial(look, work, row))
        elif not looks and _may_be_filed(work, desk, row):
            _alone(work, row, partial(_file_one, work, desk, row, trackers))


def _in_order(work: Work, desk: Helpdesk, rows: Sequence[FilingRow], trackers: _Trackers) -> Sequence[FilingRow]:
    """The most urgent first, where several may be filed now."""
    try:
        choose = work.writes and len(rows) > 1 and _ready(work, desk, trackers) is not None
    except Exception as error:
        if not of_one_item(error):
            raise
        choose = False  # it is met again with each of them, and kept as the reason
    return most_urgent_first(work, desk, rows) if choose else rows


def _alone(work: Work, row: FilingRow, do: Callable[[], None]) -> None:
    """A failure, or a defect, that one of them brings to light holds up no other (rule 13)."""
    try:
        do()
    except ConnectorError as error:
        failed(work, row, error)
    except Exception as error:
        if not of_one_item(error):
            raise
        now = work.store.filings.get(row.id)
        if now is not None and now.state is not FilingState.SENT:  # that one is looked for first
            keep(work, row, replace(row, state=FilingState.REFUSED, reason=f"{told(error)}. Please report it"))


def _may_be_filed(work: Work, desk: Helpdesk, row: FilingRow) -> bool:
    """Whether it is to be looked at now; where nothing may be written, once for each version of the ticket."""
    told_of = work.would_file.get(row.id)
    if told_of is not None and told_of.version == row.version:
        return False
    return _may_call(work, desk.name) and not work.store.commands.muted_since(row.ticket)


def _may_call(work: Work, name: str) -> bool:
    """Whether anything may be written there, and now."""
    held = {brake.connector for brake in work.store.brakes.on()} | work.store.connectors.paused()
    return name in work.connectors and not work.paused_for(name) and not (work.writes and name in held)


def _file_one(work: Work, desk: Helpdesk, row: FilingRow, trackers: _Trackers) -> None:
    """One ticket, from its first look to its issue."""
    ready = _ready(work, desk, trackers)
    if ready is None or (not is_in_question(work, row) and _is_settled(work, row)):
        return
    try:
        detail = reads(work.clock, patience=IN_PLACE)(work.connectors[desk.name].detail, row.ticket)
    except Gone:
        keep(work, row, replace(row, state=FilingState.WITHDRAWN, stands=False))
        return
    if detail.item.ref != row.ticket:  # it was merged, or moved
        with work.store.write():
            work.store.filings.rekey(row.ticket, detail.item.ref)
        return
    word, promoted = desk.mapping.word(detail.item.status), row.occasion == PROMOTED
    found = decide(detail, desk.playbook, word=word, ordered=row.ordered, promoted=promoted)
    if isinstance(found, Unfiled):
        if not is_refused(work, row) and not _is_settled(work, row):
            _leave(work, row, detail, found)
        return
    tracker, place = _where(desk, found.place.value)
    if tracker not in ready:
        keep(work, row, replace(row, due=due_in(work, ASK_AGAIN)))
        return
    audience = reads(work.clock, patience=IN_PLACE)(work.connectors[tracker].audience, place)
    origins = came_from(work, row)
    issue = write(found, detail, desk.playbook, audience, origins)
    plain = write(found, steady(detail), desk.playbook, audience, origins)
    agreed = decision(work, plain, detail.item.version, (tracker, place))
    if not work.writes:
        _would_file(work, row, issue, (tracker, place), agreed)
    elif may_be_filed(work, row, agreed) and not was_filed_before(work, row, tracker, place):
        refuse_filing(work, row.ticket, tracker, row.id)
        _file_there(work, row, issue, _told(desk.playbook, row, detail, issue, (tracker, place)))


def _file_there(work: Work, row: FilingRow, issue: Filing, told: FilingRow) -> None:
    """The issue, then its boards."""
    with work.feeds[told.tracker].pages.turn(work.clock):  # no poll shows the issue before it is known whose it is
        sent = _send(work, row, told)
        if sent is not None:
            create(work, sent, issue)


def _ready(work: Work, desk: Helpdesk, trackers: _Trackers) -> frozenset[str] | None:
    """The trackers of the playbook's places that may be written to, and show what people have filed; None: none is."""
    places = {tracker for tracker, _ in (_where(desk, spot) for spot in desk.playbook.routing.places.values() if spot)}
    ready = {name for name in places if _may_call(work, name) and work.store.cursors.walked(name)}
    ready = {name for name in sorted(ready) if trackers.poll(name)}
    return frozenset(ready) if ready or not places else None


def _would_file(work: Work, row: FilingRow, issue: Filing, where: tuple[str, str], agreed: str) -> None:
    """Where nothing may be written: say what would be; which customer it is for goes into no log."""
    one = issue.decision
    would = WouldFile(
        ticket=row.ticket,
        version=row.version,
        trigger=one.escalated.why,
        tracker=where[0],
        place=where[1],
        audience=issue.audience.value,
        kind=one.kind.value,
        priority=one.priority.value,
        labels=tuple(label.value for label in issue.labels if label.value not in issue.new_labels),
        decision=agreed,
    )
    work.would_file[row.id] = would
    work.planned_issue(would)


def _where(desk: Helpdesk, spot: str) -> tuple[str, str]:
    """The tracker that a place of the playbook is in, and its name there."""
    tracker, colon, place = spot.partition(":")
    return (tracker, place) if colon else (desk.trackers[0], spot)


def _is_settled(work: Work, row: FilingRow, place: str = "") -> bool:
    """Whether nothing is to be filed for a row any more; kept."""
    after = already(work, row, place)
    if after is not None:
        keep(work, row, after)
    return after is not None


def _leave(work: Work, row: FilingRow, detail: Detail, why: Unfiled) -> None:
    """No issue as the ticket is now; one that may change without a trace is looked at once more."""
    version = detail.item.version
    if why.rule == "not_authorised":
        with work.store.write():
            promise(work, detail.item, APPROVAL_NEEDED)
    if why.rule in TOLD_OF:
        with work.store.write():
            note_unfiled(work, row, why.rule, _in_short(work.helpdesks[row.ticket.connector].playbook, why))
    if detail.item.settled:
        keep(work, row, replace(row, state=FilingState.UNFILED, rule=why.rule, reason="", version=version, tries=0))
    else:
        keep(work, row, replace(row, due=due_in(work, ASK_AGAIN), rule=why.rule, version=version))


def _in_short(book: Playbook, why: Unfiled) -> str:
    """The reason as agents are told it: it names nobody."""
    marks = " or ".join(str(one) for one in book.file.approved)
    by = f", and the ticket shows that by {marks}" if marks else ""
    return {
        "not_authorised": f"its requester is no representative of the company; it is filed once one agrees{by}",
        "no_company": "it is for no company, so nobody can be its representative; set the company on it",
        "not_answered": "no agent has answered the requester yet; it is filed once one has",
        "no_place": "nobody has said yet where such issues go; whoever looks after syncd can",
    }.get(why.rule, why.why)


def _told(book: Playbook, row: FilingRow, detail: Detail, issue: Filing, where: tuple[str, str]) -> FilingRow:
    """What is kept of an issue that is about to be created."""
    one = issue.decision
    answered = precise(detail.answered_at) if detail.answered_at else ""
    return replace(
        row,
        trigger=one.escalated.why,
        version=detail.item.version,
        rule="",
        reason="",
        tracker=where[0],
        place=where[1],
        audience=issue.audience.value,
        kind=one.kind.value,
        area=one.area.value,
        team=issue.team.value,
        priority=one.priority.value,
        company=customer(detail.company, book) if book.report.companies else "",
        answered_at=answered or row.answered_at,
        looks=0,
    )


def _send(work: Work, row: FilingRow, told_of: FilingRow) -> FilingRow | None:
    """Kept before the first byte leaves. None: somebody has seen to it since."""
    sent = replace(told_of, state=FilingState.SENT, began_at=work.now)
    with work.store.write():
        if work.store.filings.get(row.id) != row:
            return None
        settled = already(work, row, told_of.place)
        work.store.filings.put(settled or sent)
    return None if settled else sent


__all__ = ["file"]
