"""The shipped playbooks: each loads with the helpdesks it is for, and decides what its process says."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from syncd.mapping import Mapping
from syncd.model import Word
from syncd.playbook import Playbook
from tests.histories import Row, play
from tests.pairs import Pair
from tests.test_plan_table import CLOSED, FILED

MAPPINGS = Path(__file__).resolve().parent.parent / "mappings"
HELPDESKS = {
    "default": ("freshdesk", "zendesk", "jsm"),
    "2i2c": ("freshdesk",),
    "sourcegraph-support": ("zendesk",),
    "sourcegraph-ce": ("jsm",),
    "criticality": ("freshdesk", "zendesk", "jsm"),
}


def toml(path: str) -> dict[str, Any]:
    return tomllib.loads((MAPPINGS / path).read_text(encoding="utf-8"))


def shipped(name: str) -> Playbook:
    return Playbook.parse(name, toml(f"playbooks/{name}.toml"), under=toml("playbooks/default.toml"))


def rules(name: str) -> dict[str, Any]:
    """All of it but its texts."""
    return {key: value for key, value in toml(f"playbooks/{name}.toml").items() if key != "texts"}


def test_every_shipped_playbook_is_known_here() -> None:
    assert {path.stem for path in (MAPPINGS / "playbooks").glob("*.toml")} == set(HELPDESKS)


@pytest.mark.parametrize(("name", "helpdesk"), [(name, one) for name, many in HELPDESKS.items() for one in many])
def test_what_it_writes_its_helpdesk_can_write(name: str, helpdesk: str) -> None:
    playbook, mapping = shipped(name), Mapping.parse(helpdesk, toml(f"{helpdesk}.toml"))
    assert {Word.OPEN, playbook.filed, *playbook.write.values()} <= mapping.write.keys()


@pytest.mark.parametrize("name", sorted(HELPDESKS))
def test_customers_hear_of_no_date_and_no_other_team(name: str) -> None:
    playbook = shipped(name)
    for kind in ("filed", "resolved", "declined"):
        text = playbook.render(f"message_{kind}").lower()
        assert not any(word in text for word in ("engineer", "week", "tomorrow", " day", "by the end"))


SUPPORT, CE, CRITICALITY = (rules(name) for name in ("sourcegraph-support", "sourcegraph-ce", "criticality"))
ROWS = [
    Row("support: an issue puts the ticket on hold", FILED, "a on_hold: link_note; a-x agreed", SUPPORT),
    Row(
        "support: a ticket that waits for its customer stays so",
        "ticket a pending; issue x for a; pass",
        "a pending",
        SUPPORT,
    ),
    Row("support: the issue is closed", CLOSED, "a resolved: link_note resolved", SUPPORT),
    Row(
        "support: the customer wrote last",
        f"{FILED}; a mail; x done; pass; a answer; pass",
        "a resolved: link_note waits_for_agent resolved",
        SUPPORT,
    ),
    Row(
        "support: a private and a public issue, both to be closed",
        f"{FILED}; issue y for a public; pass; x done; pass; y done; pass",
        "a resolved: link_note resolved; y done",
        SUPPORT,
    ),
    Row(
        "support: the issue is opened again",
        f"{CLOSED}; x open; pass",
        "a on_hold: link_note resolved issue_reopened",
        SUPPORT,
    ),
    Row(
        "support: a question in an old thread opens no issue",
        f"{CLOSED}; a reply; pass",
        "a open: link_note resolved; x done: ticket_reopened carried; a-x told",
        SUPPORT,
    ),
    Row(
        "support: a problem with the incidents of others",
        f"{FILED}; a leads; x done; pass",
        "a on_hold: link_note cascade; a-x cascades",
        SUPPORT,
    ),
    Row(
        "support: resolved before the issue", f"{FILED}; a resolved; pass", "x open: ticket_resolved; a-x told", SUPPORT
    ),
    Row("customer engineering: handed over", FILED, "a pending: link_note; a-x agreed", CE),
    Row("customer engineering: closed", CLOSED, "a resolved: link_note resolved", CE),
    Row("customer engineering: won't do", f"{FILED}; x declined; pass", "a resolved: link_note declined", CE),
    Row(
        "customer engineering: one issue, two requests, one customer comes back",
        "ticket a; ticket b; issue x for a b; pass; x done; pass; a reply; pass",
        "a open: link_note resolved; b resolved: link_note resolved; x done: ticket_reopened carried",
        CE,
    ),
    Row(
        "criticality: made by hand, then linked",
        "ticket a; issue x; pass; a names x; pass",
        "a pending: link_note; a-x agreed",
        CRITICALITY,
    ),
    Row(
        "criticality: being looked at, and done",
        f"{FILED}; x in_progress; pass; x done; pass",
        "a resolved: link_note resolved",
        CRITICALITY,
    ),
    Row(
        "2i2c: a request that isn't fulfilled",
        f"{CLOSED}; a reply; pass",
        "a open: link_note resolved; x open: ticket_reopened",
        rules("2i2c"),
    ),
]


@pytest.mark.parametrize("plain", [False, True], ids=["rich", "plain"])
@pytest.mark.parametrize("row", ROWS, ids=str)
def test_a_step_of_its_process(row: Row, plain: bool) -> None:
    play(row, plain=plain)


def test_criticality_shows_by_a_tag_that_a_matter_is_looked_at() -> None:
    pair = Pair(**CRITICALITY)
    ticket, issue = pair.filed_pair()
    told = [ticket.tags]
    for word in ("in_progress", "done"):
        pair.move(issue, word)
        pair.settle()
        told.append(ticket.tags)
    assert told == [("issue_open",), ("issue_in_progress",), ("issue_done",)]
