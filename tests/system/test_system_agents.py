"""What agents command from a ticket of the stand-in for Freshdesk, and the same from the command line."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from office import OPEN, PENDING, REPOSITORY, RESOLVED, Office
from test_system_run import ready, service, until


def begun(office: Office) -> tuple[int, str]:
    """A ticket and an issue that are not linked, in an office that syncd knows."""
    office.sync()
    office.later()
    ticket, issue = office.ticket(), office.issue()
    office.later()
    office.sync()
    office.later()
    return ticket, issue


def waiting(office: Office) -> tuple[int, str]:
    """A ticket that waits for an issue."""
    office.sync()
    office.later()
    ticket = office.ticket()
    issue = office.issue(ticket)
    office.later()
    office.sync()
    assert office.status(ticket) == PENDING
    office.later()
    return ticket, issue


def test_an_agent_links_a_ticket_and_a_customer_does_not(office: Office) -> None:
    ticket, issue = begun(office)
    other = office.ticket()
    url = office.issue_url(issue)
    anchor = f'<a href="{url}" target="_blank">{url}</a>'
    for text in (f"<p>/link {url}</p>", f"<div>/link {anchor}</div>", "/mute", "/reopen"):
        office.desk.customer_reply(other, text)
        office.desk.agent_reply(other, text)
        office.desk.forward(other, text)
        office.desk.own_note(other, text)
    office.desk.agent_note(other, f"<blockquote><p>/link {url}</p></blockquote><p>See <code>/mute</code></p>")
    office.desk.agent_note(ticket, f"<div>It is this one:</div><div>/link {anchor}</div>")
    office.later()
    assert "1 ticket set to waiting, because its issue is open" in office.sync().out
    assert (office.status(ticket), len(office.notes(ticket))) == (PENDING, 1)
    assert issue in office.notes(ticket)[0]
    assert (office.status(other), office.notes(other)) == (OPEN, [])
    assert office.json("status")["muted"] == []
    said = office.run("explain", f"freshdesk:{ticket}").out
    assert "ticket linked, because an agent ordered it" in said

    office.later()
    calls, writes = office.calls(), office.writes()
    office.sync()
    assert office.writes() == writes
    assert office.calls() - calls <= 6  # the lists of both services, and no read of a ticket


@pytest.mark.parametrize("how", ["/link {}", "/link github:{}", "/LINK {}."])
def test_an_agent_may_name_an_issue_by_its_key(office: Office, how: str) -> None:
    ticket, issue = begun(office)
    office.desk.agent_note(ticket, f"<p>{how.format(issue)}</p>")
    office.later()
    office.sync()
    assert office.status(ticket) == PENDING


def test_an_agent_unlinks_a_ticket_for_good(office: Office) -> None:
    ticket, issue = waiting(office)
    office.desk.agent_note(ticket, "<div>wrong one</div><div>/unlink</div>")
    office.hub.close(issue)
    office.later()
    office.sync()
    assert (office.status(ticket), len(office.notes(ticket))) == (PENDING, 1)
    office.desk.agent_note(ticket, f"<p>{office.issue_url(issue)}</p>")
    office.later()
    office.sync()
    assert (office.status(ticket), len(office.notes(ticket))) == (PENDING, 1)
    said = office.run("links", "show", f"freshdesk:{ticket}").out
    assert "removed by a person" in said


@pytest.mark.parametrize("by_tag", [False, True])
def test_a_muted_ticket_is_left_alone_until_it_is_unmuted(office: Office, by_tag: bool) -> None:
    ticket, issue = waiting(office)

    def command(name: str) -> None:
        if by_tag:
            office.desk.add_tag(ticket, f"syncd_{name}")
        else:
            office.desk.agent_note(ticket, f"<p>/{name}</p>")
        office.later()

    command("mute")
    office.sync()
    office.hub.close(issue)
    office.later()
    writes = office.writes()
    office.sync()
    office.desk.agent_note(ticket, "<p>/reopen</p>")
    office.later()
    office.sync()
    assert (office.status(ticket), office.writes()) == (PENDING, writes)
    (muted,) = office.json("status")["muted"]
    assert muted["ticket"] == f"freshdesk:{ticket}"
    assert f"Muted: freshdesk:{ticket} since" in office.run("status").out
    assert "MUTED since" in office.run("links", "show", f"freshdesk:{ticket}").out
    assert "MUTED since" in office.run("explain", f"freshdesk:{ticket}").out
    assert "/reopen: the ticket is muted" in office.run("status").out
    command("unmute")
    office.sync()
    assert (office.status(ticket), len(office.notes(ticket))) == (RESOLVED, 2)
    assert office.json("status")["muted"] == []


def test_an_agent_has_a_closed_issue_reopened(office: Office) -> None:
    ticket, issue = waiting(office)
    office.hub.close(issue)
    office.later()
    office.sync()
    assert office.status(ticket) == RESOLVED
    office.later()
    note = office.desk.agent_note(ticket, "<p>/reopen</p>")
    office.later()
    assert "1 issue reopened, because an agent ordered it" in office.sync().out
    assert office.hub.status(issue)[0] == "open"
    office.later()
    office.hub.close(issue)
    said = next(one for one in office.freshdesk.books.tickets[ticket].talk if one["id"] == note)
    said["body"] = "<div><p>/reopen</p><p>/unlink</p></div>"
    office.desk.touch(ticket)
    office.later()
    office.sync()
    assert office.hub.status(issue)[0] != "open"
    assert office.json("links", "show", f"freshdesk:{ticket}")[0]["state"] == "live"


def test_a_command_that_can_t_be_done_is_told(office: Office) -> None:
    ticket, issue = waiting(office)
    office.desk.agent_note(ticket, f"<p>/link {REPOSITORY}#999</p>")
    office.later()
    office.sync()
    assert "/link: github has no such issue, or hides it from us (20" in office.run("status").out
    assert "<code>/link</code> was not done: github has no such issue" in office.notes(ticket)[1]
    office.later()
    office.sync()
    assert len(office.notes(ticket)) == 2
    office.desk.agent_note(ticket, f"<p>/link {issue}</p>")
    office.later()
    office.sync()
    assert "/link" not in office.run("status").out


@pytest.mark.parametrize("sync", ["commands = false", 'command_tags = ""', 'command_tags = "bot"'])
def test_what_is_switched_off_is_not_heard(build: Callable[..., Office], sync: str) -> None:
    office = build(sync=sync)
    ticket, _ = waiting(office)
    office.desk.add_tag(ticket, "syncd_mute")
    if sync == "commands = false":
        office.desk.agent_note(ticket, "<p>/mute</p>")
    office.later()
    office.sync()
    assert office.json("status")["muted"] == []
    office.desk.add_tag(ticket, "bot_mute")
    office.later()
    office.sync()
    assert len(office.json("status")["muted"]) == (sync == 'command_tags = "bot"')


@pytest.mark.parametrize("served", [False, True])
def test_a_ticket_is_muted_from_the_command_line(still: Office, served: bool) -> None:
    def play() -> None:
        ticket, issue = waiting(still)
        name = f"freshdesk:{ticket}"
        assert still.run("links", "mute", name).ended(0).out.startswith(f"Muted: {name}.")
        assert "Muted already, since 20" in still.run("links", "mute", still.ticket_url(ticket)).ended(0).out
        still.hub.close(issue)
        still.later()
        still.sync()
        assert still.status(ticket) == PENDING
        assert "only tickets are muted" in still.run("links", "mute", f"github:{issue}").ended(1).err
        assert still.run("links", "unmute", name).ended(0).out == f"No longer muted: {name}\n"
        assert still.status(ticket) == RESOLVED
        assert "is not muted" in still.run("links", "unmute", name).ended(1).err

    if not served:
        play()
        return
    with service(still) as started:
        until(lambda: ready(started), started)
        play()


def test_the_service_obeys(build: Callable[..., Office]) -> None:
    office = build()
    office.write_desk(more='poll_interval = "1s"')
    office.write_hub(more='poll_interval = "1s"')
    with service(office) as started:
        until(lambda: ready(started), started)
        office.later()
        ticket, issue = office.ticket(), office.issue()
        office.later(5)
        office.desk.agent_note(ticket, f"<p>/link {office.issue_url(issue)}</p>")
        until(lambda: office.status(ticket) == PENDING, started)
        office.later(5)
        office.hub.close(issue)
        until(lambda: office.status(ticket) == RESOLVED, started)
        office.later(5)
        office.desk.add_tag(ticket, "syncd_reopen")
        until(lambda: office.hub.status(issue)[0] == "open", started)
    assert len(office.notes(ticket)) == 2
