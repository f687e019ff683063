"""The command line: every verb, and what its exit status means.

0 done · 1 something is parked, in conflict or wrong · 2 usage · 3 a brake is on · 70 a defect of syncd · 75 another
process holds the state · 78 configuration or state can't be used · 130 interrupted.
"""

from __future__ import annotations

import os
import sys
import traceback

import click

from syncd.cli.app import app
from syncd.cli.show import clean, complain
from syncd.errors import (
    BrakeOn,
    ConfigError,
    ConnectorError,
    Interrupted,
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
    StateError: 78,
    ConfigError: 78,
    Interrupted: 130,
}


def main() -> None:
    """Run the command line and leave with its exit status."""
    sys.exit(run(sys.argv[1:]))


def run(args: list[str]) -> int:  # noqa: PLR0911  # one return per kind of end
    """Run one command; every error becomes a sentence and an exit status, none a traceback."""
    try:
        status = app.main(args, prog_name="syncd", standalone_mode=False)
    except click.exceptions.Abort:
        return 130
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except KeyboardInterrupt:
        complain("stopped; what was done is kept, and the next run goes on from there")
        return 130
    except ConfigError as error:
        for problem in error.problems:
            complain(str(problem))
        count = len(error.problems)
        complain(f"{count} problem{'s' if count > 1 else ''} in the configuration; nothing was done")
        return 78
    except SyncdError as error:
        complain(_sentence(error))
        return next(code for kind, code in EXITS.items() if isinstance(error, kind))
    except BrokenPipeError:  # the reader of a pipe has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:  # noqa: BLE001  # the last line of defence: a defect, told as such
        return _defect(error)
    return status if isinstance(status, int) else 0


def _sentence(error: SyncdError) -> str:
    if isinstance(error, Interrupted):
        return "stopped; what was done is kept, and the next run goes on from there"
    return str(error)


def _defect(error: Exception) -> int:
    """A defect of syncd itself: where it struck, without values, since those may be a customer's."""
    where = traceback.extract_tb(error.__traceback__)[-1]
    if os.environ.get("SYNCD_TRACEBACK"):
        traceback.print_exception(error)
    name = os.path.basename(where.filename)  # noqa: PTH119  # a name for people, not a path to open
    complain(
        f"a defect in syncd: {type(error).__name__} in {name}, line {where.lineno}. What was done before is kept. "
        "Please report this line; SYNCD_TRACEBACK=1 shows more, but may show ticket text"
    )
    return 70


__all__ = ["clean", "main", "run"]
