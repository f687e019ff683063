"""What a configuration may say, and which addresses name an issue."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from connectors.jira.options import JiraOptions
from connectors.jira.site import scope
from connectors.jira.urls import Urls
from syncd.mapping import Mapping
from syncd.model import Status, Word

CLOUD = {"url": "https://acme.atlassian.net", "email": "me@example.com", "api_token": SecretStr("t0ken")}
SERVER = {"url": "https://jira.example.com/jira", "token": SecretStr("p4t")}
GATEWAY = "https://api.atlassian.com/ex/jira/11111111-2222"


def options(**given: Any) -> JiraOptions:
    return JiraOptions.model_validate({"connector": "jira", "projects": ["ENG"], **given})


def test_which_kind_of_jira_it_is_follows_from_the_credential() -> None:
    assert options(**CLOUD).cloud
    assert options(**CLOUD).auth == ("me@example.com", "t0ken")
    assert not options(**SERVER).cloud
    assert options(**SERVER).auth == "p4t"
    gateway = options(url=GATEWAY, token=SecretStr("0auth"), web_url="https://acme.atlassian.net")
    assert gateway.cloud
    assert gateway.web == "https://acme.atlassian.net"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({**CLOUD, "token": SecretStr("p4t")}, "two credentials"),
        ({"url": "https://acme.atlassian.net"}, "no credential"),
        ({**CLOUD, "api_token": None}, "email needs api_token"),
        ({**CLOUD, "email": None}, "api_token needs email"),
        ({**CLOUD, "api_token": SecretStr("two words")}, "not one word"),
        ({"url": "https://acme.atlassian.net", "token": SecretStr("p4t")}, "takes no bearer token"),
        ({"url": GATEWAY, "token": SecretStr("0auth")}, "isn't the one that people open"),
        ({"url": "https://api.atlassian.com", "token": SecretStr("0auth")}, "names no site"),
        ({**CLOUD, "url": "https://acme.atlassian.net/rest/api/2"}, "goes too far"),
        ({**CLOUD, "projects": ["ENG-12"]}, "no project's key"),
        ({**CLOUD, "projects": ["ENG", "eng"]}, "named twice"),
        ({**CLOUD, "projects": []}, "at least 1"),
        ({**CLOUD, "jql": "labels = a ORDER BY created"}, "no order"),
        ({**CLOUD, "audience": "open"}, "private"),
    ],
)
def test_a_wrong_configuration_is_told(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        options(**given)


def test_a_restriction_may_speak_of_order() -> None:
    assert scope(options(**CLOUD, jql='summary ~ "order by phone"')) == (
        'project in ("ENG") AND (summary ~ "order by phone")'
    )


@pytest.mark.parametrize(
    "path",
    [
        "/browse/ENG-12",
        "/browse/ENG-12?focusedCommentId=10100",
        "/browse/eng-12",
        "/jira/software/projects/ENG/issues/ENG-12",
        "/jira/software/c/projects/ENG/issues/ENG-12?filter=allissues",
        "/jira/software/projects/ENG/boards/1?selectedIssue=ENG-12",
        "/jira/software/c/projects/ENG/boards/7/backlog?view=detail&selectedIssue=ENG-12",
        "/jira/core/projects/ENG/board?selectedIssue=ENG-12",
        "/jira/your-work?selectedIssue=ENG-12",
        "/projects/ENG/issues/ENG-12?filter=allopenissues",
        "/issues/ENG-12?jql=text",
        "/jira/servicedesk/projects/ENG/queues/custom/3/ENG-12",
        "/projects/ENG/queues/custom/3/ENG-12",
    ],
)
@pytest.mark.parametrize("base", ["https://acme.atlassian.net", "https://jira.example.com/jira"])
def test_every_page_of_an_issue_names_it(base: str, path: str) -> None:
    urls = Urls(base, base, ["ENG"])
    text = f"See {base}{path}, please. ({base}{path})"
    found = urls.mentions(text)
    assert [one.key for one in found] == ["ENG-12", "ENG-12"]
    assert [text[one.start : one.end] for one in found] == [f"{base}{path}"] * 2


@pytest.mark.parametrize(
    "url",
    [
        "https://acme.atlassian.net/browse/OPS-3",  # another project
        "https://acme.atlassian.net/browse/ENG",
        "https://acme.atlassian.net/browse/ENG-0",
        "https://acme.atlassian.net/browse/ENG-12x",
        "https://acme.atlassian.net/projects/ENG/versions/ENG-12",
        "https://other.atlassian.net/browse/ENG-12",
        "https://acme.atlassian.net.example.com/browse/ENG-12",
        "https://acme.atlassian.net:8443/browse/ENG-12",
        "https://jira.example.com/browse/ENG-12",  # without the context path
        "https://jira.example.com/jira2/browse/ENG-12",
        "https://acme.atlassian.net/wiki/spaces/ENG-12",
        "https://[::1/browse/ENG-12",
    ],
)
def test_no_other_address_does(url: str) -> None:
    for base in ("https://acme.atlassian.net", "https://jira.example.com/jira"):
        assert Urls(base, base, ["ENG"]).mentions(f"See {url} .") == []


def test_behind_the_gateway_it_is_the_sites_own_address_that_names_issues() -> None:
    urls = Urls(GATEWAY, "https://acme.atlassian.net", ["ENG"])
    assert [one.key for one in urls.mentions("https://acme.atlassian.net/browse/ENG-1")] == ["ENG-1"]


@pytest.mark.parametrize(
    ("status", "word"),
    [
        ("new/Backlog", Word.OPEN),
        ("indeterminate/In Review", Word.IN_PROGRESS),
        ("done/Closed", Word.DONE),
        ("done/Erledigt:Fixed", Word.DONE),
        ("done/Closed:Won't Do", Word.DECLINED),
        ("done/Closed:Cannot Reproduce", Word.DECLINED),
        ("done/Won't Do", Word.DECLINED),
        ("done/Closed:Duplicate", Word.DUPLICATE),
        ("indeterminate/Reopened:Done", Word.IN_PROGRESS),
        ("undefined/Odd", Word.UNKNOWN),
    ],
)
def test_the_shipped_mapping_reads_every_projects_statuses_by_their_kind(status: str, word: Word) -> None:
    mapping = shipped()
    native, _, reason = status.partition(":")
    assert mapping.word(Status(native, reason)) is word


def test_what_the_shipped_mapping_writes_is_a_kind() -> None:
    mapping = shipped()
    assert mapping.native(Word.DONE) == Status("done")
    assert mapping.native(Word.DECLINED) == Status("done", "Won't Do")
    assert mapping.way(Status("new")).instead == (Status("indeterminate"),)


def shipped() -> Mapping:
    path = Path(__file__).parents[3] / "mappings" / "jira.toml"
    return Mapping.parse("jira", tomllib.loads(path.read_text(encoding="utf-8")))
