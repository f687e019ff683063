"""Customer engineering at Sourcegraph, step by step: Jira Service Management, a private and a public repository.

The playbook is the shipped one; the team's own file names its repositories, its channels, what is known of its
customers, and who belongs to one of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from program import CANARY
from walks import DAY, MARKER, Walk
from warm import Kettle

PRIVATE, PUBLIC = "acme/customer", "acme/product"
CRM = "https://crm.example.com/accounts/17"
LABELS = (
    *("rfh", "defect", "ce/p0", "ce/p1", "ce/p2", "ce/p3", "ce/p4", "team/distribution", "team/core-application"),
    *("team/code-intelligence", "team/search-core", "team/search-product", "team/extensibility", "team/batch-changes"),
)
FIELDS = ("environment", "steps_to_reproduce", "logs", "recent_changes", "affected", "urgency")
OBSERVATORY, COLLEGE, STRANGER = "Example Observatory", "Example College", "Example Library"
OWN = f"""
playbook = "sourcegraph-ce"
[sync.routing.places]
customer = "{PRIVATE}"
public = "{PUBLIC}"
[sync.announce.sinks]
engineering = "engineering"
support = "support"
[sync.customer.engineers]
example-observatory = "@dedicated"
[sync.customer.fields.example-observatory]
Tier = "1"
"CRM profile" = "{CRM}"
[sync.customer.fields.example-college]
Tier = "Tier 2"
"""
OPEN, PENDING, RESOLVED = "Waiting for support", "Pending", "Resolved"


class Desk(Walk):
    """The team, with three customers; of one of them nobody has said of which tier it is."""

    def __init__(self, folder: Path, kettle: Kettle) -> None:
        super().__init__(folder, kettle, "jsm", "github", {"engineering": "private", "support": "private"})
        self.people, self.hub = self.desk.stand_in.people, self.tracker.stand_in.people
        self.hub.make_repo(PRIVATE, private=True)
        self.hub.make_repo(PUBLIC)
        for name in (PRIVATE, PUBLIC):
            self.hub.make_label(name, *LABELS)
        self.hub.make_member("dedicated")
        self.hub.make_member("engineer")
        own = self.tracker.toml('poll_interval = "1s"').replace("acme/widgets", PRIVATE)
        self.write("connectors/github.toml", own + f'[[repositories]]\nname = "{PUBLIC}"\n')
        self.people.make_project("HELP", kind="service")
        self.people.automate("SUP", asked=OPEN)
        self.fields = {name: self.people.add_field(name) for name in FIELDS}
        self.severity = self.people.add_field("Severity", "select")
        self.people.add_options(self.severity, "Unusable", "Serious", "Minimal", "Nice", "Minor")
        self.works_by(OWN)
        self.run("reconcile").ended(0)
        self.later()

    def works_by(self, sync: str) -> None:
        """A request may be moved to another project of support's."""
        own = self.desk.toml('poll_interval = "1s"', sync).replace('["SUP"]', '["SUP", "HELP"]')
        self.write("connectors/jsm.toml", own)

    # --- people ---

    def asks(self, text: str = "It is slow", *, customer: str = OBSERVATORY, severity: str = "") -> str:
        """Somebody of a customer asks on the portal."""
        key: str = self.people.make_request("SUP", f"{text}, says {CANARY}", f"Hello. {text}, says {CANARY}.")
        self.people.share(key, customer)
        if severity:
            self.people.edit(key, self.severity, severity)
        self.later()
        return key

    def hands_over(self, request: str, *labels: str) -> list[str]:
        """An agent answers and labels the request; what is filed because of that."""
        before = set(self.hub.issues())
        self.people.agent_reply(request, "Thanks, I am looking into it.")
        for label in (*labels, "engineering"):
            self.people.add_label(request, label)
        self.later()
        self.go()
        return sorted(set(self.hub.issues()) - before)

    def filed(self, text: str = "It is slow", *labels: str, **how: str) -> tuple[str, str]:
        """A request that was handed over, and its issue."""
        request = self.asks(text, **how)
        (issue,) = self.hands_over(request, *labels)
        return request, issue

    # --- the books ---

    def at(self, request: str) -> str:
        """A request's status, without its category and resolution."""
        return str(self.people.status(request)).partition("/")[2].partition(":")[0]

    def issue(self, key: str) -> Any:
        repository, _, number = key.partition("#")
        return self.tracker.stand_in.books.repo(repository).issues[int(number)]

    def of(self, request: str) -> str:
        """The issue whose body leads to a request."""
        (found,) = [key for key in self.hub.issues() if f"Request: [{request}](" in self.hub.body(key)]
        return str(found)

    def priority(self, key: str) -> str:
        """As the issue's label says it."""
        (found,) = [one for one in self.labels(key) if one.startswith("ce/")]
        return str(found).removeprefix("ce/")

    def labels(self, key: str) -> set[str]:
        return set(self.issue(key).now.labels)

    def assign(self, key: str, *people: str) -> None:
        """Engineers take an issue, or (nobody) drop it."""
        with self.tracker.stand_in.lock:
            self.issue(key).change(self.tracker.stand_in.now(), assignees=people)

    def notes(self, request: str) -> list[dict[str, Any]]:
        return [one for one in self.people.comments(request) if MARKER.search(str(one))]

    def comments(self, key: str) -> list[str]:
        return [body for _, body in self.hub.comments(key) if MARKER.search(body)]


@pytest.fixture
def desk(tmp_path: Path, kettle: Kettle) -> Iterator[Desk]:
    one = Desk(tmp_path, kettle)
    yield one
    one.close()


def test_a_request_is_handed_over_with_its_customer_s_own_engineer(desk: Desk) -> None:
    desk.run("check").ended(0)
    request, kept = desk.asks("Docker fails", severity="Serious"), desk.asks("How do I change my picture?")
    desk.people.edit(request, desk.fields["environment"], "3.31 on a cluster")
    log = desk.people.attach(request, "trace.log", 42)
    desk.people.add_label(request, "engineering")
    desk.later()
    desk.go()
    assert desk.hub.issues() == []
    assert "no agent has answered the requester yet" in desk.explain("--ticket", f"jsm:{request}").out
    (issue,) = desk.hands_over(request)
    body = desk.hub.body(issue)
    assert "> Hello. Docker fails" in body
    assert "### Environment\n\n> 3.31 on a cluster" in body
    assert f"[trace.log]({log})" in body
    assert f"- Request: [{request}]({desk.desk.stand_in.site}/browse/{request})" in body
    assert "- Customer: Example Observatory, asked by Customer" in body
    assert f"- [Customer's profile]({CRM})" in body
    assert desk.labels(issue) == {"rfh", "ce/p1", "team/distribution", "customer/example-observatory"}
    assert desk.issue(issue).now.assignees == ("dedicated",)
    assert (desk.at(request), desk.at(kept)) == (PENDING, OPEN)
    told, note = desk.notes(request)
    assert "no agent has answered the requester yet" in told["body"]
    assert told["internal"]
    assert note["internal"]
    assert f"Filed as [{issue}|" in note["body"]
    assert "Suggested" not in note["body"], "a person writes to the customer"
    desk.serve(lambda: len(desk.chats["engineering"].said) == 1)
    assert "kind: request for help, priority: p1, team: Distribution" in desk.chats["engineering"].texts[0]


TABLE = {
    OBSERVATORY: {"Unusable": "p0", "Serious": "p1", "Minimal": "p2", "Nice": "p3", "Minor": "p4"},
    COLLEGE: {"Unusable": "p1", "Serious": "p1", "Minimal": "p2", "Nice": "p3"},
    STRANGER: {"Unusable": "p2", "Serious": "p2", "Minimal": "p3", "Nice": "p4"},
}


def test_severity_and_tier_tell_the_priority_unless_a_person_has(desk: Desk) -> None:
    asked = {
        (customer, severity): desk.asks(customer=customer, severity=severity)
        for customer, row in TABLE.items()
        for severity in row
    }
    by_hand = {desk.asks(severity="Unusable"): "ce_p3", desk.asks(severity="Minor"): "user/p0"}
    for request in (*asked.values(), *by_hand):
        desk.people.agent_reply(request, "Thanks, I am looking into it.")
        desk.people.add_label(request, "engineering")
    for request, label in by_hand.items():
        desk.people.add_label(request, label)
    desk.later()
    desk.go()
    issues = {pair: desk.of(request) for pair, request in asked.items()}
    wanted = {(customer, severity): level for customer, row in TABLE.items() for severity, level in row.items()}
    assert {pair: desk.priority(issue) for pair, issue in issues.items()} == wanted
    for (customer, _), issue in issues.items():
        assert ("The priority rests on a default" in desk.hub.body(issue)) is (customer == STRANGER)
    assert "tier 3 (not told by" in desk.hub.body(issues[STRANGER, "Nice"])
    assert [desk.priority(desk.of(request)) for request in by_hand] == ["p3", "p0"]


def test_what_is_for_everybody_is_filed_in_public_without_the_customer(desk: Desk) -> None:
    request, issue = desk.filed("Docker fails", "defect", "public_issue", severity="Serious")
    assert issue == f"{PUBLIC}#1"
    now = desk.issue(issue).now
    assert (now.title, now.assignees) == (f"Defect, request {request}", ())
    assert not any(word in desk.hub.body(issue) for word in (CANARY, "Docker", "Observatory", "Customer", CRM, "@acme"))
    assert desk.labels(issue) == {"defect", "ce/p1", "team/distribution"}
    desk.people.customer_reply(request, f"Any news? {CANARY}")
    desk.later()
    desk.go()
    assert desk.comments(issue) == []


def test_engineering_reads_what_was_written_to_the_customer(desk: Desk) -> None:
    request, issue = desk.filed()
    desk.people.agent_reply(request, "Could you send us a trace?")
    desk.people.agent_note(request, "They are in a hurry.")
    desk.people.customer_reply(request, f"Here it is: {CANARY}")
    desk.hub.comment(issue, "It is the index.")
    desk.later()
    desk.go()
    carried = "\n".join(desk.comments(issue))
    assert carried.count("> Could you send us a trace?") == carried.count(f"> Here it is: {CANARY}") == 1
    assert "in a hurry" not in carried
    assert len(desk.notes(request)) == 1, "what engineers say stays with them"


def test_a_new_question_in_an_old_thread_is_flagged_and_opens_nothing(desk: Desk) -> None:
    request, issue = desk.filed()
    desk.assign(issue, "engineer")
    desk.later()
    desk.hub.close(issue)
    desk.later()
    desk.go()
    assert desk.at(request) == RESOLVED
    assert "was closed by dev" in desk.notes(request)[-1]["body"]
    desk.people.customer_reply(request, "And how do I do the other thing?")
    desk.people.set_status(request, OPEN, by="agent")
    desk.later()
    desk.go()
    assert (desk.at(request), desk.hub.status(issue)[0]) == (OPEN, "closed")
    (flag,) = [one for one in desk.comments(issue) if "was opened again" in one]
    assert f"Request [{request}](" in flag
    assert "engineer saw to it last: open it again if it is the same matter" in flag
    desk.go()
    assert sum("was opened again" in one for one in desk.comments(issue)) == 1
    declined, other = desk.filed()
    desk.hub.close(other, "not_planned")
    desk.later()
    desk.go()
    assert desk.at(declined) == RESOLVED
    desk.hub.reopen(other)
    desk.later()
    desk.go()
    assert desk.at(declined) == PENDING, "what engineering opens again waits again"


def test_a_request_that_moves_to_another_project_keeps_its_link(desk: Desk) -> None:
    request, issue = desk.filed()
    moved = desk.people.move(request, "HELP")
    desk.later()
    desk.go()
    (link,) = desk.json("links", "list")
    assert (link["ticket"], link["issue"]) == (f"jsm:{moved}", f"github:{issue}")
    assert desk.hub.issues() == [issue]
    desk.hub.close(issue)
    desk.later()
    desk.go()
    assert desk.at(moved) == RESOLVED


def test_a_further_request_hangs_on_the_same_issue_and_moves_no_other(desk: Desk) -> None:
    first, issue = desk.filed()
    second = desk.asks(customer=COLLEGE)
    desk.people.agent_reply(second, "We know of it.")
    desk.people.agent_note(second, f"/link {issue}")
    desk.later()
    desk.go()
    assert (desk.hub.issues(), desk.at(second)) == ([issue], PENDING)
    added = f"[{second}]({desk.desk.stand_in.site}/browse/{second}) waits for this issue, too."
    assert sum(one.endswith(added) for one in desk.comments(issue)) == 1
    desk.hub.close(issue)
    desk.later()
    desk.go()
    assert (desk.at(first), desk.at(second)) == (RESOLVED, RESOLVED)
    desk.people.customer_reply(second, "It still fails.")
    desk.people.set_status(second, OPEN, by="agent")
    desk.later()
    desk.go()
    assert (desk.at(first), desk.at(second)) == (RESOLVED, OPEN)


def test_an_issue_without_an_owner_is_told_to_support(desk: Desk) -> None:
    desk.until(0, 9)
    request, issue = desk.filed()
    nobody_s, _ = desk.filed(customer=COLLEGE)
    assert desk.late() == set()
    desk.assign(issue)
    desk.later()
    desk.go()
    assert desk.late() == set()
    desk.later(2 * DAY)
    desk.go()
    assert desk.late() == {("ownerless", f"jsm:{request}"), ("ownerless", f"jsm:{nobody_s}")}
    desk.assign(issue, "engineer")
    desk.people.edit(nobody_s, "assignee", "agent", by="agent")
    desk.later()
    desk.go()
    assert desk.late() == set()


def test_the_goal_is_held_against_requests_for_help(desk: Desk) -> None:
    for _ in range(9):
        desk.asks("How do I?")
    desk.filed("Docker fails", customer=COLLEGE)
    desk.filed("Docker fails", "defect")
    (found,) = desk.json("report", "--by", "month")["helpdesks"]
    whole = found["whole"]
    assert (whole["tickets"], whole["with_issue"], whole["counted"], whole["within_goal"]) == (11, 2, 1, True)
    companies = {one["name"]: one["with_issue"] for one in found["groups"]["company"]}
    assert companies == {"example-college": 1, "example-observatory": 1}
