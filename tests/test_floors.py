"""The house keeps its floors: import-linter's contracts hold, and the linter would say if they didn't."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def lint(folder: Path, *more: Path) -> subprocess.CompletedProcess[str]:
    """The contracts of pyproject.toml, held against the packages in a folder, and in further ones."""
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()", "--no-cache"]
    env = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, (folder, *more)))}
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)


def test_every_contract_is_kept() -> None:
    done = lint(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


def test_a_connector_in_a_package_of_its_own_keeps_to_the_contract_too(tmp_path: Path) -> None:
    example = ROOT / "docs" / "examples" / "syncd-zammad"
    done = lint(example, ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    shutil.copytree(example, tmp_path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    with (tmp_path / "syncd_zammad" / "feed.py").open("a", encoding="utf-8") as file:
        file.write("\nimport syncd.store\n")
    done = lint(tmp_path, ROOT)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "syncd_zammad.feed -> syncd.store" in done.stdout


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("syncd/model.py", "import syncd.ingest.poll"),
        ("syncd/plan/decide.py", "import syncd.store"),
        ("syncd/ingest/poll.py", "import connectors.github"),
        ("connectors/github/feed.py", "import syncd.store"),
        ("syncd/links.py", "import requests"),
        ("connectors/jira/writes.py", "import connectors.jira.sandbox"),
    ],
)
def test_a_step_to_a_higher_floor_is_found(tmp_path: Path, file: str, line: str) -> None:
    for name in ("syncd", "connectors", "mappings"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    path = tmp_path / file
    path.write_text(f"{path.read_text(encoding='utf-8')}\n{line}\n", encoding="utf-8")
    done = lint(tmp_path)
    assert done.returncode == 1, done.stdout + done.stderr
    assert line.removeprefix("import ") in done.stdout
