"""Agents of the core's tests: what they write, and what became of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from syncd.model import Author, Status
from syncd.testing.memory import Entry
from tests.pairs import Pair

KINDS = pytest.mark.parametrize("plain", [False, True], ids=["rich", "plain"])


def order(pair: Pair, ticket: Entry, text: str) -> None:
    """An agent's internal note."""
    pair.say(ticket, text, Author.TEAM, internal=True)
    pair.tick()


def outcomes(pair: Pair, ticket: Entry) -> list[str]:
    """What became of the last command of each note and tag."""
    return [row.outcome for row in pair.store.commands.sources(pair.ref(ticket)).values()]


def passed_over(pair: Pair) -> dict[str, str]:
    return {row["what"]: row["why"] for row in pair.store.journal.skips()}


def rules(pair: Pair) -> list[str]:
    """What the journal says of every link, the oldest first."""
    return [row["rule"] for link in pair.links() for row in reversed(pair.store.journal.of(link.id))]


def begun(*, plain: bool = False, path: Path | None = None, other: bool = False) -> tuple[Pair, Entry, Entry]:
    """An open ticket and an issue that have nothing to do with each other yet."""
    pair = Pair(path, plain=plain, other=other)
    pair.reconcile()
    pair.tick()
    ticket, issue = pair.ticket(), pair.issue()
    pair.tick()
    pair.pass_()
    pair.tick()
    return pair, ticket, issue


def waiting(*, plain: bool = False, **rules: Any) -> tuple[Pair, Entry, Entry]:
    """A ticket that waits for an issue."""
    pair = Pair(plain=plain, **rules)
    return pair, *pair.filed_pair()


def closed(*, plain: bool = False, **rules: Any) -> tuple[Pair, Entry, Entry]:
    """A ticket that was resolved because its issue is finished."""
    pair, ticket, issue = waiting(plain=plain, **rules)
    pair.move(issue, "done")
    pair.tick()
    pair.pass_()
    assert ticket.status == Status("resolved")
    pair.tick()
    return pair, ticket, issue
