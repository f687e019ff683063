"""``syncd sandbox``: a stand-in server to play with."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from importlib.metadata import EntryPoint, entry_points
from inspect import signature
from typing import Any

import click

from syncd.cli.show import say, table
from syncd.testing import Sandbox
from syncd.testing.control import ACT, FAULTS, LOG, takes, verbs

ENTRY_POINTS = "syncd.sandboxes"


def stand_in(kind: str, port: int = 0, *, data_center: bool = False, context: str = "") -> Sandbox:
    """The stand-in server of a kind of connector, not yet serving.

    Raises:
        UsageError: that kind of system isn't sold as Data Center.
    """
    make = _installed()[kind].load()
    how = {"cloud": False, "context": context} if data_center else {}
    if how and not how.keys() <= signature(make).parameters.keys():
        raise click.UsageError(f"there is no Data Center of {kind!r}")
    made: Sandbox = make(port=port, **how)
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
@click.option("--data-center", is_flag=True, help="Of jira and jsm: as Data Center, not as Cloud.")
@click.option("--context", default="", help="With --data-center: the path before all others, as /jira.", metavar="PATH")
def command(kind: str, port: int, *, data_center: bool, context: str) -> int:
    """Serve a stand-in of KIND (freshdesk, github, jira, jsm, zendesk) on this machine, until Ctrl-C.

    Act as a person with POST /_sandbox/act, make calls go wrong with POST /_sandbox/faults, and read what was asked
    with GET /_sandbox/log. What it prints at its start shows how.
    """
    kinds = sorted(_installed())
    if kind not in kinds:
        raise click.UsageError(f"there is no stand-in for {kind!r}; there are: {', '.join(kinds)}")
    if context and not (data_center and re.fullmatch(r"(/[\w.~-]+)+", context)):
        raise click.UsageError("--context takes a path such as /jira, and goes with --data-center")
    try:
        server = stand_in(kind, port, data_center=data_center, context=context)
    except OSError as error:
        raise click.UsageError(f"port {port} can't be used: {error.strerror}") from error
    except (ImportError, AttributeError) as error:
        what = f"the stand-in for {kind!r} is installed, but can't be loaded ({type(error).__name__})"
        raise click.UsageError(f"{what}; install its package again, in a version that fits this syncd") from error
    _tell(kind, server)
    try:
        server.serve()
    except KeyboardInterrupt:
        say("Stopped")
    finally:
        server.stop()
    return 0


def _tell(kind: str, server: Sandbox) -> None:
    """Where it serves, what people can do there, and lines to paste."""
    say(f"A stand-in {kind} serves on {server.base}; {server.about}. Ctrl-C ends it.\n")
    say("People can do these, with the parameters that stand beside them:")
    table(("", ""), [(name, takes(verb)) for name, verb in verbs(server).items()])
    say("\nFor instance, in this order:")
    for name, given in server.examples:
        say(_curl(server, ACT, {"do": name, "with": given}))
    say("To have the answer to the next write lost, and to see what was asked:")
    say(_curl(server, FAULTS, server.mishap))
    say(f"curl -s {server.url}{LOG}")


def _curl(server: Sandbox, path: str, body: Mapping[str, Any]) -> str:
    return f"curl -s {server.url}{path} -d {shlex.quote(json.dumps(body))}"
