"""``syncd init``: by options and on a terminal; what it writes, and what it never does."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from office import DESK_KEY, REPOSITORY, SECRETS, Office

from connectors.github.sandbox import TOKEN
from syncd.cli.questions import kinds
from syncd.config import load

PATIENCE = 60.0


CHOSEN = ["--helpdesk", "freshdesk", "--tracker", "github"]


def arguments(office: Office, folder: Path) -> list[str]:
    """Every answer as an option, with secrets from standard input."""
    desk = ["--freshdesk-url", office.freshdesk.url, "--freshdesk-api-key", "-"]
    hub = ["--github-url", office.github.url, "--github-repository", REPOSITORY, "--github-token", "-"]
    return ["init", str(folder), *CHOSEN, *desk, *hub]


def syncd(
    office: Office, args: Sequence[str], said: str = "", env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """The program with something on its standard input."""
    command = [sys.executable, "-m", "syncd.cli", *args]
    done = subprocess.run(
        command,
        input=said,
        env=office.env(**(env or {})),
        text=True,
        capture_output=True,
        timeout=PATIENCE,
        check=False,
    )
    assert "Traceback" not in done.stderr
    assert not any(secret in done.stdout + done.stderr for secret in SECRETS)
    return done


class Terminal:
    """The program on a terminal of its own, and somebody who types."""

    def __init__(self, office: Office, *args: str) -> None:
        self.pid, self.end = pty.fork()
        if self.pid == 0:
            os.chdir(office.folder)
            command = [sys.executable, "-m", "syncd.cli", *args]
            os.execve(sys.executable, command, office.env(TERM="dumb", COLUMNS="120"))  # noqa: S606  # needs no shell
        self.shown = ""
        self._seen = 0

    def answer(self, question: str, text: str) -> None:
        """Wait for what is shown and for the cursor behind the question, and type."""
        end = time.monotonic() + PATIENCE
        while question not in self.shown[self._seen :] or not self.shown.endswith(": "):
            assert self._read(end), f"{question!r} was never asked:\n{self.shown}"
        self._seen = len(self.shown)
        os.write(self.end, f"{text}\n".encode())

    def wait(self) -> int:
        """Its exit status."""
        while self._read(time.monotonic() + PATIENCE):
            pass
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def _read(self, end: float) -> bool:
        """More of what is shown; False where there is no more."""
        ready, _, _ = select.select([self.end], [], [], max(0.0, end - time.monotonic()))
        assert ready, f"nothing more was shown:\n{self.shown}"
        try:
            data = os.read(self.end, 4096)
        except OSError:  # how Linux says that the other side of a terminal is closed
            return False
        self.shown += data.decode(errors="replace")
        return bool(data)


def modes(folder: Path) -> dict[str, int]:
    return {str(path.relative_to(folder)): path.stat().st_mode & 0o777 for path in folder.rglob("*")}


def test_every_answer_can_be_an_option_and_the_result_loads(office: Office, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "syncd"
    done = syncd(office, [*arguments(office, folder), "--playbook", "2i2c"], f"{DESK_KEY}\n{TOKEN}\n")
    assert done.returncode == 0, done.stderr
    assert modes(folder) == {
        "syncd.toml": 0o644,
        "connectors": 0o755,
        "connectors/freshdesk.toml": 0o644,
        "connectors/github.toml": 0o644,
        "credentials": 0o700,
        "credentials/freshdesk": 0o600,
        "credentials/github": 0o600,
        "credentials/marker_key": 0o600,
    }
    config = load(folder, {})
    assert config.warnings == ()
    assert config.mode == "observe"
    assert config.state == folder / "state" / "syncd.db"
    assert config.marker_key is not None
    assert len(bytes.fromhex(config.marker_key.decode())) == 32
    assert config.helpdesks["freshdesk"].trackers == ("github",)
    playbook = config.helpdesks["freshdesk"].playbook
    assert (playbook.name, playbook.routing.places) == ("2i2c", {"infrastructure": REPOSITORY}), "the only one there is"
    assert config.trackers["github"].options.url == office.github.url
    assert office.calls() == 0
    for verb in (" check ", "reconcile --dry-run", " run "):
        assert f"syncd --config {folder}" in done.stdout
        assert verb in done.stdout


def test_where_a_place_could_be_one_of_several_it_is_left_to_be_filled_in(office: Office, tmp_path: Path) -> None:
    folder = tmp_path / "syncd"
    more = ["--playbook", "sourcegraph-ce", "--github-repository", "acme/customer"]
    done = syncd(office, [*arguments(office, folder), *more], f"{DESK_KEY}\n{TOKEN}\n")
    assert done.returncode == 0, done.stderr
    text = (folder / "connectors" / "freshdesk.toml").read_text(encoding="utf-8")
    assert '[sync.routing.places]\n# customer = "OWNER/REPOSITORY"\n# public = "OWNER/REPOSITORY"\n' in text
    assert set(load(folder, {}).helpdesks["freshdesk"].playbook.routing.places.values()) == {""}


def test_two_installations_have_two_marker_keys(office: Office, tmp_path: Path) -> None:
    keys = set()
    for name in ("one", "two"):
        folder = tmp_path / name
        assert syncd(office, arguments(office, folder), f"{DESK_KEY}\n{TOKEN}\n").returncode == 0
        keys.add((folder / "credentials" / "marker_key").read_text(encoding="ascii"))
    assert len(keys) == 2


def test_secrets_by_reference_are_not_copied(office: Office, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(f"{TOKEN}\n", encoding="utf-8")
    (tmp_path / "token").chmod(0o600)
    args = arguments(office, tmp_path / "new")
    args[args.index("-")] = "env:SYNCD_TEST_DESK"
    args[args.index("-")] = f"file:{tmp_path / 'token'}"
    assert syncd(office, args).returncode == 0
    assert [path.name for path in (tmp_path / "new" / "credentials").iterdir()] == ["marker_key"]
    load(tmp_path / "new", office.environ)


def test_without_a_terminal_all_that_is_missing_is_listed_and_nothing_is_written(
    office: Office, tmp_path: Path
) -> None:
    for more in ([], ["--non-interactive"]):
        done = syncd(office, ["init", str(tmp_path / "new"), *CHOSEN, *more])
        assert done.returncode == 2
        asked = [kinds()[name] for name in ("freshdesk", "github")]
        needed = {kind.flag(one) for kind in asked for one in kind.questions if one.needed}
        assert set(re.findall(r"^  (--\S+) is missing", done.stderr, re.MULTILINE)) == needed
        assert not (tmp_path / "new").exists()


def test_a_place_in_jira_is_filled_in_as_a_project(office: Office, tmp_path: Path) -> None:
    folder = tmp_path / "syncd"
    desk = ["--freshdesk-url", office.freshdesk.url, "--freshdesk-api-key", "-", "--playbook", "sourcegraph-ce"]
    jira = ["--jira-url", "https://jira.example.com", "--jira-project", "ENG", "--jira-token", "-"]
    done = syncd(
        office,
        ["init", str(folder), "--helpdesk", "freshdesk", "--tracker", "jira", *desk, *jira],
        f"{DESK_KEY}\n{TOKEN}\n",
    )
    assert done.returncode == 0, done.stderr
    text = (folder / "connectors" / "freshdesk.toml").read_text(encoding="utf-8")
    assert '[sync.routing.places]\n# customer = "PROJECT"\n# public = "PROJECT"\n' in text


@pytest.mark.parametrize(
    ("option", "value", "why"),
    [
        ("--freshdesk-url", "http://acme.freshdesk.com", "it would send the credential unprotected"),
        ("--freshdesk-url", "https://acme.freshdesk.com/api/v2", "leave /api/v2 out of the url"),
        ("--freshdesk-api-key", DESK_KEY, "a secret does not belong on a command line"),
        ("--freshdesk-api-key", "env:NOT_THERE", "the environment variable that it names is not set"),
        ("--freshdesk-api-key", "file:/nonexistent/key", "/nonexistent/key does not exist"),
        ("--github-repository", "infrastructure", "write a repository as owner/name"),
        ("--playbook", "nobodys", "Write one of: 2i2c, criticality, default"),
        ("--helpdesk", "zzz", "no such helpdesk is installed"),
        ("--state", "/", "this is a folder"),
    ],
)
def test_an_answer_that_cannot_be_used_is_told_with_its_reason(
    office: Office, tmp_path: Path, option: str, value: str, why: str
) -> None:
    args = [*arguments(office, tmp_path / "new")]
    at = args.index(option) + 1 if option in args else None
    args = [*args, option, value] if at is None else [*args[:at], value, *args[at + 1 :]]
    done = syncd(office, args, f"{DESK_KEY}\n{TOKEN}\n")
    assert done.returncode == 2
    assert why in done.stderr.replace("Leave", "leave").replace("Write a", "write a")
    assert not (tmp_path / "new").exists()


def test_nothing_that_exists_is_overwritten(office: Office, tmp_path: Path) -> None:
    folder = tmp_path / "new"
    said = f"{DESK_KEY}\n{TOKEN}\n"
    assert syncd(office, arguments(office, folder), said).returncode == 0
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    done = syncd(office, arguments(office, folder), said)
    assert done.returncode == 78
    for name in ("syncd.toml", "connectors/freshdesk.toml", "connectors/github.toml"):
        assert f"{folder / name}: it is there already" in done.stderr
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before

    for path in before:  # a key and credentials that are there already are used
        if path.suffix == ".toml":
            path.unlink()
    done = syncd(office, arguments(office, folder))
    assert done.returncode == 0, done.stderr
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_a_folder_that_cannot_be_written_is_told_and_nothing_is_left(office: Office, tmp_path: Path) -> None:
    place = tmp_path / "new"
    place.mkdir()
    (place / "connectors").write_text("in the way", encoding="utf-8")
    done = syncd(office, arguments(office, place), f"{DESK_KEY}\n{TOKEN}\n")
    assert done.returncode == 78
    assert "it can't be made" in done.stderr
    assert [path.name for path in place.rglob("*")] == ["connectors"]


def test_on_a_terminal_bad_answers_are_asked_again_and_secrets_are_not_shown(office: Office, tmp_path: Path) -> None:
    folder = tmp_path / "new"
    terminal = Terminal(office, "init", str(folder))
    terminal.answer("Your helpdesk", "zzz")
    terminal.answer("no such helpdesk is installed", "freshdesk")
    terminal.answer("Your tracker", "github")
    terminal.answer("own address", "http://acme.freshdesk.com")
    terminal.answer("unprotected", f"{office.freshdesk.url}/api/v2")
    terminal.answer("That can't be used. Leave /api/v2 out", office.freshdesk.url)
    terminal.answer("API key of an agent", " ")
    terminal.answer("An answer is needed", DESK_KEY)
    terminal.answer("Other hosts", "")
    terminal.answer("a playbook", "2i2c")
    terminal.answer("The API's address", office.github.url)
    terminal.answer("Repositories", REPOSITORY)
    terminal.answer("Personal access token", "two words")
    terminal.answer("That can't be used", TOKEN)
    terminal.answer("The file for the state", "")
    assert terminal.wait() == 0, terminal.shown
    assert not any(secret in terminal.shown for secret in SECRETS)
    for told in ("View API key", 'Issues "Read and write"', "reconcile --dry-run"):
        assert told in terminal.shown
    config = load(folder, {})
    assert config.helpdesks["freshdesk"].playbook.name == "2i2c"
    assert office.calls() == 0


def test_giving_up_leaves_nothing(office: Office, tmp_path: Path) -> None:
    terminal = Terminal(office, "init", str(tmp_path / "new"))
    terminal.answer("Your helpdesk", "freshdesk")
    terminal.answer("Your tracker", "\x03")
    assert terminal.wait() == 130
    assert not (tmp_path / "new").exists()


CREDENTIALS = {
    ("jira", "cloud"): (["email", "api-token"], "https://acme.atlassian.net", ["--jira-project", "ENG"]),
    ("jira", "data-center"): (["token"], "https://jira.example.com/jira", ["--jira-project", "ENG"]),
    ("jsm", "cloud"): (["email", "api-token"], "https://acme.atlassian.net", ["--jsm-project", "SUP"]),
    ("jsm", "data-center"): (["token"], "https://jira.example.com/jira", ["--jsm-project", "SUP"]),
    ("zendesk", "client"): (["client-id", "client-secret"], "https://acme.zendesk.com", []),
    ("zendesk", "api-token"): (["email", "api-token"], "https://acme.zendesk.com", []),
}
"""Kind and choice -> the options of that credential, an address that takes it, the other options."""
VALUES = {"email": "syncd@example.com", "client-id": "syncd"}


def by_options(kind: str, choice: str) -> list[str]:
    """All that is asked of one connector, its secret from standard input."""
    credential, url, more = CREDENTIALS[kind, choice]
    given = [part for name in credential for part in (f"--{kind}-{name}", VALUES.get(name, "-"))]
    return [f"--{kind}-url", url, *given, *more]


@pytest.mark.parametrize(("kind", "choice"), CREDENTIALS)
def test_each_credential_that_a_connector_takes_can_be_given(
    office: Office, tmp_path: Path, kind: str, choice: str
) -> None:
    folder = tmp_path / "new"
    desk, tracker = ("freshdesk", kind) if kind == "jira" else (kind, "github")
    whole = arguments(office, folder)
    rest = whole[6:10] if kind == "jira" else whole[10:]
    chosen = ["--helpdesk", desk, "--tracker", tracker]
    done = syncd(office, ["init", str(folder), *chosen, *by_options(kind, choice), *rest], f"{TOKEN}\n{TOKEN}\n")
    assert done.returncode == 0, done.stderr
    config = load(folder, {})
    assert config.warnings == ()
    options = {**config.helpdesks, **config.trackers}[kind].options.model_dump(exclude_none=True)
    credentials = {"email", "api_token", "token", "client_id", "client_secret"}
    assert credentials & set(options) == {name.replace("-", "_") for name in CREDENTIALS[kind, choice][0]}
    assert sorted(path.name for path in (folder / "credentials").iterdir()) == sorted([desk, tracker, "marker_key"])
    assert office.calls() == 0


def test_without_any_credential_all_that_would_do_are_named(office: Office, tmp_path: Path) -> None:
    done = syncd(office, ["init", str(tmp_path / "new"), "--helpdesk", "zendesk", "--tracker", "jira"])
    assert done.returncode == 2
    told = re.sub(r"\s+", " ", done.stderr)
    for line in (
        "--jira-email with --jira-api-token (cloud), or --jira-token (data-center), is missing",
        "--zendesk-client-id with --zendesk-client-secret (client), or --zendesk-email with --zendesk-api-token (",
        "--jira-url is missing",
    ):
        assert line in told
    assert not (tmp_path / "new").exists()


def test_half_a_credential_lacks_its_other_half(office: Office, tmp_path: Path) -> None:
    args = ["init", str(tmp_path / "new"), "--helpdesk", "zendesk", "--tracker", "jira"]
    done = syncd(office, [*args, "--jira-email", "syncd@example.com", "--zendesk-api-token", "-"], f"{TOKEN}\n")
    assert done.returncode == 2
    missing = set(re.findall(r"^  (--\S+) is missing", done.stderr, re.MULTILINE))
    assert missing == {"--jira-url", "--jira-api-token", "--jira-project", "--zendesk-url", "--zendesk-email"}


def test_two_credentials_for_one_account_are_one_too_many(office: Office, tmp_path: Path) -> None:
    args = [*by_options("jira", "cloud"), "--jira-token", "-"]
    chosen = ["--helpdesk", "freshdesk", "--tracker", "jira"]
    done = syncd(office, ["init", str(tmp_path / "new"), *chosen, *args], f"{TOKEN}\n{TOKEN}\n{TOKEN}\n")
    assert done.returncode == 2
    assert "--jira-email, --jira-api-token and --jira-token don't go together" in done.stderr
    assert not (tmp_path / "new").exists()


def test_on_a_terminal_the_credential_is_chosen_first(office: Office, tmp_path: Path) -> None:
    folder = tmp_path / "new"
    terminal = Terminal(office, "init", str(folder))
    terminal.answer("Your helpdesk", "zendesk")
    terminal.answer("Your tracker", "jira")
    terminal.answer("(client, api-token)", "")
    terminal.answer("own address", "https://acme.zendesk.com")
    terminal.answer("Unique identifier", "syncd")
    terminal.answer("Secret of the OAuth client", DESK_KEY)
    terminal.answer("Other hosts", "")
    terminal.answer("a playbook", "")
    terminal.answer("(cloud, data-center)", "server")
    terminal.answer("That can't be used", "data-center")
    terminal.answer("The site's address", "https://jira.example.com/jira")
    terminal.answer("Personal access token", TOKEN)
    terminal.answer("Keys of the projects", "ENG")
    terminal.answer("The file for the state", "")
    assert terminal.wait() == 0, terminal.shown
    assert "Email address" not in terminal.shown
    config = load(folder, {})
    assert not config.trackers["jira"].options.cloud  # type: ignore[attr-defined]  # JiraOptions has it


def test_every_question_is_a_key_of_its_connector_and_of_its_example() -> None:
    for kind in kinds().values():
        for question in kind.questions:
            answer = ["a/b"] if question.many else "x"
            assert kind.file({question.key: answer}) != kind.file({})
