"""The hours that the team has worked on tickets, by company, against what each may use."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from syncd.details import Spent
from syncd.filing import customer
from syncd.playbook import Playbook

HOUR = 3600


@dataclass(frozen=True, slots=True)
class Used:
    """What was worked for one company; ``company`` empty: for none, or of companies that aren't kept.

    ``budget``, ``left``: hours; nothing where the playbook has no budget for it.
    """

    company: str
    tickets: int
    hours: float
    budget: float | None
    left: float | None


def hours(spent: Iterable[Spent], playbook: Playbook) -> list[dict[str, Any]]:
    """Companies, the most hours first; one that has a budget is there though nothing was worked for it."""
    book = playbook.report
    seconds, tickets = dict.fromkeys(book.budget, 0.0), dict[str, set[str]]()
    for one in spent:
        name = customer(one.company, playbook) if book.companies else ""
        seconds[name] = seconds.get(name, 0.0) + one.seconds
        tickets.setdefault(name, set()).add(str(one.ticket))
    found = []
    for name, worked in sorted(seconds.items(), key=lambda pair: (-pair[1], pair[0])):
        budget = book.budget.get(name)
        left = None if budget is None else (budget - worked) / HOUR
        may = None if budget is None else budget / HOUR
        found.append(asdict(Used(name, len(tickets.get(name, ())), worked / HOUR, may, left)))
    return found
