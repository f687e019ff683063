"""``syncd demo``: a day of support, played on stand-ins over real HTTP, and what syncd does about it."""

from __future__ import annotations

import click

from syncd.cli.office import REPOSITORY, Office, opened
from syncd.cli.show import say
from syncd.testing import Fault


@click.command("demo")
def command() -> int:
    """Play a day of support on stand-ins of five systems, on this machine. Needs no account."""
    with opened() as office:
        urls = {name: one.url for name, one in office.stand_ins.items()}
        say(f"A stand-in Freshdesk serves on {urls['freshdesk']}, a Zendesk on {urls['zendesk']}, a GitHub on")
        say(f"{urls['github']} with one public repository, {REPOSITORY}, and a Jira site on {urls['jira']}: its")
        say("project SUP is a service desk (jsm:SUP-1 is a ticket), ENG the engineers' (jira:ENG-1 is an issue).")
        say("After each scene `syncd reconcile` runs once; then you see what the services hold.")
        _morning(office)
        _noon(office)
        _escalated(office)
        _afternoon(office)
        _evening(office)
    return 0


def _morning(office: Office) -> None:
    """Freshdesk and GitHub."""
    old = f"freshdesk:{office.freshdesk.make_ticket('Image build fails', 'Please help')}"
    closed = office.file(old, title="Image build fails")
    office.github.close(closed)
    office.scene(
        "08:00", "syncd sees all for the first time. An old ticket is open, though its issue was closed long ago."
    )
    office.show(old, f"github:{closed}")

    number = office.freshdesk.make_ticket("The hub is slow", "Since Monday")
    hub = f"freshdesk:{number}"
    key = office.file(hub, title="Hub of a community is slow")
    issue = f"github:{key}"
    office.scene("09:00", "A customer writes. The agent files an issue from the form, with the ticket's address in it.")
    office.show(hub, issue)

    office.freshdesk.customer_reply(number, "Any news?")
    office.scene("10:00", "The customer asks for news, and Freshdesk opens the ticket. Nobody fights about that.")
    office.show(hub, issue)

    office.github.close(key)
    office.scene("11:00", "An engineer closes the issue. But the customer wrote last, and isn't closed upon.")
    office.show(hub, issue)

    office.freshdesk.agent_reply(number, "It is fixed, could you check?")
    office.scene("11:20", "The agent answers the customer.")
    office.show(hub, issue)

    office.freshdesk.customer_reply(number, "Sorry, it is slow again")
    office.scene(
        "11:40", "It isn't fixed: the customer's answer opens the ticket. This team's playbook reopens the issue."
    )
    office.show(hub, issue)


def _noon(office: Office) -> None:
    """One issue for customers of two helpdesks."""
    numbers = [office.freshdesk.make_ticket(f"Login fails at site {n}", "Help") for n in range(2)]
    tickets = [f"freshdesk:{number}" for number in numbers]
    tickets.append(f"zendesk:{office.zendesk.make_ticket('Cannot log in')}")
    key = office.file(*tickets, title="Login fails at several sites")
    office.scene("12:00", "Three customers have one problem, one of them in Zendesk: one issue for three tickets.")
    office.show(*tickets, f"github:{key}")

    office.stand_ins["freshdesk"].faults.append(Fault("lost_answer", method="POST", path="/notes"))
    office.stand_ins["zendesk"].faults.append(Fault("lost_answer", method="PUT"))
    office.github.close(key)
    office.scene(
        "13:00", "The issue is closed while the network fails: answers are lost. syncd waits, looks, doubles nothing."
    )
    office.show(*tickets, f"github:{key}")


def _escalated(office: Office) -> None:
    """An issue that syncd files."""
    number = office.freshdesk.make_ticket("My home directory is full", "I am Ada of Example University, please hurry")
    office.freshdesk.agent_reply(number, "We look into it")
    office.freshdesk.add_tag(number, "escalate")
    office.scene(
        "13:30",
        "An agent answers a customer, and sets the tag `escalate`. Nobody files an issue: syncd does, each once.",
    )
    key = office.newest_issue()
    office.show(f"freshdesk:{number}", f"github:{key}")
    office.read_out(key)


def _afternoon(office: Office) -> None:
    """Zendesk and Jira Service Management, with Jira."""
    issue = office.jira.make_issue("ENG", "Exports time out")
    number = office.zendesk.make_ticket("My export never ends")
    ticket = f"zendesk:{number}"
    office.zendesk.agent_note(number, f"/link jira:{issue}")
    office.scene("14:00", f"In Zendesk an agent types `/link jira:{issue}` in an internal note.")
    office.show(ticket, f"jira:{issue}")

    request = office.jira.make_request("SUP", "Reports are empty")
    bug = office.jira.make_issue("ENG", "Reports are empty for new accounts")
    office.jira.link(request, bug)
    office.scene("14:30", "In Jira an engineer makes an issue, and links it with the service desk's ticket.")
    office.show(f"jsm:{request}", f"jira:{bug}")

    office.jira.resolve(issue)
    office.jira.resolve(bug, "Won't Do")
    office.scene("15:00", 'Both issues are resolved, one of them as "Won\'t Do".')
    office.show(ticket, f"jira:{issue}", f"jsm:{request}", f"jira:{bug}")


def _evening(office: Office) -> None:
    """Strangers, and things that vanish."""
    question = f"freshdesk:{office.freshdesk.make_ticket('A question', 'How do I ...')}"
    strange = office.file(question, title="I found this address somewhere", association="NONE")
    office.scene("15:30", "A stranger's issue names a ticket of another customer. That proves nothing.")
    office.show(question, f"github:{strange}")

    quota = f"freshdesk:{office.freshdesk.make_ticket('Quota', 'More, please')}"
    key = office.file(quota, title="Raise the quota")
    office.scene("16:00", "A customer needs a larger quota, and the agent files an issue.")
    office.show(quota, f"github:{key}")

    office.github.delete(key)
    office.scene("17:00", "Somebody deletes that issue, and the ticket waits for nothing any more.")
    office.show(quota)

    before = office.writes()
    office.scene("18:00", "A quiet evening.")
    writes = office.writes() - before
    say(f"\nWrites in the last run: {writes}. Comments by syncd in the public repository: {office.public_comments()}.")
    say("That was `syncd demo`. To connect real accounts, read the README: it begins with a dry run.")
