"""Create: an issue is filed with one request, and what came of that becomes state (rule 12).

The caller has kept its row as sent before. An answer that is lost leaves it in doubt: after a while the issue is looked
for by its marker, and only if it certainly isn't there is its ticket decided afresh.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from syncd import guard, marker
from syncd.actions import Created, Draft
from syncd.clock import moment, precise
from syncd.defects import of_one_item
from syncd.errors import ConnectorError, Gone, RateLimited, Refused, Transient, Unauthorized
from syncd.filing import Filing
from syncd.ingest.follow import hand_over
from syncd.issues.already import tell_promoted
from syncd.messages.occasions import note_unfiled
from syncd.model import Audience, Item, Ref, Removed
from syncd.probe.recall import LONG_AFTER
from syncd.probe.settle import ASK_AGAIN, LEFT_ALONE, SEARCH_LOOKS, passes
from syncd.records import BY_PERSON, LinkState, Origin, Standing, Step, Why
from syncd.retry import LIMIT_WAIT, delay, reads
from syncd.store import FilingRow, FilingState
from syncd.store.filings import PROMOTED
from syncd.work import IN_PLACE, Work

LOST = 5
"""Answers in a row, of which none has left an issue, until a person is to look."""


def keep(work: Work, before: FilingRow, after: FilingRow) -> bool:
    """A row as it stands from now on. False: somebody else has seen to it."""
    with work.store.write():
        mine = work.store.filings.get(before.id) == before
        if mine:
            work.store.filings.put(after)
    return mine


def create(work: Work, row: FilingRow, issue: Filing) -> None:
    """One request. The caller has the turn at the tracker's feed."""
    draft = Draft(
        place=row.place,
        title=issue.title.value,
        body=issue.body.value,
        marker=marker.make(work.marker_key, row.id),
        labels=tuple(label.value for label in issue.labels),
        assignees=tuple(issue.assignee.value.split()),
        type=issue.type.value,
        fields=issue.fields,
        new_labels=issue.new_labels,
        audience=guard.of(Audience(row.audience)),
    )
    try:
        created = work.connectors[row.tracker].create(draft)
        lacks = _lacks(created)
    except ConnectorError as error:
        _not_created(work, row, error)
        return
    except Exception as error:
        if of_one_item(error):
            _doubt(work, row, "a defect struck while it was filed")
        raise
    _filed(work, row, created.item, lacks)


def _lacks(created: Created) -> str:
    """What of the draft the issue hasn't got all the same, in words; empty if nothing."""
    if created.aside is None or isinstance(created.aside, ConnectorError):
        return created.aside.what if created.aside else ""
    raise created.aside  # a defect of the connector; the issue is looked for


def _not_created(work: Work, row: FilingRow, error: ConnectorError) -> None:
    if error.doubt:
        _doubt(work, row, "the answer was lost")
    elif isinstance(error, (Refused, Gone)) and _opened_up(work, row):
        keep(work, row, replace(row, state=FilingState.WAITING, due=due_in(work, ASK_AGAIN), reason=error.what))
    else:
        failed(work, row, error)


def _doubt(work: Work, row: FilingRow, reason: str) -> None:
    work.counted(row.tracker, "issue", "doubt")
    due = due_in(work, work.connectors[row.tracker].settle)
    keep(work, row, replace(row, state=FilingState.DOUBT, due=due, looks=0, reason=reason))


def _opened_up(work: Work, row: FilingRow) -> bool:
    """Whether others can read in a place since the issue was written: then it is written anew, for them."""
    if row.audience != Audience.PRIVATE:
        return False
    try:
        return guard.of(work.connectors[row.tracker].audience(row.place)) is not Audience.PRIVATE
    except ConnectorError:
        return False


def due_in(work: Work, seconds: float) -> str:
    """So much later, as the state keeps it."""
    return precise(work.clock.now() + timedelta(seconds=seconds))


def _filed(work: Work, row: FilingRow, issue: Item, lacks: str = "") -> None:
    """The issue stands: link, snapshot, row and journal in one transaction; its group is asked for."""
    store = work.store
    with store.write():
        if not store.snapshots.is_stale(issue):
            work.keep(issue)
        link = _tie(work, row, issue.ref)
        boards = work.helpdesks[row.ticket.connector].playbook.boards
        row = replace(row, board_due=work.now if boards else "", board_tries=0)
        store.filings.put(
            replace(row, state=FilingState.FILED, issue=issue.ref, filed_at=work.now, reason=lacks, tries=0)
        )
        if row.occasion == PROMOTED:
            tell_promoted(work, row, issue, link)
        step = Step(issue.ref, (link,), Why("issue_filed", "ticket", row.trigger))
        group, approved = store.groups.of(row.ticket) or str(row.ticket), work.approved is not None
        store.journal.write(group, step, outcome="done", now=work.now, approved=approved)
        work.ask(row.ticket, "filed")
        hand_over(work, row.ticket, first_walk=False)
    work.wrote(step, "done")
    work.counted(row.tracker, "issue", "done")
    work.tally["filed"] += 1


def _tie(work: Work, row: FilingRow, issue: Ref) -> int:
    """The link of an issue that we filed, whoever met it first; one that a person has removed stays so.

    It was open when it was made. So one that was closed before it was known whose it is has moved since.
    """
    links = work.store.links
    link = links.pair(row.ticket, issue)
    if link is None:
        made = links.add(row.ticket, issue, LinkState.LIVE, Origin.SYNCD, filed=True, reason="", now=work.now)
        link = links.get(made)
        assert link is not None  # noqa: S101  # just added
        links.saw_open(link)
    elif link.state is LinkState.PROPOSED or (link.state is LinkState.ENDED and link.reason != BY_PERSON):
        links.set_state(link, LinkState.LIVE, "", work.now)
        links.begin_anew(link, Origin.SYNCD, filed=True)
    elif link.standing is Standing.ADOPTED and row.state in {FilingState.SENT, FilingState.DOUBT}:
        links.begin_anew(link, Origin.SYNCD, filed=True)
        links.saw_open(link)
    else:
        links.is_filed(link)
        links.saw_open(link)
    return link.id


def failed(work: Work, row: FilingRow, error: ConnectorError) -> None:
    """It certainly wasn't filed: later, or not before a person acts."""
    row = work.store.filings.get(row.id) or row
    wait = error.retry_after
    tries = row.tries + 1 if wait is None and passes(error) else row.tries
    if isinstance(error, (Unauthorized, RateLimited)):
        wait = wait or (LEFT_ALONE if isinstance(error, Unauthorized) else LIMIT_WAIT)
        work.pause(error.connector, wait, error)
    elif passes(error):
        wait = wait if wait is not None else delay(tries)
    else:
        wait = None
    if row.state is FilingState.SENT:
        work.counted(row.tracker, "issue", "refused" if wait is None else "later")
    if row.state is FilingState.DOUBT:
        after = replace(row, due=due_in(work, max(wait or 0.0, ASK_AGAIN)), reason=error.what)
    elif wait is None:
        after = replace(row, state=FilingState.REFUSED, reason=error.what, tries=tries)
        refused(work, after)
    else:
        after = replace(row, state=FilingState.WAITING, due=due_in(work, wait), reason=error.what, tries=tries)
    keep(work, row, after)
    work.tally["refused" if wait is None else "delayed"] += 1


def refused(work: Work, row: FilingRow) -> None:
    """Told where it happens: in the log, and to the agents on the ticket."""
    work.parked(row.ticket.human, row.reason)
    with work.store.write():
        note_unfiled(work, row, "refused", row.reason)


# --- in doubt ---


def look(work: Work, row: FilingRow) -> None:
    """Look for an issue whose answer was lost; twice where only a search index can be asked."""
    if row.tracker not in work.connectors or work.paused_for(row.tracker):
        return
    try:
        issue = _found(work, row, row.tracker, row.place)
    except (Refused, Gone) as error:  # nobody will ever know
        keep(work, row, replace(row, state=FilingState.REFUSED, reason=f"it may stand there: {error.what}"))
        return
    searched = work.connectors[row.tracker].capabilities.probe == "search"
    if isinstance(issue, Removed):
        gone = replace(row, state=FilingState.FILED, issue=issue.ref, filed_at=work.now, reason=f"it is {issue.kind}")
        keep(work, row, gone)
    elif issue is not None:
        _filed(work, row, issue)
    elif row.looks + 1 < (SEARCH_LOOKS if searched else 1):
        due = due_in(work, work.connectors[row.tracker].settle)
        keep(work, row, replace(row, looks=row.looks + 1, due=due))
    else:
        _lost(work, row)


def _lost(work: Work, row: FilingRow) -> None:
    """It certainly isn't there: decided afresh; after ``LOST`` answers in a row a person is to look at it."""
    again = replace(row, state=FilingState.WAITING, due=work.now, looks=row.looks + 1, reason="", tries=row.tries + 1)
    if again.tries >= LOST:
        reason = f"{row.tracker} was asked {LOST} times for an issue, each answer was lost, and none stands there"
        again = replace(again, state=FilingState.REFUSED, reason=reason)
        refused(work, again)
    keep(work, row, again)


def _found(work: Work, row: FilingRow, tracker: str, place: str) -> Item | Removed | None:
    """The issue that bears a row's marker; Removed where somebody has deleted it since.

    Raises:
        ConnectorError: it could not be looked for, or not be read.
    """
    connector, read = work.connectors[tracker], reads(work.clock, patience=IN_PLACE)
    began = moment(row.began_at or row.created_at)
    with work.feeds[tracker].pages.turn(work.clock):
        key = read(connector.find, marker.make(work.marker_key, row.id), place, began)
        ref: Ref | None = read(connector.resolve, key) if key else None
        answer = read(connector.fetch, [ref])[ref] if ref is not None else None
    if key and ref is None:
        raise Transient(tracker, f"{key}, which we have filed, can't be read")
    if isinstance(answer, ConnectorError):
        raise answer
    return answer


def is_in_question(work: Work, row: FilingRow) -> bool:
    """Whether a state that knew more than this may have filed an issue for that ticket."""
    span = work.store.recalls.span()
    return span is not None and not row.looks and moment(row.created_at) <= moment(span[1]) + LONG_AFTER


def was_filed_before(work: Work, row: FilingRow, tracker: str, place: str) -> bool:
    """Where the state was restored, or is new: whether the issue was filed by one that knew more than this."""
    if not is_in_question(work, row):
        return False
    issue = _found(work, row, tracker, place)
    if isinstance(issue, Item):
        _filed(work, replace(row, tracker=tracker, place=place), issue)
    return isinstance(issue, Item)


__all__ = ["create", "due_in", "failed", "is_in_question", "keep", "look", "was_filed_before"]
