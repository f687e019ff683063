"""The stand-ins in the hands of a person: what `syncd sandbox` prints works, and what is typed wrongly is told."""

from __future__ import annotations

import json
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from connectors.freshdesk.sandbox import FreshdeskSandbox
from connectors.github.sandbox import GitHubSandbox
from connectors.jira.sandbox import JiraSandbox
from connectors.jsm.sandbox import JsmSandbox
from connectors.zendesk.sandbox import ZendeskSandbox
from syncd.connector import installed
from syncd.testing import Sandbox
from syncd.testing.control import takes, verbs

SCRIPT = Path(sys.executable).with_name("syncd")


@pytest.fixture
def desk() -> Iterator[FreshdeskSandbox]:
    with FreshdeskSandbox() as sandbox:
        sandbox.people.make_ticket()
        yield sandbox


@pytest.fixture
def hub() -> Iterator[GitHubSandbox]:
    with GitHubSandbox() as sandbox:
        sandbox.people.make_repo("acme/widgets")
        sandbox.people.make_issue("acme/widgets")
        yield sandbox


def post(sandbox: Sandbox, what: str, body: bytes | str) -> requests.Response:
    """As ``curl -d`` does it."""
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    return requests.post(f"{sandbox.url}/_sandbox/{what}", data=body, headers=headers, timeout=30)


def act(sandbox: Sandbox, do: str, **given: Any) -> requests.Response:
    return post(sandbox, "act", json.dumps({"do": do, "with": given}))


def refused(answer: requests.Response, *told: str) -> None:
    """One line for people, with status 400."""
    assert answer.status_code == 400, answer.text
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert answer.text.endswith("\n")
    assert len(answer.text.splitlines()) == 1
    for one in told:
        assert one in answer.text


def pasted(line: str) -> requests.Response:
    """A printed ``curl`` line, done as curl does it."""
    words = shlex.split(line)
    assert words[:2] == ["curl", "-s"]
    if len(words) == 3:
        return requests.get(words[2], timeout=30)
    assert words[3] == "-d"
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    return requests.post(words[2], data=words[4], headers=headers, timeout=30)


def with_key(url: str, credential: str) -> requests.Response:
    return requests.get(f"{url}/api/v2/tickets/1", auth=(credential, "X"), timeout=30)


def with_token(url: str, credential: str) -> requests.Response:
    headers = {"Authorization": f"Bearer {credential}"}
    return requests.get(f"{url}/repos/acme/infrastructure/issues/1", headers=headers, timeout=30)


def as_client(url: str, secret: str) -> Any:
    asked = {"grant_type": "client_credentials", "client_id": "syncd", "client_secret": secret, "scope": "read"}
    token = requests.post(f"{url}/oauth/tokens", json=asked, timeout=30).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    return requests.get(f"{url}/api/v2/tickets/1", headers=headers, timeout=30).json()["ticket"]


def as_person(url: str, token: str, key: str) -> Any:
    auth = ("syncd@example.com", token)
    return requests.get(f"{url}/rest/api/2/issue/{key}", auth=auth, timeout=30).json()


def by_bearer(url: str, token: str, key: str) -> Any:
    headers = {"Authorization": f"Bearer {token}"}
    return requests.get(f"{url}/rest/api/2/issue/{key}", headers=headers, timeout=30).json()


@pytest.mark.parametrize(
    ("kind", "read"),
    [
        ("jira --data-center", lambda url, token: by_bearer(url, token, "ENG-1")["key"]),
        ("jsm --data-center --context /jira", lambda url, token: by_bearer(url, token, "SUP-1")["key"]),
        ("freshdesk", lambda url, key: with_key(url, key).json()["subject"]),
        ("github", lambda url, token: with_token(url, token).json()["state"]),
        ("jira", lambda url, token: as_person(url, token, "ENG-1")["key"]),
        ("jsm", lambda url, token: as_person(url, token, "SUP-1")["key"]),
        ("zendesk", lambda url, secret: as_client(url, secret)["subject"]),
    ],
)
def test_what_is_printed_at_the_start_works_when_it_is_pasted(kind: str, read: Callable[[str, str], Any]) -> None:
    process = subprocess.Popen(
        [SCRIPT, "sandbox", *kind.split()], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    lines: list[str] = []
    while not lines or not lines[-1].endswith("/_sandbox/log"):
        lines.append(process.stdout.readline().rstrip("\n"))
        assert process.poll() is None, lines
    try:
        url = next(word for word in lines[0].split() if word.startswith("http")).rstrip(";")
        credential = lines[0].split(" is ")[-1].split(". ")[0]
        examples = [line for line in lines if line.startswith("curl ")]
        answers = [pasted(line) for line in examples]
        assert [answer.status_code for answer in answers] == [200] * len(examples)
        assert read(url, credential)
        assert pasted(examples[-1]).json()[-1]["status"] == 200
    finally:
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert (out, err, process.returncode) == ("Stopped\n", "", 0)


def test_every_kind_has_an_example_a_credential_and_verbs_that_act() -> None:
    stand_ins: dict[str, Sandbox] = {
        "freshdesk": FreshdeskSandbox(), "github": GitHubSandbox(), "jira": JiraSandbox(), "jsm": JsmSandbox(),
        "zendesk": ZendeskSandbox(),
    }  # fmt: skip
    for kind, sandbox in stand_ins.items():
        assert kind in installed()
        assert sandbox.examples
        assert sandbox.about
        known = verbs(sandbox)
        assert {name for name, _ in sandbox.examples} <= set(known)
        assert not set(known) & sandbox.facts
        assert all(hasattr(sandbox.people, name) for name in sandbox.facts)
        sandbox.stop()


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ("zendesk --data-center", "there is no Data Center of 'zendesk'"),
        ("jira --context /jira", "goes with --data-center"),
        ("jira --data-center --context jira", "takes a path such as /jira"),
    ],
)
def test_what_is_not_sold_is_not_served(args: str, said: str) -> None:
    run = subprocess.run([SCRIPT, "sandbox", *args.split()], capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 2
    assert said in run.stderr


def test_the_api_token_that_zendesk_names_works() -> None:
    with ZendeskSandbox() as sandbox:
        words = sandbox.about.replace(",", "").split()
        auth = (f"{words[3]}/token", words[words.index("api_token") + 2])
        answer = requests.get(f"{sandbox.url}/api/v2/users/me", auth=auth, timeout=30)
        assert answer.json()["user"]["role"] == "admin"


@pytest.mark.parametrize("body", ["", "{", "[]", "5", "null", '"make_ticket"', b"\xff\xfe", b"\x00", "[" * 100_000])
@pytest.mark.parametrize("what", ["act", "faults"])
def test_a_body_that_is_no_json_object_is_told(desk: FreshdeskSandbox, what: str, body: bytes | str) -> None:
    refused(post(desk, what, body), "for instance {")
    assert len(desk.books.tickets) == 1


@pytest.mark.parametrize("do", ["nope", "", "__init__", "_ticket", "reopen_on_reply", 5, None, ["make_ticket"], {}])
def test_an_unknown_verb_is_told_with_those_that_there_are(desk: FreshdeskSandbox, do: object) -> None:
    refused(post(desk, "act", json.dumps({"do": do})), json.dumps(do), "make_ticket, merge")


def test_facts_are_no_verbs_but_can_be_asked_for(hub: GitHubSandbox) -> None:
    answer = act(hub, "nope")
    assert "comment," in answer.text
    assert "comments" not in answer.text
    assert act(hub, "issues").json() == {"result": ["acme/widgets#1"]}


@pytest.mark.parametrize(
    ("do", "given", "told"),
    [
        ("set_status", {}, ("ticket is missing", "status is missing", "It takes: ticket: int, status: int")),
        ("set_status", {"ticket": "one", "status": 2}, ("ticket should be a valid integer",)),
        ("set_status", {"ticket": 99, "status": 2}, ("there is no ticket 99",)),
        ("merge", {"primary": 99, "other": 1}, ("there is no ticket 99",)),
        ("make_ticket", {"subjct": "typo"}, ("subjct is not known", 'subject = "Help"')),
        ("make_ticket", {"updated_at": "yesterday"}, ("yesterday",)),
        ("agent_note", {"ticket": 1, "text": ["a"]}, ("text should be a valid string", "private = true")),
        ("customer_reply", {"ticket": 1, "text": "x", "self": 1}, ("customer_reply: ",)),
        ("seed", {"count": 1, "first": "x"}, ("'x'",)),
    ],
)
def test_wrong_parameters_are_told_with_the_right_ones(
    desk: FreshdeskSandbox, do: str, given: dict[str, Any], told: tuple[str, ...]
) -> None:
    refused(act(desk, do, **given), do, *told, "It takes: ")
    assert (len(desk.books.tickets), desk.books.tickets[1].row["status"], desk.books.tickets[1].talk) == (1, 2, [])


@pytest.mark.parametrize(
    ("do", "given", "told"),
    [
        ("make_repo", {"name": "widgets"}, "write owner/name"),
        ("rename_repo", {"name": "acme/widgets", "to": "x"}, "write owner/name"),
        ("make_issue", {"repo": "acme/nowhere"}, "there is no repository 'acme/nowhere'"),
        ("close", {"key": "acme/widgets#7"}, "there is no issue 'acme/widgets#7'"),
        ("close", {"key": "acme/widgets"}, "keys look like owner/repo#4"),
        ("close", {"key": "acme/widgets#\u00b2"}, "keys look like owner/repo#4"),
        ("label", {"key": "acme/widgets#1"}, "label is missing"),
        ("transfer", {"key": "acme/widgets#1", "to": "acme/nowhere"}, "there is no repository"),
    ],
)
def test_wrong_names_are_told(hub: GitHubSandbox, do: str, given: dict[str, Any], told: str) -> None:
    refused(act(hub, do, **given), told)
    assert hub.people.issues() == ["acme/widgets#1"]
    assert hub.people.status("acme/widgets#1") == ("open", "")


def test_with_must_be_an_object_and_nothing_may_stand_beside_it(desk: FreshdeskSandbox) -> None:
    refused(post(desk, "act", '{"do": "archive", "with": [1]}'), "archive takes: ticket: int")
    refused(post(desk, "act", '{"do": "archive", "ticket": 1}'), "archive takes: ticket: int")
    refused(post(desk, "act", '{"with": {}}'), '"do"')
    assert not desk.books.tickets[1].archived


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ({}, "kind is missing"),
        ({"kind": "before"}, "'lost_answer'"),
        ({"kind": "cut", "path": "("}, "path is no regular expression"),
        ({"kind": "cut", "hook": 1}, "hook is not known"),
        ({"kind": "drip", "seconds": -1}, "seconds should be greater than or equal to 0"),
        ({"kind": "answer", "status": 7}, "status should be"),
    ],
)
def test_a_fault_that_cannot_be_laid_is_told(desk: FreshdeskSandbox, fault: dict[str, Any], told: str) -> None:
    refused(post(desk, "faults", json.dumps(fault)), told, "It takes: kind")
    assert desk.faults == []


def test_a_fault_strikes_the_service_and_not_its_own_controls(desk: FreshdeskSandbox) -> None:
    laid = {"kind": "answer", "status": 503, "body": "Down for maintenance", "headers": {"Retry-After": "7"}}
    assert post(desk, "faults", json.dumps(laid)).status_code == 200
    assert act(desk, "agent_note", ticket=1, text="x").status_code == 200
    struck = with_key(desk.url, desk.key)
    assert (struck.status_code, struck.text, struck.headers["Retry-After"]) == (503, "Down for maintenance", "7")
    assert with_key(desk.url, desk.key).status_code == 200


@pytest.mark.parametrize(("method", "path"), [("GET", "act"), ("GET", "faults"), ("POST", "log"), ("POST", "x")])
def test_an_address_that_there_is_not_is_told(desk: FreshdeskSandbox, method: str, path: str) -> None:
    answer = requests.request(method, f"{desk.url}/_sandbox/{path}", timeout=30)
    refused(answer, "POST /_sandbox/act, POST /_sandbox/faults, GET /_sandbox/log")


def test_parameters_are_told_with_what_holds_without_them() -> None:
    def verb(ticket: int, *more: str, text: str = "x", private: bool = True) -> None: ...

    def bare() -> None: ...

    assert takes(verb) == 'ticket: int, text = "x", private = true'
    assert takes(bare) == "nothing"

    def more(ticket: int, **row: Any) -> None:
        del ticket, row

    assert takes(more) == "ticket: int, and any other field of the record"
