"""What is said on one end as it is written on the other: whose, how much of it, and nothing in it that is live."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from syncd import guard
from syncd.links import claims
from syncd.messages.quote import Part, digest, may_carry, note
from syncd.model import Attachment, Author, Item, Mention, Place, Ref, Role, Status, Text

AT = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)
TICKET = Item(Ref("desk", "17", "17"), "https://desk.example.com/tickets/17", Status("open"), "1", AT)
KEY = b"a key"
MARK = "syncd:v1:01ARZ3NDEKTSV4RRFFQ69G5FAV:0123456789abcdef0123"


def text(body: str = "It is slow", **over: Any) -> Text:
    usual: dict[str, Any] = {"author": Author.OUTSIDE, "place": Place.COMMENT, "id": "1", "at": AT}
    return Text(body, **usual | over)


def written(*texts: Text, role: Role = Role.HELPDESK, files: bool = True) -> str:
    body, count = note([Part(one) for one in texts], TICKET, role, files=files)
    assert count == len(texts)
    return body


@pytest.mark.parametrize(
    ("role", "author", "place", "head"),
    [
        (Role.HELPDESK, Author.OUTSIDE, Place.COMMENT, "Customer wrote, public reply"),
        (Role.HELPDESK, Author.TEAM, Place.COMMENT, "Agent wrote, public reply"),
        (Role.HELPDESK, Author.TEAM, Place.NOTE, "Agent, internal note"),
        (Role.HELPDESK, Author.OUTSIDE, Place.NOTE, "Customer, internal note"),
        (Role.TRACKER, Author.TEAM, Place.COMMENT, "Engineering wrote"),
        (Role.TRACKER, Author.OUTSIDE, Place.COMMENT, "Somebody from outside wrote"),
    ],
)
def test_who_said_it_and_who_could_read_it(role: Role, author: Author, place: Place, head: str) -> None:
    assert f"**{head}** (" in written(text(author=author, place=place), role=role)
    assert "2026-01-05 09:30 UTC" in written(text(author=author, place=place), role=role)


def test_files_are_links_in_the_quotation_or_left_out() -> None:
    files = (Attachment("log [1].txt", "https://files.example.com/1?a=b", 12_000), Attachment("@all", "", 0))
    body = written(text(attachments=files))
    assert "> - [log \\[1\\].txt](https://files.example.com/1?a=b) (12 kB)" in body
    assert "@all" not in body
    assert all(line.startswith((">", "**")) or not line for line in body.split("\n"))
    assert "files.example.com" not in written(text(attachments=files), files=False)
    assert "> (no text)" in written(text("", attachments=files), files=False)


def test_an_address_in_what_we_quote_is_no_link_not_even_a_proposed_one() -> None:
    url = "https://desk.example.com/tickets/99"
    files = (Attachment(url, url, 0),)
    body = written(text(f"{url}\n\nTicket: {url}\n\n- {url}", attachments=files))

    def read(where: str) -> list[Mention]:
        at = where.find("tickets/99")
        return [Mention("99", at, at + 10)] if at >= 0 else []

    for author, named in ((Author.SELF, 0), (Author.TEAM, 1)):
        said = (Text(body, author, Place.COMMENT, "1"),)
        issue = Item(Ref("hub", "4", "o/r#4"), "https://hub.example.com/4", Status("open"), "1", AT, texts=said)
        found = claims(issue, Role.TRACKER, {"desk": read})
        assert len(found) == named, author
        assert not any(claim.trusted for claim in found)


@pytest.mark.parametrize(
    "over",
    [
        {"author": Author.SELF},
        {"automatic": True},
        {"id": ""},
        {"body": f"<!-- {MARK} -->\nof another syncd"},
    ],
)
def test_what_nobody_said_is_not_carried(over: dict[str, Any]) -> None:
    for on_ticket in (False, True):
        assert may_carry(text(author=Author.TEAM), on_ticket=on_ticket)
        assert not may_carry(text(**{"author": Author.TEAM, **over}), on_ticket=on_ticket)
    assert may_carry(text(author=Author.OUTSIDE), on_ticket=False)
    marked = text(author=Author.OUTSIDE, body=f"a stranger\n{MARK}")
    assert (may_carry(marked, on_ticket=True), may_carry(marked, on_ticket=False)) == (True, False)


def test_whoever_quotes_a_note_of_syncd_s_has_said_something() -> None:
    marked = "syncd:v1:01ARZ3NDEKTSV4RRFFQ69G5FAV:0123456789abcdef0123"
    said = text(f"> Filed as ENG-7.\n>\n> `{marked}`\n\nIs that still so?")
    assert may_carry(said, on_ticket=False)
    assert marked not in note([Part(said)], TICKET, Role.HELPDESK, files=True)[0]
    assert not may_carry(text(f"> Is that still so?\n\nYes.\n\n`{marked}`"), on_ticket=False)


def test_a_note_holds_as_much_as_every_tracker_takes_and_says_how_many_texts_that_are() -> None:
    body, count = note([Part(text("x\n" * 40_000, id=str(at))) for at in range(5)], TICKET, Role.HELPDESK, files=True)
    assert 1 <= count < 5
    assert len(body) <= guard.BODY
    assert body.count("cut here: the rest is in the ticket") == count


def test_a_long_line_that_is_cut_keeps_what_there_is_room_for() -> None:
    lines = guard.quoted("y" * 5_000, 1_000).split("\n")
    assert 900 < len(lines[0]) <= 1_000
    assert lines[-1] == "> (cut here: the rest is in the ticket)"


def test_a_digest_tells_an_edit_and_no_word() -> None:
    same = digest(KEY, text())
    assert same == digest(KEY, text())
    others = [text("It is fast"), text(place=Place.NOTE), text(attachments=(Attachment("a", "", 1),))]
    assert len({same, digest(b"another", text()), *(digest(KEY, one) for one in others)}) == 5
    assert digest(KEY, text("\ud800")), "half a character, too"
