"""The systemd units agree with the program, and are as tight as docs/service.md says."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from syncd.cli import EXITS
from syncd.config import SYSTEM_FOLDER
from syncd.config.settings import Main
from syncd.daemon.service import GRACE, RELOAD_GRACE
from syncd.errors import ConfigError, StateBusy, StateError

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "systemd"
SERVICES = ("syncd.service", "syncd-reconcile.service")
UNITS = (*SERVICES, "syncd-reconcile.timer")
DROP_IN = "egress-proxy.conf"
PAGE = (ROOT / "docs/service.md").read_text(encoding="utf-8")
needs_systemd = pytest.mark.skipif(
    not shutil.which("systemd-analyze"), reason="no systemd-analyze here (Debian: apt install systemd)"
)


def lines(name: str) -> dict[str, list[str]]:
    """Key -> its values, of a unit or drop-in."""
    found: dict[str, list[str]] = {}
    for line in (FOLDER / name).read_text(encoding="utf-8").splitlines():
        if "=" in line and not line.startswith("#"):
            key, _, value = line.partition("=")
            found.setdefault(key, []).append(value)
    return found


def seconds(text: str) -> float:
    """A time span of systemd, as far as ours go."""
    number, unit = re.fullmatch(r"(\d+)(min|s)", text).groups()  # type: ignore[union-attr]
    return float(number) * {"min": 60, "s": 1}[unit]


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The units where systemd would find them, with a program that is there."""
    program = Path(sys.executable).with_name("syncd")
    for name in UNITS:
        text = (FOLDER / name).read_text(encoding="utf-8")
        (tmp_path / name).write_text(text.replace("/opt/syncd/bin/syncd", str(program)), encoding="utf-8")
    return tmp_path


def with_drop_in(folder: Path) -> None:
    (folder / "syncd.service.d").mkdir()
    shutil.copy(FOLDER / DROP_IN, folder / "syncd.service.d")


def analyze(*args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["systemd-analyze", *args], capture_output=True, text=True, check=False, timeout=60)


@needs_systemd
@pytest.mark.parametrize("name", UNITS)
@pytest.mark.parametrize("egress", [False, True])
def test_systemd_finds_nothing_wrong(installed: Path, name: str, egress: bool) -> None:
    if egress:
        with_drop_in(installed)
    done = analyze("verify", "--man=no", str(installed / name))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@needs_systemd
@pytest.mark.parametrize(
    ("name", "egress", "most"), [*((name, False, 11) for name in SERVICES), (SERVICES[0], True, 9)]
)
def test_the_exposure_is_as_told(installed: Path, name: str, egress: bool, most: int) -> None:
    if egress:
        with_drop_in(installed)
    done = analyze("security", "--offline=true", "--no-pager", f"--threshold={most}", str(installed / name))
    told = done.stdout.strip().splitlines()[-1]
    assert done.returncode == 0, told
    assert f"exposure level for {name}: {most / 10}" in told, "docs/service.md says another figure"
    assert str(most / 10) in PAGE


def test_every_unit_and_drop_in_is_told() -> None:
    assert {path.name for path in FOLDER.iterdir() if path.suffix in {".service", ".timer", ".conf"}} == {
        *UNITS,
        DROP_IN,
    }
    assert all(name in PAGE for name in (*UNITS, DROP_IN))


def test_only_what_a_person_must_mend_isn_t_tried_again() -> None:
    never = {int(status) for status in lines("syncd.service")["RestartPreventExitStatus"][0].split()}
    assert never == {2, EXITS[ConfigError]}
    assert EXITS[StateError] in never
    assert EXITS[StateBusy] not in never
    assert lines("syncd.service")["Restart"] == ["always"]


def test_systemd_is_more_patient_than_the_program() -> None:
    unit = lines("syncd.service")
    assert seconds(unit["TimeoutStopSec"][0]) >= 2 * GRACE
    watchdog = seconds(unit["WatchdogSec"][0])
    # It is fed at a third of that, and not at all while lanes come to their end before a new configuration.
    assert watchdog > watchdog / 3 + RELOAD_GRACE + 10


def test_paths_are_those_of_the_program() -> None:
    for name in SERVICES:
        unit = lines(name)
        program, verb, *options = unit["ExecStart"][0].split()
        assert (program, options) == ("/opt/syncd/bin/syncd", ["--config", str(SYSTEM_FOLDER)])
        assert verb == {"syncd.service": "run", "syncd-reconcile.service": "reconcile"}[name]
        assert Main().state == f"/var/lib/{unit['StateDirectory'][0]}/syncd.db"
        assert f"/etc/{unit['ConfigurationDirectory'][0]}" == str(SYSTEM_FOLDER)
        assert unit["LoadCredential"] == [f"syncd:{SYSTEM_FOLDER}/credentials"]


def test_the_nightly_run_has_the_rights_of_the_service_and_no_others() -> None:
    service, nightly = (lines(name) for name in SERVICES)
    differ = {key for key in {*service, *nightly} if service.get(key) != nightly.get(key)}
    of_a_daemon = {"ExecReload", "TimeoutStartSec", "TimeoutStopSec", "KillMode", "StartLimitIntervalSec", "WantedBy"}
    of_a_daemon |= {
        "NotifyAccess",
        "Restart",
        "RestartSec",
        "RestartPreventExitStatus",
        "WatchdogSec",
        "WatchdogSignal",
    }
    folder = {"RuntimeDirectory", "RuntimeDirectoryMode"}  # the socket's, which must outlive the nightly run
    assert differ - of_a_daemon - folder == {"Type", "ExecStart", "After", "Description"}
    assert not folder & set(nightly)
