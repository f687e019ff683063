"""Seen: of a plan file only those issues are filed that a person has seen, and only as they were decided then."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from syncd import planfile
from syncd.clock import moment, precise
from syncd.details import Detail
from syncd.filing import Filing
from syncd.planfile import Approval, FileFiling, PlanFile
from syncd.store import FilingRow, FilingState
from syncd.work import Work

CHANGED = "the ticket, or what is decided of it, has changed since the plan was made"
NO_ISSUE = "no issue is filed for it as it is by now"
NOT_ESCALATED = "it is escalated no more, as far as is known"
STANDS = "an issue stands for it by now"
TO_FILE = frozenset({FilingState.OLD, FilingState.WAITING, FilingState.DOUBT})
"""States in which an issue may still be filed, as it was planned."""
TOLD = ("trigger", "tracker", "place", "audience", "kind", "priority", "decision")


def steady(detail: Detail) -> Detail:
    """A ticket without what changes with each answer of some helpdesks: where its files can be had for a while."""
    files = tuple(replace(one, url="https://files.example.com/") for one in detail.attachments)
    return replace(detail, attachments=files)


def decision(work: Work, issue: Filing, version: str, where: tuple[str, str]) -> str:
    """What stands for an issue in a plan file: changes with the ticket, and with anything that would be filed.

    ``issue``: as it would be written of a :func:`steady` ticket; ``version``: the ticket's.
    """
    return planfile.decision(work.marker_key, version, *where, *_all(issue))


def _all(issue: Filing) -> list[object]:
    boards = [[one.name, dict(one.fields), one.audience] for one in issue.boards]
    labels = [one.value for one in issue.labels]
    texts = [one.value for one in (issue.audience, issue.title, issue.body, issue.type, issue.assignee)]
    decided = [one.value for one in (issue.decision.kind, issue.decision.priority, issue.decision.area, issue.team)]
    return [*texts, *decided, labels, list(issue.new_labels), dict(issue.fields), boards]


def kept(work: Work) -> list[FileFiling]:
    """What a dry run would file, as a file holds it."""
    found = []
    for name, one in work.would_file.items():
        row = work.store.filings.get(name)
        if row is not None and row.state is FilingState.WAITING:
            told = {key: getattr(one, key) for key in TOLD} | {"labels": list(one.labels)}
            found.append(FileFiling(filing=name, ticket=str(one.ticket), item=one.ticket.human, **told))
    return sorted(found, key=lambda one: (one.ticket, one.filing))


def take_up(work: Work, approval: Approval, file: PlanFile) -> None:
    """What may be filed of a plan file from now on, as far as is known without a call."""
    approval.filings = {one.filing: one for one in file.filings}
    for name in approval.filings:
        row = work.store.filings.get(name)
        desk = work.helpdesks.get(row.ticket.connector) if row else None
        if row is None or desk is None or row.state not in TO_FILE:
            approval.unfiled[name] = _why(row)
            continue
        until = precise(moment(file.made_at) + timedelta(seconds=desk.playbook.file_after))
        if min(row.due, until) > work.now:
            approval.unfiled[name] = f"it is left to people until {until[11:19]} (UTC)"


def asked_for(work: Work, desk: str) -> list[FilingRow] | None:
    """What is to be filed, or looked for, of a plan file for tickets of a helpdesk; None: there is no plan file."""
    approval = work.approved
    if approval is None:
        return None
    rows = [work.store.filings.get(name) for name in approval.filings if name not in approval.unfiled]
    mine = [row for row in rows if row is not None and row.ticket.connector == desk and row.state in TO_FILE]
    return [row for row in mine if row.state is not FilingState.DOUBT or row.due <= work.now]


def outcome(work: Work, approval: Approval) -> tuple[list[str], dict[str, str]]:
    """The filings whose issue stands there now, and why each of the others isn't filed."""
    filed, unfiled = list[str](), dict[str, str]()
    for name in approval.filings:
        row = work.store.filings.get(name)
        if row is not None and row.state is FilingState.FILED and name not in approval.unfiled:
            filed.append(name)
        else:
            unfiled[name] = approval.unfiled.get(name) or _held(work, row) or _why(row)
    return filed, unfiled


def _held(work: Work, row: FilingRow | None) -> str:
    """What holds a filing up that is as due as before."""
    approval = work.approved
    names = {row.ticket.connector, approval.filings[row.id].tracker} if row and approval else set()
    for brake in work.store.brakes.on():
        if brake.connector in names:
            return f"{brake.connector}'s brake is on"
    paused = sorted(names & work.store.connectors.paused())
    return f"{paused[0]} is paused" if paused else ""


def _why(row: FilingRow | None) -> str:
    """Why nothing is filed for a row that stands so."""
    if row is None or row.state is FilingState.WITHDRAWN:
        return NOT_ESCALATED
    return {
        FilingState.FILED: STANDS,
        FilingState.ADOPTED: STANDS,
        FilingState.UNFILED: NO_ISSUE,
        FilingState.SENT: "it is being filed",
        FilingState.DOUBT: "the answer was lost: the issue is looked for",
    }.get(row.state, f"it could not be done: {row.reason}" if row.reason else "it could not be done")


def may_be_filed(work: Work, row: FilingRow, now: str) -> bool:
    """Whether a person has seen this decision, where that is asked for; else why not is kept."""
    approval = work.approved
    if approval is not None and approval.filings[row.id].decision != now:
        approval.unfiled[row.id] = CHANGED
        return False
    return True


def is_refused(work: Work, row: FilingRow) -> bool:
    """Of a plan file nothing else is done for a ticket that gets no issue any more."""
    if work.approved is not None:
        work.approved.unfiled[row.id] = NO_ISSUE
    return work.approved is not None


__all__ = ["asked_for", "decision", "is_refused", "kept", "may_be_filed", "outcome", "steady", "take_up"]
