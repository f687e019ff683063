"""What is filed, with what, and what stands in the way: told before anything is made, or noticed in the answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from github_direct import HOME, asked, connect, serving
from github_exchanges import violations

from connectors.github.connector import GitHubConnector
from connectors.github.repositories import LOST_SECONDS
from connectors.github.sandbox import LOGIN, GitHubSandbox
from connectors.github.sandbox.books import Access
from connectors.github.sandbox.shapes import error
from syncd.actions import Action, Draft, Note
from syncd.daemon.guarded import Guarded
from syncd.errors import Busy, Refused
from syncd.model import Audience, Ref, Status
from syncd.testing import Fault, Reply

MARKER = "syncd:v1:01JD3Z8QK4W7M2N5P9R1S3T6VX:0123456789abcdef0123"
DRAFT = Draft(HOME, "T", "B", MARKER)
FULL = replace(DRAFT, labels=("ce/p1", "team/search"), assignees=("dev",), type="Bug")


@pytest.fixture
def sandbox() -> Iterator[GitHubSandbox]:
    with serving() as sandbox:
        sandbox.people.make_label(HOME, "ce/p1", "team/search")
        sandbox.people.make_type("acme", "Bug")
        sandbox.people.make_type("acme", "Old", on=False)
        sandbox.people.make_member("dev")
        yield sandbox
        assert violations(sandbox.log) == []


@pytest.fixture
def connector(sandbox: GitHubSandbox) -> Iterator[GitHubConnector]:
    connector = connect(sandbox)
    yield connector
    connector.close()


def posts(sandbox: GitHubSandbox) -> int:
    return sum(verb == "POST" for verb, _, _ in asked(sandbox))


def refused(connector: GitHubConnector, draft: Draft) -> str:
    with pytest.raises(Refused) as caught:
        connector.create(draft)
    assert not caught.value.doubt
    return caught.value.what


def test_a_filed_issue_has_what_its_draft_says(sandbox: GitHubSandbox, connector: GitHubConnector) -> None:
    made = connector.create(replace(FULL, title="A\ntitle " + "x" * 300))
    assert made.aside is None
    assert made.item.tags == FULL.labels
    assert made.item.assignees == ("dev",)
    now = sandbox.books.by_id[int(made.item.ref.id)].now
    assert (now.labels, now.assignees, now.type) == (FULL.labels, ("dev",), "Bug")
    assert now.body == f"<!-- {MARKER} -->\nB"
    assert len(now.title) == 256
    assert "\n" not in now.title
    assert posts(sandbox) == 1


def test_the_second_of_a_kind_costs_one_look_and_one_request(
    sandbox: GitHubSandbox, connector: GitHubConnector
) -> None:
    connector.create(FULL)
    before = len(sandbox.log)
    connector.create(FULL)
    assert [verb for verb, _, _ in asked(sandbox)[before:]] == ["GET", "POST"]


@pytest.mark.trap("github", 13)
@pytest.mark.parametrize("wish", [{"labels": ("ce/p1",)}, {"assignees": ("dev",)}, {"type": "Bug"}])
def test_without_the_right_to_push_nothing_is_filed_that_would_lose_half(
    sandbox: GitHubSandbox, wish: dict[str, Any]
) -> None:
    sandbox.tokens["weak"] = Access("visitor", push=False)
    connector = connect(sandbox, token="weak")
    assert "may not push" in refused(connector, replace(DRAFT, **wish))
    assert sandbox.people.issues() == []
    assert connector.create(DRAFT).aside is None
    connector.close()


@pytest.mark.trap("github", 13)
def test_what_github_leaves_out_without_a_word_is_told(sandbox: GitHubSandbox, connector: GitHubConnector) -> None:
    connector.repositories.get(HOME)
    sandbox.people.install_app("acme")
    sandbox.tokens["test-token"] = Access(LOGIN, push=False, triage=True)
    made = connector.create(FULL)
    assert isinstance(made.aside, Refused)
    assert "without the type 'Bug'" in made.aside.what
    sandbox.drops_assignees = True
    sandbox.tokens["test-token"] = Access(LOGIN)
    connector.create(FULL)
    sandbox.books.visitors.add("dev")
    made = connector.create(FULL)
    assert isinstance(made.aside, Refused)
    assert "without the assignee 'dev'" in made.aside.what
    assert made.item.assignees == ()
    assert len(sandbox.people.issues()) == 3


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        ({"labels": ("bug", "team/none")}, "no label 'team/none' in acme/widgets. Make it there"),
        ({"type": "Epic"}, "no issue type 'Epic' in the organisation"),
        ({"type": "Old"}, "no issue type 'Old' in the organisation"),
        ({"assignees": ("nobody-at-all",)}, "'nobody-at-all' can't be assigned"),
        ({"assignees": tuple(f"dev{i}" for i in range(11))}, "10 assignees at most"),
        ({"fields": {"Severity": "1"}}, "no field 'Severity'"),
        ({"place": "acme/unknown"}, "isn't one of those configured"),
    ],
)
def test_what_is_not_there_is_named_with_its_cure_and_nothing_is_made(
    sandbox: GitHubSandbox, connector: GitHubConnector, wish: dict[str, Any], words: str
) -> None:
    (repo,) = sandbox.books.repos.values()
    labels = dict(repo.labels)
    assert words in refused(connector, replace(DRAFT, **wish))
    assert posts(sandbox) == 0
    (problem,) = connector.check_filing([replace(DRAFT, **wish)], [])
    assert problem.cure
    assert repo.labels == labels


def test_a_new_customer_s_label_is_made_with_the_issue(sandbox: GitHubSandbox, connector: GitHubConnector) -> None:
    draft = replace(DRAFT, labels=("ce/p1", "customer/new"), new_labels=("customer/new",))
    assert not connector.check_filing([draft], [])
    assert connector.create(draft).item.tags == ("ce/p1", "customer/new")
    (repo,) = sandbox.books.repos.values()
    assert "customer/new" in repo.labels


def test_who_may_not_make_labels_is_told_without_the_customer_s_name(sandbox: GitHubSandbox) -> None:
    sandbox.tokens["weak"] = Access("visitor", push=False, triage=True)
    connector = connect(sandbox, token="weak")
    draft = replace(DRAFT, labels=("ce/p1", "customer/new"), new_labels=("customer/new",))
    said = refused(connector, draft)
    assert "the token may not make it. Give the token's owner write access" in said
    assert "customer/new" not in said
    assert len(connector.check_filing([draft], [])) == 1
    assert posts(sandbox) == 0
    sandbox.people.make_label(HOME, "customer/new")
    assert connector.create(draft).item.tags == draft.labels
    connector.close()


def test_a_new_label_that_was_left_out_is_told_without_its_name(
    sandbox: GitHubSandbox, connector: GitHubConnector
) -> None:
    connector.repositories.get(HOME)
    sandbox.people.install_app("acme")
    sandbox.tokens["test-token"] = Access(LOGIN, push=False)
    connector.api.credential.writes_by_role = False  # an app, of whose rights nothing is told
    made = connector.create(replace(DRAFT, labels=("customer/new",), new_labels=("customer/new",)))
    assert made.aside is not None
    assert "without a new label" in str(made.aside)


def test_a_label_that_was_made_since_is_found(sandbox: GitHubSandbox, connector: GitHubConnector) -> None:
    draft = replace(DRAFT, labels=("customer/example",))
    refused(connector, draft)
    sandbox.people.make_label(HOME, "Customer/Example")
    assert connector.create(draft).item.tags == ("Customer/Example",)


def test_a_label_behind_hundreds_of_others_is_found(sandbox: GitHubSandbox, connector: GitHubConnector) -> None:
    sandbox.people.make_label(HOME, *(f"customer/{i}" for i in range(250)))
    assert connector.create(replace(DRAFT, labels=("customer/249",))).aside is None


def test_where_nobody_tells_which_types_there_are_github_decides(
    sandbox: GitHubSandbox, connector: GitHubConnector
) -> None:
    sandbox.shows_types = False
    assert connector.create(FULL).aside is None
    assert "type invalid" in refused(connector, replace(DRAFT, type="Epic"))
    sandbox.books.accounts["acme"] = replace(sandbox.books.accounts["acme"], type="User")
    assert "belongs to a user" in refused(connector, FULL)


@pytest.mark.parametrize(
    ("event", "words"),
    [("off", "switched off there. Switch them on"), ("archive", "archived")],
)
@pytest.mark.parametrize("known", [True, False])
def test_where_nothing_can_be_filed_that_is_said(
    sandbox: GitHubSandbox, connector: GitHubConnector, event: str, words: str, known: bool
) -> None:
    if known:
        connector.repositories.get(HOME)
    if event == "off":
        sandbox.people.switch_issues(HOME, on=False)
    else:
        sandbox.people.archive(HOME)
    assert words in refused(connector, DRAFT)
    assert sandbox.people.issues() == []
    assert posts(sandbox) == 0


@pytest.mark.trap("github", 9)
@pytest.mark.parametrize("asks", [lambda one: one.audience(HOME), lambda one: one.create(DRAFT)])
def test_a_repository_that_is_missing_for_a_moment_is_tried_again_and_one_that_stays_missing_is_told(
    sandbox: GitHubSandbox, connector: GitHubConnector, asks: Callable[[GitHubConnector], object]
) -> None:
    clock: Any = connector.clock
    connector.repositories.get(HOME)
    sandbox.people.set_private(HOME)
    sandbox.tokens["test-token"] = Access(LOGIN, private=False)
    for _ in range(3):
        with pytest.raises(Busy, match="cannot see repository") as caught:
            asks(connector)
        assert not caught.value.doubt
        clock.advance(LOST_SECONDS / 4)
    clock.advance(LOST_SECONDS / 4)
    with pytest.raises(Refused, match="cannot see repository"):
        asks(connector)
    sandbox.tokens["test-token"] = Access(LOGIN)
    asks(connector)
    sandbox.tokens["test-token"] = Access(LOGIN, private=False)
    with pytest.raises(Busy):
        asks(connector)


def test_a_repository_that_is_missing_for_a_moment_holds_up_no_other(sandbox: GitHubSandbox) -> None:
    sandbox.people.make_repo("acme/gadgets")
    connector = connect(sandbox, HOME, "acme/gadgets")
    guarded = Guarded(connector, connector.clock)
    sandbox.people.set_private(HOME)
    sandbox.tokens["test-token"] = Access(LOGIN, private=False)
    for _ in range(10):
        with pytest.raises(Busy):
            guarded.audience(HOME)
    assert guarded.standing[0] == "ok"
    assert guarded.audience("acme/gadgets") is Audience.PUBLIC
    guarded.create(replace(DRAFT, place="acme/gadgets"))
    (key,) = sandbox.people.issues()
    missing, there = Ref("github", "1", f"{HOME}#1"), Ref("github", str(sandbox.people.id(key)), key)
    note = Note("e1", "between us", MARKER, audience=Audience.PRIVATE)
    outcomes = list(guarded.apply([Action(one, Status("closed"), notes=(note,)) for one in (missing, missing, there)]))
    assert [type(one.notes[0].error) for one in outcomes] == [Busy, Busy, Refused]
    assert sandbox.people.status(key)[0] == "closed"
    guarded.close()


def test_an_issue_that_is_answered_with_not_found_is_tried_again_and_told_once_that_lasts(
    sandbox: GitHubSandbox, connector: GitHubConnector
) -> None:
    clock: Any = connector.clock
    gone = Fault("answer", "POST", "/issues$", times=3, reply=Reply(404, error("Not Found", 404)))
    sandbox.faults.append(gone)
    with pytest.raises(Busy, match="isn't there"):
        connector.create(DRAFT)
    clock.advance(LOST_SECONDS)
    assert "isn't there" in refused(connector, DRAFT)
    clock.advance(LOST_SECONDS)
    gone.times = 0
    connector.create(DRAFT)
    gone.times = 1
    with pytest.raises(Busy, match="isn't there"):
        connector.create(DRAFT)
    assert len(sandbox.people.issues()) == 1


@pytest.mark.parametrize("seconds", [0, 30, 3600])
def test_a_repository_that_turned_public_is_seen_at_once(
    sandbox: GitHubSandbox, connector: GitHubConnector, seconds: float
) -> None:
    sandbox.people.set_private(HOME)
    assert connector.audience(HOME) is Audience.PRIVATE
    sandbox.advance(seconds)
    sandbox.people.set_private(HOME, private=False)
    assert connector.audience(HOME) is Audience.PUBLIC
    before = len(sandbox.log)
    assert "everybody can read there" in refused(connector, replace(DRAFT, audience=Audience.PRIVATE))
    assert [verb for verb, _, _ in asked(sandbox)[before:]] == ["GET"]
    assert sandbox.people.issues() == []


@pytest.mark.parametrize("look", ["/labels$", "/issue-types$", "/assignees/"])
def test_a_repository_that_turns_public_while_names_are_looked_up_gets_nothing_private(
    sandbox: GitHubSandbox, connector: GitHubConnector, look: str
) -> None:
    sandbox.people.set_private(HOME)
    sandbox.faults.append(Fault("before", "GET", look, hook=lambda: sandbox.people.set_private(HOME, private=False)))
    assert "everybody can read there" in refused(connector, replace(FULL, audience=Audience.PRIVATE))
    assert (posts(sandbox), sandbox.people.issues()) == (0, [])


def test_nothing_is_waited_for_between_the_last_look_and_the_write(sandbox: GitHubSandbox) -> None:
    connector = connect(sandbox)
    clock: Any = connector.clock
    sandbox.people.set_private(HOME)
    connector.create(replace(DRAFT, audience=Audience.PRIVATE))
    asleep = clock.sleep

    def opens(seconds: float) -> bool:
        sandbox.people.set_private(HOME, private=False)
        return bool(asleep(seconds))

    clock.sleep = opens
    connector.write_interval = 1.0
    with pytest.raises(Refused, match="everybody can read there"):
        connector.create(replace(DRAFT, audience=Audience.PRIVATE))
    assert len(sandbox.people.issues()) == 1
    connector.close()


def test_a_repository_that_was_renamed_is_filed_in(sandbox: GitHubSandbox, connector: GitHubConnector) -> None:
    sandbox.people.rename_repo(HOME, "acme/new")
    made = connector.create(FULL)
    assert made.item.ref.key == "acme/new#1"
    assert made.aside is None
    assert connector.audience(HOME) is Audience.PUBLIC


def test_check_tells_each_problem_once(sandbox: GitHubSandbox, connector: GitHubConnector) -> None:
    drafts = [replace(DRAFT, labels=("none", "ce/p1")), replace(FULL, labels=("none", "bug")), FULL]
    assert [one.what for one in connector.check_filing(drafts, [])] == ["there is no label 'none' in acme/widgets"]
    assert posts(sandbox) == 0
