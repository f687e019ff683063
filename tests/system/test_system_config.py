"""Bad input: every mistake at once, in sentences, and nothing touched."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from office import DESK_KEY, SECRETS, Office, Run

LITERAL = "ghp_einGeheimnisDasHierNichtStehtDarf0000"
VERBS = (
    ("check",),
    ("reconcile",),
    ("reconcile", "--dry-run"),
    ("status",),
    ("explain", "freshdesk:1"),
    ("links", "list"),
    ("links", "add", "freshdesk:1", "github:acme/infrastructure#1"),
    ("brake", "release", "github"),
)


def spoil(office: Office) -> list[str]:
    """A config folder with one mistake per line of what is returned: what a message must name."""
    office.write(
        "syncd.toml",
        f'state = "{office.state}"\nmode = "lve"\nlisten = "somewhere"\nstat = "x"\nmarker_key = "env:SYNCD_UNSET"\n',
    )
    office.write(
        "connectors/freshdesk.toml",
        f'connector = "freshdesk"\nurl = "http://acme.freshdesk.com"\napi_key = "{LITERAL}"\nsettle = "2 minutes"\n'
        '[sync]\nplaybook = "2i3c"\ntrackers = ["githbu"]\non_conflict = "fight"\n',
    )
    office.write(
        "connectors/github.toml",
        f'connector = "github"\nurl = "https://me:{LITERAL}@api.github.com"\ntoken = "file:nowhere"\nheadrom = 0.2\n'
        '[[repositories]]\nname = "no slash"\n',
    )
    office.write("connectors/Other One.toml", 'connector = "gitlab"\n')
    office.write("connectors/broken.toml", 'connector = "github\n')
    office.write("mappings/github.toml", 'role = "tracker"\n[words]\nopen = ["open"]\nfinished = ["closed"]\n[write]\n')
    return [
        "syncd.toml: mode",
        "syncd.toml: listen",
        "syncd.toml: stat",
        "syncd.toml: marker_key",
        "connectors/freshdesk.toml: url",
        "connectors/freshdesk.toml: api_key",
        "connectors/freshdesk.toml: settle",
        "connectors/freshdesk.toml: sync.trackers",
        "connectors/freshdesk.toml: sync.playbook",
        "connectors/freshdesk.toml: sync.on_conflict",
        "connectors/github.toml: url",
        "connectors/github.toml: token",
        "connectors/github.toml: headrom",
        "connectors/github.toml: repositories[0].name",
        "connectors/Other One.toml",
        "connectors/broken.toml:1",
        "mappings/github.toml: words.finished",
        "mappings/github.toml: write.open",
    ]


def test_every_mistake_is_told_at_once_by_every_verb_and_nothing_is_touched(office: Office) -> None:
    wrong = spoil(office)
    before = office.tree()
    first = ""
    for verb in VERBS:
        run = office.run(*verb).ended(78)
        assert run.out == ""
        lines = run.err.splitlines()
        for place in wrong:
            assert any(line.startswith(f"syncd: {place}") for line in lines), f"{place} isn't told by {verb}: {run.err}"
        assert lines[-1].endswith("problems in the configuration; nothing was done")
        assert f"{len(lines) - 1} problems" in lines[-1]
        assert LITERAL not in run.said
        assert run.err == (first or run.err)  # the same words, whoever asks
        first = run.err
    assert office.tree() == before
    assert office.calls() == 0


def test_each_mistake_comes_with_a_cure(office: Office) -> None:
    spoil(office)
    for line in office.run("check").err.splitlines()[:-1]:
        where, _, rest = line.removeprefix("syncd: ").partition(": ")
        assert where
        assert len(rest.split(". ")) > 1 or rest.endswith("?"), line


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("reconcil",), "No such command 'reconcil'"),
        (("reconcile", "--dryrun"), "--dry"),
        (("reconcile", "--since", "yesterday"), "2026-01-31"),
        (("reconcile", "--connector", "zendesk"), "no connector is called 'zendesk'; there are: github, freshdesk"),
        (("links", "add", "freshdesk:1"), "ISSUE"),
        (("links", "list", "--state", "dead"), "proposed"),
        (("explain",), "REF"),
        (("sandbox", "nothing"), "there are: freshdesk, github"),
        (("sandbox", "github", "--port", "99999"), "99999"),
    ],
)
def test_a_slip_on_the_command_line_is_a_usage_error(office: Office, args: tuple[str, ...], told: str) -> None:
    before = office.tree()
    run = office.run(*args).ended(2)
    assert told in run.err
    assert office.tree() == before


def test_the_config_folder_can_be_named_before_and_after_the_verb_and_in_the_environment(office: Office) -> None:
    config = str(office.config)

    def told(*args: str, **env: str) -> Run:
        return office.run(*args, folder=False, env=env)

    for run in (
        told("--config", config, "status", "--json"),
        told("status", "--config", config, "--json"),
        told("status", "--json", SYNCD_CONFIG=config),
        told("--config", "/nowhere", "status", "--json", "--config", config),
        told("--config", config, "links", "list", "--json"),
        told("links", "list", "--json", "--config", config),
    ):
        found, wanted = run.ended(0).data, office.json("status")
        assert found == [] or found | {"as_of": ""} == wanted | {"as_of": ""}


@pytest.mark.parametrize("where", ["--config", "SYNCD_CONFIG"])
def test_a_folder_that_is_named_but_not_there_is_never_replaced_by_another(office: Office, where: str) -> None:
    os.link(office.config / "syncd.toml", office.folder / "syncd.toml")  # a configuration in the current folder
    args, env = (("--config", "/no/such"), {}) if where == "--config" else ((), {where: "/no/such"})
    run = office.run("status", *args, folder=False, env=env).ended(78)
    assert "/no/such is no folder" in run.err
    assert where in run.err


def test_no_configuration_anywhere_says_how_to_make_one(office: Office, tmp_path: Path) -> None:
    (office.config / "syncd.toml").unlink()
    run = office.run("status", folder=False)
    if run.exit == 78:  # unless this machine has an /etc/syncd
        assert "Make one with `syncd init`" in run.err


def test_a_secret_is_never_shown_wherever_it_landed(office: Office) -> None:
    for place in ("connector", "url", "api_key", "settle", "portal_hosts", "poll_interval", DESK_KEY):
        text = (
            f'connector = "freshdesk"\nurl = "{office.freshdesk.url}"\napi_key = "env:SYNCD_TEST_DESK"\n[sync]\n'
            if place not in {"connector", "url", "api_key"}
            else "\n".join(
                f'{key} = "{DESK_KEY if key == place else value}"'
                for key, value in (
                    ("connector", "freshdesk"),
                    ("url", office.freshdesk.url),
                    ("api_key", "env:SYNCD_TEST_DESK"),
                )
            )
        )
        text = text if place in {"connector", "url", "api_key"} else f'{place} = "{DESK_KEY}"\n{text}'
        office.write("connectors/freshdesk.toml", text)
        office.run("check").ended(78)  # what may not be printed is looked for after every command
    assert DESK_KEY in SECRETS


def test_a_folder_of_mistakes_that_no_parser_likes(office: Office) -> None:
    office.write("connectors/bom.toml", "\ufeffconnector = 'github'\n")
    (office.config / "connectors/latin.toml").write_bytes(b'connector = "\xe4"\n')
    (office.config / "connectors/zero.toml").write_bytes(b"\0\0\0")
    (office.config / "connectors/folder.toml").mkdir()
    office.write("connectors/deep.toml", "a = " + "[" * 5000 + "]" * 5000 + "\n")
    office.write("connectors/steer.toml", 'connector = "\\u001b[31mred\\u202e"\n"\\u001b]0;x\\u0007" = 1\n')
    (office.config / "connectors/lost.toml").symlink_to("/no/such/file")
    office.write("connectors/-.toml", "")
    before = office.tree()
    run = office.run("check").ended(78)
    for name in ("bom", "latin", "zero", "folder", "deep", "steer", "lost", "-"):
        assert f"connectors/{name}.toml" in run.err, run.err
    assert office.tree() == before
