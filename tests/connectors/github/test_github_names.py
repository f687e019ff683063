"""Keys, addresses, options, statuses, and what `check` finds."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from importlib.resources import files

import pytest
from github_direct import HOME, START, connect, serving
from github_exchanges import violations
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError

from connectors.github.connector import STATUSES, GitHubConnector
from connectors.github.graphql import document
from connectors.github.items import Reading, Row
from connectors.github.options import GitHubOptions, web_origin
from connectors.github.repositories import Facts
from connectors.github.sandbox import LOGIN, GitHubSandbox
from connectors.github.sandbox.books import Access
from connectors.github.urls import Urls, split_key
from syncd.errors import Refused, Unauthorized
from syncd.model import Ref

WEB = "https://github.com"


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


# --- addresses ---

URLS = Urls(
    "https://api.github.com", None, list, lambda name: "Acme/Widgets" if name.lower() == "acme/widgets" else name
)


@pytest.mark.parametrize(
    ("text", "url", "key"),
    [
        (f"see {WEB}/acme/widgets/issues/4.", f"{WEB}/acme/widgets/issues/4", "Acme/Widgets#4"),
        (f"({WEB}/o/r.js/issues/12)", f"{WEB}/o/r.js/issues/12", "o/r.js#12"),
        (f"[x]({WEB}/o/r/issues/12#issuecomment-99)", f"{WEB}/o/r/issues/12#issuecomment-99", "o/r#12"),
        (f"{WEB}/o/r/issues/12?a=b&c=d, and", f"{WEB}/o/r/issues/12?a=b&c=d", "o/r#12"),
        (f"<{WEB}/o/r/issues/12/>", f"{WEB}/o/r/issues/12/", "o/r#12"),
        ("https://redirect.github.com/o/r/issues/1", "https://redirect.github.com/o/r/issues/1", "o/r#1"),
        ("HTTP://x https://www.github.com/o/r/issues/1!", "https://www.github.com/o/r/issues/1", "o/r#1"),
        (f"**{WEB}/o/r/issues/7**", f"{WEB}/o/r/issues/7", "o/r#7"),
        (f"{WEB}/o/r/issues/7?", f"{WEB}/o/r/issues/7", "o/r#7"),
        (f"{WEB}/o/r/issues/7?x=1.", f"{WEB}/o/r/issues/7?x=1", "o/r#7"),
        ("Https://GitHub.com/o/r/issues/7.", "Https://GitHub.com/o/r/issues/7", "o/r#7"),
    ],
)
def test_an_address_is_found_in_a_sentence(text: str, url: str, key: str) -> None:
    (mention,) = URLS.mentions(text)
    assert (text[mention.start : mention.end], mention.key) == (url, key)


@pytest.mark.parametrize(
    "text",
    [
        f"{WEB}/o/r/pull/4",
        f"{WEB}/o/r/issues",
        f"{WEB}/o/r/issues/0",
        f"{WEB}/o/r/issues/4a",
        f"{WEB}/o/r/issues/4/events",
        f"{WEB}/o/r/issues/new",
        f"{WEB}/r/issues/4",
        "https://github.com.evil.example/o/r/issues/4",
        "https://notgithub.com/o/r/issues/4",
        "https://gist.github.com/o/r/issues/4",
        "o/r#4",
    ],
)
def test_what_names_no_issue_here_is_left_alone(text: str) -> None:
    assert URLS.mentions(text) == []


@given(st.text(alphabet="htps:/gitub.comr1#? ().x"), st.integers(1, 10**9), st.text(alphabet=" .,;)x/#?1"))
def test_mentions_lie_where_they_say(before: str, number: int, after: str) -> None:
    text = f"{before} {WEB}/o/r/issues/{number}{after}"
    for mention in URLS.mentions(text):
        assert text[mention.start : mention.end].startswith("https://github.com/")


@pytest.mark.parametrize(
    ("url", "web"),
    [
        ("https://api.github.com", "https://github.com"),
        ("https://ghe.example.org/api/v3", "https://ghe.example.org"),
        ("https://api.corp.ghe.com", "https://corp.ghe.com"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://localhost:8080/api/v3", "http://localhost:8080"),
    ],
)
def test_pages_for_people_are_derived_from_the_api(url: str, web: str) -> None:
    assert web_origin(url) == web


def test_the_origin_that_the_api_names_counts_too(sandbox: GitHubSandbox, connector: GitHubConnector) -> None:
    sandbox.web = WEB
    key = sandbox.people.make_issue(HOME)
    connector.check()
    for origin in (WEB, sandbox.url):
        (mention,) = connector.parse_url(f"{origin}/{HOME.upper()}/issues/1")
        assert mention.key == key


# --- keys ---


def test_a_key_leads_to_an_issue_whatever_its_case(sandbox: GitHubSandbox, connector: GitHubConnector) -> None:
    key = sandbox.people.make_issue(HOME)
    ref = connector.resolve(" ACME/Widgets#1 ")
    assert ref == Ref("github", str(sandbox.people.id(key)))
    assert ref is not None
    assert ref.key == key
    assert len(sandbox.log) == 1


@pytest.mark.parametrize("key", ["17", "acme/widgets#0", "acme/widgets", "widgets#1", "acme/widgets#9", HOME + "#2"])
def test_a_key_of_nothing_leads_nowhere(sandbox: GitHubSandbox, connector: GitHubConnector, key: str) -> None:
    sandbox.people.make_issue(HOME)
    sandbox.people.make_issue(HOME, is_pull=True)
    assert connector.resolve(key) is None


def test_a_key_in_a_foreign_repository_is_refused(sandbox: GitHubSandbox, connector: GitHubConnector) -> None:
    sandbox.people.make_repo("other/thing")
    sandbox.people.make_issue("other/thing")
    with pytest.raises(Refused):
        connector.resolve("other/thing#1")
    old = sandbox.people.make_issue(HOME)
    sandbox.people.transfer(old, "other/thing")
    with pytest.raises(Refused):
        connector.resolve(old)


def test_after_a_rename_the_old_and_the_new_name_lead_there(sandbox: GitHubSandbox, connector: GitHubConnector) -> None:
    key = sandbox.people.make_issue(HOME)
    sandbox.people.rename_repo(HOME, "newer/tools")
    for asked in (key, "newer/tools#1", key):
        ref = connector.resolve(asked)
        assert ref is not None
        assert ref.key == "newer/tools#1"
    assert [mention.key for mention in connector.parse_url(f"{sandbox.url}/{HOME}/issues/1")] == ["newer/tools#1"]


@given(st.text(max_size=30))
def test_any_text_is_a_key_or_none(text: str) -> None:
    found = split_key(text)
    assert found is None or text.strip() == f"{found[0]}#{found[1]}"


# --- check ---


def test_each_problem_is_found_with_its_cure(sandbox: GitHubSandbox) -> None:
    names = ("acme/off", "acme/old", "acme/frozen", "acme/secret")
    for name in names:
        sandbox.people.make_repo(name)
    sandbox.people.switch_issues("acme/off", on=False)
    sandbox.people.rename_repo("acme/old", "acme/new")
    sandbox.people.archive("acme/frozen")
    sandbox.people.set_private("acme/secret")
    sandbox.tokens["test-token"] = Access(LOGIN, push=False, private=False)
    sandbox.expires = "2026-01-12 09:51:24 UTC"
    sandbox.scopes = "gist, read:org"
    connector = connect(sandbox, *names)
    problems = [str(problem) for problem in connector.check()]
    for words in ("switched off", "acme/new now", "archived", "cannot see", "may not push", "2026-01-12", "scope"):
        assert sum(words in problem for problem in problems) >= 1, words
    connector.close()


@pytest.mark.parametrize(
    ("expires", "warned"),
    [
        ("2026-01-18 21:31:56 +0100", True),
        ("2026-01-20 09:51:24 UTC", False),
        ("2026-01-19 08:00:00 UTC", True),
        ("soon", False),
        ("2026-13-45 09:00:00 UTC", False),
    ],
)
def test_a_token_that_runs_out_is_told_two_weeks_ahead(
    sandbox: GitHubSandbox, connector: GitHubConnector, expires: str, warned: bool
) -> None:
    sandbox.expires = expires
    assert bool(connector.check()) == warned


def test_a_token_that_is_not_accepted_is_the_one_problem(sandbox: GitHubSandbox) -> None:
    connector = connect(sandbox, token="wrong")
    (problem,) = connector.check()
    assert "token" in problem.where
    with pytest.raises(Unauthorized):
        list(connector.changes(HOME, None, None))
    connector.close()


def test_nothing_listening_is_a_problem_not_a_crash() -> None:
    with serving() as sandbox:
        connector = connect(sandbox)
    (problem,) = connector.check()
    assert "url" in problem.where
    connector.close()


def test_statuses_cover_every_reason() -> None:
    assert set(STATUSES) == {
        "open",
        "open:reopened",
        "closed",
        "closed:completed",
        "closed:not_planned",
        "closed:duplicate",
    }


# --- options ---


def options(**changes: object) -> GitHubOptions:
    given = {
        "connector": "github",
        "url": "https://api.github.com",
        "token": SecretStr("t"),
        "repositories": [{"name": HOME}],
    }
    return GitHubOptions.model_validate(given | changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"token": SecretStr("")},
        {"token": SecretStr("two words")},
        {"token": SecretStr("a\nb")},
        {"repositories": []},
        {"repositories": [{"name": "widgets"}]},
        {"repositories": [{"name": "https://github.com/acme/widgets"}]},
        {"repositories": [{"name": "acme/.."}]},
        {"repositories": [{"name": HOME}, {"name": HOME.upper()}]},
        {"repositories": [{"name": HOME, "colour": "red"}]},
    ],
)
def test_options_that_could_not_work_are_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        options(**changes)


def test_a_line_break_after_a_token_is_no_part_of_it() -> None:
    assert options(token=SecretStr("ghp_abc\n")).token == SecretStr("ghp_abc")


def test_the_example_is_valid() -> None:
    text = files("connectors.github").joinpath("example.toml").read_text()
    example = tomllib.loads(text)
    assert GitHubOptions.model_validate(example, context={"secret": lambda _: SecretStr("t")}).url


# --- odd rows ---

SMALL = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
ROWS = st.fixed_dictionaries(
    {
        "id": st.integers(1, 2**63 - 1),
        "number": st.integers(1, 10**6),
        "state": st.sampled_from(["open", "closed"]),
        "created_at": st.just("2026-01-05T09:00:00Z"),
        "updated_at": st.sampled_from(["2026-01-05T09:00:00Z", "2026-01-05T10:00:00+01:00", "2026-01-05T09:00:00.5Z"]),
    },
    optional={
        "state_reason": st.none() | st.sampled_from(["completed", "not_planned", "invented"]),
        "body": st.none() | st.text(),
        "user": st.none() | st.fixed_dictionaries({}, optional={"login": st.none() | st.text(max_size=5)}),
        "closed_by": st.none() | st.just({"login": "dev"}),
        "author_association": st.none() | st.sampled_from(["OWNER", "NONE", "INVENTED"]),
        "labels": st.none() | st.lists(st.text(max_size=5) | st.fixed_dictionaries({"name": st.none() | st.text()})),
        "locked": st.none() | st.booleans(),
        "pull_request": st.none(),
        "repository_url": st.none() | st.text(max_size=20),
        "html_url": st.none() | st.just("https://github.com/o/r/issues/1"),
        "unheard_of": SMALL,
    },
)


@given(ROWS)
def test_any_row_with_the_least_makes_an_item(raw: dict[str, object]) -> None:
    row = Row.model_validate(raw)
    item = Reading("github", LOGIN, WEB).item(row, Facts(id=1, full_name="o/r"))
    assert item.version == "2026-01-05T09:00:00Z"
    assert item.created_at == START
    assert item.status.native == raw["state"]
    assert item.ref.key == f"o/r#{raw['number']}"
    assert item.url.startswith(WEB)


# --- the query ---


@given(st.dictionaries(st.text(min_size=1), st.lists(st.integers(1, 10**6), min_size=1, max_size=4), max_size=4))
def test_nothing_from_outside_stands_in_a_querys_text(wanted: dict[str, list[int]]) -> None:
    query, variables = document(wanted)
    plain, _ = document({f"o{i}/n{i}": numbers for i, numbers in enumerate(wanted.values())})
    assert query == plain
    assert len(variables) == 2 * len(wanted)
