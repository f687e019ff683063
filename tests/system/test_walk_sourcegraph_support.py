"""Customer support at Sourcegraph, step by step: Zendesk, a private and a public repository, and the teams' channels.

The playbook is the shipped one; the team's own file names its repositories, its channels, and the field in which
Zendesk's own integration with GitHub keeps an issue's address.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from program import CANARY
from walks import HOUR, MARKER, MINUTE, Walk
from warm import Kettle

from connectors.zendesk.sandbox.defaults import AGENT, CUSTOMER, ISSUE

PRIVATE, PUBLIC = "acme/customer", "acme/product"
CRM = "https://crm.example.com/accounts/17"
LABELS = (
    *("rfh", "defect", "docs", "ce/p0", "ce/p1", "ce/p2", "ce/p3"),
    *("team/distribution", "team/core-application", "team/code-intelligence", "team/search-core"),
    *("team/search-product", "team/extensibility", "team/batch-changes"),
)
FIELDS = ("environment", "steps_to_reproduce", "logs", "recent_changes", "affected", "urgency")
CHANNELS = ("teammates", "engineering", "search", "core-application", "support")
OWN = f"""
playbook = "sourcegraph-support"
issue_field = "{ISSUE}"
[sync.routing.places]
customer = "{PRIVATE}"
public = "{PUBLIC}"
[sync.announce.sinks]
{"".join(f'{name} = "{name}"' + chr(10) for name in CHANNELS)}
"""
OPEN, HOLD, SOLVED = "Open", "On-hold", "Solved"


class Desk(Walk):
    """The team, with two customers: of one the contract promises more than of the other."""

    def __init__(self, folder: Path, kettle: Kettle) -> None:
        super().__init__(folder, kettle, "zendesk", "github", dict.fromkeys(CHANNELS, "private"))
        self.books, self.people = self.desk.stand_in.books, self.desk.stand_in.people
        self.hub = self.tracker.stand_in.people
        self.hub.make_repo(PRIVATE, private=True)
        self.hub.make_repo(PUBLIC)
        for name in (PRIVATE, PUBLIC):
            self.hub.make_label(name, *LABELS)
        more = f'[[repositories]]\nname = "{PUBLIC}"\n'
        self.write(
            "connectors/github.toml", self.tracker.toml('poll_interval = "1s"').replace("acme/widgets", PRIVATE) + more
        )
        self.fields = {name: self.people.add_field(name) for name in FIELDS}
        premium = self.people.make_organization("Example Observatory", {"service_level": "Premium", "crm_url": CRM})
        self.people.join(ada := self.people.make_user("Ada Customer"), premium)
        self.ada = ada
        self.works_by(OWN)
        self.run("reconcile").ended(0)
        self.later()

    # --- people ---

    def works_by(self, sync: str) -> None:
        """Nobody else reads Zendesk's export here."""
        more = 'poll_interval = "1s"\nexports_per_minute = 10'
        self.write("connectors/zendesk.toml", self.desk.toml(more, sync))

    def asks(self, text: str = "It is slow", *, who: int = 0, **row: Any) -> int:
        """A customer writes, the one with the better contract if nobody else is named."""
        words = f"{text}, says {CANARY}."
        made: int = self.people.make_ticket(words, f"Hello. {words}", requester=who or self.ada, **row)
        self.later()
        return made

    def hands_over(self, ticket: int, *tags: str) -> list[str]:
        """An agent answers and tags the ticket; what is filed because of that."""
        before = set(self.hub.issues())
        self.people.agent_reply(ticket, "Thanks, I am looking into it.")
        for tag in tags or ("engineering",):
            self.people.add_tag(ticket, tag)
        self.later()
        self.go()
        return sorted(set(self.hub.issues()) - before)

    def filed(self, text: str = "It is slow", *tags: str, **row: Any) -> tuple[int, str]:
        """A ticket that was handed over, and its issue."""
        ticket = self.asks(text, **row)
        (issue,) = self.hands_over(ticket, "engineering", *tags)
        return ticket, issue

    def writes(self, ticket: int, text: str) -> None:
        """The customer writes again."""
        self.people.customer_reply(ticket, text)
        self.later()

    def closes(self, issue: str, reason: str = "completed") -> None:
        """An engineer closes an issue."""
        self.hub.close(issue, reason)
        self.later()
        self.go()

    # --- the books ---

    def at(self, ticket: int) -> str:
        """A ticket's status, as an agent sees it."""
        return str(self.people.status(ticket))

    def issue(self, key: str) -> Any:
        """An issue in the books."""
        repository, _, number = key.partition("#")
        return self.tracker.stand_in.books.repo(repository).issues[int(number)]

    def labels(self, key: str) -> set[str]:
        return set(self.issue(key).now.labels)

    def notes(self, ticket: int) -> list[str]:
        """What syncd left on a ticket, all of it internal."""
        ours = [one for one in self.books.tickets[ticket].comments if MARKER.search(one["html_body"])]
        assert not any(one["public"] for one in ours)
        return [one["plain_body"] for one in ours]

    def comments(self, key: str) -> list[str]:
        """What syncd left on an issue."""
        return [body for _, body in self.hub.comments(key) if MARKER.search(body)]

    def told(self, channel: str) -> list[str]:
        """The messages of a channel."""
        return self.chats[channel].texts

    def close(self) -> None:
        """No ticket has changed hands, and no public place has a word of a customer's."""
        assert {one.row["assignee_id"] for one in self.books.tickets.values()} <= {AGENT}
        for exchange in self.tracker.stand_in.log:
            assert PUBLIC not in exchange.request.path or CANARY.encode() not in exchange.request.body
        super().close()


@pytest.fixture
def desk(tmp_path: Path, kettle: Kettle) -> Iterator[Desk]:
    one = Desk(tmp_path, kettle)
    yield one
    one.close()


def test_what_nobody_hands_over_stays_and_an_agent_answers_first(desk: Desk) -> None:
    desk.run("check").ended(0)
    kept, ticket = desk.asks("How do I change my picture?"), desk.asks("Docker fails")
    desk.people.agent_reply(kept, "In your settings.")
    desk.people.add_tag(ticket, "engineering")
    desk.later()
    desk.go()
    assert (desk.hub.issues(), desk.at(kept), desk.at(ticket)) == ([], OPEN, OPEN)
    assert "no agent has answered the requester yet" in desk.explain("--ticket", f"zendesk:{ticket}").out
    assert "That takes: the tag engineering" in desk.explain("--ticket", f"zendesk:{kept}").out
    desk.people.agent_reply(ticket, "Thanks, I am looking into it.")
    desk.later()
    desk.go()
    assert desk.hub.issues() == [f"{PRIVATE}#1"]
    assert (desk.at(kept), desk.notes(kept), desk.at(ticket)) == (OPEN, [], HOLD)


def test_engineering_gets_all_that_it_needs_and_the_ticket_waits_on_hold(desk: Desk) -> None:
    ticket = desk.asks("Docker fails\n@everybody please")
    desk.people.set_field(ticket, desk.fields["environment"], "3.31 on a cluster")
    log = desk.people.attach(ticket, "trace.log", 42)
    (issue,) = desk.hands_over(ticket)
    body, now = desk.hub.body(issue), desk.issue(issue).now
    assert now.title.startswith("Docker fails")
    assert now.assignees == ()
    assert "> Hello. Docker fails" in body
    assert "@everybody" not in body
    assert "### Environment\n\n> 3.31 on a cluster" in body
    assert "### Steps to reproduce\n\nmissing" in body
    assert f"[trace.log]({log})" in body
    url = f"{desk.desk.stand_in.url}/agent/tickets/{ticket}"
    assert f"- Ticket: [{ticket}]({url})\n- Kind: request for help\n- Customer: Example Observatory, asked by" in body
    assert f"({CRM})" in body
    assert "- Team: Distribution @acme/distribution-support" in body
    assert desk.labels(issue) == {"rfh", "ce/p1", "team/distribution", "customer/example-observatory"}
    (note,) = desk.notes(ticket)
    assert f"Filed as {PRIVATE}#1" in note
    assert "Suggested reply to the customer (not sent)" in note
    assert desk.at(ticket) == HOLD
    assert "the tag engineering" in desk.explain(f"zendesk:{ticket}").out
    assert desk.people.mails(ticket) == ["Thanks, I am looking into it."], "nothing but the agent's answer"


def test_defects_and_requests_are_as_urgent_as_the_table_says(desk: Desk) -> None:
    plain: dict[str, Any] = {"who": CUSTOMER}
    wanted: list[tuple[str, tuple[str, ...], dict[str, Any], set[str]]] = [
        ("It hangs", (), plain | {"type": "problem"}, {"defect", "ce/p2"}),
        ("It hangs", ("defect",), {}, {"defect", "ce/p1"}),
        ("We wish", (), plain | {"type": "task"}, {"rfh", "ce/p3"}),
        ("It hangs", ("severity_unusable",), plain, {"rfh", "ce/p1"}),
        ("It hangs", ("severity_outage",), plain, {"rfh", "ce/p0"}),
        ("It hangs", ("severity_outage", "ce_p3"), {}, {"rfh", "ce/p3"}),
        ("It hangs", ("user_p0",), plain, {"rfh", "ce/p0"}),
    ]
    for text, tags, row, labels in wanted:
        _, issue = desk.filed(text, *tags, **row)
        company = desk.labels(issue) - labels
        assert labels < desk.labels(issue), (text, tags)
        assert [one.partition("/")[0] for one in company] == ["customer"]
    _, issue = desk.filed("The site is down", **plain)
    assert "ce/p2" in desk.labels(issue), "keywords decide nothing"
    assert "- Keywords propose p0: whoever triages decides." in desk.hub.body(issue)


def test_keywords_find_the_team_and_a_person_s_choice_is_kept(desk: Desk) -> None:
    _, issue = desk.filed("A saved search of the Docker registry on GitHub fails", "docs")
    assert {"team/distribution", "docs"} <= desk.labels(issue)
    assert "- Team: Distribution @acme/distribution-support" in desk.hub.body(issue)
    others = "Code hosts (Core Application), Search, Browser extension, native integrations (Extensibility)"
    assert f"- It may concern others, too: {others}" in desk.hub.body(issue)
    _, chosen = desk.filed("A saved search of the Docker registry fails", "team_search")
    assert {"team/search-core", "team/search-product"} <= desk.labels(chosen)
    assert "@acme/search-core-support @acme/search-product-support" in desk.hub.body(chosen)
    _, none = desk.filed("Something is odd")
    assert not any(label.startswith("team/") for label in desk.labels(none))
    assert "- Team: none by keyword" in desk.hub.body(none)


def test_teammates_are_asked_first_and_then_engineering(desk: Desk) -> None:
    first, issue = desk.filed("A saved search fails")
    second, _ = desk.filed("Docker fails")
    third, _ = desk.filed("Docker is broken", "defect")
    desk.serve(lambda: len(desk.told("teammates")) == 2 and len(desk.told("engineering")) == 1)
    message = next(one for one in desk.told("teammates") if f"for ticket {first}" in one)
    assert f"Hello. A saved search fails, says {CANARY}." in message
    assert f"{desk.tracker.stand_in.url}/{PRIVATE}/issues/1" in message
    assert f"{desk.desk.stand_in.url}/agent/tickets/{first}" in message
    assert "kind: request for help, priority: p1, team: Search, area: Search" in message
    assert all(word in message for word in ("ticket opened ", ", escalated ", ", answered ", ", filed "))
    assert f"for ticket {third}" in desk.told("engineering")[0], "a defect is engineering's at once"
    assert len(desk.told("search")) == 1
    asked = next(one["ts"] for one in desk.chats["teammates"].said if f"for ticket {first}" in one["text"])
    desk.chats["teammates"].reply(asked, "That is an index that has to be made anew.")
    desk.later(21 * MINUTE)
    desk.serve(lambda: len(desk.told("engineering")) == 2)
    assert f"for ticket {second}" in desk.told("engineering")[1]
    assert "Nobody has answered in teammates" in desk.told("engineering")[1]
    assert desk.told("support") == desk.told("core-application") == []
    assert f"Announcement (filed) of github:{issue}" in desk.explain(f"zendesk:{first}").out


def test_what_is_said_on_one_end_is_read_on_the_other(desk: Desk) -> None:
    ticket, issue = desk.filed()
    desk.writes(ticket, f"Still slow, {CANARY}")
    log = desk.people.attach(ticket, "second.log", 42)
    desk.people.agent_note(ticket, "The disk is full.")
    comment = desk.hub.comment(issue, "Which version? @visitor")
    desk.later()
    desk.go()
    carried = "\n".join(desk.comments(issue))
    assert carried.count(f"> Still slow, {CANARY}") == carried.count("> The disk is full.") == 1
    assert carried.index("Customer wrote, public reply") < carried.index("Agent, internal note")
    assert f"[second.log]({log})" in carried
    assert sum("Which version?" in note for note in desk.notes(ticket)) == 1
    books, found = desk.tracker.stand_in.books, desk.issue(issue)
    with desk.tracker.stand_in.lock:
        edited = books.edit_comment(found, next(one for one in found.comments if one.id == comment), "Version 3 or 4?")
    desk.later(HOUR)
    desk.hub.label(issue, "bug")
    desk.later()
    desk.go()
    assert edited.body == "Version 3 or 4?"
    assert [note for note in desk.notes(ticket) if "Engineering wrote, edited" in note and "Version 3 or 4?" in note]
    said = len(desk.notes(ticket)), len(desk.comments(issue)), desk.people.mails(ticket)
    desk.go()
    assert said == (len(desk.notes(ticket)), len(desk.comments(issue)), desk.people.mails(ticket))


def test_a_defect_that_concerns_everybody_goes_to_the_public_repository_without_the_customer(desk: Desk) -> None:
    ticket, private = desk.filed("Docker fails", "defect")
    desk.people.add_tag(ticket, "public_issue")
    desk.later()
    desk.go()
    (public,) = [key for key in desk.hub.issues() if key.startswith(PUBLIC)]
    body = desk.hub.body(public)
    assert desk.issue(public).now.title == f"Defect, ticket {ticket}"
    assert not any(word in body for word in (CANARY, "Docker", "Observatory", "Ada", CRM, "@acme"))
    assert f"Came from: [{private}](" in body
    assert desk.labels(public) == {"defect", "ce/p1", "team/distribution"}
    assert any(f"[{public}](" in one for one in desk.comments(private))
    desk.writes(ticket, f"And again, {CANARY}")
    desk.go()
    assert any(CANARY in one for one in desk.comments(private))
    assert desk.comments(public) == []
    desk.people.agent_reply(ticket, "We are at it.")
    desk.closes(public)
    assert desk.at(ticket) in {OPEN, HOLD}, "it waits for both"
    desk.closes(private)
    assert (desk.at(ticket), desk.hub.status(private)[0]) == (SOLVED, "closed")


def test_a_further_ticket_is_added_to_the_issue_that_there_is(desk: Desk) -> None:
    first, issue = desk.filed("Docker fails")
    second = desk.asks("Docker fails here, too", who=CUSTOMER)
    desk.people.agent_reply(second, "We know of it.")
    desk.people.agent_note(second, f"/link {issue}")
    third = desk.asks("Docker fails as well")
    desk.people.agent_reply(third, "We know of it.")
    desk.people.set_field(third, ISSUE, f"{desk.tracker.stand_in.url}/{issue.replace('#', '/issues/')}")
    desk.later()
    desk.go()
    assert desk.hub.issues() == [issue]
    assert [desk.at(one) for one in (first, second, third)] == [HOLD, HOLD, OPEN]
    assert (len(desk.json("links", "list")), desk.notes(third)) == (3, []), "of what others linked nothing is written"
    desk.people.add_tag(second, "engineering")
    desk.later()
    desk.go()
    assert desk.hub.issues() == [issue], "it has one"
    added = f"Ticket [{second}]({desk.desk.stand_in.url}/agent/tickets/{second}) waits for this issue, too."
    assert sum(one.endswith(added) for one in desk.comments(issue)) == 1
    desk.closes(issue)
    assert [desk.at(one) for one in (first, second, third)] == [SOLVED] * 3


def test_some_questions_need_no_issue_and_the_agent_is_told_what_instead(desk: Desk) -> None:
    ticket, usage = desk.asks("Our license key expires"), desk.asks("Our MAU statistics")
    assert desk.hands_over(ticket) + desk.hands_over(usage) == []
    (note,) = desk.notes(ticket)
    assert "No issue was filed for this ticket" in note
    assert "renewals go to customer engineering with sales" in note
    assert "business operations" in desk.notes(usage)[0]
    assert (desk.at(ticket), desk.at(usage)) == (OPEN, OPEN)
    mixed, issue = desk.filed("The license page of Docker fails")
    assert "team/distribution" in desk.labels(issue), "an area that takes issues goes first"
    assert desk.at(mixed) == HOLD


def test_the_issue_s_end_solves_the_ticket_and_says_why(desk: Desk) -> None:
    done, issue = desk.filed()
    desk.closes(issue)
    assert desk.at(done) == SOLVED
    assert f"{issue} was closed" in desk.notes(done)[-1]
    assert "What you reported is taken care of." in desk.notes(done)[-1]
    declined, refused = desk.filed()
    desk.closes(refused, "not_planned")
    assert desk.at(declined) == SOLVED
    assert "there will be no change for it" in desk.notes(declined)[-1]
    waiting, other = desk.filed()
    desk.writes(waiting, "Any news?")
    desk.closes(other)
    assert desk.at(waiting) == HOLD, "who writes last isn't closed upon"
    assert "the requester wrote last, so this ticket was not resolved" in desk.notes(waiting)[-1]
    desk.people.agent_reply(waiting, "Yes: it is out.")
    desk.later()
    desk.go()
    assert desk.at(waiting) == SOLVED
    desk.writes(done, "No, it still fails.")
    desk.go()
    assert (desk.at(done), desk.hub.status(issue)[0]) == (OPEN, "closed"), "opening it again is left to people"
    assert sum("was opened again (open)" in one for one in desk.comments(issue)) == 1
    sent = [mail for one in (done, declined, waiting) for mail in desk.people.mails(one)]
    assert not any("taken care of" in mail or "no change" in mail for mail in sent)


def test_one_in_ten_may_need_engineering(desk: Desk) -> None:
    for _ in range(8):
        desk.asks("How do I?")
    desk.filed("A saved search fails")
    desk.filed("Docker fails", "defect", who=CUSTOMER)
    (found,) = desk.json("report", "--by", "month")["helpdesks"]
    whole = found["whole"]
    assert (whole["tickets"], whole["with_issue"], whole["counted"]) == (10, 2, 1)
    assert (found["goal"], whole["share"], whole["within_goal"]) == (0.1, 0.1, True)
    groups = {
        name: {one["name"]: one["with_issue"] for one in found["groups"][name]} for name in ("kind", "team", "company")
    }
    assert groups["kind"] == {"rfh": 1, "defect": 1}
    assert groups["team"] == {"Search": 1, "Distribution": 1}
    assert set(groups["company"]) == {"example-observatory", "example-org"}
    assert found["periods"][-1]["share"] == 0.1
    desk.filed("Docker fails")
    assert not desk.json("report")["helpdesks"][0]["whole"]["within_goal"]
    assert "missed" in desk.run("report").ended(0).out
    opened = desk.json("report", "--open")["requests"]
    assert len(opened) == 3
