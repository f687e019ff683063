"""`syncd check`: what is wrong with an account, and what to do about it, in words."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

import pytest
from office import PENDING, REPOSITORY, RESOLVED, Office

from connectors.github.sandbox import LOGIN, TOKEN
from connectors.github.sandbox.books import Access
from syncd.testing import Fault, Reply


@pytest.fixture
def sound(build: Callable[..., Office]) -> Office:
    """An office with nothing wrong in it."""
    office = build(main='listen = "127.0.0.1:0"\n')
    for code in (6, 7):
        del office.freshdesk.statuses[code]
    return office


def wrong_key(office: Office) -> None:
    office.environ["SYNCD_TEST_DESK"] = "another-key"


def wrong_token(office: Office) -> None:
    office.environ["SYNCD_TEST_HUB"] = "another-token"


def as_app(office: Office) -> None:
    office.write("credentials/app", office.hub.app_key()).chmod(0o600)
    lines = f'app_id = {office.github.app.id}\nprivate_key = "credential:app"'
    path = office.config / "connectors" / "github.toml"
    path.write_text(path.read_text().replace('token = "env:SYNCD_TEST_HUB"', lines))


def uninstalled_app(office: Office) -> None:
    as_app(office)


def suspended_app(office: Office) -> None:
    office.hub.install_app("acme")
    office.hub.suspend_app("acme")
    as_app(office)


def missing_repository(office: Office) -> None:
    office.write_hub(REPOSITORY, "acme/nowhere")


def strange_status(office: Office) -> None:
    office.freshdesk.statuses[6] = ("Waiting on\nCustomer", "Waiting")


def narrow_agent(office: Office) -> None:
    office.freshdesk.ticket_scope = 2


def no_push(office: Office) -> None:
    office.github.tokens[TOKEN] = Access(LOGIN, push=False)


def issues_off(office: Office) -> None:
    office.hub.switch_issues(REPOSITORY, on=False)


def archived(office: Office) -> None:
    office.hub.archive(REPOSITORY)


def renamed(office: Office) -> None:
    office.hub.rename_repo(REPOSITORY, "acme/platform")


def nobody_there(office: Office) -> None:
    office.github.stop()


def starts_tomorrow(office: Office) -> None:
    office.write_desk(more="start_from = 2999-01-01")


def expires_soon(office: Office) -> None:
    office.github.expires = (office.github.now()).strftime("%Y-%m-%d %H:%M:%S UTC")


def fast_clock(office: Office) -> None:
    office.github.advance(-600)


def slow_clock(office: Office) -> None:
    office.freshdesk.advance(600)


def listen(office: Office, address: str) -> None:
    office.write("syncd.toml", f'state = "{office.state}"\nlisten = "{address}"\n')


def open_to_all(office: Office) -> None:
    listen(office, "0.0.0.0:0")


def nowhere_to_listen(office: Office) -> None:
    listen(office, "192.0.2.1:8787")


def port_in_use(office: Office) -> None:
    listen(office, office.github.url.removeprefix("http://"))


def no_folder_for_the_state(office: Office) -> None:
    office.write("syncd.toml", 'state = "/dev/null/syncd.db"\nlisten = "127.0.0.1:0"\n')


def read_only_folder(office: Office) -> None:
    office.write("syncd.toml", 'state = "/proc/syncd/syncd.db"\nlisten = "127.0.0.1:0"\n')


def damaged_state(office: Office) -> None:
    office.write("state", "")
    office.write("syncd.toml", 'state = "notes.txt"\nlisten = "127.0.0.1:0"\n')
    office.write("notes.txt", "These are my notes.\n" * 500)


def damaged_page(office: Office) -> None:
    """The disk has lost a page that nobody needs in order to open the state."""
    office.run("reconcile").ended(0)
    db = sqlite3.connect(office.state)
    ((page, size),) = db.execute(
        "SELECT rootpage, (SELECT page_size FROM pragma_page_size()) FROM sqlite_schema WHERE name = 'journal'"
    )
    db.close()
    with office.state.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xa5" * size)


def cut_key(office: Office) -> None:
    office.state.parent.mkdir()
    office.state.with_name("syncd.db.marker_key").write_bytes(b"")


@pytest.mark.parametrize(
    ("harm", "what", "cure"),
    [
        (wrong_key, "invalid_credentials", "View API key"),
        (wrong_token, "doesn't accept the token", "Make a new token"),
        (uninstalled_app, "isn't installed on any of the configured repositories", "Install App"),
        (suspended_app, "the app's installation is suspended", "unsuspend"),
        (missing_repository, "acme/nowhere", "as GitHub shows it"),
        (strange_status, "doesn't know: 6 (Waiting on Customer)", "add it to [words]"),
        (narrow_agent, "sees only a part of the tickets", "All tickets"),
        (no_push, "may not push", "write access"),
        (issues_off, "issues are switched off", "Switch them on"),
        (archived, "archived", "Unarchive it"),
        (renamed, "it is called acme/platform now", "Write the new name"),
        (nobody_there, "the machine there refuses the connection", "Look whether the address is right"),
        (starts_tomorrow, "nothing that exists is read", "Write a day that is past"),
        (expires_soon, "expires on", "Make a new token before that day"),
        (fast_clock, "clock is 10 minutes ahead of the service's", "Set it by a time service"),
        (slow_clock, "clock is 10 minutes behind the service's", "Set it by a time service"),
        (open_to_all, "can be reached from other machines", "Write 127.0.0.1"),
        (nowhere_to_listen, "syncd can't listen on 192.0.2.1:8787", "a free port"),
        (port_in_use, "Address already in use", "a free port"),
        (no_folder_for_the_state, "/dev/null can't be written by this account (Not a directory)", "mend `state`"),
        (read_only_folder, "/proc can't be written by this account", "as the account that runs syncd"),
        (damaged_state, "no SQLite file at all", "syncd restore"),
        (damaged_page, "the file is damaged", "syncd restore"),
        (cut_key, "the marker key is empty or cut", "Restore it from a copy"),
    ],
)
def test_check_names_the_trouble_and_its_cure(
    sound: Office, harm: Callable[[Office], None], what: str, cure: str
) -> None:
    assert "No problems found" in sound.run("check").ended(0).out
    harm(sound)
    before = sound.tree()
    run = sound.run("check")
    lines = [line for line in run.out.splitlines() if line.startswith("- ")]
    assert any(what in line and cure in line for line in lines), run.said
    told = sound.json("check")["problems"]
    assert any(what in one["what"] or what in one["where"] for one in told)
    assert run.exit == int(any(not one["warning"] for one in told))
    assert len(told) == len(lines)
    assert sound.writes() == 0
    assert sound.tree() == before


def test_an_app_syncs_and_leaves_no_key_or_token_behind(sound: Office) -> None:
    sound.hub.install_app("acme")
    as_app(sound)
    assert "No problems found" in sound.run("check").ended(0).out
    sound.sync()
    number = sound.ticket()
    key = sound.issue(number)
    sound.later()
    sound.sync()
    assert sound.status(number) == PENDING
    sound.hub.close(key)
    sound.later(3600)
    runs = [sound.run("reconcile").ended(0)]
    assert sound.status(number) == RESOLVED
    words = [*sound.github.app.minted, *sound.hub.app_key().splitlines()[1:-1]]
    assert sound.github.app.minted
    kept = b"".join(path.read_bytes() for path in sound.state.parent.glob("*") if path.is_file())
    assert not any(word.encode() in kept or any(word in run.said for run in runs) for word in words)


def test_a_key_that_is_none_is_told_when_the_config_is_read(sound: Office) -> None:
    as_app(sound)
    geheim = "-----BEGIN RSA PRIVATE KEY-----\nMIIgeheim\n-----END RSA PRIVATE KEY-----\n"
    sound.write("credentials/app", geheim)
    run = sound.run("check").ended(78)
    assert "connectors/github.toml: private_key: this is no private key in PEM form" in run.said
    assert "geheim" not in run.said


def test_one_account_in_trouble_hides_nothing_of_the_other(sound: Office) -> None:
    wrong_token(sound)
    narrow_agent(sound)
    run = sound.run("check").ended(1)
    assert "doesn't accept the token" in run.out
    assert "sees only a part of the tickets" in run.out
    assert "2 problems" in run.out


@pytest.mark.parametrize("graphql", [True, False])
def test_a_token_that_may_not_ask_whose_it_is_matters_only_if_nothing_else_tells(sound: Office, graphql: bool) -> None:
    forbidden = Reply(403, {"message": "Resource not accessible by integration"})
    sound.github.faults.append(Fault("answer", path="^/user$", times=99, reply=forbidden))
    sound.github.graphql = graphql
    run = sound.run("check").ended(0 if graphql else 1)
    told = "so a comment of ours whose answer was lost can't be found again. Use a personal access token"
    assert (told in run.out) is not graphql
    assert ("No problems found" in run.out) is graphql


@pytest.mark.parametrize("page", [b"<html>Log in</html>", b"", b"[]", b'{"id": "x"}', b"null", b"\xff\xfe"])
def test_a_service_that_answers_nonsense_is_told_in_a_sentence(sound: Office, page: bytes) -> None:
    for sandbox in (sound.freshdesk, sound.github):
        sandbox.faults.append(Fault("answer", times=99, reply=Reply(200, page)))
    run = sound.run("check").ended(1)
    assert "freshdesk" in run.out
    assert "github" in run.out
    assert sound.writes() == 0


def test_a_broken_configuration_is_data_for_who_asks_for_data(sound: Office) -> None:
    (sound.config / "syncd.toml").write_text("colour = 1\n")
    run = sound.run("check", "--json").ended(78)
    assert any("colour" in one["where"] + one["what"] for one in run.data["problems"])


@pytest.mark.parametrize(
    ("sync", "key"),
    [
        ('issue_field = "cf_nowhere"\n', "issue_field"),
        ('[sync.ticket_fields]\ncf_nowhere = "issue_url"\n', "ticket_fields"),
    ],
)
def test_a_field_that_the_account_has_not_is_told(sound: Office, sync: str, key: str) -> None:
    sound.write_desk(sync=sync)
    told = sound.run("check").ended(1).out
    assert f"freshdesk: the account has no field 'cf_nowhere', which {key} names" in told
    sound.write_desk(sync=sync.replace("cf_nowhere", "cf_reference_number"))
    sound.run("check").ended(0)
