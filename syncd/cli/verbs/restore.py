"""``syncd restore``."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from syncd.cli.app import config_option
from syncd.cli.running import configured, own_key_path
from syncd.cli.show import complain, say, when
from syncd.store import restore


@click.command("restore")
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@config_option
def command(file: Path, folder: Path | None) -> int:
    """Put the backup FILE in the state's place, while the service is stopped. The old state is kept aside.

    Nothing is written to any service. What syncd did since the backup is found by the markers of its own notes, before
    anything is decided about a ticket, so that it isn't done twice; what people did since then is caught up.
    """
    config = configured(folder)
    found = restore(config.state, file.absolute(), datetime.now(UTC))
    say(f"Restored: {config.state} is as it was {f'at {when(found.known_until)}' if found.known_until else 'then'}.")
    if found.aside is not None:
        say(f"The state as it was before is kept as {found.aside}")
    if config.marker_key is None and not own_key_path(config.state).exists():
        complain(
            f"there is no marker key ({own_key_path(config.state)}). Put it back before anything else: without it "
            "syncd doesn't know its own notes again, and may write some of them twice"
        )
    say("\nNext, before the service is started:\n")
    say("  syncd reconcile --dry-run  # what would be caught up, grouped by reason")
    say("  syncd reconcile            # asks each ticket that has changed for syncd's own notes, and catches up")
    say("\nLinks that people made or removed by command since the backup aren't in it: `syncd links import")
    say("--from-markers` finds those again that syncd left a note of; remove once more what was removed.")
    return 0
