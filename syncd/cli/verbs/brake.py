"""``syncd brake``."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from syncd.cli.app import config_option, json_option
from syncd.cli.hosts import Host, through
from syncd.cli.running import configured, reading
from syncd.cli.show import as_json, say, when
from syncd.clock import precise
from syncd.errors import UnknownRef


@click.group("brake")
def command() -> None:
    """See what stopped syncd, and let it go on."""


@command.command("list")
@json_option
@config_option
def list_(folder: Path | None, *, as_data: bool) -> int:
    """List the brakes that are on, and why."""
    store = reading(configured(folder))
    found = [{"connector": one.connector, "since": one.at, "reason": one.reason} for one in store.brakes.on()]
    store.close()
    if as_data:
        as_json(found)
    elif not found:
        say("No brake is on.")
    for one in found if not as_data else ():
        say(f"{one['connector']}, since {when(one['since'])}: {one['reason']}")
        say(f"  if that is right:  syncd brake release {one['connector']}")
    return 0


@command.command("release")
@click.argument("name")
@config_option
def release(name: str, folder: Path | None) -> int:
    """Let a connector go on: what it reported is right. Its count starts anew."""
    return through(folder, "brake release", name=name)


def do_release(host: Host, *, name: str) -> int:
    """The work of it."""
    with host.writing() as store:
        if name not in {brake.connector for brake in store.brakes.on()}:
            raise UnknownRef(f"no brake is on for {name!r}; `syncd brake list` shows those that are")
        with store.write():
            store.brakes.release(name, precise(datetime.now(UTC)))
    host.changed()
    say(f"Released. {f'{name} goes on' if host.serves else f'The next `syncd reconcile` goes on with {name}'}")
    return 0
