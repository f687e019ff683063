"""``syncd run``."""

from __future__ import annotations

from pathlib import Path

import click

from syncd.cli.app import config_option
from syncd.cli.hosts import VERBS
from syncd.cli.running import configured, marker_key
from syncd.cli.served import perform
from syncd.control.server import Control
from syncd.daemon.endpoint import Endpoint
from syncd.daemon.service import Daemon, Front


@click.command("run")
@config_option
def command(folder: Path | None) -> int:
    """Run the service: poll, bring into step, for ever. SIGTERM ends it, SIGHUP reads the configuration anew.

    On an empty state it begins with the walk that `reconcile` does, and adopts what exists before it writes anything.
    """
    fronts: list[Front] = [Endpoint(), Control(perform, frozenset(VERBS))]
    return Daemon(configured(folder), lambda: configured(folder), marker_key, fronts).run()
