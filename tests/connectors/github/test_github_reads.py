"""Fresh reads: what an issue is, and what it means when it isn't there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from github_direct import HOME, State, asked, connect, serving
from github_exchanges import violations

from connectors.github.connector import GitHubConnector
from connectors.github.sandbox import LOGIN, GitHubSandbox
from connectors.github.sandbox.books import Access
from syncd.errors import RateLimited, Refused, Transient
from syncd.model import Audience, Author, GoneKind, Item, Ref, Removed, Status
from syncd.testing import Fault, Reply

OTHER = "acme/gadgets"
MANY = 5


@pytest.fixture
def sandbox() -> Iterator[GitHubSandbox]:
    with serving(HOME, OTHER) as sandbox:
        yield sandbox
        assert violations(sandbox.log) == []


@pytest.fixture
def connector(sandbox: GitHubSandbox) -> Iterator[GitHubConnector]:
    connector = connect(sandbox, HOME, OTHER)
    yield connector
    connector.close()


@pytest.fixture(params=["REST", "GraphQL"])
def read(request: pytest.FixtureRequest, sandbox: GitHubSandbox, connector: GitHubConnector) -> Reads:
    return Reads(sandbox, connector, many=request.param == "GraphQL")


class Reads:
    """Reads one issue, alone or among others."""

    def __init__(self, sandbox: GitHubSandbox, connector: GitHubConnector, *, many: bool) -> None:
        self.sandbox, self.connector, self.many = sandbox, connector, many

    def ref(self, key: str) -> Ref:
        return Ref("github", str(self.sandbox.people.id(key)), key)

    def entry(self, ref: Ref) -> object:
        others = [self.ref(self.sandbox.people.make_issue(OTHER)) for _ in range(MANY)] if self.many else []
        found = self.connector.fetch([*others, ref])
        assert set(found) == {ref, *others}
        assert all(isinstance(found[one], Item) for one in others)
        assert any(path == "/graphql" for _, path, _ in asked(self.sandbox)) == self.many
        return found[ref]

    def item(self, ref: Ref) -> Item:
        found = self.entry(ref)
        assert isinstance(found, Item)
        return found


def test_rest_and_graphql_tell_the_same(sandbox: GitHubSandbox, connector: GitHubConnector) -> None:
    people = sandbox.people
    keys = [
        people.make_issue(HOME, body="text", by=by, association=a)
        for by, a in [
            ("dev", "MEMBER"),
            ("visitor", "NONE"),
            (None, "NONE"),
            (LOGIN, "MEMBER"),
            ("helper", "COLLABORATOR"),
        ]
    ]
    people.close(keys[0], "not_planned")
    people.close(keys[1], by="visitor")
    people.close(keys[3], by=LOGIN)
    people.reopen(keys[3])
    people.label(keys[4], "a/b", "p: high %")
    refs = [Ref("github", str(people.id(key)), key) for key in keys]
    many = connector.fetch(refs)
    state = State()
    state.poll(connector)
    for ref in refs:
        alone = connector.fetch([ref])[ref]
        assert alone == many[ref] == state.items[ref]
    by_key = {item.ref.key: item for item in many.values() if isinstance(item, Item)}
    assert [by_key[key].closed_outside for key in keys] == [False, True, False, False, False]
    assert [by_key[key].moved_by for key in keys] == ["dev", "visitor", "", "", ""]
    authors = [text.author for key in keys for text in by_key[key].texts or ()]
    assert authors == [Author.TEAM, Author.OUTSIDE, Author.OUTSIDE, Author.SELF, Author.TEAM]
    assert by_key[keys[3]].status == Status("open", "reopened")
    assert by_key[keys[4]].tags == ("a/b", "p: high %")


@pytest.mark.trap("github", 3)
def test_a_hundred_and_fifty_issues_take_two_calls(sandbox: GitHubSandbox, connector: GitHubConnector) -> None:
    keys = [sandbox.people.make_issue(HOME if i % 2 else OTHER) for i in range(150)]
    state, other = State(HOME), State(OTHER)
    state.poll(connector)
    other.poll(connector)
    before = len(sandbox.log)
    found = connector.fetch([*state.items, *other.items])
    assert {ref.key for ref in found} == set(keys)
    assert len(sandbox.log) - before == 2


@pytest.mark.parametrize(
    "reply",
    [
        Reply(404, {"message": "Not Found"}),
        Reply(405),
        Reply(415),
        Reply(403, {"message": "Resource not accessible by personal access token"}),
        Reply(200, b"<html>not here</html>"),
        Reply(200, {"errors": [{"message": "Expected NAME, actual: (none)"}]}),
        Reply(200, {"message": "hello"}),
    ],
)
def test_a_server_without_graphql_is_asked_for_it_once(
    sandbox: GitHubSandbox, connector: GitHubConnector, reply: Reply
) -> None:
    refs = [Ref("github", str(sandbox.people.id(k)), k) for k in [sandbox.people.make_issue(HOME) for _ in range(4)]]
    sandbox.faults.append(Fault("answer", path="/graphql$", reply=reply))
    for _ in range(2):
        assert all(isinstance(entry, Item) for entry in connector.fetch(refs).values())
    assert sum(path == "/graphql" for _, path, _ in asked(sandbox)) == 1


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (
            Reply(
                200, {"errors": [{"type": "RATE_LIMIT", "message": "API rate limit already exceeded for user ID 1."}]}
            ),
            RateLimited,
        ),
        (Reply(200, {"data": None, "errors": [{"type": "RATE_LIMITED", "message": "later"}]}), RateLimited),
        (
            Reply(502, {"data": None, "errors": [{"message": "Something went wrong while executing your query."}]}),
            Transient,
        ),
        (
            Reply(200, {"data": None, "errors": [{"message": "Something went wrong while executing your query."}]}),
            Transient,
        ),
    ],
)
def test_a_query_that_is_limited_or_breaks_is_not_taken_for_an_old_server(
    sandbox: GitHubSandbox, connector: GitHubConnector, reply: Reply, kind: type[Exception]
) -> None:
    refs = [Ref("github", str(sandbox.people.id(k)), k) for k in [sandbox.people.make_issue(HOME) for _ in range(4)]]
    sandbox.faults.append(Fault("answer", path="/graphql$", reply=reply))
    with pytest.raises(kind):
        connector.fetch(refs)
    assert len(connector.fetch(refs)) == 4
    assert sum(path == "/graphql" for _, path, _ in asked(sandbox)) == 2


# --- moved ---


def test_a_transferred_issue_is_found_where_it_is(sandbox: GitHubSandbox, read: Reads) -> None:
    sandbox.people.make_issue(OTHER)
    old = read.ref(sandbox.people.make_issue(HOME))
    new = read.ref(sandbox.people.transfer(old.key, OTHER))
    item = read.item(old)
    assert (item.ref, item.ref.key, item.formerly) == (new, f"{OTHER}#2", old)


def test_an_issue_transferred_out_of_sight_is_removed_after_a_second_look(sandbox: GitHubSandbox, read: Reads) -> None:
    sandbox.people.make_repo("acme/secret", private=True)
    sandbox.tokens["test-token"] = Access(LOGIN, private=False)
    old = read.ref(sandbox.people.make_issue(HOME))
    sandbox.people.transfer(old.key, "acme/secret")
    assert read.entry(old) == Removed(old, GoneKind.OUT_OF_SIGHT)
    assert sum(path.endswith("/issues/1") for _, path, _ in asked(sandbox)) >= 2


@pytest.mark.trap("github", 9)
def test_one_answer_of_not_found_removes_nothing(sandbox: GitHubSandbox, connector: GitHubConnector) -> None:
    key = sandbox.people.make_issue(HOME)
    ref = Ref("github", str(sandbox.people.id(key)), key)
    sandbox.faults.append(Fault("answer", path="/issues/1$", reply=Reply(404, {"message": "Not Found"})))
    assert isinstance(connector.fetch([ref])[ref], Item)


def test_an_issue_of_a_renamed_repository_keeps_its_identity(sandbox: GitHubSandbox, read: Reads) -> None:
    ref = read.ref(sandbox.people.make_issue(HOME))
    sandbox.people.rename_repo(HOME, "newer/tools")
    item = read.item(ref)
    assert (item.ref, item.ref.key, item.formerly) == (ref, "newer/tools#1", None)


def test_a_name_that_was_given_away_leads_to_no_stranger(sandbox: GitHubSandbox, read: Reads) -> None:
    ref = read.ref(sandbox.people.make_issue(HOME))
    sandbox.people.rename_repo(HOME, "newer/tools")
    sandbox.people.make_repo(HOME)
    sandbox.people.make_issue(HOME, "a stranger's")
    assert isinstance(read.entry(ref), Refused)


# --- gone ---


@pytest.mark.trap("github", 10)
def test_a_deleted_issue_is_removed(sandbox: GitHubSandbox, read: Reads) -> None:
    ref = read.ref(sandbox.people.make_issue(HOME))
    sandbox.people.delete(ref.key)
    assert read.entry(ref) == Removed(ref, GoneKind.DELETED)


@pytest.mark.trap("github", 10)
def test_issues_switched_off_removes_nothing(sandbox: GitHubSandbox, read: Reads) -> None:
    ref = read.ref(sandbox.people.make_issue(HOME))
    sandbox.people.switch_issues(HOME, on=False)
    error = read.entry(ref)
    assert isinstance(error, Transient)
    assert "switched off" in error.what


@pytest.mark.trap("github", 9)
def test_a_repository_out_of_sight_removes_nothing_and_is_looked_at_once(sandbox: GitHubSandbox) -> None:
    refs = [Ref("github", str(sandbox.people.id(k)), k) for k in [sandbox.people.make_issue(HOME) for _ in range(6)]]
    sandbox.tokens["blind"] = Access("other", private=False)
    sandbox.people.set_private(HOME)
    connector = connect(sandbox, token="blind")
    found = connector.fetch(refs)
    assert all(isinstance(entry, Refused) for entry in found.values())
    assert len([one for one in asked(sandbox) if one[1] != "/user"]) == 3
    connector.close()


@pytest.mark.trap("github", 11)
@pytest.mark.parametrize("reason", [None, "completed"])
def test_a_conversion_to_a_discussion_is_no_closing(sandbox: GitHubSandbox, read: Reads, reason: str | None) -> None:
    ref = read.ref(sandbox.people.make_issue(HOME))
    sandbox.people.convert_to_discussion(ref.key, reason=reason)
    found = read.entry(ref)
    assert isinstance(found, Removed)
    assert found.kind is GoneKind.CONVERTED


@pytest.mark.parametrize("history", ["timeline", "events"])
def test_either_history_tells_of_a_conversion(sandbox: GitHubSandbox, connector: GitHubConnector, history: str) -> None:
    key = sandbox.people.make_issue(HOME)
    sandbox.people.convert_to_discussion(key)
    missing = "events" if history == "timeline" else "timeline"
    sandbox.faults.append(Fault("answer", path=f"/{missing}$", times=9, reply=Reply(404, {"message": "Not Found"})))
    ref = Ref("github", str(sandbox.people.id(key)), key)
    assert isinstance(connector.fetch([ref])[ref], Removed)


def test_a_closing_is_looked_at_once(sandbox: GitHubSandbox, connector: GitHubConnector) -> None:
    key = sandbox.people.make_issue(HOME)
    sandbox.people.close(key)
    ref = Ref("github", str(sandbox.people.id(key)), key)
    for _ in range(3):
        assert isinstance(connector.fetch([ref])[ref], Item)
    assert sum(path.endswith("/timeline") for _, path, _ in asked(sandbox)) == 1


def test_closings_in_bulk_without_graphql_cost_no_more_than_one_call_each(
    sandbox: GitHubSandbox, connector: GitHubConnector
) -> None:
    sandbox.graphql = False
    keys = [sandbox.people.make_issue(HOME) for _ in range(10)]
    for key in keys:
        sandbox.people.close(key)
    sandbox.people.convert_to_discussion(keys[4], reason="completed")
    refs = [Ref("github", str(sandbox.people.id(key)), key) for key in keys]
    found = connector.fetch(refs)
    assert [isinstance(found[ref], Removed) for ref in refs] == [i == 4 for i in range(10)]
    assert sum(path.endswith("/timeline") for _, path, _ in asked(sandbox)) == 1


@pytest.mark.trap("github", 11)
def test_a_duplicate_names_its_canonical_issue(sandbox: GitHubSandbox, connector: GitHubConnector) -> None:
    keys = [sandbox.people.make_issue(HOME) for _ in range(3)]
    sandbox.people.close(keys[2], "duplicate", duplicate_of=keys[0])
    refs = [Ref("github", str(sandbox.people.id(key)), key) for key in keys]
    item = connector.fetch(refs)[refs[2]]
    assert isinstance(item, Item)
    assert item.status == Status("closed", "duplicate")
    assert item.duplicate_of == refs[0]


# --- who can see it ---


def test_only_a_private_repository_is_private(sandbox: GitHubSandbox, connector: GitHubConnector) -> None:
    sandbox.people.set_private(OTHER)
    refs = [Ref("github", str(sandbox.people.id(k)), k) for k in map(sandbox.people.make_issue, [HOME, OTHER])]
    for found in (connector.fetch(refs), {**connector.fetch(refs[:1]), **connector.fetch(refs[1:])}):
        shown = [entry.audience for entry in found.values() if isinstance(entry, Item)]
        assert shown == [Audience.PUBLIC, Audience.PRIVATE]


def test_a_repository_that_turns_public_is_noticed(sandbox: GitHubSandbox, connector: GitHubConnector) -> None:
    sandbox.people.set_private(HOME)
    key = sandbox.people.make_issue(HOME)
    ref = Ref("github", str(sandbox.people.id(key)), key)
    assert connector.audience(HOME) is Audience.PRIVATE
    sandbox.people.set_private(HOME, private=False)
    connector.clock.sleep(601)
    found = connector.fetch([ref])[ref]
    assert isinstance(found, Item)
    assert found.audience is Audience.PUBLIC


# --- one failing issue ---


def test_one_failing_issue_spoils_no_other(sandbox: GitHubSandbox, connector: GitHubConnector) -> None:
    sandbox.graphql = False
    refs = [Ref("github", str(sandbox.people.id(k)), k) for k in [sandbox.people.make_issue(HOME) for _ in range(4)]]
    sandbox.faults.append(Fault("answer", path="/issues/2$", times=9))
    found = connector.fetch(refs)
    assert [type(entry) for entry in found.values()] == [Item, Transient, Item, Item]


def test_a_ref_without_a_key_is_refused(connector: GitHubConnector) -> None:
    assert isinstance(connector.fetch([Ref("github", "1")])[Ref("github", "1")], Refused)


@pytest.mark.parametrize("kind", ["User", "Bot"])
def test_a_bots_comment_is_known(sandbox: GitHubSandbox, connector: GitHubConnector, kind: str) -> None:
    key = sandbox.people.make_issue(HOME, "An issue", "")
    sandbox.people.comment(key, "the build has failed", by="ci")
    sandbox.books.accounts["ci"] = replace(sandbox.books.accounts["ci"], type=kind)
    ref = connector.resolve(key)
    assert ref is not None
    (said,) = connector.comments(ref, datetime(2020, 1, 1, tzinfo=UTC))
    assert (said.body, said.automatic) == ("the build has failed", kind == "Bot")
