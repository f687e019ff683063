"""``syncd pause``: leave a connector alone until a person lets it go on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click

from syncd.cli.app import config_option
from syncd.cli.hosts import Host, through
from syncd.cli.show import say, when
from syncd.clock import precise
from syncd.config import Config
from syncd.errors import UnknownRef
from syncd.schema import Wrong, seconds

LONGEST = 366 * 86400.0


class Span(click.ParamType[float]):
    """A duration, as configs write it, in seconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Seconds."""
        try:
            found = seconds(value)
        except Wrong as wrong:
            self.fail(f"{wrong.what}. {wrong.cure}.", param, ctx)
        if not 0 < found <= LONGEST:
            self.fail("it must be longer than nothing, and a year at most. Without --for it lasts until `resume`.")
        return found


@click.command("pause")
@click.argument("name")
@click.option("--for", "span", type=Span(), help="Go on by itself after that: 30m, 2h, 1d.", metavar="DURATION")
@config_option
def command(name: str, folder: Path | None, *, span: float | None) -> int:
    """Leave a connector alone: it is neither read nor written, until `resume`. What it misses is caught up then."""
    return through(folder, "pause", name=name, span=span)


def do_pause(host: Host, *, name: str, span: float | None) -> int:
    """The work of it."""
    configured_name(host.config, name)
    now = datetime.now(UTC)
    until = precise(now + timedelta(seconds=span)) if span else ""
    with host.writing() as store, store.write():
        store.connectors.pause(name, until, precise(now))
    host.changed()
    end = f"until {when(until)}" if until else f"until `syncd resume {name}`"
    say(f"Paused: {name} is neither read nor written {end}. What changes meanwhile is caught up then")
    return 0


def configured_name(config: Config, name: str) -> None:
    """See that a name is a connector's.

    Raises:
        UnknownRef: no connector is called that.
    """
    known = [*config.trackers, *config.helpdesks]
    if name not in known:
        raise UnknownRef(f"no connector is called {name!r}; there are: {', '.join(known)}")
