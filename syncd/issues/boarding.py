"""Boarding: an issue that syncd has filed, or adopted for an escalated ticket, is put on the boards of its playbook.

The row of the filing owes it from the transaction in which the issue stands, so that no crash and no outage loses it.
Of issues that people filed those are put there that are unfinished, and in one of the playbook's places. Repeating it
does no harm (:meth:`syncd.connector.Connector.board`). What is refused is parked with the reason, until a person has it
tried again or gives it up; the issue is filed all the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from syncd.actions import Board
from syncd.config import Helpdesk
from syncd.defects import of_one_item, told
from syncd.details import Detail
from syncd.errors import ConnectorError, Gone, Interrupted, RateLimited, Refused, Unauthorized
from syncd.filing import Choice, Decision, kind_of, known, priority
from syncd.filing.given import boards_of
from syncd.issues.already import place_of
from syncd.issues.create import due_in, keep
from syncd.model import UNFINISHED, Audience, Item, Ref
from syncd.probe.settle import ASK_AGAIN, passes
from syncd.retry import delay, reads
from syncd.store import FilingRow, FilingState
from syncd.work import IN_PLACE, Work


def see_to_boards(work: Work, desk: Helpdesk) -> None:
    """Put on their boards what is due."""
    for row in work.store.boards.due(desk.name, work.now) if work.writes else ():
        if work.approved is not None and row.id not in work.approved.filings:
            continue
        if work.clock.sleep(0):
            raise Interrupted("stopped between two boards")
        if _may_call(work, desk.name) and _may_call(work, row.tracker):
            _put_on(work, desk, row)


def _may_call(work: Work, name: str) -> bool:
    held = {brake.connector for brake in work.store.brakes.on()} | work.store.connectors.paused()
    return name in work.connectors and name not in held and not work.paused_for(name)


def _put_on(work: Work, desk: Helpdesk, row: FilingRow) -> None:
    """One issue: what can't be now is tried again later; what never can be is told."""
    try:
        errors = list(_errors(work, desk, row))
    except Gone:  # the ticket isn't there any more
        errors = []
    except ConnectorError as error:
        errors = [error]
    except Exception as error:
        if not of_one_item(error):
            raise
        keep(work, row, replace(row, board_due="", board_reason=f"{told(error)}. Please report it"))
        return
    passing = next((error for error in errors if passes(error)), None)
    wait = delay(row.board_tries + 1) if passing is not None else None
    if passing is not None and wait is not None:
        if isinstance(passing, (RateLimited, Unauthorized)):
            work.pause(passing.connector, passing.retry_after or ASK_AGAIN, passing)
        due = due_in(work, max(wait, passing.retry_after or 0.0))
        keep(work, row, replace(row, board_due=due, board_tries=row.board_tries + 1, board_reason=passing.what))
        return
    keep(work, row, replace(row, board_due="", board_reason="; ".join(error.what for error in errors)))


def _errors(work: Work, desk: Helpdesk, row: FilingRow) -> Iterator[ConnectorError]:
    """Why the issue isn't on a board, for each that it isn't on."""
    try:
        detail = reads(work.clock, patience=IN_PLACE)(work.connectors[desk.name].detail, row.ticket)
    except Refused as error:
        raise Refused(desk.name, f"it was not put on its boards: {error.what}") from error
    boards = _of_a_person_s(work, desk, row, detail) if row.state is FilingState.ADOPTED else _boards(desk, row, detail)
    for board in boards:
        try:
            if row.issue is not None:
                reads(work.clock, patience=IN_PLACE)(_board, work, row.issue, board)
        except ConnectorError as error:
            yield error


def _board(work: Work, issue: Ref, board: Board) -> None:
    for error in work.connectors[issue.connector].board(issue, [board]):
        if error is not None:
            raise error


def _boards(desk: Helpdesk, row: FilingRow, detail: Detail) -> tuple[Board, ...]:
    """The boards of an issue that was filed so, with what the ticket has by now."""
    spots = (f"{row.tracker}:{row.place}", row.place)
    spot = next((one for one in desk.playbook.routing.places.values() if one in spots), row.place)
    one = _decision(row.trigger, spot, kind=row.kind, priority=row.priority, area=row.area)
    return boards_of(one, detail, desk.playbook, Audience(row.audience))


def _of_a_person_s(work: Work, desk: Helpdesk, row: FilingRow, detail: Detail) -> tuple[Board, ...]:
    """The boards of an issue that a person filed, by what the playbook would have decided of its ticket.

    Raises:
        ConnectorError: the issue can't be read.
    """
    assert row.issue is not None  # noqa: S101  # it was adopted
    connector, read, book = work.connectors[row.tracker], reads(work.clock, patience=IN_PLACE), desk.playbook
    item = read(connector.fetch, [row.issue])[row.issue]
    if isinstance(item, ConnectorError):
        raise item
    if not isinstance(item, Item) or work.issue_word(desk.name, item) not in UNFINISHED:
        return ()
    where = place_of(item.ref).casefold()
    spots = {spot: (spot if ":" in spot else f"{desk.trackers[0]}:{spot}") for spot in book.routing.places.values()}
    spot = next((one for one, name in spots.items() if name.casefold() == f"{row.tracker}:{where}".casefold()), "")
    if not spot:
        return ()
    detail = known(detail, book)
    kind, level = kind_of(detail, book).value, priority(detail, book.priorities).value
    return boards_of(
        _decision(row.trigger, spot, kind=kind, priority=level), detail, book, connector.audience_now(item)
    )


def _decision(trigger: str, spot: str, *, kind: str, priority: str, area: str = "") -> Decision:
    """As far as boards ask."""
    why = "as it was filed"
    return Decision(
        escalated=Choice("yes", trigger),
        place=Choice(spot, why),
        kind=Choice(kind, why),
        priority=Choice(priority, why),
        proposed=Choice("", why),
        area=Choice(area, why),
        rule=None,
    )


__all__ = ["see_to_boards"]
