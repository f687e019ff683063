"""How a command ends: every error becomes sentences and an exit status, none a traceback.

0 done · 1 something is parked, in conflict or wrong · 2 usage · 3 a brake is on · 70 a defect of syncd · 75 another
process holds the state or the port · 78 configuration or state can't be used · 130 interrupted.
"""

from __future__ import annotations

import errno
import os
import sys
import traceback
from collections.abc import Callable

import click

from syncd import defects
from syncd.cli.show import SINK, complain, echo, plural
from syncd.errors import (
    BrakeOn,
    ConfigError,
    ConnectorError,
    Interrupted,
    PortBusy,
    StateBusy,
    StateError,
    SyncdError,
    UnknownRef,
)

EXITS: dict[type[SyncdError], int] = {
    UnknownRef: 1,
    ConnectorError: 1,
    BrakeOn: 3,
    StateBusy: 75,
    PortBusy: 75,
    StateError: 78,
    ConfigError: 78,
    Interrupted: 130,
}
CURES = {
    errno.EACCES: "Run the command as the account that runs syncd, or as root (sudo)",
    errno.EPERM: "Run the command as the account that runs syncd, or as root (sudo)",
    errno.ENOSPC: "Make room on the disk that holds it",
    errno.EDQUOT: "Make room on the disk that holds it",
    errno.EFBIG: "Make room on the disk that holds it",
}
"""What the system says of a file that can't be used -> the cure."""
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
"""What befalls a file that has no name here: the output's."""
STOPPED = "stopped; what was done is kept, and the next run goes on from there"


def ended(command: Callable[[], object]) -> int:
    """Run one command; its exit status."""
    try:
        status = command()
        sys.stdout.flush()
    except (click.exceptions.Abort, KeyboardInterrupt):
        complain(STOPPED)
        return 130
    except click.ClickException as error:
        error.show() if SINK.get() is None else echo(f"Error: {error.format_message()}", err=True)
        return error.exit_code
    except SyncdError as error:
        _tell(error)
        return next(code for kind, code in EXITS.items() if isinstance(error, kind))
    except Exception as error:  # noqa: BLE001  # the last line of defence: a defect, told as such
        if isinstance(error, BrokenPipeError) and SINK.get() is None:  # the reader of a pipe has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0
        return _unforeseen(error)
    return status if isinstance(status, int) else 0


def _tell(error: SyncdError) -> None:
    """An error of ours, a sentence per problem."""
    if isinstance(error, Interrupted):
        complain(STOPPED)
    elif isinstance(error, ConfigError):
        for problem in error.problems:
            complain(str(problem))
        complain(f"{plural(len(error.problems), 'problem')} in the configuration; nothing was done")
    else:
        complain(str(error))


def _unforeseen(error: Exception) -> int:
    """What nobody has turned into an error of ours."""
    if isinstance(error, OSError) and (isinstance(error.filename, str | bytes) or error.errno in FULL):
        return _file(error)
    return _storage(error) if defects.of_storage(error) else _defect(error)


def _file(error: OSError) -> int:
    """A file or folder that the system refuses, wherever a command came upon it."""
    cure = CURES.get(error.errno or 0, "Look whether it is what you meant, and in order")
    name = os.fsdecode(error.filename) if error.filename is not None else "the file that the output goes to"
    complain(f"{name} can't be used ({error.strerror}). {cure}")
    return 78


def _storage(error: Exception) -> int:
    complain(
        f"the state can't be read or written any more: {error}. What was done before is kept. Look at the disk that "
        "holds it (is it full?), then run the command again"
    )
    return 78


def _defect(error: Exception) -> int:
    if os.environ.get("SYNCD_TRACEBACK"):
        traceback.print_exception(error)
    complain(
        f"{defects.told(error)}. What was done before is kept. "
        "Please report this line; SYNCD_TRACEBACK=1 shows more, but may show ticket text"
    )
    return 70
