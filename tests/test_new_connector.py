"""docs/new-connector.md can be followed: its first package is found, and what it shows of the example stands there."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from syncd.testing.contract import ConnectorContract

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "new-connector.md").read_text(encoding="utf-8")
EXAMPLE = ROOT / "docs" / "examples" / "syncd-zammad"
FILES: dict[str, str] = dict(re.findall(r"```\w+\n# (\S+\.\w+)\n(.*?)```", PAGE, re.DOTALL))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of the page in an empty folder, installed as it says, though into a folder of their own."""
    folder, site = tmp_path_factory.mktemp("syncd-zammad"), tmp_path_factory.mktemp("site")
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    options = ("--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--target", str(site))
    subprocess.run([sys.executable, "-m", "pip", "install", *options, str(folder)], check=True)
    return site


def test_the_first_package_is_found_and_says_what_is_missing(site: Path) -> None:
    (shown,) = re.findall(r"^\$ python (-c .*)\n(.*)\n", PAGE, re.MULTILINE)
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    env = kept | {"PYTHONPATH": os.pathsep.join(filter(None, (str(site), os.environ.get("PYTHONPATH", ""))))}
    done = subprocess.run(
        [sys.executable, *shlex.split(shown[0])], cwd=site, env=env, capture_output=True, text=True, check=False
    )
    assert (done.stdout.strip(), done.stderr) == (shown[1], "")


def test_what_is_shown_of_the_example_is_in_it() -> None:
    assert set(FILES) >= {"pyproject.toml", "syncd_zammad/connector.py", "tests/test_zammad_contract.py"}
    project = (EXAMPLE / "pyproject.toml").read_text(encoding="utf-8")
    for section in re.split(r"\n\n", FILES["pyproject.toml"].strip()):
        for line in section.splitlines():
            assert line.startswith("dependencies") or line in project.splitlines(), line


def test_every_choice_of_tests_that_the_page_makes_finds_some() -> None:
    tests = [name for name in dir(ConnectorContract) if name.startswith("test_")]
    words = {word for choice in re.findall(r'-k "([^"]+)"', PAGE) for word in choice.split(" or ")}
    assert len(words) > 20
    assert {word for word in words if not any(word in name for name in tests)} == set()
