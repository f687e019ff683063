"""A GitHub App as the account: its tokens come in time, and whatever stands in their way is said with its cure."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from github_direct import HOME, START, State, asked, serving
from github_exchanges import violations
from pydantic import SecretStr, ValidationError

from connectors.github.connector import GitHubConnector
from connectors.github.options import GitHubOptions, Repository
from connectors.github.sandbox import GitHubSandbox
from connectors.github.sandbox.installations import key_pair
from connectors.github.sandbox.shapes import error
from syncd.actions import Action, Draft, Note
from syncd.clock import ManualClock
from syncd.daemon.guarded import UNACCEPTED, Guarded
from syncd.errors import Refused, Transient, Unauthorized
from syncd.model import Author, Item, Ref, Status
from syncd.schema import problems
from syncd.testing import Fault, Reply

MARKER = "syncd:v1:01JD3Z8QK4W7M2N5P9R1S3T6VX:0123456789abcdef0123"
MINT = "/access_tokens$"
BAD = Reply(401, error("Bad credentials", 401))


@pytest.fixture
def sandbox() -> Iterator[GitHubSandbox]:
    with serving() as sandbox:
        sandbox.people.install_app("acme")
        yield sandbox
        assert violations(sandbox.log) == []


def as_app(
    sandbox: GitHubSandbox, *names: str, ahead: timedelta = timedelta(), installation: int | None = None, key: str = ""
) -> GitHubConnector:
    """A fresh connector, on a machine whose clock is ``ahead``."""
    options = GitHubOptions(
        connector="github",
        url=sandbox.url,
        app_id=str(sandbox.app.id),
        private_key=SecretStr(key or sandbox.app.private_key),
        installation_id=installation,
        repositories=[Repository(name=name) for name in names or (HOME,)],
    )
    connector = GitHubConnector("github", options, ManualClock(START + ahead))
    connector.write_interval = 0.0
    return connector


@pytest.fixture
def connector(sandbox: GitHubSandbox) -> Iterator[GitHubConnector]:
    connector = as_app(sandbox)
    yield connector
    connector.close()


def minted(sandbox: GitHubSandbox) -> int:
    """How many tokens were given out."""
    return len(sandbox.app.minted)


def statuses(sandbox: GitHubSandbox, path: str) -> list[int]:
    return [status for _, where, status in asked(sandbox) if path in where]


def pass_time(sandbox: GitHubSandbox, connector: GitHubConnector, seconds: float) -> None:
    sandbox.advance(seconds)
    connector.clock.sleep(seconds)


# --- tokens ---


def test_one_token_serves_every_call(sandbox: GitHubSandbox, connector: GitHubConnector) -> None:
    key = sandbox.people.make_issue(HOME)
    state = State()
    for _ in range(3):
        state.poll(connector)
    connector.fetch(list(state.items))
    (outcome,) = connector.apply([Action(next(iter(state.items)), Status("closed", "completed"))])
    assert outcome.error is None
    assert sandbox.people.status(key) == ("closed", "completed")
    assert minted(sandbox) == 1
    assert 401 not in statuses(sandbox, "/")


def test_a_token_is_renewed_before_it_ends(sandbox: GitHubSandbox, connector: GitHubConnector) -> None:
    state = State()
    for _ in range(26):
        state.poll(connector)
        pass_time(sandbox, connector, 300)
    assert minted(sandbox) == 3
    assert 401 not in statuses(sandbox, "/")


def test_a_token_is_not_used_in_its_last_minutes(sandbox: GitHubSandbox, connector: GitHubConnector) -> None:
    for seconds, tokens in ((0, 1), (3600 - 400, 1), (200, 2)):
        pass_time(sandbox, connector, seconds)
        State().poll(connector)
        assert minted(sandbox) == tokens


@pytest.mark.parametrize("hours", [-30, -1, 1, 30])
def test_a_wrong_clock_on_this_machine_changes_nothing(sandbox: GitHubSandbox, hours: int) -> None:
    connector = as_app(sandbox, ahead=timedelta(hours=hours))
    key = sandbox.people.make_issue(HOME)
    state = State()
    for _ in range(26):
        state.poll(connector)
        pass_time(sandbox, connector, 300)
    assert state.shown() == {key: "open"}
    assert minted(sandbox) == 3
    assert statuses(sandbox, "/").count(401) == 1  # the very first signature, before the server told its time
    connector.close()


def test_a_clock_that_is_put_right_costs_one_refusal_at_most(sandbox: GitHubSandbox) -> None:
    connector = as_app(sandbox, ahead=timedelta(hours=2))
    state = State()
    state.poll(connector)
    connector.clock.sleep(2 * 3600)  # here, not there
    state.poll(connector)
    sandbox.advance(3600)
    state.poll(connector)
    assert minted(sandbox) >= 2
    connector.close()


def test_a_token_that_is_taken_back_is_replaced_within_the_call(
    sandbox: GitHubSandbox, connector: GitHubConnector
) -> None:
    state = State()
    state.poll(connector)
    pass_time(sandbox, connector, 60)
    sandbox.app.minted.clear()
    item = connector.create(Draft(HOME, "T", "Filed", MARKER)).item
    assert sandbox.people.issues() == [item.ref.key]
    assert minted(sandbox) == 1


def test_a_new_token_that_not_every_server_knows_yet_is_shown_again(
    sandbox: GitHubSandbox, connector: GitHubConnector
) -> None:
    sandbox.faults.append(Fault("answer", path=f"/repos/{HOME}$", times=2, reply=BAD))
    state = State()
    state.poll(connector)
    assert minted(sandbox) == 1


def test_a_token_that_is_never_accepted_ends_the_call(sandbox: GitHubSandbox, connector: GitHubConnector) -> None:
    sandbox.faults.append(Fault("answer", path="/repos/", times=99, reply=BAD))
    with pytest.raises(Unauthorized):
        State().poll(connector)
    assert len(statuses(sandbox, f"/repos/{HOME}")) <= 4


def test_an_old_token_is_used_up_while_there_is_no_new_one(sandbox: GitHubSandbox, connector: GitHubConnector) -> None:
    state = State()
    state.poll(connector)
    sandbox.faults.append(Fault("answer", path=MINT, times=99, reply=Reply(502)))
    pass_time(sandbox, connector, 3600 - 250)
    for _ in range(8):
        state.poll(connector)
        pass_time(sandbox, connector, 25)
    assert len(statuses(sandbox, MINT.rstrip("$"))) <= 5  # not one for each call
    pass_time(sandbox, connector, 300)
    with pytest.raises(Transient):
        state.poll(connector)


def test_a_write_in_doubt_is_never_repeated_for_a_token(sandbox: GitHubSandbox, connector: GitHubConnector) -> None:
    sandbox.faults.append(Fault("lost_answer", path="/issues$"))
    with pytest.raises(Transient) as caught:
        connector.create(Draft(HOME, "T", "Filed", MARKER))
    assert caught.value.doubt
    assert len(sandbox.people.issues()) == 1


def test_no_token_and_no_signature_is_shown_or_logged(
    sandbox: GitHubSandbox, connector: GitHubConnector, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    state = State()
    state.poll(connector)
    (word,) = sandbox.app.minted
    shown = (
        caplog.text
        + repr(vars(connector))
        + repr(vars(connector.api))
        + repr(vars(connector.api.credential)["_minted"])
        + json.dumps(state.cursor)
    )
    assert word not in shown
    assert "PRIVATE KEY" not in shown
    assert "eyJ" not in caplog.text


# --- whose account ---


@pytest.mark.trap("github", 12)
def test_the_app_knows_what_it_wrote_by_rest_and_by_graphql(sandbox: GitHubSandbox, connector: GitHubConnector) -> None:
    made = connector.create(Draft(HOME, "T", "Filed", MARKER)).item
    for _ in range(3):
        sandbox.people.make_issue(HOME, by="syncd-app")  # a person of that name is somebody else
    refs = [Ref("github", str(sandbox.people.id(key)), key) for key in sandbox.people.issues()]
    list(connector.apply([Action(made.ref, Status("closed", "completed"), None, (Note("e", "Hi", MARKER),))]))
    one, many = connector.fetch([made.ref]), connector.fetch(refs)
    for found in (one[made.ref], many[made.ref]):
        assert isinstance(found, Item)
        assert found.texts is not None
        assert found.texts[0].author is Author.SELF
        assert (found.moved_by, found.closed_outside) == ("syncd-app[bot]", False)
    others = [many[ref] for ref in refs[1:]]
    assert all(isinstance(item, Item) and item.texts and item.texts[0].author is not Author.SELF for item in others)
    assert any(path.endswith("/graphql") for _, path, _ in asked(sandbox))
    assert connector.find(MARKER, made.ref, START) is not None
    assert connector.find(MARKER, HOME, START) == made.ref.key


def test_an_app_that_is_renamed_goes_on_knowing_what_it_wrote(
    sandbox: GitHubSandbox, connector: GitHubConnector
) -> None:
    connector.create(Draft(HOME, "T", "Filed", MARKER))
    sandbox.faults.append(Fault("answer", path="/app$", times=1, reply=Reply(502)))
    pass_time(sandbox, connector, 3600)
    for _ in range(2):
        assert connector.find(MARKER, HOME, START) is not None  # not told anew, so as before
    assert statuses(sandbox, "/app")[-1] == 502
    sandbox.app.slug = "newer-app"
    pass_time(sandbox, connector, 3600)
    made = connector.create(Draft(HOME, "U", "Filed", MARKER[::-1])).item
    assert made.texts is not None
    assert made.texts[0].author is Author.SELF
    assert connector.find(MARKER[::-1], HOME, START) == made.ref.key


# --- what may be wrong ---


def test_a_healthy_app_has_no_problem(sandbox: GitHubSandbox, connector: GitHubConnector) -> None:
    assert connector.check() == []


def test_a_suspended_app_pauses_the_connector_until_it_is_unsuspended(sandbox: GitHubSandbox) -> None:
    connector = as_app(sandbox)
    clock = ManualClock(START)
    guarded = Guarded(connector, clock)
    list(guarded.changes(HOME, None, None))
    sandbox.people.suspend_app("acme")
    for _ in range(3):
        with pytest.raises(Unauthorized, match="suspended"):
            list(guarded.changes(HOME, None, None))
    assert guarded.standing[0] == "unauthorized"
    before = len(sandbox.log)
    with pytest.raises(Unauthorized):
        list(guarded.changes(HOME, None, None))
    assert len(sandbox.log) == before
    (problem,) = connector.check()
    assert "suspended" in problem.what
    assert "unsuspend" in problem.cure
    sandbox.people.suspend_app("acme", on=False)
    clock.sleep(UNACCEPTED + 1)
    assert list(guarded.changes(HOME, None, None))[-1].last
    assert guarded.standing[0] == "ok"
    connector.close()


def test_an_app_that_is_installed_again_goes_on_by_itself(sandbox: GitHubSandbox, connector: GitHubConnector) -> None:
    State().poll(connector)
    sandbox.people.uninstall_app("acme")
    pass_time(sandbox, connector, 60)
    for _ in range(2):
        with pytest.raises(Unauthorized, match="install"):
            State().poll(connector)
    (problem,) = connector.check()
    assert "Install App" in problem.cure
    sandbox.people.install_app("acme")
    State().poll(connector)


def test_a_removed_installation_that_the_config_names_is_told(sandbox: GitHubSandbox) -> None:
    connector = as_app(sandbox, installation=1234)
    with pytest.raises(Unauthorized, match=r"1234.*installation_id"):
        State().poll(connector)
    (problem,) = connector.check()
    assert problem.where.endswith(": installation_id")
    connector.close()


def test_a_key_that_was_deleted_is_told(sandbox: GitHubSandbox, connector: GitHubConnector) -> None:
    State().poll(connector)
    sandbox.people.replace_app_key()
    State().poll(connector)  # the token that it has is still good
    pass_time(sandbox, connector, 3600)
    with pytest.raises(Unauthorized, match="private key"):
        State().poll(connector)
    (problem,) = connector.check()
    assert problem.where.endswith(": private_key")


def test_an_app_that_github_does_not_know_is_told(sandbox: GitHubSandbox) -> None:
    sandbox.app.id = 1
    connector = as_app(sandbox)
    sandbox.app.id = 2
    (problem,) = connector.check()
    assert problem.where.endswith(": app_id")
    connector.close()


@pytest.mark.parametrize(("level", "asked_for", "words"), [("read", "write", "accept"), ("", "read", "Issues")])
def test_rights_that_were_not_granted_are_told_with_their_cure(
    sandbox: GitHubSandbox, connector: GitHubConnector, level: str, asked_for: str, words: str
) -> None:
    sandbox.people.grant_app("acme", "issues", level)
    sandbox.app.permissions["issues"] = asked_for
    (problem,) = connector.check()
    assert "issues" in problem.what
    assert words in problem.cure
    with pytest.raises(Refused, match="Issues: Read and write"):
        connector.create(Draft(HOME, "T", "Filed", MARKER))


def test_an_app_that_may_not_read_issues_any_more_loses_none(
    sandbox: GitHubSandbox, connector: GitHubConnector
) -> None:
    sandbox.people.set_private(HOME)
    for _ in range(4):
        sandbox.people.make_issue(HOME)
    state = State()
    state.poll(connector)
    sandbox.people.grant_app("acme", "issues")
    refs = list(state.items)
    for asked_for in (refs[:1], refs):
        for entry in connector.fetch(asked_for).values():
            assert isinstance(entry, Refused)
            assert "Issues: Read and write" in entry.what
    sandbox.people.grant_app("acme", "issues", "write")
    assert all(isinstance(entry, Item) for entry in connector.fetch(refs).values())


def test_a_repository_outside_the_installation_is_told_seen_or_not(sandbox: GitHubSandbox) -> None:
    for name in ("acme/open", "acme/hidden"):
        sandbox.people.make_repo(name)
    sandbox.people.set_private("acme/hidden")
    sandbox.people.uninstall_app("acme")
    sandbox.people.install_app("acme", only=(HOME,))
    connector = as_app(sandbox, "acme/hidden", "acme/open", HOME)
    hidden, seen = connector.check()
    assert "acme/hidden" in hidden.where
    assert "isn't installed on it" in hidden.what
    assert "acme/open" in seen.where
    assert "Repository access" in seen.cure
    State().poll(connector)
    with pytest.raises(Refused, match="isn't installed"):
        State("acme/hidden").poll(connector)
    with pytest.raises(Refused, match="isn't installed"):
        connector.create(Draft("acme/open", "T", "Filed", MARKER))
    connector.close()


def test_repositories_of_two_installations_are_listed(sandbox: GitHubSandbox) -> None:
    sandbox.people.make_repo("other/tools")
    second = sandbox.people.install_app("other")
    connector = as_app(sandbox, HOME, "other/tools")
    (problem,) = connector.check()
    assert f"{second} (other)" in problem.what
    assert "(acme)" in problem.what
    named = as_app(sandbox, HOME, "other/tools", installation=second)
    State("other/tools").poll(named)
    (problem,) = named.check()
    assert HOME in problem.where
    for one in (connector, named):
        one.close()


def test_an_app_that_is_installed_elsewhere_says_where(sandbox: GitHubSandbox) -> None:
    sandbox.people.make_repo("other/tools")
    connector = as_app(sandbox, "other/tools")
    (problem,) = connector.check()
    assert "(acme)" in problem.what
    connector.close()


def test_the_installation_is_found_by_the_former_name_of_a_repository(sandbox: GitHubSandbox) -> None:
    sandbox.people.rename_repo(HOME, "acme/newer")
    connector = as_app(sandbox)
    State().poll(connector)
    (problem,) = connector.check()
    assert "acme/newer now" in problem.what
    connector.close()


# --- the config ---


def given(**changes: object) -> GitHubOptions:
    base = {"connector": "github", "url": "https://api.github.com", "repositories": [{"name": HOME}]}
    return GitHubOptions.model_validate(base | changes)


KEY = SecretStr(key_pair(1)[0])
TOKEN = SecretStr("ghp_abc")


@pytest.mark.parametrize("app_id", [4711, "4711", "Iv23liAbCdEf"])
def test_an_app_is_named_by_its_id_or_its_client_id(app_id: object) -> None:
    assert given(app_id=app_id, private_key=KEY).app_id == str(app_id)


def test_line_breaks_of_a_key_may_be_written_out() -> None:
    flat = SecretStr(key_pair(1)[0].replace("\n", "\\n"))
    assert given(app_id=1, private_key=flat).private_key == KEY


def _elliptic() -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "no credential"),
        ({"token": TOKEN, "app_id": 1, "private_key": KEY}, "token and a GitHub App"),
        ({"token": TOKEN, "installation_id": 1}, "token and a GitHub App"),
        ({"app_id": 1}, "needs private_key"),
        ({"private_key": KEY}, "needs app_id"),
        ({"app_id": True, "private_key": KEY}, "no GitHub App's id"),
        ({"app_id": "my app", "private_key": KEY}, "no GitHub App's id"),
        ({"app_id": 1, "private_key": SecretStr(key_pair(1)[1])}, "no private key"),
        ({"app_id": 1, "private_key": SecretStr(key_pair(1)[0][:300])}, "no private key"),
        ({"app_id": 1, "private_key": SecretStr("MIIEgeheim")}, "no private key"),
        ({"app_id": 1, "private_key": SecretStr(_elliptic())}, "RSA"),
        ({"token": TOKEN, "url": "https://github.com"}, "pages for people"),
        ({"token": TOKEN, "url": "https://acme.ghe.com"}, "pages for people"),
    ],
)
def test_a_credential_that_can_not_work_is_told_without_showing_it(changes: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError) as caught:
        given(**changes)
    said = "\n".join(map(str, problems(caught.value, "connectors/github.toml", GitHubOptions)))
    assert words in said
    secrets = [value.get_secret_value() for value in changes.values() if isinstance(value, SecretStr)]
    assert not any(line in said + str(caught.value) for one in secrets for line in one.splitlines() if "--" not in line)
