from __future__ import annotations

import logging
import os
import shutil
import socket
from collections.abc import Callable
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any, ClassVar

import pytest
from pydantic import field_validator

from connectors import __path__ as connector_folders
from syncd.cli.running import add_to_mapping
from syncd.clock import ManualClock
from syncd.config import Config, accounts, find_folder, load
from syncd.config.unread import unread
from syncd.connector import ENTRY_POINTS, Capabilities, Connector, ConnectorOptions, Secret, installed
from syncd.errors import ConfigError
from syncd.model import Role, Status, Word

CANARY = "kanarienvogel-4711-GHP"
KEY = "0123456789abcdef" * 4


class DeskOptions(ConnectorOptions):
    api_key: Secret
    portal_hosts: list[str] = []  # noqa: RUF012  # pydantic copies it

    @field_validator("portal_hosts")
    @classmethod
    def _loud(cls, hosts: list[str]) -> list[str]:
        if "loud" in hosts:
            raise ValueError(f"a validator that talks: {CANARY}")
        return hosts


class HubOptions(ConnectorOptions):
    token: Secret
    repositories: list[dict[str, str]]


class _Stub(Connector):
    capabilities: ClassVar[Capabilities] = Capabilities(roles=frozenset({Role.HELPDESK}))
    Options: ClassVar[type[ConnectorOptions]] = DeskOptions


# A configuration never calls what it configures, so the contract's methods may stay abstract.
_Stub.__abstractmethods__ = frozenset()


class Hub(_Stub):
    capabilities = Capabilities(roles=frozenset({Role.TRACKER}))
    Options = HubOptions


class Both(_Stub):
    capabilities = Capabilities(roles=frozenset({Role.TRACKER, Role.HELPDESK}))
    Options = HubOptions


KINDS: dict[str, Any] = {"freshdesk": _Stub, "github": Hub, "twofold": Both}


@pytest.fixture(autouse=True)
def known_connectors(monkeypatch: pytest.MonkeyPatch) -> None:
    def find(kind: str) -> Any:
        if kind == "broken":
            raise ImportError("no module named so")
        return KINDS[kind]

    monkeypatch.setattr(accounts, "installed", lambda: KINDS | {"broken": None})
    monkeypatch.setattr(accounts, "load", find)


SYNCD = 'state = "syncd.db"\n'
DESK = 'connector = "freshdesk"\nurl = "https://acme.freshdesk.com/"\napi_key = "credential:desk"\n'
HUB = 'connector = "github"\nurl = "https://api.github.com"\ntoken = "env:HUB"\n[[repositories]]\nname = "o/r"\n'
MAPPING = """
role = "helpdesk"
[words]
open = ["2"]
pending = ["3", "6"]
resolved = ["4"]
[write]
open = "2"
pending = "3"
resolved = "4"
"""


class Folder:
    """A config folder that loads, to be spoilt."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.environ = {"HUB": CANARY}
        self.write("syncd.toml", SYNCD)
        self.write("connectors/desk.toml", DESK)
        self.write("connectors/hub.toml", HUB)
        self.write("credentials/desk", CANARY + "\n", mode=0o600)
        self.write("credentials/marker_key", KEY + "\n", mode=0o600)

    def write(self, name: str, text: str | bytes, mode: int = 0o644) -> Path:
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        path.chmod(mode)
        return path

    def load(self) -> Config:
        return load(self.path, self.environ)

    def refused(self) -> list[str]:
        with pytest.raises(ConfigError) as caught:
            self.load()
        assert CANARY not in f"{caught.value!s}{caught.value!r}{caught.value.problems!r}"
        assert all(problem.where and problem.what and problem.cure for problem in caught.value.problems)
        return [str(problem) for problem in caught.value.problems]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


# --- folders that load ---


def test_a_small_folder_loads_with_every_default(folder: Folder) -> None:
    config = folder.load()
    assert (config.folder, config.state) == (folder.path, folder.path / "syncd.db")
    assert (config.listen, config.mode, config.marker_key) == (("127.0.0.1", 8787), "live", KEY.encode())
    assert (config.log_level, config.log_format) == ("info", "json")
    assert (config.brake.max_changes, config.brake.share, config.brake.max_messages) == (20, 0.1, 50)
    assert (list(config.helpdesks), list(config.trackers)) == (["desk"], ["hub"])
    desk, hub = config.helpdesks["desk"], config.trackers["hub"]
    assert (desk.kind, desk.role, hub.kind, hub.role) == ("freshdesk", Role.HELPDESK, "github", Role.TRACKER)
    assert (desk.trackers, desk.issue_field, desk.read_notes) == (("hub",), None, True)
    assert desk.playbook.name == "default"
    assert desk.playbook.render("resolved", issue_key="o/r#1", issue_url="https://x")
    assert desk.options.url == "https://acme.freshdesk.com"
    assert isinstance(desk.options, DeskOptions)
    assert desk.options.api_key.get_secret_value() == CANARY
    assert hub.mapping.word(Status("closed", "not_planned")) is Word.DECLINED


def test_a_connector_may_be_reached_through_a_proxy(folder: Folder) -> None:
    assert folder.load().trackers["hub"].options.proxy is None
    folder.write("connectors/hub.toml", 'proxy = "http://127.0.0.1:3128/"\n' + HUB)
    assert folder.load().trackers["hub"].options.proxy == "http://127.0.0.1:3128"


@pytest.mark.parametrize(
    "proxy",
    [
        '"https://127.0.0.1:3128"',
        '"socks5://127.0.0.1:1080"',
        '"127.0.0.1:3128"',
        '"http://127.0.0.1"',
        f'"http://me:{CANARY}@127.0.0.1:3128"',
        '"http://127.0.0.1:3128/pac"',
        '"http://127.0.0.1:99999"',
        '"http://[::1:3128"',
        '"http://a\\u0000b:3128"',
        "3128",
        '""',
    ],
)
def test_what_is_no_proxy_is_refused_and_not_repeated(folder: Folder, proxy: str) -> None:
    folder.write("connectors/hub.toml", f"proxy = {proxy}\n" + HUB)
    (told,) = folder.refused()
    assert told.startswith("connectors/hub.toml: proxy: this is no address of a proxy. Write it as http://HOST:PORT")


def test_everything_can_be_set(folder: Folder) -> None:
    folder.write(
        "syncd.toml",
        """
        state = "/var/elsewhere/syncd.db"
        listen = "[::1]:0"
        mode = "observe"
        marker_key = "env:MARK"
        log = { level = "debug", format = "text" }
        brake = { max_changes = 5, share = 1, max_messages = 0 }
        """,
    )
    folder.environ["MARK"] = "another key of ours"
    folder.write(
        "connectors/desk.toml",
        f"""{DESK}
        web_url = "http://localhost:8000/base/"
        poll_interval = "1m"
        settle = "0s"
        headroom = 0.5
        start_from = 2026-01-31
        [sync]
        trackers = ["hub"]
        playbook = "2i2c"
        issue_field = 123
        read_notes = false
        on_conflict = "tracker"
        late_after = "1d"
        """,
    )
    config = folder.load()
    assert (str(config.state), config.listen, config.mode) == ("/var/elsewhere/syncd.db", ("::1", 0), "observe")
    assert (config.marker_key, config.log_level, config.brake.share) == (b"another key of ours", "debug", 1)
    desk = config.helpdesks["desk"]
    assert (desk.options.web_url, desk.options.poll_interval) == ("http://localhost:8000/base", 60)
    assert desk.options.start_from is not None
    assert desk.options.start_from.isoformat() == "2026-01-31T00:00:00+00:00"
    assert (desk.issue_field, desk.read_notes) == ("123", False)
    assert (desk.playbook.name, desk.playbook.on_conflict, desk.playbook.late_after) == ("2i2c", "tracker", 86400)
    assert desk.playbook.on_requester_reopen == "reopen", "the playbook holds where [sync] is silent"


def test_a_folder_without_syncd_toml_has_the_defaults(folder: Folder) -> None:
    (folder.path / "syncd.toml").unlink()
    assert folder.load().state == Path("/var/lib/syncd/syncd.db")


def test_a_byte_order_mark_is_no_error(folder: Folder) -> None:
    folder.write("syncd.toml", b"\xef\xbb\xbf" + SYNCD.encode())
    assert folder.load().mode == "live"


def test_other_files_beside_the_connectors_are_left_alone(folder: Folder) -> None:
    for name in ("README.md", "desk.toml.off", ".desk.toml.swp", ".hidden.toml", "desk.toml~"):
        folder.write(f"connectors/{name}", "not [ toml")
    assert list(folder.load().helpdesks) == ["desk"]


def test_a_mapping_in_the_folder_replaces_the_shipped_one_and_the_account_s_own_beats_both(folder: Folder) -> None:
    folder.write("mappings/freshdesk.toml", MAPPING)
    assert folder.load().helpdesks["desk"].mapping.word(Status("6")) is Word.PENDING
    folder.write("mappings/desk.toml", MAPPING.replace('"3", "6"', '"3"').replace('["4"]', '["4", "6"]'))
    mapping = folder.load().helpdesks["desk"].mapping
    assert (mapping.name, mapping.word(Status("6"))) == ("desk", Word.RESOLVED)


def test_a_mapping_in_a_connector_s_own_package_is_found_and_the_folder_s_replaces_it(
    folder: Folder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    package = tmp_path / "site" / "desk_of_others"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "mapping.toml").write_text(MAPPING, encoding="utf-8")
    monkeypatch.syspath_prepend(str(package.parent))
    point = EntryPoint("others", "desk_of_others:Connector", ENTRY_POINTS)
    monkeypatch.setattr("syncd.config.files.installed", lambda: {"others": point})
    monkeypatch.setitem(KINDS, "others", _Stub)
    folder.write("connectors/desk.toml", DESK.replace("freshdesk", "others", 1) + "[sync]\n")
    config = folder.load()
    assert config.helpdesks["desk"].mapping.word(Status("6")) is Word.PENDING
    assert add_to_mapping(config, "others").startswith(f"Copy {package / 'mapping.toml'} to ")
    folder.write("mappings/others.toml", MAPPING.replace('"3", "6"', '"3"').replace('["4"]', '["4", "6"]'))
    assert folder.load().helpdesks["desk"].mapping.word(Status("6")) is Word.RESOLVED
    point = EntryPoint("others", "a_module_that_is_not_there:Connector", ENTRY_POINTS)
    (folder.path / "mappings" / "others.toml").unlink()
    with pytest.raises(ConfigError, match="there is no mapping for 'others'"):
        folder.load()


def test_a_playbook_in_the_folder_replaces_the_shipped_one_and_rests_on_the_default(folder: Folder) -> None:
    folder.write("mappings/playbooks/2i2c.toml", 'on_conflict = "helpdesk"\n')
    folder.write("connectors/desk.toml", DESK + '[sync]\nplaybook = "2i2c"\n')
    playbook = folder.load().helpdesks["desk"].playbook
    assert (playbook.on_conflict, playbook.on_requester_reopen) == ("helpdesk", "tell")
    assert playbook.render("resolved", issue_key="o/r#1", issue_url="https://x")


def test_a_default_playbook_in_the_folder_needs_to_say_only_what_differs(folder: Folder) -> None:
    folder.write("mappings/playbooks/default.toml", '[texts]\nmessage_filed = "Thank you."\n')
    playbook = folder.load().helpdesks["desk"].playbook
    assert playbook.render("message_filed") == "Thank you."
    assert playbook.render("link_note", issue_key="o/r#1", issue_url="https://x")


def test_what_can_play_both_parts_is_a_helpdesk_where_it_has_a_sync_table(folder: Folder) -> None:
    text = HUB.replace("github", "twofold")
    tracker = 'role = "tracker"\nwords = { open = ["1"], done = ["2"] }\nwrite = { open = "1", done = "2" }\n'
    folder.write("mappings/eng.toml", tracker)
    folder.write("mappings/sup.toml", MAPPING)
    folder.write("connectors/eng.toml", text)
    folder.write("connectors/sup.toml", text + '[sync]\ntrackers = ["eng", "hub"]\n')
    folder.write("connectors/desk.toml", DESK + '[sync]\ntrackers = ["hub"]\n')
    config = folder.load()
    assert (sorted(config.helpdesks), sorted(config.trackers)) == (["desk", "sup"], ["eng", "hub"])
    assert config.helpdesks["sup"].trackers == ("eng", "hub")


def test_connecting_makes_the_connector_with_its_own_name_and_options(folder: Folder) -> None:
    config, clock = folder.load(), ManualClock()
    made = config.helpdesks["desk"].connect(clock)
    assert isinstance(made, _Stub)
    assert (made.name, made.clock, made.settle) == ("desk", clock, 120)


def test_fingerprints_follow_mapping_and_playbook_of_each_connector(folder: Folder) -> None:
    before = folder.load()
    folder.write("connectors/desk.toml", DESK + 'poll_interval = "9s"\n[sync]\nplaybook = "2i2c"\n')
    after = folder.load()
    assert before.trackers["hub"].fingerprint == after.trackers["hub"].fingerprint
    assert before.helpdesks["desk"].fingerprint != after.helpdesks["desk"].fingerprint
    folder.write("connectors/desk.toml", DESK + 'poll_interval = "9s"\n')
    assert folder.load().helpdesks["desk"].fingerprint == before.helpdesks["desk"].fingerprint


def test_loading_writes_nothing_and_calls_nobody(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    def dial(*_: object) -> None:
        raise AssertionError("a configuration is read, not tried out")

    monkeypatch.setattr(socket.socket, "connect", dial)
    monkeypatch.setattr(socket, "getaddrinfo", dial)
    before = {path: path.read_bytes() for path in folder.path.rglob("*") if path.is_file()}
    folder.load()
    assert {path: path.read_bytes() for path in folder.path.rglob("*") if path.is_file()} == before


# --- secrets ---


def secret(folder: Folder, reference: str) -> str:
    folder.write("connectors/desk.toml", DESK.replace("credential:desk", reference))
    options = folder.load().helpdesks["desk"].options
    assert isinstance(options, DeskOptions)
    return options.api_key.get_secret_value()


def test_secrets_come_from_the_environment_a_file_or_a_credential(folder: Folder, tmp_path: Path) -> None:
    folder.environ["DESK_KEY"] = "from the environment"
    folder.write("own/key", "from a file\r\n", mode=0o400)
    absolute = folder.write("own/other", "from elsewhere", mode=0o600)
    assert secret(folder, "env:DESK_KEY") == "from the environment"
    assert secret(folder, "file:own/key") == "from a file"
    assert secret(folder, f"file:{absolute}") == "from elsewhere"
    assert secret(folder, "credential:desk") == CANARY


def test_systemd_s_credentials_come_first_and_its_modes_are_its_own(folder: Folder, tmp_path: Path) -> None:
    folder.write("given/desk", "from systemd\n", mode=0o440)
    folder.environ["CREDENTIALS_DIRECTORY"] = str(folder.path / "given")
    assert secret(folder, "credential:desk") == "from systemd"
    assert folder.load().marker_key == KEY.encode(), "what systemd doesn't give is looked for in the folder"


def test_a_folder_of_credentials_that_systemd_passes_on_is_read_by_the_same_names(folder: Folder) -> None:
    folder.write("given/syncd_desk", "from the folder\n", mode=0o400)
    folder.write("given/syncd_marker_key", "f" * 64, mode=0o400)
    folder.environ["CREDENTIALS_DIRECTORY"] = str(folder.path / "given")
    assert secret(folder, "credential:desk") == "from the folder"
    assert folder.load().marker_key == b"f" * 64
    folder.write("given/desk", "named alone\n", mode=0o400)
    assert secret(folder, "credential:desk") == "named alone", "what a unit names itself comes before a whole folder"


def test_a_credential_that_systemd_did_not_hand_over_is_told_as_that(folder: Folder) -> None:
    """It hands them over at the start only: a file that is put there later needs a restart."""
    (folder.path / "given").mkdir()
    folder.environ["CREDENTIALS_DIRECTORY"] = str(folder.path / "given")
    folder.write("connectors/hub.toml", HUB.replace("env:HUB", "credential:later"))
    (told,) = folder.refused()
    assert "connectors/hub.toml: token: systemd did not hand over a credential later" in told
    assert "then restart the service" in told


def test_a_private_key_may_have_lines(folder: Folder) -> None:
    pem = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"
    folder.write("key.pem", pem + "\n", mode=0o600)
    assert secret(folder, "file:key.pem") == pem


def test_no_secret_is_ever_shown(folder: Folder, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    folder.environ["MARK"] = CANARY
    folder.write("syncd.toml", 'marker_key = "env:MARK"\n')
    config = folder.load()
    shown = [repr(config), str(config), repr(config.helpdesks), repr(config.helpdesks["desk"].options), caplog.text]
    assert not any(CANARY in text for text in shown)


PEM = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"


@pytest.mark.parametrize(
    ("reference", "make", "said"),
    [
        (CANARY, None, "this is no reference to a secret, and a secret itself does not belong in a config file"),
        (f"secret:{CANARY}", None, "this is no reference to a secret"),
        (f"https://x:{CANARY}@h", None, "this is no reference to a secret"),
        ("env:", None, "this is no reference to a secret"),
        ("", None, "this is no reference to a secret"),
        (f"env:{CANARY}", None, "the environment variable that it names is not set"),
        ("env:EMPTY", None, "the secret is empty"),
        ("credential:../desk", None, "this is no name of a credential"),
        ("credential:a/b", None, "this is no name of a credential"),
        ("credential:nosuch", None, "credentials/nosuch does not exist. Put the secret there, then run: chmod 600"),
        ("file:nosuch", None, "nosuch does not exist"),
        ("file:credentials", None, "is no file"),
        ("file:desk/below", None, "does not exist"),
        ("file:x", lambda folder: folder.write("x", "\n", 0o600), "the secret is empty"),
        ("file:x", lambda folder: folder.write("x", "  ", 0o600), "the secret is empty"),
        ("file:x", lambda folder: folder.write("x", f" {CANARY}", 0o600), "the secret begins or ends with a blank"),
        ("file:x", lambda folder: folder.write("x", f"{CANARY}\n\nmore", 0o600), "the secret has several lines"),
        ("file:x", lambda folder: folder.write("x", f"{CANARY}\0", 0o600), "the secret has several lines or control"),
        ("file:x", lambda folder: folder.write("x", b"\xff\xfe" + CANARY.encode(), 0o600), "x is no text"),
        ("file:x", lambda folder: folder.write("x", CANARY * 9999, 0o600), "x is too large to be a secret"),
        ("file:x", lambda folder: os.mkfifo(folder.path / "x"), "x is no file"),
        ("file:x", lambda folder: (folder.path / "x").symlink_to("nowhere"), "x does not exist"),
        ("file:x\\u0000y", None, "can't be read"),
    ],
)
def test_a_bad_secret_is_refused_without_repeating_it(
    folder: Folder, reference: str, make: Callable[[Folder], object] | None, said: str
) -> None:
    folder.environ["EMPTY"] = ""
    if make:
        make(folder)
    folder.write("connectors/desk.toml", DESK.replace("credential:desk", reference))
    (message,) = folder.refused()
    assert message.startswith("connectors/desk.toml: api_key: ")
    assert said in message


@pytest.mark.parametrize(
    ("mode", "told"), [(0o644, True), (0o604, True), (0o620, True), (0o640, False), (0o600, False)]
)
def test_a_secret_that_others_can_get_at_is_told_and_used_all_the_same(folder: Folder, mode: int, told: bool) -> None:
    folder.write("credentials/desk", CANARY, mode)
    warnings = [str(one) for one in folder.load().warnings]
    assert [f"chmod 600 {folder.path}/credentials/desk" in one for one in warnings] == ([True] if told else [])


def test_a_secret_that_others_can_get_at_is_listed_with_everything_else_that_is_wrong(folder: Folder) -> None:
    folder.write("credentials/desk", CANARY, 0o644)
    folder.write("syncd.toml", "nonsense = 1\n")
    assert [("chmod 600" in one, "nonsense" in one) for one in folder.refused()] == [(False, True), (True, False)]


def test_a_missing_marker_key_comes_with_the_command_that_makes_one(folder: Folder) -> None:
    (folder.path / "credentials/marker_key").unlink()
    folder.write("syncd.toml", 'marker_key = "credential:marker_key"\n')
    (message,) = folder.refused()
    key = folder.path / "credentials/marker_key"
    assert message.startswith(f"syncd.toml: marker_key: {key} does not exist. Make one: mkdir -p ")
    assert f"openssl rand -hex 32 > {key} && chmod 600 {key}" in message


def test_without_a_marker_key_syncd_is_left_to_make_one(folder: Folder) -> None:
    (folder.path / "credentials/marker_key").unlink()
    assert folder.load().marker_key is None


def test_a_marker_key_that_is_there_and_can_not_be_read_is_not_replaced_by_a_new_one(folder: Folder) -> None:
    key = folder.path / "credentials/marker_key"
    key.unlink()
    key.symlink_to("nowhere")
    (message,) = folder.refused()
    assert message.startswith("syncd.toml: marker_key: ")


def test_a_marker_key_of_a_few_letters_is_none(folder: Folder) -> None:
    folder.write("credentials/marker_key", "secret", mode=0o600)
    (message,) = folder.refused()
    assert "too short" in message
    assert "openssl" in message


def test_what_a_connector_s_own_validator_says_is_masked(folder: Folder) -> None:
    folder.write("connectors/desk.toml", DESK + 'portal_hosts = ["loud"]\n')
    assert folder.refused() == [
        "connectors/desk.toml: portal_hosts: this value can't be used. A validator that talks: ***"
    ]


# --- files that don't load ---

BAD_FILES: list[tuple[str, str | bytes, str]] = [
    # (file, its text, what is said of it)
    ("syncd.toml", "state = \n", "syncd.toml:1:9: it is no valid TOML (Invalid value). Mend the line"),
    ("syncd.toml", 'mode = "live"\n\nmode = "live"\n', "syncd.toml:3:"),
    (
        "syncd.toml",
        "[log]\n[log]\n",
        "syncd.toml:2:5: it is no valid TOML (Cannot declare ('log',) twice). Keep the key,",
    ),
    ("syncd.toml", 'a = """\nnever ended', "syncd.toml:2:"),
    ("syncd.toml", b'state = "\n\xff"\n', "syncd.toml:2: it is not UTF-8. Save it as UTF-8"),
    ("syncd.toml", "a = " + "[" * 5000, "syncd.toml: it is nested too deeply"),
    ("syncd.toml", "#" * 1100000, "syncd.toml: it is too large"),
    ("syncd.toml", "sate = 'x'\n", "syncd.toml: sate: unknown key. Did you mean 'state'?"),
    (
        "syncd.toml",
        "colour = 'x'\n",
        "syncd.toml: colour: unknown key. Remove it; known here: brake, listen, log, marker",
    ),
    ("syncd.toml", "state = ''\n", "syncd.toml: state: "),
    ("syncd.toml", "state = 1\n", "syncd.toml: state: a text is expected. Write it in quotes"),
    (
        "syncd.toml",
        "mode = 'dry'\n",
        "syncd.toml: mode: this is none of the known values. Write one of 'live', 'observ",
    ),
    ("syncd.toml", "listen = 8787\n", "syncd.toml: listen: this is no address to listen on. Write it as HOST:PORT"),
    ("syncd.toml", "listen = ':8787'\n", "syncd.toml: listen: this is no address"),
    ("syncd.toml", "listen = '::1:8787'\n", "syncd.toml: listen: this is no address"),
    ("syncd.toml", "listen = 'localhost:70000'\n", "syncd.toml: listen: this is no address"),
    ("syncd.toml", "listen = 'a b:80'\n", "syncd.toml: listen: this is no address"),
    ("syncd.toml", "notify = 'slack'\n", "syncd.toml: notify: a table is expected"),
    (
        "syncd.toml",
        "[notify]\nkind = 'slack'\n",
        "syncd.toml: notify.kind: a table is expected. Write it as a [notify.N",
    ),
    ("syncd.toml", "[notify.Team]\nkind = 'slack'\n", "syncd.toml: notify.Team: this can't be a sink's name"),
    (
        "syncd.toml",
        "[notify.team]\n",
        "syncd.toml: notify.team.kind: this key is missing. Write one of: mail, slack, web",
    ),
    ("syncd.toml", "[notify.team]\nkind = 'irc'\n", "syncd.toml: notify.team.kind: this is none of the known values"),
    ("syncd.toml", "[notify.team]\nkind = 'slack'\n", "syncd.toml: notify.team: neither url nor token is there. Give"),
    (
        "syncd.toml",
        f"[notify.team]\nkind = 'slack'\nurl = '{CANARY}'\n",
        "notify.team.url: this is no reference to a se",
    ),
    (
        "syncd.toml",
        "[notify.team]\nkind = 'slack'\ntoken = 'credential:marker_key'\n",
        "notify.team: a bot has a token and no channel",
    ),
    (
        "syncd.toml",
        "[notify.team]\nkind = 'slack'\ntoken = 'credential:marker_key'\nchannel = '#help'\n",
        "syncd.toml: notify.team.channel: this is no id of a channel. Write the id, such as C0123456789",
    ),
    ("syncd.toml", "[notify.team]\nkind = 'webhook'\nurl = 'credential:marker_key'\n", "notify.team: this is no URL"),
    (
        "syncd.toml",
        "[notify.team]\nkind = 'webhook'\non = ['tea']\n",
        "notify.team.on[0]: this is none of the known val",
    ),
    ("syncd.toml", "[notify.team]\nkind = 'webhook'\nport = 7\n", "notify.team.port: unknown key"),
    ("syncd.toml", "[notify.team]\nkind = 'mail'\nhost = 'mx'\n", "syncd.toml: notify.team.from: this key is missing"),
    (
        "syncd.toml",
        "[notify.team]\nkind = 'mail'\nhost = 'mx'\nfrom = 'Anna <anna@example.com>'\nto = ['b@example.com']\n",
        "syncd.toml: notify.team.from: this is no e-mail address",
    ),
    (
        "syncd.toml",
        "[notify.team]\nkind = 'mail'\nhost = 'mx'\ntls = 'none'\nfrom = 'a@example.com'\nto = ['b@example.com']\n",
        "syncd.toml: notify.team: it would send mail unprotected",
    ),
    ("syncd.toml", "log = 'debug'\n", "syncd.toml: log: a table is expected"),
    ("syncd.toml", "[log]\nlevel = 'loud'\n", "syncd.toml: log.level: this is none of the known values. Write one of"),
    ("syncd.toml", "[log]\nfile = 'x'\n", "syncd.toml: log.file: unknown key"),
    (
        "syncd.toml",
        "[brake]\nshare = 10\n",
        "syncd.toml: brake.share: this number is too large. Write ",
    ),
    ("syncd.toml", "[brake]\nshare = nan\n", "syncd.toml: brake.share: "),
    ("syncd.toml", "[brake]\nmax_changes = -1\n", "syncd.toml: brake.max_changes: this number is too small. Write"),
    ("syncd.toml", "[brake]\nmax_changes = '20'\n", "syncd.toml: brake.max_changes: a whole number is expected"),
    ("syncd.toml", "[brake]\nmax_messages = true\n", "syncd.toml: brake.max_messages: a whole number is expected"),
    ("syncd.toml", f"marker_key = '{CANARY}'\n", "syncd.toml: marker_key: this is no reference to a secret"),
    (
        "syncd.toml",
        "marker_key = 7\n",
        "syncd.toml: marker_key: this is no reference to a secret. Write it as env:NAME",
    ),
    ("connectors/Desk.toml", DESK, "connectors/Desk.toml: the file's name can't be a connector's name. Rename it"),
    ("connectors/2desk.toml", DESK, "connectors/2desk.toml: the file's name can't be"),
    ("connectors/a.b.toml", DESK, "connectors/a.b.toml: the file's name can't be"),
    (
        "connectors/desk.toml",
        "",
        "connectors/desk.toml: connector: this key is missing. Write one of: broken, freshdesk",
    ),
    ("connectors/desk.toml", "connector = 7\n", "connectors/desk.toml: connector: a text is expected"),
    (
        "connectors/desk.toml",
        "connector = 'freshdsk'\n",
        "connector: no such connector is installed. Did you mean 'fre",
    ),
    (
        "connectors/desk.toml",
        "connector = 'sap'\n",
        "no such connector is installed. Write one of: broken, freshdesk, ",
    ),
    ("connectors/desk.toml", "connector = 'broken'\n", "connector: the connector 'broken' is installed, but can't be "),
    ("connectors/desk.toml", 'connector = "freshdesk"\n', "connectors/desk.toml: url: this key is missing. Add it"),
    ("connectors/desk.toml", 'connector = "freshdesk"\n', "connectors/desk.toml: api_key: this key is missing"),
    (
        "connectors/desk.toml",
        DESK + "api_kee = 'x'\n",
        "connectors/desk.toml: api_kee: unknown key. Did you mean 'api_",
    ),
    (
        "connectors/desk.toml",
        DESK + "poll_interval = 30\n",
        "poll_interval: this is no duration. Write a whole number ",
    ),
    ("connectors/desk.toml", DESK + "poll_interval = '0s'\n", "poll_interval: this number is too small. Write 1"),
    (
        "connectors/desk.toml",
        DESK + "headroom = 1.0\n",
        "connectors/desk.toml: headroom: this number is too large. Write one",
    ),
    ("connectors/desk.toml", DESK + "headroom = '30 %'\n", "connectors/desk.toml: headroom: a number is expected"),
    ("connectors/desk.toml", DESK + "start_from = 'January'\n", "start_from: this is no date. Write it as 2026-01-31"),
    ("connectors/desk.toml", DESK + "portal_hosts = 'x'\n", "portal_hosts: a list is expected. Write it in brackets"),
    ("connectors/desk.toml", DESK + "portal_hosts = [1]\n", "connectors/desk.toml: portal_hosts[0]: a text is expect"),
    ("connectors/desk.toml", "sync = 1\n" + DESK, "connectors/desk.toml: sync: a table is expected"),
    ("connectors/desk.toml", DESK + "[sync]\nplaybok = 'x'\n", "sync.playbok: unknown key. Did you mean 'playbook'?"),
    (
        "connectors/desk.toml",
        DESK + "[sync]\nplaybook = 'x'\n",
        "sync.playbook: there is no such playbook. Use one of: ",
    ),
    ("connectors/desk.toml", DESK + "[sync]\nplaybook = '../x'\n", "sync.playbook: there is no such playbook"),
    (
        "connectors/desk.toml",
        DESK + "[sync]\nplaybook = 2\n",
        "connectors/desk.toml: sync.playbook: a text is expected",
    ),
    ("connectors/desk.toml", DESK + "[sync]\ntrackers = 'hub'\n", "sync.trackers: a list is expected"),
    ("connectors/desk.toml", DESK + "[sync]\ncommand_tags = 'a b'\n", "sync.command_tags: a tag can't begin so. Use "),
    ("connectors/desk.toml", DESK + "[sync]\ntrackers = []\n", "sync.trackers: too few are listed. List at least 1"),
    (
        "connectors/desk.toml",
        DESK + "[sync]\ntrackers = ['hup']\n",
        "sync.trackers: 'hup' is no configured tracker. Use ",
    ),
    ("connectors/desk.toml", DESK + "[sync]\ntrackers = ['desk']\n", "sync.trackers: 'desk' is no configured tracker"),
    ("connectors/desk.toml", DESK + "[sync]\ntrackers = ['hub', 'hub']\n", "sync.trackers: a tracker is named twice"),
    ("connectors/desk.toml", DESK + "[sync]\nissue_field = true\n", "sync.issue_field: a text is expected"),
    (
        "connectors/desk.toml",
        DESK + "[sync]\nread_notes = 'no'\n",
        "sync.read_notes: yes or no is expected. Write true",
    ),
    (
        "connectors/desk.toml",
        DESK + "[sync]\non_conflict = 'x'\n",
        "sync.on_conflict: this is none of the known values",
    ),
    (
        "connectors/desk.toml",
        DESK + "[sync]\nresolve_when = 'shipped'\n",
        "sync.resolve_when: this says in no known way when",
    ),
    (
        "connectors/desk.toml",
        DESK + "[sync]\nticket_tag = 'issue'\nissue_fields = { a = 'waiting_tickets' }\n",
        "connectors/desk.toml: sync.ticket_tag: freshdesk can't set tags or labels. Leave",
    ),
    (
        "connectors/desk.toml",
        DESK + "[sync]\nissue_fields = { a = 'waiting_tickets' }\n",
        "connectors/desk.toml: sync.issue_fields: github can't set fields. Leave",
    ),
    (
        "connectors/desk.toml",
        DESK + "[sync]\nticket_fields = { a = 'subject' }\n",
        "sync.ticket_fields.a: this is none of the known values",
    ),
    ("connectors/desk.toml", DESK + "[sync]\nissue_tag = 'Two words'\n", "sync.issue_tag: this can't be the beg"),
    (
        "connectors/desk.toml",
        DESK + "[sync]\nfiled = 'closed'\n",
        "sync.filed: a ticket would be given a word that its",
    ),
    (
        "connectors/desk.toml",
        DESK + "[sync]\nfiled = 'on_hold'\n",
        "write.on_hold: the playbook 'default' writes 'on_hold",
    ),
    (
        "connectors/desk.toml",
        DESK + "[sync.routing.places]\nbugs = 'jura:BUG'\n",
        "sync.routing.places.bugs: 'jura' is none of this helpdesk's trackers. Use one of: hub",
    ),
    (
        "connectors/desk.toml",
        DESK + "[sync.file]\nwhen = 1\n",
        "connectors/desk.toml: sync.file.when: a list is expected",
    ),
    (
        "connectors/hub.toml",
        HUB + "[sync]\n",
        "connectors/hub.toml: sync: only helpdesks have this table, and github is a tr",
    ),
    (
        "connectors/twofold.toml",
        HUB.replace("github", "twofold"),
        "connectors/twofold.toml: connector: there is no mapping for ",
    ),
    (
        "connectors/more.toml",
        HUB,
        "connectors/desk.toml: sync.trackers: this key is missing, and there are several tracke",
    ),
    ("mappings/freshdesk.toml", "role = 'helpdesk'\n", "mappings/freshdesk.toml: words: this key is missing"),
    ("mappings/freshdesk.toml", MAPPING + "x = \n", "mappings/freshdesk.toml:11:5: it is no valid TOML"),
    (
        "mappings/hub.toml",
        MAPPING,
        "mappings/hub.toml: role: this mapping is for a helpdesk, but connectors/hub.toml is a",
    ),
    ("mappings/playbooks/default.toml", "x = 1\n", "mappings/playbooks/default.toml: x: unknown key"),
    ("mappings/playbooks/default.toml", "x =", "mappings/playbooks/default.toml:1:4: it is no valid TOML"),
]


@pytest.mark.parametrize(("name", "text", "said"), BAD_FILES)
def test_a_bad_file_is_refused_with_place_and_cure(folder: Folder, name: str, text: str | bytes, said: str) -> None:
    folder.write(name, text)
    messages = folder.refused()
    assert any(said in message for message in messages), messages


URLS = {
    "http://acme.freshdesk.com": "it would send the credential unprotected",
    "http://10.0.0.1": "it would send the credential unprotected",
    "http://localhost.example.com": "it would send the credential unprotected",
    "http://127.0.0.1.example.com": "it would send the credential unprotected",
    "http://0.0.0.0": "it would send the credential unprotected",
    "ftp://127.0.0.1/": "it would send the credential unprotected",
    "file:///etc/passwd": "this is no URL",
    "acme.freshdesk.com": "this is no URL",
    "//acme.freshdesk.com": "it would send",
    "https://": "this is no URL",
    "": "this is no URL",
    "https://a b": "this is no URL",
    "https://a\\\\b": "this is no URL",
    "https://a\\nb": "this is no URL",
    "https://a:port": "this is no URL",
    "https://a:99999": "this is no URL",
    "https://a:0": "this is no URL",
    "https://[::1": "this is no URL",
    f"https://me:{CANARY}@a": "it holds a user name or a password",
    f"https://{CANARY}@a": "it holds a user name or a password",
    "https://@a": "it holds a user name or a password",
    f"https://a?key={CANARY}": "it holds a query or a fragment",
    "https://a?": "it holds a query or a fragment",
    "https://a#x": "it holds a query or a fragment",
}


@pytest.mark.parametrize("key", ["url", "web_url"])
@pytest.mark.parametrize("url", URLS)
def test_an_unsafe_url_is_refused_without_repeating_it(folder: Folder, key: str, url: str) -> None:
    text = DESK.replace("https://acme.freshdesk.com/", url) if key == "url" else f'{DESK}web_url = "{url}"\n'
    folder.write("connectors/desk.toml", text)
    (message,) = folder.refused()
    assert message.startswith(f"connectors/desk.toml: {key}: {URLS[url]}")


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://acme.freshdesk.com", "https://acme.freshdesk.com"),
        ("https://acme.freshdesk.com///", "https://acme.freshdesk.com"),
        ("https://ghe.example/api/v3/", "https://ghe.example/api/v3"),
        ("https://jira.example:8443/jira", "https://jira.example:8443/jira"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://127.8.9.10:1/x", "http://127.8.9.10:1/x"),
        ("http://localhost:1", "http://localhost:1"),
        ("http://[::1]:1/", "http://[::1]:1"),
        ("https://192.168.1.2", "https://192.168.1.2"),
    ],
)
def test_a_safe_url_is_kept_as_given_but_for_slashes_at_its_end(folder: Folder, url: str, kept: str) -> None:
    folder.write("connectors/desk.toml", DESK.replace("https://acme.freshdesk.com/", url))
    assert folder.load().helpdesks["desk"].options.url == kept


@pytest.mark.parametrize("key", ["close_after = '3d'", "closed_when = [{ tag = 'no-survey' }]"])
@pytest.mark.parametrize(
    ("final", "cure"), [("[]", "Say which status"), ("['5']", "Leave closed_when and close_after")]
)
def test_what_can_not_be_closed_is_told_with_what_to_do(folder: Folder, key: str, final: str, cure: str) -> None:
    closed = MAPPING.replace("[words]", f"final = {final}\n[words]\nclosed = ['5']")
    folder.write("mappings/freshdesk.toml", closed)
    folder.write("connectors/desk.toml", f"{DESK}[sync]\n{key}\n")
    (problem,) = folder.refused()
    assert "write.closed: the playbook 'default' writes 'closed', and this mapping can't" in problem
    assert cure in problem


def test_ten_mistakes_are_ten_messages_of_one_load(folder: Folder) -> None:
    folder.write("syncd.toml", 'sate = "x"\nmode = "dry"\n[brake]\nshare = 2\n')
    folder.write(
        "connectors/desk.toml",
        f"""
        connector = "freshdesk"
        url = "http://acme.freshdesk.com"
        api_key = "{CANARY}"
        poll_interval = "soon"
        [sync]
        trackers = ["hubb"]
        playbook = "3i3c"
        on_conflict = "coin"
        """,
    )
    folder.write("connectors/hub.toml", HUB.replace("env:HUB", "env:NOSUCH"))
    folder.write("connectors/odd.toml", "connector = ")
    folder.write("mappings/freshdesk.toml", MAPPING + 'on_hold = "7"\n')
    places = [message.split(": ")[:2] for message in folder.refused()]
    assert sorted(map(tuple, places)) == [
        ("connectors/desk.toml", "api_key"),
        ("connectors/desk.toml", "poll_interval"),
        ("connectors/desk.toml", "sync.on_conflict"),
        ("connectors/desk.toml", "sync.playbook"),
        ("connectors/desk.toml", "sync.trackers"),
        ("connectors/desk.toml", "url"),
        ("connectors/hub.toml", "token"),
        (
            "connectors/odd.toml:1:13",
            "it is no valid TOML (Invalid value). Mend the line; texts stand in quotes, tables in [brackets]",
        ),
        ("mappings/freshdesk.toml", "write.on_hold"),
        ("syncd.toml", "brake.share"),
        ("syncd.toml", "mode"),
        ("syncd.toml", "sate"),
    ]


def test_a_tracker_that_can_not_be_read_is_no_second_mistake_of_the_helpdesk(folder: Folder) -> None:
    folder.write("connectors/hub.toml", "connector = ")
    folder.write("connectors/desk.toml", DESK + '[sync]\ntrackers = ["hub"]\n')
    assert len(folder.refused()) == 1


@pytest.mark.parametrize(("gone", "said"), [("desk", "there is no helpdesk"), ("hub", "there is no tracker")])
def test_one_end_is_not_enough(folder: Folder, gone: str, said: str) -> None:
    (folder.path / f"connectors/{gone}.toml").unlink()
    (message,) = folder.refused()
    assert said in message


def test_a_folder_without_connectors_says_so(folder: Folder) -> None:
    shutil.rmtree(folder.path / "connectors")
    assert any(message.startswith("connectors/: there is no such folder") for message in folder.refused())


def test_a_folder_where_a_file_should_be_is_told(folder: Folder) -> None:
    (folder.path / "connectors/x.toml").mkdir()
    assert any("connectors/x.toml: it can't be read (Is a directory)" in message for message in folder.refused())


# --- where the folder is ---


@pytest.fixture
def places(tmp_path: Path) -> dict[str, Path]:
    found = {name: tmp_path / name for name in ("given", "named", "system", "here")}
    for path in found.values():
        path.mkdir()
    (found["system"] / "syncd.toml").touch()
    (found["here"] / "connectors").mkdir()
    return found


def find(places: dict[str, Path], given: str | None, **environ: Any) -> Path:
    return find_folder(given, environ, system=places["system"], here=places["here"])


def test_the_first_folder_that_is_named_or_found_is_taken(places: dict[str, Path]) -> None:
    named = {"SYNCD_CONFIG": str(places["named"])}
    assert find(places, str(places["given"]), **named) == places["given"]
    assert find(places, None, **named) == places["named"]
    assert find(places, None, SYNCD_CONFIG="") == places["system"]
    (places["system"] / "syncd.toml").unlink()
    assert find(places, None) == places["here"]


def test_a_folder_is_absolute_whatever_was_typed(places: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(places["given"].parent)
    assert find(places, "given") == places["given"]


@pytest.mark.parametrize("name", ["nosuch", "system/syncd.toml"])
def test_a_named_folder_that_is_none_is_not_passed_over(places: dict[str, Path], name: str) -> None:
    path = str(places["given"].parent / name)
    for given, environ in ((path, {}), (None, {"SYNCD_CONFIG": path})):
        with pytest.raises(ConfigError, match="is no folder"):
            find(places, given, **environ)


def test_nowhere_is_told_with_what_to_do(places: dict[str, Path]) -> None:
    (places["system"] / "syncd.toml").unlink()
    (places["here"] / "connectors").rmdir()
    with pytest.raises(ConfigError, match="Make one with `syncd init`, or name its folder with --config"):
        find(places, None)


# --- what is shipped ---

EXAMPLES = sorted(path for folder in connector_folders for path in Path(folder).glob("*/example.toml"))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.parent.name)
def test_the_example_of_each_shipped_connector_loads(
    folder: Folder, example: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = example.parent.name
    real = installed()[kind].load()
    monkeypatch.setitem(KINDS, kind, real)
    (folder.path / f"connectors/{'desk' if Role.HELPDESK in real.capabilities.roles else 'hub'}.toml").unlink()
    folder.write(f"connectors/{kind}.toml", example.read_bytes())
    folder.write(f"credentials/{kind}", CANARY, mode=0o600)
    config = folder.load()
    made = {**config.helpdesks, **config.trackers}[kind]
    assert isinstance(made.options, real.Options)


@pytest.mark.parametrize("name", ["Syncd.toml", "syncd.toml.txt", "sycnd.toml", "syncd.tml"])
def test_a_slip_in_the_name_of_syncd_toml_does_not_make_all_of_it_default(tmp_path: Path, name: str) -> None:
    folder = Folder(tmp_path)
    (tmp_path / "syncd.toml").rename(tmp_path / name)
    assert folder.refused() == [
        f"syncd.toml: there is none, but there is {name}. Rename that one: nothing else is read"
    ]


@pytest.mark.parametrize(
    ("name", "cure"),
    [
        ("freshdesk.toml", "Move it to connectors/"),
        ("connectors/zendesk.toml.txt", "End its name in .toml"),
        ("connectors/zendesk.tml", "End its name in .toml"),
        ("mappings/freshdsk.toml", "Call it by a connector, one of: desk.toml, freshdesk.toml, github.toml, hub.toml;"),
        ("mappings/2i2c.toml", "a playbook belongs into mappings/playbooks/"),
        ("mappings/playbooks/2i2c.toml", "Name it in a helpdesk's file"),
    ],
)
def test_a_file_that_nothing_reads_is_told(tmp_path: Path, name: str, cure: str) -> None:
    folder = Folder(tmp_path)
    folder.write(name, "")
    (problem,) = unread(folder.load())
    assert (problem.where, problem.what, problem.warning) == (name, "nothing reads this file", True)
    assert cure in problem.cure


def test_a_slip_in_syncd_toml_is_not_told_again_of_every_sink_that_stands_in_it(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.write("syncd.toml", SYNCD + '[bake]\n[notify.team]\nkind = "webhook"\nurl = "env:HUB"\n')
    folder.write("connectors/desk.toml", DESK + '[sync]\nplaybook = "2i2c"\n[sync.announce.sinks]\nsupport = "team"\n')
    assert folder.refused() == ["syncd.toml: bake: unknown key. Did you mean 'brake'?"]


def test_what_stands_in_the_place_of_a_file_is_told_with_its_own_cure(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    (tmp_path / "connectors/hub.toml").unlink()
    (tmp_path / "connectors/hub.toml").mkdir()
    (tmp_path / "connectors/other.toml").symlink_to("/nowhere/at/all")
    told = folder.refused()
    assert "connectors/hub.toml: it can't be read (Is a directory). Put a file in its place: this is a folder" in told
    assert any("connectors/other.toml" in one and "it is a link to nothing" in one for one in told)


def test_a_key_of_a_playbook_stands_where_it_was_set(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    own = 'routing.places.infrastructure = "o/r"\nkinds.defect.type = "Bug"\nboards = [{ board = "o/1" }]\n'
    folder.write("connectors/desk.toml", f'{DESK}[sync]\nplaybook = "2i2c"\n{own}')
    desk = folder.load().helpdesks["desk"]
    for key in ("routing.places.infrastructure", "boards, o/1", "kinds.defect.type"):
        assert desk.where(key) == f"connectors/desk.toml: sync.{key}"
    for key in ("routing.labels", "kinds.change.labels", "file.when", "routing"):
        assert desk.where(key) == f"mappings/playbooks/2i2c.toml: {key}"


def test_files_that_are_read_or_put_aside_are_not_told(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.write("mappings/freshdesk.toml", MAPPING)
    folder.write("mappings/playbooks/ours.toml", "")
    folder.write("connectors/desk.toml", DESK + '[sync]\nplaybook = "ours"\n')
    for name in ("connectors/old.toml.bak", "connectors/.desk.toml.swp", "mappings/x.toml~", "README.md", "notes.txt"):
        folder.write(name, "")
    assert list(unread(folder.load())) == []
