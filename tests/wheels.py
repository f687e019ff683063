"""Wheels, built here with what is installed, and put into folders of their own: nothing is downloaded."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def build(source: Path, folder: Path) -> Path:
    """The wheel of a source tree."""
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (found,) = folder.glob("*.whl")
    return found


def install(wheel: Path, place: Path) -> Path:
    """A folder with the wheel in it, and nothing else."""
    flags = ("install", "--quiet", "--no-index", "--no-deps", "--disable-pip-version-check", "--target", str(place))
    subprocess.run([sys.executable, "-m", "pip", *flags, str(wheel)], check=True)
    return place
