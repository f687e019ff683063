"""``syncd explain --ticket``: what a ticket would become, read afresh, with nothing written anywhere."""

from __future__ import annotations

from typing import Any

import pytest
from office import CANARY, REPOSITORY, Office

PRIVATE = "acme/customer"
TABLES = """
playbook = "{playbook}"
[sync.file]
authorised = "anyone"
answered_first = false
[sync.routing.places]
{places}
"""


@pytest.fixture
def public(office: Office) -> Office:
    """2i2c: everything goes to a public repository."""
    office.write_desk(sync=TABLES.format(playbook="2i2c", places=f'infrastructure = "{REPOSITORY}"'))
    return office


@pytest.fixture
def private(office: Office) -> Office:
    """Customer support: a private repository by default."""
    office.hub.make_repo(PRIVATE, private=True)
    places = f'customer = "{PRIVATE}"\npublic = "github:{REPOSITORY}"'
    office.write_desk(sync=TABLES.format(playbook="sourcegraph-ce", places=places) + '[sync.customer]\nlabel = "c/"\n')
    office.write_hub(PRIVATE, REPOSITORY)
    return office


def before(office: Office) -> tuple[int, dict[str, bytes]]:
    """What a preview must leave as it is."""
    return office.writes(), office.tree()


def test_a_public_issue_is_shown_whole_and_holds_nothing_of_the_ticket(public: Office) -> None:
    ticket = public.desk.make_ticket(f"{CANARY} help", f"<p>{CANARY}</p>", tags=["escalate"])
    was = before(public)
    told = public.run("explain", "--ticket", f"freshdesk:{ticket}").ended(0).out
    assert before(public) == was
    assert told.startswith(f"freshdesk:{ticket} would become an issue, because of this: the tag escalate.\n")
    assert "nothing was written" in told
    assert f"  place: {REPOSITORY} (the place 'infrastructure': the default)" in told
    assert "  audience: public (as the tracker says now)" in told
    assert "  label: support (every issue has it)" in told
    assert f"  title: [Support] Ticket {ticket} " in told
    assert f"    ### The Freshdesk ticket link\n\n    {public.ticket_url(ticket)}\n" in told


def test_a_private_issue_quotes_the_ticket(private: Office) -> None:
    text = "<p>Docker stops.<br>Ask @bob, see #4</p>"
    ticket = private.desk.make_ticket("It stops", text, tags=["engineering"])
    was = before(private)
    told = private.run("explain", "--ticket", private.ticket_url(ticket)).ended(0).out
    found: dict[str, Any] = private.json("explain", "--ticket", f"freshdesk:{ticket}")
    assert before(private) == was
    assert "  title: It stops " in told
    assert "> Ask @ bob, see # 4" in told
    assert found["would_be_filed"] is True
    assert (found["tracker"]["value"], found["place"]["value"]) == ("github", PRIVATE)
    assert found["audience"]["value"] == "private"
    assert (found["team"]["value"], found["area"]["why"]) == ("Distribution", "the ticket says 'Docker'")
    assert [label["value"] for label in found["labels"]] == ["rfh", "ce/p4", "team/distribution"], "low priority"
    assert "> Ask @ bob, see # 4" in found["body"]["value"]


def test_a_repository_that_turned_public_gets_a_public_issue(private: Office) -> None:
    ticket = private.desk.make_ticket("It stops", "<p>Secret</p>", tags=["engineering", "public_issue"])
    found = private.json("explain", "--ticket", f"freshdesk:{ticket}")
    assert (found["place"]["value"], found["audience"]["value"]) == (REPOSITORY, "public")
    assert "Secret" not in found["body"]["value"]
    assert "It stops" not in found["title"]["value"]


def test_a_place_that_cant_be_seen_counts_as_public_and_says_so(private: Office) -> None:
    private.write_desk(sync=TABLES.format(playbook="sourcegraph-ce", places='customer = "acme/nowhere"'))
    ticket = private.desk.make_ticket("It stops", "<p>Secret</p>", tags=["engineering"])
    run = private.run("explain", "--ticket", f"freshdesk:{ticket}").ended(0)
    assert "audience: public (nothing tells who can read there" in run.out
    assert "note: The place can't be read: " in run.out
    assert "Secret" not in run.out


def test_why_no_issue_is_filed_is_one_sentence_and_status_1(public: Office) -> None:
    ticket = public.ticket()
    run = public.run("explain", "--ticket", f"freshdesk:{ticket}").ended(1)
    assert run.out == (
        f"freshdesk:{ticket} would become no issue: the ticket is not escalated. That takes: "
        "the tag escalate or an agent's note that says /file.\n"
    )
    found = public.json("explain", "--ticket", f"freshdesk:{ticket}")
    assert (found["would_be_filed"], found["rule"]) == (False, "not_escalated")


def test_an_agent_s_note_escalates(public: Office) -> None:
    ticket = public.ticket()
    public.desk.agent_note(ticket, "<p>/file</p>")
    assert "an agent's note that says /file" in public.run("explain", "--ticket", f"freshdesk:{ticket}").ended(0).out


def test_a_ticket_that_has_its_issue_needs_no_second_one(public: Office) -> None:
    public.sync()
    ticket = public.desk.make_ticket("Help", "", tags=["escalate"])
    key = public.issue(ticket)
    public.sync()
    told = public.run("explain", "--ticket", f"freshdesk:{ticket}").ended(0).out
    assert told.startswith(f"freshdesk:{ticket} has 1 issue already: github:{key}. A second one is not needed. ")


@pytest.mark.parametrize("ref", ["freshdesk:4711", "freshdesk:x", "github:acme/infrastructure#1", "", "17", "jira:1"])
def test_a_ref_that_names_no_ticket_is_one_sentence_and_status_1(public: Office, ref: str) -> None:
    run = public.run("explain", "--ticket", ref).ended(1)
    assert (run.out, len(run.err.splitlines())) == ("", 1)


def test_it_takes_a_ref_or_a_ticket(public: Office) -> None:
    for args in ((), ("freshdesk:1", "--ticket", "freshdesk:1")):
        assert "Name a REF, or a ticket with --ticket" in public.run("explain", *args).ended(2).err


def test_the_default_playbook_files_nothing(office: Office) -> None:
    ticket = office.ticket()
    run = office.run("explain", "--ticket", f"freshdesk:{ticket}").ended(1)
    assert "the playbook default files no issues" in run.out


def test_what_was_refused_is_said_with_the_reason(public: Office) -> None:
    tables = TABLES.format(playbook="2i2c", places=f'infrastructure = "{REPOSITORY}"')
    public.write_desk(sync=f'file_after = "0s"{tables}')
    public.sync()
    public.later()
    ticket = public.desk.make_ticket(f"{CANARY} help", tags=["escalate"])
    public.sync(status=1)
    told = public.run("explain", "--ticket", f"freshdesk:{ticket}").ended(0).out
    assert f"An issue for freshdesk:{ticket} was refused: " in told
    assert "there is no label 'support'" in told
    assert "there is no label" in public.json("explain", "--ticket", f"freshdesk:{ticket}")["refused"]
