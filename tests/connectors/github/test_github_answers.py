"""Whatever the server, a proxy or PyGithub does becomes one of our errors, with nothing of what was sent."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta
from itertools import chain

import pytest
from github_direct import HOME, START, connect, serving
from hypothesis import given
from hypothesis import strategies as st

from connectors.github.answers import Answer, ours
from connectors.github.connector import GitHubConnector
from connectors.github.sandbox import TOKEN, GitHubSandbox
from connectors.github.sandbox.shapes import error
from syncd.actions import Action, Note
from syncd.errors import ConnectorError, Gone, RateLimited, Refused, Transient, Unauthorized
from syncd.model import Ref, Status
from syncd.testing import Fault, Reply

SECRET = "the customer's own words"
HTML = b"<html><title>Unicorn!</title></html>"


@pytest.fixture
def sandbox() -> Iterator[GitHubSandbox]:
    with serving() as sandbox:
        yield sandbox


@pytest.fixture
def connector(sandbox: GitHubSandbox) -> Iterator[GitHubConnector]:
    connector = connect(sandbox)
    yield connector
    connector.close()


@pytest.mark.trap("github", 1)
@pytest.mark.parametrize(
    ("reply", "kind", "doubt"),
    [
        (Reply(400, error("Problems parsing JSON", 400)), Refused, False),
        (Reply(401, error("Bad credentials", 401)), Unauthorized, False),
        (Reply(401, error("Requires authentication", 401)), Unauthorized, False),
        (Reply(403, error("Resource not accessible by integration", 403)), Refused, False),
        (Reply(403, error("x", 403), {"X-GitHub-SSO": "required; url=https://x"}), Refused, False),
        (Reply(403, HTML), Transient, False),
        (Reply(404, error("Not Found", 404)), Gone, False),
        (Reply(404, HTML), Gone, False),
        (Reply(410, error("This issue was deleted", 410)), Gone, False),
        (Reply(409, error("Conflict", 409)), Refused, False),
        (Reply(422, error("Validation Failed", 422, errors=["Could not resolve"])), Refused, False),
        (Reply(422, error("was submitted too quickly", 422)), RateLimited, False),
        (Reply(451, error("Repository access blocked", 451)), Refused, False),
        (Reply(500, error("Server Error", 500)), Transient, True),
        (Reply(502, HTML), Transient, True),
        (Reply(503, {"code": "x", "message": "y"}), Transient, True),
        (Reply(504, b""), Transient, True),
        (Reply(201, HTML), Transient, True),
        (Reply(200, HTML), Transient, True),
        (Reply(200, b""), Transient, True),
        (Reply(200, b'{"id": 1'), Transient, True),
        (Reply(200, {"id": "no number"}), Transient, True),
        (Reply(200, []), Transient, True),
        (Reply(202, {}), Transient, True),
        (Reply(302, HTML, {"Location": "/login"}), Transient, False),
        (Reply(301, {}, {"Location": "https://elsewhere.example.net/issues/1"}), Transient, False),
        (Reply(307, {}, {"Location": "/repositories/1/issues/1"}), Transient, False),
        (Reply(200, {}, {"x-ratelimit-limit": "many", "x-ratelimit-remaining": "few"}), Transient, True),
    ],
)
def test_each_answer_to_a_write(
    sandbox: GitHubSandbox, connector: GitHubConnector, reply: Reply, kind: type[ConnectorError], doubt: bool
) -> None:
    key = sandbox.people.make_issue(HOME, body=SECRET)
    ref = Ref("github", str(sandbox.people.id(key)), key)
    for method, action in (
        ("POST", Action(ref, notes=(Note("e", SECRET, "m"),))),
        ("PATCH", Action(ref, Status("closed", "completed"))),
    ):
        sandbox.faults = [Fault("answer", method=method, reply=reply)]
        (outcome,) = connector.apply([action])
        found = outcome.notes[0].error if action.notes else outcome.error
        assert isinstance(found, ConnectorError)
        assert (type(found), found.doubt) == (kind, doubt)
        assert SECRET not in str(found)
        assert TOKEN not in str(found)
        assert found.__cause__ is None
    assert sum(one.request.method != "GET" for one in sandbox.log) == 2


@pytest.mark.trap("github", 15)
@pytest.mark.parametrize("kind", ["cut", "truncate", "lost_answer"])
def test_each_broken_read_is_an_outage_without_doubt(
    sandbox: GitHubSandbox, connector: GitHubConnector, kind: str
) -> None:
    sandbox.people.make_issue(HOME)
    sandbox.faults.append(Fault(kind, path="/issues$"))
    with pytest.raises(Transient) as caught:
        list(connector.changes(HOME, None, None))
    assert not caught.value.doubt


def test_a_server_that_hangs_or_drips_is_left(sandbox: GitHubSandbox, connector: GitHubConnector) -> None:
    key = sandbox.people.make_issue(HOME)
    ref = Ref("github", str(sandbox.people.id(key)), key)
    connector.session.total = 0.3
    for kind in ("hang", "drip"):
        sandbox.faults.append(Fault(kind, method="PATCH", seconds=0.6 if kind == "hang" else 0.05))
        (outcome,) = connector.apply([Action(ref, Status("closed"))])
        assert isinstance(outcome.error, Transient)
        assert outcome.error.doubt
    assert sandbox.books.by_id[int(ref.id)].status_writes == 1


# --- limits ---


@pytest.mark.trap("github", 15)
@pytest.mark.parametrize("kind", ["primary", "already", "secondary", "secondary_429", "content", "abuse"])
@pytest.mark.parametrize("retry_after", [None, 33.0])
def test_each_wording_of_a_limit_is_one(
    sandbox: GitHubSandbox, connector: GitHubConnector, kind: str, retry_after: float | None
) -> None:
    reset = {"x-ratelimit-reset": str(int((START + timedelta(seconds=120)).timestamp()))}
    reply = sandbox.limited(kind, retry_after)
    headers = {**reply.headers, **reset}
    sandbox.faults.append(Fault("answer", path="/user$|/issues$", reply=Reply(reply.status, reply.body, headers)))
    with pytest.raises(RateLimited) as caught:
        list(connector.changes(HOME, None, None))
    wait = 121.0 if kind in {"primary", "already"} else 60.0
    assert caught.value.retry_after == (retry_after or wait)


def test_the_wait_is_read_against_the_servers_clock(sandbox: GitHubSandbox, connector: GitHubConnector) -> None:
    sandbox.advance(86400 * 30)
    sandbox.limit = 1
    sandbox.used = 1
    with pytest.raises(RateLimited) as caught:
        list(connector.changes(HOME, None, None))
    assert caught.value.retry_after == pytest.approx(3600, abs=5)


def test_the_rest_of_the_limit_is_left_to_people(sandbox: GitHubSandbox, connector: GitHubConnector) -> None:
    sandbox.people.make_issue(HOME)
    sandbox.limit, sandbox.used = 100, 60
    with pytest.raises(RateLimited, match="left to people"):
        list(chain.from_iterable(connector.changes(HOME, None, None) for _ in range(50)))
    assert sandbox.limit - sandbox.used == pytest.approx(29, abs=1)
    connector.clock.sleep(3700)
    sandbox.advance(3700)
    assert list(connector.changes(HOME, None, None))


def test_a_plain_refusal_with_the_last_call_of_the_hour_is_a_limit_too() -> None:
    answer = Answer(403, {"x-ratelimit-remaining": "0"}, {"message": "Resource not accessible by integration"})
    assert isinstance(ours("github", "x", answer), RateLimited)


@pytest.mark.trap("github", 15)
@given(
    st.integers(200, 599).filter(lambda status: status != 304),
    st.dictionaries(
        st.sampled_from(["retry-after", "x-ratelimit-remaining", "x-ratelimit-reset", "date", "x-github-sso", "link"]),
        st.text(max_size=20),
    ),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["message", "errors", "field", "x"]), inner),
    ),
)
def test_any_answer_becomes_an_error_of_ours(status: int, headers: dict[str, str], data: object) -> None:
    for write in (False, True):
        found = ours("github", "doing", Answer(status, headers, data), write=write)
        assert isinstance(found, ConnectorError)
        assert found.doubt <= write
        if isinstance(found, RateLimited):
            assert found.retry_after is not None
            assert 1 <= found.retry_after <= 3600


# --- the client library ---


def test_the_librarys_logger_prints_no_bodies(
    sandbox: GitHubSandbox, connector: GitHubConnector, caplog: pytest.LogCaptureFixture
) -> None:
    assert logging.getLogger("github").handlers == []
    sandbox.people.make_issue(HOME, body=SECRET)
    with caplog.at_level(logging.DEBUG):
        list(connector.changes(HOME, None, None))
    assert SECRET not in caplog.text
    assert TOKEN not in caplog.text


def test_other_users_of_the_library_in_the_process_are_left_alone(connector: GitHubConnector) -> None:
    from github import Github
    from github.Requester import HTTPSRequestsConnectionClass

    del connector
    other = Github()
    created = other.requester._Requester__createConnection()  # type: ignore[attr-defined]  # looked at from inside
    assert type(created) is HTTPSRequestsConnectionClass
    other.close()


@pytest.mark.parametrize("compress", [True, False])
@pytest.mark.parametrize("base", ["", "/api/v3"])
def test_a_server_may_be_mounted_anywhere_and_compress(sandbox: GitHubSandbox, base: str, compress: bool) -> None:
    sandbox.compress = compress
    keys = [sandbox.people.make_issue(HOME, body="ünïcödé 🙂\r\n") for _ in range(150)]
    connector = connect(sandbox, base=base)
    items = [item for page in connector.changes(HOME, None, None) for item in page.items]
    assert [item.ref.key for item in items] == keys
    found = connector.fetch([item.ref for item in items])
    assert list(found.values()) == items
    paths = {one.request.path for one in sandbox.log}
    assert ("/api/graphql" if base else "/graphql") in paths
    assert all(path.startswith(("/api/", base)) for path in paths)
    connector.close()
