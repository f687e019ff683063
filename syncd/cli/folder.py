"""Writing a config folder: each file anew, all of them or none."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from syncd.errors import ConfigError, Problem


def make(place: Path, files: Mapping[str, str], credentials: Mapping[str, str]) -> None:
    """Write a config folder; what exists is never touched.

    Args:
        place: the folder, made if it isn't there.
        files: path below it -> text.
        credentials: name -> secret, for files that only their owner can read.

    Raises:
        ConfigError: a file exists, or can't be written; whatever was made is taken back.
    """
    made: list[Path] = []
    try:
        for name, secret in credentials.items():
            _write(place / "credentials" / name, f"{secret}\n", 0o600, 0o700, made)
        for name, text in files.items():
            _write(place / name, text, 0o644, 0o755, made)
    except BaseException as error:
        for path in reversed(made):
            with suppress(OSError):
                path.rmdir() if path.is_dir() else path.unlink()
        if isinstance(error, OSError):
            where, what = str(error.filename or place), f"it can't be made ({error.strerror})"
            cure = "Mend that, or name another folder: syncd init DIR"
            raise ConfigError([Problem(where, what, cure)]) from error
        raise


def _write(path: Path, text: str, mode: int, folder_mode: int, made: list[Path]) -> None:
    for folder in reversed([one for one in path.parents if not one.exists()]):
        folder.mkdir(mode=folder_mode if folder == path.parent else 0o755)
        made.append(folder)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    made.append(path)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
