"""``syncd brake``."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from syncd.cli.app import config_option
from syncd.cli.running import configured
from syncd.cli.show import say
from syncd.clock import precise
from syncd.errors import UnknownRef
from syncd.store import Store


@click.group("brake")
def command() -> None:
    """See what stopped syncd, and let it go on."""


@command.command("release")
@click.argument("name")
@config_option
def release(name: str, folder: Path | None) -> int:
    """Let a connector go on: what it reported is right. Its count starts anew."""
    config = configured(folder)
    store = Store.open(config.state)
    try:
        if name not in {brake.connector for brake in store.brakes.on()}:
            raise UnknownRef(f"no brake is on for {name!r}; `syncd status` shows those that are")
        with store.write():
            store.brakes.release(name, precise(datetime.now(UTC)))
    finally:
        store.close()
    say(f"Released. The next `syncd reconcile` goes on with {name}")
    return 0
