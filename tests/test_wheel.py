"""The wheel as users get it, with the source out of reach: mappings, playbooks, entry points, stand-ins are in it."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.wheels import build, install

ROOT = Path(__file__).parent.parent
SHARED = ".data/data/share/syncd/systemd/"
pytestmark = pytest.mark.xdist_group("wheel")  # one wheel is enough


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(ROOT, tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install(wheel, tmp_path_factory.mktemp("site"))


def run(place: Path, *args: str) -> subprocess.CompletedProcess[str]:
    """A Python that finds the installed wheel and the libraries, but not the checkout: -S keeps .pth files out."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("SYNCD", "PYTHON"))}
    env["PYTHONPATH"] = os.pathsep.join((str(place), sysconfig.get_path("purelib"), sysconfig.get_path("platlib")))
    return subprocess.run(
        [sys.executable, "-S", *args],
        cwd=place.parent,
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_everything_of_the_packages_and_nothing_else_is_in_it(wheel: Path) -> None:
    listed = subprocess.run(
        ["git", "ls-files", "syncd", "connectors", "mappings"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    inside = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name and SHARED not in name}
    assert {name.split("/")[0] for name in inside} == {"syncd", "connectors", "mappings"}
    if listed.returncode == 0:  # there is no git where the tests came without their history
        assert set(listed.stdout.split()) <= inside
    assert {"mappings/freshdesk.toml", "mappings/playbooks/2i2c.toml", "connectors/github/example.toml"} <= inside
    assert not {name for name in inside if name.endswith((".pyc", ".db", ".lock"))}


def test_the_units_come_with_the_wheel_and_with_the_source(installed: Path, tmp_path: Path) -> None:
    units = {path.name for path in (ROOT / "systemd").iterdir()}
    assert "syncd.service" in units
    assert {path.name for path in (installed / "share/syncd/systemd").iterdir()} == units
    command = [sys.executable, "-m", "build", "--sdist", "--no-isolation", "--outdir", str(tmp_path), str(ROOT)]
    subprocess.run(command, capture_output=True, check=True)
    (source,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(source) as archive:
        names = archive.getnames()
    assert {name.rpartition("/")[2] for name in names if "/systemd/" in name} >= units


def test_the_program_runs_from_it_alone(installed: Path) -> None:
    where = run(
        installed, "-c", "import syncd, connectors, sys; print(syncd.__file__, *connectors.__path__); print(sys.path)"
    )
    assert where.stdout.count(str(installed)) == 3, where.stdout + where.stderr
    assert f"'{ROOT}'" not in where.stdout
    told = run(installed, str(installed / "bin" / "syncd"), "--version")
    assert told.stdout == "syncd, version 0.1.0\n"


def test_a_whole_day_can_be_played_from_it(installed: Path) -> None:
    """Stand-ins, connectors, mappings, the playbook and the state, all as installed."""
    done = run(installed, str(installed / "bin" / "syncd"), "demo")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Writes in the last run: 0. Comments by syncd in the public repository: 0." in done.stdout


def test_a_bad_folder_is_told_by_it(installed: Path, tmp_path: Path) -> None:
    connectors = tmp_path / "connectors"
    connectors.mkdir()
    (connectors / "desk.toml").write_text(
        'connector = "freshdesk"\nurl = "https://acme.freshdesk.com"\napi_key = "env:SYNCD_UNSET"\n'
        '[sync]\nplaybook = "x"\n'
    )
    done = run(installed, str(installed / "bin" / "syncd"), "check", "--config", str(tmp_path))
    assert done.returncode == 78, done.stdout + done.stderr
    playbooks = sorted(path.stem for path in (ROOT / "mappings" / "playbooks").glob("*.toml"))
    assert f"Use one of: {', '.join(playbooks)}" in done.stderr
    assert "there is no tracker" in done.stderr
