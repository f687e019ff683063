"""Tickets to file, and the shipped playbooks with a place to file them in."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from syncd.details import Company, Detail, Person
from syncd.filing import Decision, Filing, Unfiled, decide, write
from syncd.model import Audience, Item, Ref, Status, Word
from syncd.playbook import Playbook
from tests.test_playbooks import toml

PLACES = {
    "2i2c": {"infrastructure": "acme/infrastructure"},
    "sourcegraph-support": {"customer": "acme/customer", "public": "acme/product"},
    "sourcegraph-ce": {"customer": "acme/customer", "public": "acme/product"},
    "criticality": {"bugs": "BUG"},
}


def playbook(name: str, **over: Any) -> Playbook:
    """A shipped one, with its places named as a helpdesk's own file does it."""
    own = {"routing": {"places": PLACES[name]}} | over
    return Playbook.parse(name, toml(f"playbooks/{name}.toml"), under=toml("playbooks/default.toml"), over=own)


def ticket(subject: str = "", description: str = "", *, tags: tuple[str, ...] = (), **facts: Any) -> Detail:
    """A ticket that is escalated in every shipped playbook, from a representative, and answered."""
    follows = facts.pop("follows", None)
    item = Item(
        Ref("desk", "17", "17"),
        "https://desk.example.com/tickets/17",
        Status("open"),
        "1",
        datetime(2026, 1, 5, tzinfo=UTC),
        tags=("engineering", "escalate", *tags),
        follows=follows,
    )
    company = Company("Acme & Söhne", facts.pop("company_fields", {}))
    usual: dict[str, Any] = {"requester": Person("Ada", leads=True), "company": company, "answered": True}
    return Detail(item=item, subject=subject, description=description, **usual | facts)


def decided(name: str, detail: Detail, *, ordered: bool = False, **over: Any) -> Decision:
    """What is filed; that it is."""
    found = decide(detail, playbook(name, **over), word=Word.OPEN, ordered=ordered)
    assert isinstance(found, Decision), found
    return found


def unfiled(name: str, detail: Detail, *, ordered: bool = False, **over: Any) -> Unfiled:
    """Why nothing is filed; that nothing is."""
    found = decide(detail, playbook(name, **over), word=Word.OPEN, ordered=ordered)
    assert isinstance(found, Unfiled), found
    return found


def filed(name: str, detail: Detail, audience: Audience | None = Audience.PRIVATE, **over: Any) -> Filing:
    """The issue in words."""
    return write(decided(name, detail, **over), detail, playbook(name, **over), audience)
