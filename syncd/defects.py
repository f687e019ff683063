"""What is neither a service's answer nor a mistake in a file: a defect of syncd itself, or a disk in trouble.

A defect that one item brings about must hold up no other (rule 13): the item, or its group, is set aside and told. A
disk in trouble concerns everything, so it stops the run.
"""

from __future__ import annotations

import traceback
from pathlib import Path

from syncd.errors import SyncdError

STORAGE = ("SQLITE_FULL", "SQLITE_IOERR", "SQLITE_READONLY", "SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_CANTOPEN")
"""What SQLite calls the troubles of a disk, as opposed to those of a statement."""
LOCKED = ("SQLITE_BUSY", "SQLITE_LOCKED")


def of_storage(error: BaseException) -> bool:
    """Whether the disk that holds the state is full, broken or read-only."""
    return _named(error, STORAGE)


def of_one_item(error: BaseException) -> bool:
    """Whether it is a defect that others need not share: no error of ours, of the disk, or of the whole process."""
    return (
        isinstance(error, Exception)
        and not isinstance(error, (SyncdError, MemoryError, OSError))
        and not _named(error, STORAGE + LOCKED)
    )


def told(error: BaseException) -> str:
    """What it is and where it struck, without values: those may be a customer's."""
    frames = traceback.extract_tb(error.__traceback__)
    frame = next((one for one in reversed(frames) if "site-packages" not in one.filename), frames[-1])
    return f"a defect in syncd: {type(error).__name__} in {Path(frame.filename).name}, line {frame.lineno}"


def _named(error: BaseException, names: tuple[str, ...]) -> bool:
    name = getattr(error, "sqlite_errorname", "")
    return isinstance(name, str) and name.startswith(names)
