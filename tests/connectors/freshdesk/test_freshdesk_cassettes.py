"""Answers in the shapes that Freshdesk documents and that recordings of accounts show, replayed byte for byte.

The cassettes are written by hand: ids, names and addresses are made up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import vcr
from pydantic import SecretStr

from connectors.freshdesk.connector import FreshdeskConnector, FreshdeskOptions
from syncd.actions import Action, Note
from syncd.clock import ManualClock
from syncd.errors import RateLimited, Refused, Unauthorized
from syncd.model import Author, GoneKind, Item, Place, Ref, Removed, Status

CASSETTES = Path(__file__).parent / "cassettes"
MARKER = "syncd:v1:01JD3Z8QK4W7M2N5P9R1S3T6VX:0123456789abcdef0123"
REF = Ref("fd", "2", "2")


@pytest.fixture
def connector() -> Iterator[FreshdeskConnector]:
    options = FreshdeskOptions(connector="freshdesk", url="https://acme.freshdesk.com", api_key=SecretStr("key"))
    connector = FreshdeskConnector("fd", options, ManualClock())
    yield connector
    connector.close()


@contextmanager
def replay(name: str) -> Iterator[None]:
    """Answers from a cassette, each once and in order; anything else that is asked is an error."""
    player = vcr.VCR(
        cassette_library_dir=str(CASSETTES),
        record_mode=vcr.mode.NONE,
        match_on=["method", "scheme", "host", "port", "path", "query", "body"],
    )
    with player.use_cassette(f"{name}.yaml") as cassette:
        yield
        assert cassette.all_played


def test_the_account(connector: FreshdeskConnector) -> None:
    with replay("account"):
        assert connector.check() == ()
        assert connector.statuses()["6"] == "Waiting on Customer"
    assert connector.account.me == 105


def test_a_list_and_the_poll_after_it(connector: FreshdeskConnector) -> None:
    with replay("list"):
        (first,) = connector.changes("tickets", None, None)
        (again,) = connector.changes("tickets", first.cursor, None)
    assert [(item.ref.id, item.status.native) for item in first.items] == [("2", "2"), ("3", "6")]
    assert first.items[0].url == "https://acme.freshdesk.com/a/tickets/2"
    assert again.items == ()


def test_a_ticket_with_its_conversations(connector: FreshdeskConnector) -> None:
    with replay("ticket"):
        item = connector.fetch([REF])[REF]
    assert isinstance(item, Item)
    assert item.waiting is True
    assert [(text.author, text.place, text.body) for text in item.texts or ()] == [
        (Author.OUTSIDE, Place.BODY, "I can not log in"),
        (Author.TEAM, Place.NOTE, "Text 1"),
        (Author.OUTSIDE, Place.COMMENT, "Text 2"),
        (Author.SELF, Place.NOTE, "Text 3"),
    ]


def test_a_note_and_a_status(connector: FreshdeskConnector) -> None:
    with replay("write"):
        outcome = next(iter(connector.apply([Action(REF, Status("3"), None, (Note("e1", "Filed", MARKER),))])))
    assert outcome.error is None
    assert outcome.notes[0].remote_id == "106"
    assert outcome.status == Status("3")
    assert outcome.version == "2026-08-19T17:00:01Z"


def test_a_refused_status(connector: FreshdeskConnector) -> None:
    with replay("refused"):
        outcome = next(iter(connector.apply([Action(REF, Status("99"))])))
    assert isinstance(outcome.error, Refused)
    assert "status: invalid_value" in str(outcome.error)


def test_a_key_that_is_not_accepted(connector: FreshdeskConnector) -> None:
    with replay("unauthorized"), pytest.raises(Unauthorized):
        assert connector.account.me


def test_a_ticket_that_is_not_there(connector: FreshdeskConnector) -> None:
    with replay("missing"):
        found = connector.fetch([REF])[REF]
    assert isinstance(found, Removed)
    assert found.kind is GoneKind.DELETED


def test_a_limit(connector: FreshdeskConnector) -> None:
    with replay("limited"), pytest.raises(RateLimited) as caught:
        connector.fetch([REF])
    assert caught.value.retry_after == 34


@pytest.mark.parametrize("path", sorted(CASSETTES.glob("*.yaml")), ids=lambda path: path.stem)
def test_a_cassette_holds_no_credential_and_no_real_address(path: Path) -> None:
    text = path.read_text()
    assert not re.search(r"authorization|set-cookie|bearer|basic ", text, re.IGNORECASE)
    assert {mail.partition("@")[2] for mail in re.findall(r"[\w.]+@[\w.]+", text)} <= {"example.com"}
    assert set(re.findall(r"https?://([^/\"\s]+)", text)) <= {"acme.freshdesk.com"}
