"""``syncd backup``."""

from __future__ import annotations

from pathlib import Path

import click

from syncd.cli.app import config_option
from syncd.cli.running import configured, own_key_path
from syncd.cli.show import say
from syncd.store import back_up


@click.command("backup")
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@config_option
def command(file: Path, folder: Path | None) -> int:
    """Copy the state to FILE, which must not exist, as it is in one moment; the service may be running.

    The copy is proven to be whole, and only its owner can read it. It holds no secret and no text of a ticket. The key
    that syncd signs its notes with isn't in it: keep a copy of that, too, in another place.
    """
    config = configured(folder)
    size = back_up(config.state, file.absolute())
    say(f"{file}: {size / 1024:,.0f} kB, whole; `syncd restore {file}` puts it back")
    if config.marker_key is None:
        say(f"The marker key is not in it. Keep a copy of {own_key_path(config.state)} in another place")
    return 0
