"""``syncd resume``: let a paused connector go on."""

from __future__ import annotations

from pathlib import Path

import click

from syncd.cli.app import config_option
from syncd.cli.hosts import Host, through
from syncd.cli.show import say
from syncd.cli.verbs.pause import configured_name


@click.command("resume")
@click.argument("name")
@config_option
def command(name: str, folder: Path | None) -> int:
    """Let a paused connector go on: what it has missed is caught up."""
    return through(folder, "resume", name=name)


def do_resume(host: Host, *, name: str) -> int:
    """The work of it."""
    configured_name(host.config, name)
    with host.writing() as store:
        row = store.connectors.get(name)
        paused = row is not None and bool(row.paused)
        with store.write():
            store.connectors.resume(name)
    host.changed()
    if not paused:
        say(f"{name} was not paused")
    else:
        say(f"Resumed. {f'{name} goes on' if host.serves else f'The next `syncd reconcile` goes on with {name}'}")
    return 0
