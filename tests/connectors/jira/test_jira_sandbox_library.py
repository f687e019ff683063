"""An independent client understands the stand-in: the `jira` library, as anybody would use it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from jira import JIRA, JIRAError

from connectors.jira.sandbox import EMAIL, TOKEN, JiraSandbox

pytest_plugins = ["jira_fixtures"]


@pytest.fixture
def client(site: JiraSandbox) -> Iterator[Any]:
    auth: dict[str, Any] = {"basic_auth": (EMAIL, TOKEN)} if site.cloud else {"token_auth": TOKEN}
    made: Any = JIRA(site.base, **auth, max_retries=0, timeout=(5, 10), logging=False)
    yield made
    made.close()


def test_it_knows_the_account_and_finds_issues_page_by_page(site: JiraSandbox, client: Any) -> None:
    keys = [site.people.make_issue("ENG", f"number {number}") for number in range(60)]
    site.most_per_search = 40
    assert client.myself()["displayName"] == "syncd"
    assert client.deploymentType == ("Cloud" if site.cloud else "Server")
    if site.cloud:  # with all pages asked for, the library goes from token to token
        found = client.enhanced_search_issues("project = ENG ORDER BY key ASC", maxResults=0, fields="summary")
    else:
        found = client.search_issues("project = ENG ORDER BY key ASC", maxResults=False, fields="summary")
    assert [one.key for one in found] == keys
    assert found[7].fields.summary == "number 7"


def test_it_makes_edits_and_moves_an_issue(site: JiraSandbox, client: Any) -> None:
    project = site.people.make_project("OLD", workflow="classic")
    made = client.create_issue(fields={"project": {"id": project}, "issuetype": {"name": "Bug"}, "summary": "Slow"})
    assert made.fields.status.name == "Open"
    client.transition_issue(made.id, "5", fields={"resolution": {"name": "Won't Do"}})
    assert client.issue(made.id).fields.resolution.name == "Won't Do"
    assert site.people.status(made.key) == "done/Resolved:Won't Do"
    assert [one["name"] for one in client.transitions(made.id)] == ["Close Issue", "Reopen Issue"]
    with pytest.raises(JIRAError) as caught:
        client.transition_issue(made.id, "5")
    assert (caught.value.status_code, "is not valid for this issue" in str(caught.value.text)) == (400, True)


def test_it_comments_and_links(site: JiraSandbox, client: Any) -> None:
    asked, issue = site.people.make_request("SUP"), site.people.make_issue("ENG")
    client.add_comment(asked, "between us", is_internal=True)
    client.add_comment(asked, "hello")
    assert [one["internal"] for one in site.people.comments(asked)] == [True, False]
    assert [one.body for one in client.comments(asked)] == ["between us", "hello"]
    client.add_simple_link(issue, {"url": "https://desk.example.com/1", "title": "Ticket 1"})
    assert [one.object.title for one in client.remote_links(issue)] == ["Ticket 1"]
    client.create_issue_link("Blocks", issue, asked)
    assert client.issue(issue).fields.issuelinks[0].outwardIssue.key == asked
    client.add_issue_property(issue, "syncd", {"link": 7})
    assert client.issue_property(issue, "syncd").value.link == 7


def test_it_reads_what_administrators_keep(site: JiraSandbox, client: Any) -> None:
    site.people.add_version("ENG", "1.0", released=True)
    assert {one.key for one in client.projects()} == {"ENG", "OPS", "SUP"}
    assert {one["id"] for one in client.fields()} >= {"summary", "customfield_10010"}
    assert [one.released for one in client.project_versions("ENG")] == [True]
    assert {one.name for one in client.resolutions()} >= {"Done", "Won't Do"}
    assert {one.name for one in client.priorities()} >= {"High", "Low"}
    assert {one.name for one in client.issue_link_types()} >= {"Relates", "Blocks"}
    assert [one.name for one in client.statuses()].count("Done") == 1
