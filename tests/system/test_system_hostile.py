"""Text that means harm: it breaks no line, no item, no state, and nothing of a ticket leaves the helpdesk."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from office import CANARY, MARKER, PENDING, REPOSITORY, RESOLVED, Office

from syncd.testing import Fault, Reply

ULID = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
HARM = {
    "controls": "a\x01b\x07c\x1b[31mred\x1b]0;title\x07\x7f\x9b2J",
    "lines": "one\r\ntwo\rthree\nfour\u2028five\u2029six\x85seven\x0beight\x0cnine",
    "markdown": "**[x](javascript:alert(1))** ![y](http://127.0.0.1:1/z) `code` <b>b</b> | a | b |\n```\nshut\n```",
    "html": "<script>alert(1)</script><img src=x onerror=alert(1)>\"'&amp;&#x3c;!-- -->]]>",
    "templates": "{{ 7*7 }} {% for x in [].__class__.__mro__ %}{{ x }}{% endfor %} {# c #} ${7*7} #{7*7} <%= 7 %>",
    "mentions": "@everyone @acme/team cc @dev GH-1 #1 Fixes #1 closes acme/infrastructure#1",
    "marker": f"<!-- syncd:v1:{ULID}:0123456789abcdef0123 --> &#115;yncd:v1:{ULID}:0123456789abcdef0123",
    "direction": "\u202egpj.exe\u202c \u2066hidden\u2069 \u200b\u200d\ufeff\u00ad",
    "surrogate": "lone \ud800 and \udfff low",
    "nul": "a\x00b",
    "emoji": "\U0001f9e8\U0001f468\u200d\U0001f469\u200d\U0001f467 \u0644\u0627 \u0cb0\u0cc1 Z\u0351\u036b\u0343\u036a",
    "long": "x" * 1_000_000,
    "tables": "'; DROP TABLE links; -- \\x00 %s %(x)s {0} \\",
}


def filed(office: Office, ticket: int, harm: str, *, body: str = "", login: str = "dev") -> str:
    """An issue full of harm that names a ticket under the form's heading, as an agent files it."""
    body = f"{body}\n\n### The Freshdesk ticket link\n\n{office.ticket_url(ticket)}\n"
    return office.hub.make_issue(REPOSITORY, harm[:5000], body, by=login, labels=(harm[:200],))


@pytest.mark.trap("github", 14)
@pytest.mark.parametrize("kind", HARM)
def test_harm_in_every_text_changes_nothing_of_the_main_job(build: Callable[..., Office], kind: str) -> None:
    office, harm = build(sync='playbook = "2i2c"\nissue_field = "cf_issue_url_297457"'), HARM[kind]
    office.sync()
    office.later()
    ticket = office.desk.make_ticket(f"{CANARY} {harm}", f"<div>{CANARY} {harm}</div>", type=harm[:99])
    office.desk.add_tag(ticket, harm[:200])
    office.desk.set_field(ticket, "cf_reference_number", f"{CANARY} {harm}")
    office.desk.set_field(ticket, "cf_issue_url_297457", f"{CANARY} {harm}")
    office.desk.agent_note(ticket, f"{CANARY} {harm}")
    plain = office.ticket()
    key, other = filed(office, ticket, harm, body=harm[:60_000]), office.issue(plain)
    office.hub.comment(key, harm)
    office.sync()
    assert [office.status(one) for one in (ticket, plain)] == [PENDING, PENDING]
    assert [len(office.notes(one)) for one in (ticket, plain)] == [1, 1]

    office.later()
    office.hub.close(key, by=harm[:200] or "dev")
    office.hub.close(other)
    office.sync()
    assert [office.status(one) for one in (ticket, plain)] == [RESOLVED, RESOLVED]
    assert [len(office.notes(one)) for one in (ticket, plain)] == [2, 2]
    for note in office.notes(ticket):
        assert len(MARKER.findall(note)) == 1
        assert "<script" not in note
        assert "<img" not in note
        assert "49" not in note.replace(office.freshdesk.url, "").replace(office.github.url, "").split("<p")[1]
    looks = (("status",), ("links", "list"), ("links", "propose"), ("explain", f"freshdesk:{ticket}"))
    for verb in looks:
        office.run(*verb).ended(0)
        office.run(*verb, "--json").ended(0)
    before = office.writes()
    office.sync()
    assert office.writes() == before


@pytest.mark.parametrize("kind", [kind for kind in HARM if kind != "long"])
def test_harm_where_a_name_should_be_is_one_clean_line(office: Office, kind: str) -> None:
    """What no honest service serves: a status label, a repository's name, an address, a login."""
    harm = HARM[kind]
    office.freshdesk.statuses[6] = (harm, harm)
    office.run("check").ended(1)
    repository = office.github.books.repo(REPOSITORY)
    assert repository is not None
    ticket = office.pending()
    key = office.issue(ticket)
    repository.name = f"infra{harm}"
    run = office.run("reconcile")
    assert run.exit in {0, 1}, run.said
    for verb in (("status",), ("links", "list"), ("check",), ("reconcile", "--dry-run")):
        office.run(*verb)
    repository.name = "infrastructure"
    office.later()
    office.hub.close(key)
    office.sync()
    office.later()
    assert office.json("links", "list")[0]["ticket"] == f"freshdesk:{ticket}"
    assert office.status(ticket) in {RESOLVED, PENDING}


@pytest.mark.trap("github", 14)
def test_a_forged_marker_passes_for_nothing_of_ours(office: Office) -> None:
    """Somebody pastes a marker that he saw; the note is still written, once, with a marker of its own."""
    office.sync()
    office.later()
    ticket = office.ticket()
    office.desk.own_note(ticket, f"syncd:v1:{ULID}:0123456789abcdef0123")
    office.issue(ticket)
    office.sync()
    assert len(office.notes(ticket)) == 2
    assert ULID not in office.notes(ticket)[1]


def test_a_million_characters_of_links_are_a_log_and_no_links(office: Office) -> None:
    office.sync()
    office.later()
    ticket = office.ticket()
    body = "\n".join(office.ticket_url(ticket) for _ in range(8_000))
    office.hub.make_issue(REPOSITORY, "A log", body)
    office.sync()
    assert office.json("links", "list", "--state", "live") == []


@pytest.mark.parametrize("where", ["freshdesk", "github"])
def test_what_says_it_is_another_server_is_never_called(office: Office, where: str) -> None:
    """Addresses in answers lead nowhere but to the configured origin."""
    sandbox = getattr(office, where)
    elsewhere = "http://127.0.0.1:1/steal"
    reply = Reply(302, b"", {"Location": elsewhere})
    sandbox.faults.append(Fault("answer", times=200, reply=reply))
    run = office.run("reconcile").ended(1)
    assert where in run.err
