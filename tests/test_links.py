"""Which names in a text make a link, and which only propose one (rule 5)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.links import TOO_LONG, Claim, claims
from syncd.model import Author, Item, Mention, Place, Ref, Role, Status, Text
from syncd.records import Origin

URL = "https://desk.example.com/a/tickets/17"
FORM = ("Link to the ticket",)


def reader(text: str) -> Sequence[Mention]:
    found = re.finditer(r"https://desk\.example\.com/a/tickets/(\d+)", text)
    return [Mention(one[1], one.start(), one.end()) for one in found]


def item(*texts: Text, fields: dict[str, str] | None = None) -> Item:
    made = datetime(2026, 1, 5, tzinfo=UTC)
    return Item(Ref("x", "1"), "", Status("open"), "", made, texts=texts, fields=fields or {})


def named(
    body: str, by: Author = Author.TEAM, place: Place = Place.BODY, role: Role = Role.TRACKER
) -> list[tuple[str, bool]]:
    found = claims(item(Text(body, by, place)), role, {"desk": reader}, headings=FORM)
    return [(claim.key, claim.trusted) for claim in found]


@pytest.mark.parametrize(
    "body",
    [
        URL,
        f"  {URL}  ",
        f"<{URL}>",
        f"[the ticket]({URL})",
        f"- {URL}",
        f"* [ ] {URL}",
        f"1. {URL}",
        f"Ticket: {URL}",
        f"**Ticket:** {URL}",
        f"- Freshdesk ticket: {URL}",
        f"It is broken.\r\n\r\n{URL}\r\nplease look",
        f"It is broken.\n{URL}",
        f"### Link to the ticket\n\nsee {URL} please\n\n### More\n\nnothing",
        f"## link to the TICKET\n{URL} and so on",
        f"> what they said\n\n{URL}",
        f"{URL}.",
        f"{URL},",
        f"{URL};",
        f"{URL}!",
        f"{URL} .",
        f"Ticket: <{URL}>.",
        f"- [the ticket]({URL}).",
        f"{URL}.\nplease look",
    ],
)
def test_an_address_that_stands_there_as_a_link_is_believed(body: str) -> None:
    assert named(body) == [("17", True)]


@pytest.mark.parametrize(
    "body",
    [
        f"as in {URL}",
        f"{URL} was the same",
        f"as in {URL}.",
        f"{URL}. That was the same",
        f"{URL}, {URL}",
        f"{URL}?",
        f"{URL}:",
        f"{URL}...",
        f"({URL}).",
        f"> {URL}.",
        f"`{URL}.`",
        f"> {URL}",
        f"> they said\n{URL}",  # a lazy line of the same quotation
        f"```\n{URL}\n```",
        f"    {URL}",
        f"<!-- {URL} -->",
        f"<!--\n{URL}\n-->",
        f"<div hidden>\n{URL}\n</div>",
        f"### Another heading\n\nsee {URL} please",
        f"### Link to the ticket\n\nnone\n\n### Log\n\nsee {URL} please",
        f"### Link to the ticket\n\n> {URL}",
        f"hello\n\n--- Original Message ---\n{URL}",
        f"hello\n-----forwarded message-----\nfrom them\n{URL}",
        f"a sentence that is far too long to be a label, as anybody can see who reads it to the end: {URL}",
        f"{URL}\n" + "x" * TOO_LONG,
    ],
)
def test_an_address_anywhere_else_is_only_a_proposal(body: str) -> None:
    assert named(body) == [("17", False)]


@pytest.mark.parametrize(
    ("by", "place", "role", "trusted"),
    [
        (Author.SELF, Place.BODY, Role.TRACKER, True),
        (Author.TEAM, Place.COMMENT, Role.TRACKER, True),
        (Author.OUTSIDE, Place.BODY, Role.TRACKER, False),
        (Author.TEAM, Place.NOTE, Role.HELPDESK, True),
        (Author.SELF, Place.NOTE, Role.HELPDESK, True),
        (Author.TEAM, Place.COMMENT, Role.HELPDESK, False),  # a public reply
        (Author.OUTSIDE, Place.BODY, Role.HELPDESK, False),
        (Author.OUTSIDE, Place.NOTE, Role.HELPDESK, False),
    ],
)
def test_who_is_believed_and_where(by: Author, place: Place, role: Role, trusted: bool) -> None:
    assert named(URL, by, place, role) == [("17", trusted)]


def test_an_automation_s_note_on_a_ticket_may_repeat_a_customer_s_words() -> None:
    written = item(Text(URL, Author.TEAM, Place.NOTE, automatic=True))
    (claim,) = claims(written, Role.HELPDESK, {"desk": reader})
    assert (claim.trusted, claim.why) == (False, "an automation wrote it")
    (claim,) = claims(written, Role.TRACKER, {"desk": reader})
    assert claim.trusted


def test_the_link_field_is_believed_and_other_fields_are_not_read() -> None:
    ticket = item(fields={"cf_issue": f"see {URL}", "cf_other": URL.replace("17", "18")})
    found = claims(ticket, Role.HELPDESK, {"desk": reader}, issue_field="cf_issue")
    assert found == [Claim("desk", "17", trusted=True, origin=Origin.FIELD)]
    assert claims(ticket, Role.HELPDESK, {"desk": reader}) == []


def test_named_twice_the_more_trusted_claim_counts_once() -> None:
    texts = Text(f"as in {URL}", Author.OUTSIDE, Place.BODY), Text(URL, Author.TEAM, Place.COMMENT)
    for order in (texts, texts[::-1]):
        found = claims(item(*order), Role.TRACKER, {"desk": reader})
        assert [(claim.key, claim.trusted) for claim in found] == [("17", True)]


def test_a_proposal_says_why() -> None:
    (claim,) = claims(item(Text(URL, Author.OUTSIDE, Place.BODY)), Role.TRACKER, {"desk": reader})
    assert claim.why == "its author is not a member of the team"
    (claim,) = claims(item(Text(f"as in {URL}", Author.TEAM, Place.BODY)), Role.TRACKER, {"desk": reader})
    assert claim.why == "it stands in a sentence, a quotation or code"


def test_an_item_without_texts_names_nothing() -> None:
    made = datetime(2026, 1, 5, tzinfo=UTC)
    assert claims(Item(Ref("x", "1"), "", Status("open"), "", made), Role.TRACKER, {"desk": reader}) == []


@given(st.text(), st.text())
def test_no_text_breaks_the_reading_and_a_stranger_is_never_believed(before: str, after: str) -> None:
    assert named(f"{before}{URL} {after}", Author.OUTSIDE) == [("17", False)]
    named(f"{before}{URL}{after}")


@given(st.text(alphabet=st.characters(exclude_characters="\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"), min_size=1))
def test_whatever_the_rest_of_a_quoted_line_says_it_is_not_believed(rest: str) -> None:
    assert (("17", True)) not in named(f"> {URL}{' '}{rest}")


def test_an_address_that_the_system_keeps_as_a_link_is_believed() -> None:
    kept = replace(item(), addresses=(URL, "https://elsewhere.example.com/a/tickets/18"))
    found = claims(kept, Role.TRACKER, {"desk": reader})
    assert [(claim.key, claim.trusted, claim.origin) for claim in found] == [("17", True, Origin.SYSTEM)]
