"""What is written, how often, and what is said when it goes wrong."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pytest
from github_direct import HOME, START, State, asked, connect, serving, told
from github_exchanges import violations
from hypothesis import given
from hypothesis import strategies as st

from connectors.github.connector import GitHubConnector
from connectors.github.repositories import LOOK_HOLDS
from connectors.github.sandbox import LOGIN, GitHubSandbox
from connectors.github.sandbox.books import LONGEST, MOST_COMMENTS, Access
from connectors.github.writes import MAX_BODY, marked
from syncd.actions import Action, Note, Outcome
from syncd.clock import ManualClock
from syncd.errors import ConnectorError, Gone, RateLimited, Refused, Transient, Unauthorized
from syncd.model import Audience, Item, Ref, Status
from syncd.testing import Fault, Reply

MARKER = "syncd:v1:01JD3Z8QK4W7M2N5P9R1S3T6VX:0123456789abcdef0123"
DONE = Status("closed", "completed")


@pytest.fixture
def sandbox() -> Iterator[GitHubSandbox]:
    with serving() as sandbox:
        yield sandbox
        assert violations(sandbox.log) == []


@pytest.fixture
def connector(sandbox: GitHubSandbox) -> Iterator[GitHubConnector]:
    connector = connect(sandbox)
    yield connector
    connector.close()


def make(sandbox: GitHubSandbox, count: int = 1) -> list[Ref]:
    keys = [sandbox.people.make_issue(HOME) for _ in range(count)]
    return [Ref("github", str(sandbox.people.id(key)), key) for key in keys]


def write(connector: GitHubConnector, *actions: Action) -> list[Outcome]:
    return list(connector.apply(actions))


def note(body: str = "filed", effect: str = "e1") -> Note:
    return Note(effect, body, MARKER)


# --- states ---


@pytest.mark.trap("github", 11)
@pytest.mark.parametrize("wanted", [DONE, Status("closed", "not_planned"), Status("closed", "duplicate")])
def test_a_close_keeps_its_reason_and_a_reopening_undoes_it(
    sandbox: GitHubSandbox, connector: GitHubConnector, wanted: Status
) -> None:
    (ref,) = make(sandbox)
    assert write(connector, Action(ref, wanted))[0].status == wanted
    assert sandbox.people.status(ref.key) == (wanted.native, wanted.reason)
    assert write(connector, Action(ref, Status("open")))[0].status == Status("open", "reopened")
    assert sandbox.people.status(ref.key) == ("open", "reopened")


@pytest.mark.trap("github", 12)
def test_our_own_writes_are_told_by_nobody_as_newer(sandbox: GitHubSandbox, connector: GitHubConnector) -> None:
    (ref,) = make(sandbox)
    state = State()
    state.poll(connector)
    sandbox.advance(100)
    (outcome,) = write(connector, Action(ref, DONE, notes=(note(),)))
    assert told(state.poll(connector)) == [ref.key]
    assert state.items[ref].version == outcome.version
    assert state.items[ref].moved_by == LOGIN


def test_writes_are_a_second_apart(sandbox: GitHubSandbox, connector: GitHubConnector) -> None:
    connector.write_interval = 1.0
    refs = make(sandbox, 3)
    clock = connector.clock
    assert isinstance(clock, ManualClock)
    write(connector, *(Action(ref, DONE, notes=(note(),)) for ref in refs))
    assert clock.slept == [1.0] * 5


def test_a_stop_ends_the_pause_and_nothing_more_is_sent(sandbox: GitHubSandbox, connector: GitHubConnector) -> None:
    connector.write_interval = 1.0
    connector.writer.api.clock = Stopped(START)
    refs = make(sandbox, 3)
    outcomes = write(connector, *(Action(ref, DONE) for ref in refs))
    assert [outcome.error is None for outcome in outcomes] == [True, False, False]
    assert all(isinstance(outcome.error, Transient) and not outcome.error.doubt for outcome in outcomes[1:])
    assert [sandbox.people.status(ref.key)[0] for ref in refs] == ["closed", "open", "open"]


class Stopped(ManualClock):
    def sleep(self, seconds: float) -> bool:
        return True


# --- refusals, each in plain words ---


def test_a_locked_issue_refuses_the_comment_and_takes_the_state(sandbox: GitHubSandbox) -> None:
    sandbox.tokens["weak"] = Access("dev", push=False)
    (ref,) = make(sandbox)
    sandbox.people.lock(ref.key)
    connector = connect(sandbox, token="weak")
    (outcome,) = write(connector, Action(ref, DONE, notes=(note(),)))
    assert isinstance(outcome.notes[0].error, Refused)
    assert "locked" in str(outcome.notes[0].error)
    assert outcome.status == DONE
    connector.close()


def test_an_issue_with_2500_comments_takes_no_more(sandbox: GitHubSandbox, connector: GitHubConnector) -> None:
    (ref,) = make(sandbox)
    issue = sandbox.books.by_id[int(ref.id)]
    issue.comments = [sandbox.books.comment(issue, "x", LOGIN, "MEMBER")] * MOST_COMMENTS
    (outcome,) = write(connector, Action(ref, notes=(note(),)))
    assert "2500" in str(outcome.notes[0].error)


def test_an_archived_repository_is_read_only(sandbox: GitHubSandbox, connector: GitHubConnector) -> None:
    (ref,) = make(sandbox)
    sandbox.people.archive(HOME)
    (outcome,) = write(connector, Action(ref, DONE))
    assert isinstance(outcome.error, Refused)
    assert "archived" in str(outcome.error)


def test_without_rights_a_state_is_refused(sandbox: GitHubSandbox) -> None:
    sandbox.tokens["weak"] = Access("visitor", push=False)
    (ref,) = make(sandbox)
    connector = connect(sandbox, token="weak")
    (outcome,) = write(connector, Action(ref, DONE))
    assert isinstance(outcome.error, Refused)
    assert "right" in str(outcome.error)
    connector.close()


def test_an_issue_that_is_gone_says_so(sandbox: GitHubSandbox, connector: GitHubConnector) -> None:
    (ref,) = make(sandbox)
    sandbox.people.delete(ref.key)
    (outcome,) = write(connector, Action(ref, DONE))
    assert isinstance(outcome.error, Gone)


@pytest.mark.parametrize("event", ["rename", "transfer"])
def test_what_has_moved_is_not_written_to_blindly(
    sandbox: GitHubSandbox, connector: GitHubConnector, event: str
) -> None:
    (ref,) = make(sandbox)
    state = State()
    state.poll(connector)
    if event == "rename":
        sandbox.people.rename_repo(HOME, "newer/tools")
    else:
        sandbox.people.make_repo("acme/gadgets")
        sandbox.people.transfer(ref.key, "acme/gadgets")
    (outcome,) = write(connector, Action(ref, DONE, notes=(note(),)))
    assert isinstance(outcome.error, Transient)
    assert not outcome.error.doubt
    found = connector.fetch([ref])[ref]
    assert not isinstance(found, ConnectorError)
    (outcome,) = write(connector, Action(found.ref, DONE, notes=(note(),)))
    assert outcome.error is None
    issue = sandbox.books.by_id[int(found.ref.id)]
    assert (issue.status_writes, len(issue.comments)) == (1, 1)


# --- doubt ---


@pytest.mark.trap("github", 1)
@pytest.mark.parametrize("kind", ["lost_answer", "commit_then_answer", "truncate"])
def test_a_comment_whose_answer_was_lost_is_in_doubt_stops_the_state_and_is_found(
    sandbox: GitHubSandbox, connector: GitHubConnector, kind: str
) -> None:
    (ref,) = make(sandbox)
    sandbox.faults.append(Fault(kind, method="POST"))
    (outcome,) = write(connector, Action(ref, DONE, notes=(note(),)))
    error = outcome.notes[0].error
    assert isinstance(error, Transient)
    assert error.doubt
    assert isinstance(outcome.error, Transient)
    assert not outcome.error.doubt
    assert sandbox.people.status(ref.key) == ("open", "")
    assert len(sandbox.people.comments(ref.key)) == 1
    assert connector.find(MARKER, ref, START)


def test_a_port_that_is_shut_leaves_no_doubt(sandbox: GitHubSandbox) -> None:
    (ref,) = make(sandbox)
    connector = connect(sandbox)
    connector.api.origin = "http://127.0.0.1:9"
    connector.session.origin = "http://127.0.0.1:9"
    (outcome,) = write(connector, Action(ref, DONE))
    assert isinstance(outcome.error, Transient)
    assert not outcome.error.doubt
    connector.close()


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply(401, {"message": "Bad credentials"}), Unauthorized),
        (Reply(429, {"message": "slow"}, {"Retry-After": "9"}), RateLimited),
        (Reply(403, {"message": "You have exceeded a secondary rate limit. Please wait"}), RateLimited),
    ],
)
def test_what_concerns_the_account_stops_the_rest_untouched(
    sandbox: GitHubSandbox, connector: GitHubConnector, reply: Reply, kind: type[ConnectorError]
) -> None:
    refs = make(sandbox, 3)
    sandbox.faults.append(Fault("answer", method="PATCH|POST", skip=1, reply=reply))
    outcomes = write(connector, *(Action(ref, DONE) for ref in refs))
    assert [type(outcome.error) for outcome in outcomes] == [type(None), kind, kind]
    assert sum(verb == "PATCH" for verb, _, _ in asked(sandbox)) == 2
    assert [sandbox.people.status(ref.key)[0] for ref in refs] == ["closed", "open", "open"]


def test_one_outage_stops_nobody_two_in_a_row_do(sandbox: GitHubSandbox, connector: GitHubConnector) -> None:
    refs = make(sandbox, 6)
    sandbox.faults += [Fault("answer", path="/issues/2$"), Fault("answer", path="/issues/[45]$", times=2)]
    outcomes = write(connector, *(Action(ref, DONE) for ref in refs))
    assert [outcome.error is None for outcome in outcomes] == [True, False, True, False, False, False]
    assert isinstance(outcomes[-1].error, Transient)
    assert not outcomes[-1].error.doubt
    assert sum(verb == "PATCH" for verb, _, _ in asked(sandbox)) == 5


# --- comments for the team alone ---


def private(effect: str = "e1") -> Note:
    return Note(effect, "between us", MARKER, audience=Audience.PRIVATE)


def test_comments_for_the_team_that_follow_one_another_cost_one_look_for_each_repository(
    sandbox: GitHubSandbox, connector: GitHubConnector
) -> None:
    sandbox.people.set_private(HOME)
    refs = make(sandbox, 20)
    before = len(sandbox.log)
    for ref in refs:  # each in a call of its own, as groups are written
        (outcome,) = write(connector, Action(ref, notes=(private(),)))
        assert outcome.notes[0].error is None
    assert [verb for verb, _, _ in asked(sandbox)[before:]] == ["GET", *["POST"] * 20]


@pytest.mark.parametrize("read", [0, 1, 5])
def test_what_an_older_look_told_does_not_carry_private_words_into_public(
    sandbox: GitHubSandbox, connector: GitHubConnector, read: int
) -> None:
    sandbox.people.set_private(HOME)
    refs = make(sandbox, 5)
    write(connector, Action(refs[0], notes=(private(),)))
    sandbox.people.set_private(HOME, private=False)
    connector.clock.advance(LOOK_HOLDS)  # type: ignore[attr-defined]  # a clock of tests
    for fresh in connector.fetch(refs[:read]).values():
        assert isinstance(fresh, Item)
        assert fresh.audience is Audience.PUBLIC, "of what was private it is asked with each read"
    outcomes = write(connector, *(Action(ref, DONE, notes=(private(),)) for ref in refs))
    assert all(isinstance(one.notes[0].error, Refused) for one in outcomes)
    assert [one.status for one in outcomes] == [DONE] * 5, "a note that isn't left holds up no status"
    assert [len(sandbox.people.comments(ref.key)) for ref in refs] == [1, 0, 0, 0, 0]


@pytest.mark.parametrize("queries", [True, False])
def test_a_change_with_a_comment_for_the_team_costs_one_read_and_two_writes(
    sandbox: GitHubSandbox, connector: GitHubConnector, queries: bool
) -> None:
    sandbox.people.set_private(HOME)
    (ref,) = make(sandbox)
    connector.fetch([ref])
    connector.clock.advance(LOOK_HOLDS)  # type: ignore[attr-defined]  # a clock of tests
    if not queries:
        connector.reader.graphql.available = False  # an older Enterprise Server
    before = len(sandbox.log)
    connector.fetch([ref])
    (outcome,) = write(connector, Action(ref, DONE, notes=(private(),)))
    assert (outcome.status, outcome.notes[0].error) == (DONE, None)
    reads = 1 if queries else 2
    assert len(sandbox.log) - before == reads + 2
    assert [body for _, body in sandbox.people.comments(ref.key)] == [f"<!-- {MARKER} -->\nbetween us"]


def test_nothing_is_waited_for_between_the_look_and_the_comment(
    sandbox: GitHubSandbox, connector: GitHubConnector
) -> None:
    sandbox.people.set_private(HOME)
    first, second = make(sandbox, 2)
    connector.write_interval = LOOK_HOLDS + 1
    write(connector, Action(first, notes=(note(),)))
    clock, asleep = connector.clock, connector.clock.sleep

    def opens(seconds: float) -> bool:
        sandbox.people.set_private(HOME, private=False)
        return asleep(seconds)

    clock.sleep = opens  # type: ignore[method-assign]  # a person acts while it waits
    (outcome,) = write(connector, Action(second, notes=(private(),)))
    assert isinstance(outcome.notes[0].error, Refused)
    assert sandbox.people.comments(second.key) == []


# --- comments of ours that get another text ---


@pytest.mark.parametrize("by", ["dev", "visitor"])
def test_nobody_elses_comment_is_written_over(sandbox: GitHubSandbox, connector: GitHubConnector, by: str) -> None:
    (ref,) = make(sandbox)
    theirs = sandbox.people.comment(ref.key, f"look: {MARKER}", by=by)
    for remote_id, kind in ((str(theirs), Refused), ("12345", Gone)):
        (outcome,) = write(connector, Action(ref, notes=(Note("e1", "ours", MARKER, replaces=remote_id),)))
        assert isinstance(outcome.notes[0].error, kind)
    assert sandbox.people.comments(ref.key) == [(by, f"look: {MARKER}")]
    assert not any(verb == "PATCH" for verb, _, _ in asked(sandbox))


@pytest.mark.parametrize("audience", list(Audience))
def test_what_is_for_the_team_is_not_edited_into_a_comment_that_everybody_reads(
    sandbox: GitHubSandbox, connector: GitHubConnector, audience: Audience
) -> None:
    (ref,) = make(sandbox)
    sandbox.people.set_private(HOME)
    (outcome,) = write(connector, Action(ref, notes=(note(),)))
    again = Note("e2", "later", MARKER, replaces=outcome.notes[0].remote_id, audience=audience)
    # After the core has asked who can read there, and before the comment is looked at.
    opens = partial(sandbox.people.set_private, HOME, private=False)
    sandbox.faults.append(Fault("before", "GET", "/comments/", hook=opens))
    (outcome,) = write(connector, Action(ref, notes=(again,)))
    assert isinstance(outcome.notes[0].error, Refused) is (audience is Audience.PRIVATE)
    assert any("later" in body for _, body in sandbox.people.comments(ref.key)) is (audience is Audience.PUBLIC)


def test_another_text_whose_answer_was_lost_is_in_doubt_and_may_be_sent_again(
    sandbox: GitHubSandbox, connector: GitHubConnector
) -> None:
    (ref,) = make(sandbox)
    (outcome,) = write(connector, Action(ref, notes=(note(),)))
    again = Action(ref, notes=(Note("e2", "later", MARKER, replaces=outcome.notes[0].remote_id),))
    sandbox.faults.append(Fault("lost_answer", method="PATCH"))
    (outcome,) = write(connector, again)
    error = outcome.notes[0].error
    assert isinstance(error, ConnectorError)
    assert error.doubt
    assert write(connector, again)[0].notes[0].error is None
    assert sandbox.people.comments(ref.key) == [(LOGIN, f"<!-- {MARKER} -->\nlater")]


# --- bodies ---


def test_a_body_beyond_the_limit_is_cut_and_taken(sandbox: GitHubSandbox, connector: GitHubConnector) -> None:
    (ref,) = make(sandbox)
    assert write(connector, Action(ref, notes=(note("🙂 line\n" * 20_000),)))[0].error is None
    ((_, body),) = sandbox.people.comments(ref.key)
    assert body.startswith(f"<!-- {MARKER} -->\n")
    assert body.endswith("(cut here: the text was too long)")


@given(st.lists(st.sampled_from(["```\n", "````py\n", "~~~\n", "text\n", "x" * 9000, "\n"]), max_size=60))
def test_a_cut_never_leaves_a_code_block_open(parts: list[str]) -> None:
    body = marked("".join(parts), MARKER)
    assert len(body) <= MAX_BODY < LONGEST
    assert body.startswith(f"<!-- {MARKER} -->\n")
    if body.endswith("too long)"):
        kept = body.rpartition("\n\n(cut")[0]
        fence = ""
        for line in kept.splitlines():
            run = line[: len(line) - len(line.lstrip(line[:1]))] if line[:1] in {"`", "~"} else ""
            if len(run) >= 3 and not fence:
                fence = run
            elif fence and run[:1] == fence[0] and len(run) >= len(fence) and line == run:
                fence = ""
        assert fence == ""
