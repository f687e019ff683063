"""Issues on boards: put there once, never against what a person or an automation has set."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
from github_direct import HOME, connect, serving
from github_exchanges import violations

from connectors.github.connector import GitHubConnector
from connectors.github.sandbox import LOGIN, TOKEN, GitHubSandbox
from connectors.github.sandbox.books import Access
from syncd.actions import Board
from syncd.errors import ConnectorError, RateLimited, Refused, Transient, Unauthorized
from syncd.model import Audience, Ref
from syncd.testing import Fault, Reply

FIELDS = {"Type": ("support", "defect"), "Impact": ("Critical", "High"), "Note": ()}


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


def make(sandbox: GitHubSandbox) -> tuple[Ref, str]:
    key = sandbox.people.make_issue(HOME)
    return Ref("github", str(sandbox.people.id(key)), key), sandbox.people.make_board("acme", FIELDS)


def put(connector: GitHubConnector, ref: Ref, *boards: Board) -> list[ConnectorError | None]:
    return list(connector.board(ref, boards))


def queries(sandbox: GitHubSandbox) -> list[str]:
    """What was asked of the query interface, by the first word."""
    sent = (json.loads(one.request.body)["query"] for one in sandbox.log if one.request.path.endswith("/graphql"))
    return [query.split("(")[0].strip() for query in sent]


def test_an_issue_costs_two_queries_and_two_mutations_and_later_none_to_set(
    sandbox: GitHubSandbox, connector: GitHubConnector
) -> None:
    ref, board = make(sandbox)
    row = Board(board, {"type": "Support", "impact": "critical", "Note": "x"})
    assert put(connector, ref, row) == [None]
    assert queries(sandbox) == ["query", "query", "mutation", "mutation"]
    assert sandbox.people.on_board(board, ref.key) == {"Type": "support", "Impact": "Critical", "Note": "x"}
    assert put(connector, ref, row) == [None]
    assert queries(sandbox)[4:] == ["query", "query", "mutation"]


def test_what_the_automation_set_meanwhile_is_left_alone(sandbox: GitHubSandbox, connector: GitHubConnector) -> None:
    ref, board = make(sandbox)
    sandbox.people.set_on_board(board, ref.key, "Impact", "High")
    assert put(connector, ref, Board(board, {"Impact": "Critical", "Type": "support"})) == [None]
    assert sandbox.people.on_board(board, ref.key) == {"Impact": "High", "Type": "support"}


@pytest.mark.parametrize("as_app", [True, False])
def test_a_token_that_may_not_is_told_what_it_needs(
    sandbox: GitHubSandbox, connector: GitHubConnector, as_app: bool
) -> None:
    ref, board = make(sandbox)
    access = Access(LOGIN, boards=False, owner="acme" if as_app else "")
    sandbox.tokens[TOKEN] = access
    (error,) = put(connector, ref, Board(board))
    assert isinstance(error, Refused)
    assert "scope project" in error.what
    (problem,) = connector.check_filing([], [Board(board)])
    assert problem.where == f"github: {board}"
    assert sandbox.people.on_board(board, ref.key) is None
    sandbox.tokens[TOKEN] = replace(access, boards=True)
    assert put(connector, ref, Board(board)) == [None]


def test_an_issue_that_boards_do_not_know_yet_is_put_there_later(
    sandbox: GitHubSandbox, connector: GitHubConnector
) -> None:
    sandbox.books.boards_lag = 10
    ref, board = make(sandbox)
    (error,) = put(connector, ref, Board(board, {"Type": "support"}))
    assert isinstance(error, Transient)
    assert error.retry_after
    sandbox.advance(11)
    assert put(connector, ref, Board(board, {"Type": "support"})) == [None]
    assert sandbox.people.on_board(board, ref.key) == {"Type": "support"}


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply(401, {"message": "Bad credentials"}), Unauthorized),
        (Reply(502, b"<html>"), Transient),
        (Reply(200, {"errors": [{"type": "RATE_LIMIT", "message": "API rate limit already exceeded"}]}), RateLimited),
        (Reply(403, {"message": "Resource not accessible by integration"}), Refused),
        (Reply(404, {"message": "Not Found"}), Refused),
    ],
)
@pytest.mark.parametrize("skip", [0, 2, 3])
def test_whatever_goes_wrong_is_one_of_our_errors_and_may_be_repeated(
    sandbox: GitHubSandbox, connector: GitHubConnector, reply: Reply, kind: type[ConnectorError], skip: int
) -> None:
    ref, board = make(sandbox)
    sandbox.faults.append(Fault("answer", path="/graphql$", skip=skip, reply=reply))
    (error,) = put(connector, ref, Board(board, {"Type": "support"}))
    assert isinstance(error, kind)
    assert put(connector, ref, Board(board, {"Type": "support"})) == [None]
    assert sandbox.people.on_board(board, ref.key) == {"Type": "support"}


SECRET = "Kanarienvogel"


@pytest.mark.parametrize("skip", [0, 1])
def test_a_board_that_turns_public_on_the_way_gets_nothing_private(
    sandbox: GitHubSandbox, connector: GitHubConnector, skip: int
) -> None:
    ref, board = make(sandbox)
    project = next(iter(sandbox.books.boards.values()))

    def opens() -> None:
        project.public = True

    sandbox.faults.append(Fault("before", path="/graphql$", skip=2 * skip, hook=opens))
    (error,) = put(connector, ref, Board(board, {"Note": SECRET}, Audience.PRIVATE))
    assert isinstance(error, Refused)
    assert "everybody can read the board" in error.what
    assert not any(SECRET.encode() in one.request.body for one in sandbox.log)


def test_an_error_quotes_what_the_playbook_says_and_nothing_of_a_ticket(
    sandbox: GitHubSandbox, connector: GitHubConnector
) -> None:
    ref, board = make(sandbox)
    (error,) = put(connector, ref, Board(board, {"Type": SECRET}))
    assert "has no option 'Kanarienvogel'" in str(error)
    (error,) = put(connector, ref, Board(board, {"Type": SECRET}, Audience.PRIVATE))
    assert "'Type' has no option" in str(error)
    assert SECRET not in str(error)


@pytest.mark.parametrize("name", ["acme", "acme/x", "/4", "nobody/4"])
def test_a_name_that_names_no_board_is_refused(sandbox: GitHubSandbox, connector: GitHubConnector, name: str) -> None:
    ref, _ = make(sandbox)
    (error,) = put(connector, ref, Board(name))
    assert isinstance(error, Refused)


def test_a_number_is_set_as_a_number(sandbox: GitHubSandbox, connector: GitHubConnector) -> None:
    ref, board = make(sandbox)
    project = next(iter(sandbox.books.boards.values()))
    project.fields["Size"] = replace(project.fields["Note"], id="PVTF_size", name="Size", kind="NUMBER")
    project.fields["Sprint"] = replace(project.fields["Note"], id="PVTF_sprint", name="Sprint", kind="ITERATION")
    assert put(connector, ref, Board(board, {"Size": "7"})) == [None]
    assert next(iter(project.items.values())) == {"Size": 7.0}
    for fields in ({"Size": "big"}, {"Sprint": "1"}):
        (error,) = put(connector, ref, Board(board, fields))
        assert isinstance(error, Refused)
