"""The program and the options that every verb takes."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

import click

from syncd import __version__

R = TypeVar("R")

VERBS = {
    "backup": "Copy the state while the service runs.",
    "brake": "See what stopped itself, and let it go on.",
    "check": "Test the configuration, this machine and each account.",
    "demo": "Play a day of support on stand-ins; needs no account.",
    "explain": "Say how a ticket or issue stands, and why.",
    "init": "Make a first config folder, by questions or options.",
    "links": "Show and change the links between tickets and issues.",
    "pause": "Leave a connector alone for a while.",
    "queue": "Show and change what waits to be brought into step.",
    "reconcile": "Bring tickets and issues into step.",
    "report": "Show how many tickets needed engineering.",
    "restore": "Put a backup in the state's place.",
    "resume": "Let a paused connector go on.",
    "run": "Run the service.",
    "sandbox": "Serve a stand-in of a service to play with.",
    "status": "Show how things stand, and what needs a person.",
    "undo": "Make a plan that puts back what was written.",
}
"""Verb -> what it is for. Its module, of the same name, is imported only when it runs: most are slow to load."""


class Verbs(click.Group):
    """A group whose commands live in modules of their own."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every verb."""
        del ctx
        return sorted(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The verb's command."""
        del ctx
        if cmd_name not in VERBS:
            return None
        command: click.Command = import_module(f"syncd.cli.verbs.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list in ``--help``, without loading any of them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, VERBS[name]) for name in self.list_commands(ctx)])


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--config", type=click.Path(path_type=Path), help="The config folder.", metavar="DIR")
@click.version_option(__version__, prog_name="syncd")
@click.pass_context
def app(ctx: click.Context, config: Path | None) -> None:
    """Keep helpdesk tickets and engineering issues in step.

    The config folder is the first that exists of --config DIR, $SYNCD_CONFIG, /etc/syncd and the current folder.
    A REF is a URL, NAME:ID or NAME:KEY (freshdesk:17, github:owner/repo#4).
    """
    ctx.obj = config


def config_option(command: Callable[..., R]) -> Callable[..., R]:
    """``--config`` after the verb, too; the command gets ``folder``, None where neither place names one."""

    @click.option("--config", "later", type=click.Path(path_type=Path), help="The config folder.", metavar="DIR")
    @click.pass_context
    @wraps(command)
    def wrapped(ctx: click.Context, /, *args: Any, later: Path | None, **kwargs: Any) -> R:
        return command(*args, folder=later or ctx.find_object(Path), **kwargs)

    return wrapped


json_option = click.option("--json", "as_data", is_flag=True, help="Print JSON.")
