"""Logs: one event a line, for journald as JSON, for a terminal as text. No ticket text and no secret gets here.

Values are made harmless: no control character of a name or an answer can break a line or colour a terminal.
"""

from __future__ import annotations

import sys
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog

Log = structlog.typing.FilteringBoundLogger
LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}
LONGEST = 500
"""Characters of one value: an error's words may hold what a service answered."""


def open_log(level: str, form: str, stream: TextIO | None = None) -> Log:
    """A log.

    Args:
        level: debug, info, warning or error: less is not told.
        form: ``json`` or ``text``.
        stream: where to; standard output if not given.
    """
    stream = stream or sys.stdout
    last: Any = structlog.processors.JSONRenderer() if form == "json" else structlog.dev.ConsoleRenderer(colors=False)
    log: Log = structlog.wrap_logger(
        structlog.PrintLogger(stream),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _harmless,
            last,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        cache_logger_on_first_use=True,
    )
    return log


def _harmless(_log: object, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key, value in event.items():
        if isinstance(value, str):
            line = "".join(one if one.isprintable() else " " for one in value)
            event[key] = line if len(line) <= LONGEST else f"{line[:LONGEST]}..."
    return event
