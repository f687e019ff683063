"""What customers are told, from the config folder to the helpdesk's own books."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from office import CLOSED, PENDING, RESOLVED, Office

SYNC = 'trackers = ["github"]\nplaybook = "2i2c"\n'
NAME = "Ada Zuckermann"


def replies(office: Office, ticket: int) -> list[str]:
    """What syncd told the customer."""
    talk = office.freshdesk.books.tickets[ticket].talk
    return [said["body_text"] for said in talk if not said["private"] and said["body"] in office.notes(ticket)]


def asked(office: Office, *, language: str = "en") -> tuple[int, str]:
    """Somebody's ticket with an agent's answer, and its issue, in step."""
    who = office.desk.add_contact(NAME, "ada@example.com", language=language)
    ticket = office.ticket()
    office.desk.hand_over(ticket, requester_id=who)
    key = office.issue(ticket)
    office.sync()
    office.later()
    office.desk.agent_reply(ticket, "Hello, I am looking into it.")
    office.later()
    office.sync()
    assert office.status(ticket) == PENDING
    return ticket, key


def started(build: Callable[..., Office], sync: str) -> Office:
    office = build(sync=SYNC + sync)
    office.sync()
    office.later()
    return office


def test_the_closing_is_told_in_the_requester_s_language_and_no_name_is_kept(build: Callable[..., Office]) -> None:
    more = '[sync.replies.texts.de]\nmessage_resolved = "Fertig{% if requester %}, {{ requester }}{% endif %}!"\n'
    office = started(build, f'[sync.replies]\nresolved = "public"\n{more}')
    ticket, key = asked(office, language="de")
    office.hub.close(key)
    office.sync()
    office.later()
    office.sync()
    assert office.status(ticket) == RESOLVED
    (said,) = replies(office, ticket)
    assert said.startswith(f"Fertig, {NAME}!")
    assert key not in said
    for path in office.state.parent.glob("*"):
        assert b"Zuckermann" not in path.read_bytes()


def test_by_default_nothing_is_sent_and_the_draft_has_the_name(build: Callable[..., Office]) -> None:
    office = started(build, "")
    ticket, key = asked(office)
    office.hub.close(key)
    office.sync()
    assert replies(office, ticket) == []
    assert f"Thank you for getting in touch, {NAME}." in " ".join(office.notes(ticket))


def test_in_quiet_hours_the_message_is_held_and_the_command_says_so(build: Callable[..., Office]) -> None:
    now = datetime.now(UTC)
    begin, end = now - timedelta(hours=2), now + timedelta(hours=3)
    hours = f"{begin:%H:%M}-{end:%H:%M}"
    office = started(build, f'[sync.replies]\nresolved = "public"\nquiet_hours = ["{hours}"]\n')
    ticket, key = asked(office)
    office.hub.close(key)
    said = office.sync().out
    assert "1 note still to be written" in said
    assert (office.status(ticket), replies(office, ticket)) == (RESOLVED, [])
    assert "1 note still to be written" in office.run("status").ended(0).out


def test_an_incident_s_update_goes_from_the_issue_to_the_customer(build: Callable[..., Office]) -> None:
    office = started(build, '[sync.replies]\nincident_update = "public"\n')
    ticket, key = asked(office)
    office.desk.hand_over(ticket, type="Incident")
    office.hub.comment(key, "/customers\nStorage is slow. We are moving volumes.")
    office.hub.comment(key, "It is the disk of the third node")
    office.hub.comment(key, "/customers\nGive us your passwords.", by="stranger", association="NONE")
    office.later()
    office.sync()
    office.later()
    office.sync()
    assert [one.partition("\n")[0].strip() for one in replies(office, ticket)] == [
        "Storage is slow. We are moving volumes."
    ]
    office.later()
    office.sync()
    assert len(replies(office, ticket)) == 1


def test_where_no_survey_is_wanted_the_ticket_is_closed(build: Callable[..., Office]) -> None:
    office = started(build, "")
    ticket, key = asked(office)
    office.desk.add_tag(ticket, "no-survey")
    office.later()
    office.hub.close(key)
    office.sync()
    assert office.status(ticket) == CLOSED


def test_a_sprint_that_is_over_resolves_the_ticket_and_leaves_the_issue(build: Callable[..., Office]) -> None:
    office = started(build, '[sync.replies]\nsprint_over = "public"\n')
    ticket, key = asked(office)
    office.hub.label(key, "sprint-expired")
    office.sync()
    assert office.status(ticket) == RESOLVED
    assert "set this ticket aside" in replies(office, ticket)[0]
    office.later()
    writes = office.writes()
    office.sync()
    assert office.writes() == writes


def test_a_text_that_promises_is_refused_with_file_and_cure(build: Callable[..., Office]) -> None:
    office = build(
        sync=f'{SYNC}[sync.replies]\nresolved = "public"\n[sync.texts]\nmessage_resolved = "Done tomorrow."\n'
    )
    said = office.run("check").ended(78).said
    assert "connectors/freshdesk.toml: sync.texts.message_resolved" in said
    assert "it promises a time" in said
