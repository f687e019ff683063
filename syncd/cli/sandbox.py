"""``syncd sandbox``: a stand-in server to play with."""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points

import click

from syncd.cli.show import say
from syncd.testing import Sandbox

ENTRY_POINTS = "syncd.sandboxes"


def stand_in(kind: str, port: int = 0) -> Sandbox:
    """The stand-in server of a kind of connector, not yet serving."""
    made: Sandbox = _installed()[kind].load()(port=port)
    return made


def _installed() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=ENTRY_POINTS)}


@click.command("sandbox")
@click.argument("kind", metavar="KIND")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    show_default="any free one",
    help="The loopback port to serve on.",
    metavar="PORT",
)
def command(kind: str, port: int) -> int:
    """Serve a stand-in of KIND (freshdesk, github) on this machine, until Ctrl-C.

    Act as a person with POST /_sandbox/act, make calls go wrong with POST /_sandbox/faults, and read what was asked
    with GET /_sandbox/log.
    """
    kinds = sorted(_installed())
    if kind not in kinds:
        raise click.UsageError(f"there is no stand-in for {kind!r}; there are: {', '.join(kinds)}")
    try:
        server = stand_in(kind, port)
    except OSError as error:
        raise click.UsageError(f"port {port} can't be used: {error.strerror}") from error
    say(f"A stand-in {kind} serves on {server.url} ({server.about})" if server.about else f"Serving on {server.url}")
    verbs = [name for name in dir(server.people) if not name.startswith("_")]
    say(f"People can: {', '.join(verbs)}")
    say(
        "For instance: curl -s -X POST "
        f'{server.url}/_sandbox/act -d \'{{"do": "{verbs[0]}", "with": {{}}}}\'. Ctrl-C ends it.'
    )
    try:
        server.serve()
    except KeyboardInterrupt:
        say("Stopped")
    finally:
        server.stop()
    return 0
