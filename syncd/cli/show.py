"""Output for people and for programs. Nothing that came from outside reaches a terminal with control characters."""

from __future__ import annotations

import csv
import io
import json
import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextvars import ContextVar
from typing import Any, Self, TypeVar

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

HIDDEN = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
"""Unicode categories that steer a terminal or hide: controls, bidirectional marks, surrogates, line separators."""

UNWRAPPED = 10_000
"""Columns of a table that goes to a file or a pipe."""


Sink = Callable[[str, bool], None]
SINK: ContextVar[Sink | None] = ContextVar("SINK", default=None)
"""Where output goes instead of this process's own, whole lines at a time, and whether it tells of something wrong:
to whoever asked the service for what this thread does."""


Row = TypeVar("Row")
MOST = 20
"""So much of one kind is said; a screen holds no more."""


def clean(text: str) -> str:
    """Text from outside, safe for a terminal and for one line of a log."""
    return "".join("\N{REPLACEMENT CHARACTER}" if unicodedata.category(char) in HIDDEN else char for char in text)


def echo(text: str, *, err: bool = False) -> None:
    """Text that is fit to print, and a line's end."""
    sink = SINK.get()
    if sink is None:
        click.echo(text, err=err)
    else:
        sink(text + "\n", err)


def say(text: str = "") -> None:
    """A line for people, on standard output."""
    echo("\n".join(clean(line) for line in text.split("\n")))


def some(rows: Sequence[Row], what: str) -> Iterator[Row]:
    """The first of many, to be said one after the other; then how many more ``what`` there are is said."""
    yield from rows[:MOST]
    if len(rows) > MOST:
        say(f"  and {len(rows) - MOST:,} more {what}: `syncd status --json` names them")


def complain(text: str) -> None:
    """A line for people, on standard error."""
    echo(f"syncd: {clean(text)}", err=True)


def as_json(value: Any) -> None:
    """A value for programs."""
    echo(json.dumps(value, indent=2, ensure_ascii=True, default=str))


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A table for people: as wide as the terminal; elsewhere a line per row, however long."""
    shown = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        shown.add_row(*(Text(clean(cell)) for cell in row))
    live = sys.stdout.isatty() and SINK.get() is None
    console = Console(file=sys.stdout if live else io.StringIO(), width=None if live else UNWRAPPED, highlight=False)
    console.print(shown)
    if isinstance(console.file, io.StringIO):
        for line in console.file.getvalue().splitlines():
            echo(line.rstrip())


def as_csv(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """For spreadsheets, as RFC 4180 has it. A text that a spreadsheet would take for a formula is none to it."""
    file = io.StringIO()
    write = csv.writer(file).writerow
    write(columns)
    for row in rows:
        write([_inert(clean(cell)) if isinstance(cell, str) else cell for cell in row])
    click.echo(file.getvalue().encode(), nl=False)


def _inert(cell: str) -> str:
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@")) else cell


def plural(count: int, one: str, many: str = "") -> str:
    """``1 ticket``, ``2 tickets``."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def lasting(seconds: float | None) -> str:
    """``40 s``, ``12 min``, ``5.3 h``; nothing where it isn't known."""
    if seconds is None:
        return ""
    if seconds < 5400:
        return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 360_000 else f"{seconds / 3600:,.0f} h"


def when(moment: str | None) -> str:
    """A moment of the state, for people: UTC, whole seconds."""
    return f"{moment[:10]} {moment[11:19]} UTC" if moment else ""


def amount(done: float, total: float | None) -> str:
    """How much of how much; a total that is a ``float`` is an estimate."""
    if total is None:
        return f"{done:,.0f} so far"
    if isinstance(total, int):
        return f"{done:,.0f} of {total:,}"
    return f"{done:,.0f} of about {max(done, float(f'{total:.2g}')):,.0f}"


class _Amount(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(amount(task.completed, task.total))


class Meter:
    """Progress on standard error: a bar with an estimate on a terminal, a line now and then elsewhere."""

    EVERY = 1000

    def __init__(self) -> None:
        self._live = sys.stderr.isatty()
        self._task: TaskID | None = None
        self._what = ""
        self._next = self.EVERY
        self._bar = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            _Amount(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
            speed_estimate_period=120,
            disable=not self._live,
        )

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def progress(self, what: str, done: int, total: float | None) -> None:
        """As :class:`syncd.work.Work` tells it."""
        if what != self._what:
            if self._task is not None:
                self._bar.remove_task(self._task)
            self._what, self._next = what, self.EVERY
            self._task = self._bar.add_task(clean(what), total=total)
        if self._task is not None:
            self._bar.tasks[0].total = total  # by `update` it would forget how fast things went so far
            self._bar.update(self._task, completed=done)
        if not self._live and done >= self._next:
            click.echo(f"{clean(what)}: {amount(done, total)}", err=True)
            self._next = done + self.EVERY

    def say(self, line: str) -> None:
        """A wait or a failure, as it happens."""
        self._bar.console.print(Text(clean(line))) if self._live else click.echo(clean(line), err=True)
