"""A filing as it is stored."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from syncd.model import Ref


class FilingState(StrEnum):
    """Where a filing is."""

    OLD = "old"
    """The ticket was escalated before the watch began: left to people, unless ``--file-since`` asks for it."""
    WAITING = "waiting"
    """To be looked at when it is due."""
    UNFILED = "unfiled"
    """No issue is filed for it as it is; ``rule`` says why. Looked at again when the ticket changes."""
    SENT = "sent"
    """Handed to the tracker; if the process dies now, it is in doubt."""
    DOUBT = "doubt"
    """Whether the issue was made isn't known yet; looked for when it is due."""
    FILED = "filed"
    ADOPTED = "adopted"
    """A person filed an issue for it meanwhile."""
    REFUSED = "refused"
    """Parked with the reason."""
    WITHDRAWN = "withdrawn"
    """The ticket is escalated no more, and no issue was filed."""


@dataclass(frozen=True, slots=True)
class FilingRow:
    """A filing as stored. Moments are ISO UTC text; empty: not yet.

    Attributes:
        id: the name of the effect, which the marker in the issue holds.
        created_at: when the ticket was made, by its helpdesk's own clock.
        occasion: ``escalated``, or ``promoted``: a second issue in a public place.
        turn: of a ticket's filings on this occasion, the how manieth.
        seen_at: when it was first seen to be escalated, our clock.
        due: when it is to be looked at, filed or looked for.
        trigger: by what, in the playbook's words.
        stands: the ticket shows its trigger, as of ``version``; once it doesn't, the next one counts as new.
        version: of the ticket, when it was seen last.
        ordered: an agent commanded it.
        rule: why it is unfiled; one of the rules of :class:`syncd.filing.Unfiled`.
        reason: why it was refused, or isn't tried again yet, or what the issue lacks that was filed; nothing that a
            customer wrote, no name of one.
        tracker, place: where the issue is, or was to be: a configured tracker, a repository or project of its.
        audience: who could read it there when it was written.
        kind, area, team, priority: as the playbook decided; empty where it names none.
        company: the customer as labels have it; empty unless the playbook keeps it for the report.
        beside: another unfinished issue of the ticket that was made at about the same time, as people know it.
        board_due: when it is to be put on its boards; empty once it is, or can't be.
        board_tries: how often that has failed.
        board_reason: why it isn't on all of its boards; with no ``board_due`` that is parked.
        began_at: when the issue was about to be created, our clock.
        filed_at: when it stood there, our clock; of an issue that a person filed, when that was seen.
        answered_at: when an agent first answered the requester, by the helpdesk's own clock.
        looks: how often the issue was looked for since its answer was lost.
        tries: how often filing it has failed in a row, because of this ticket or its place alone.
    """

    id: str
    ticket: Ref
    created_at: str
    occasion: str
    turn: int
    state: FilingState
    seen_at: str
    due: str
    trigger: str = ""
    stands: bool = False
    version: str = ""
    ordered: bool = False
    rule: str = ""
    reason: str = ""
    tracker: str = ""
    place: str = ""
    audience: str = ""
    kind: str = ""
    area: str = ""
    team: str = ""
    priority: str = ""
    company: str = ""
    issue: Ref | None = None
    beside: str = ""
    board_due: str = ""
    board_tries: int = 0
    board_reason: str = ""
    began_at: str = ""
    filed_at: str = ""
    answered_at: str = ""
    looks: int = 0
    tries: int = 0


COLUMNS = tuple(name for name in FilingRow.__slots__ if name not in {"ticket", "issue"})


def filing_row(row: dict[str, Any]) -> FilingRow:
    """A row as the queries give it."""
    values = {name: row[name] for name in COLUMNS}
    return FilingRow(
        **values
        | {
            "ticket": Ref.parse(row["ticket"], row["ticket_key"]),
            "issue": Ref.parse(row["issue"], row["issue_key"]) if row["issue"] else None,
            "state": FilingState(row["state"]),
            "ordered": bool(row["ordered"]),
            "stands": bool(row["stands"]),
        }
    )
