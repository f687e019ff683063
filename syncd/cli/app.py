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
    "brake": "brake",
    "check": "check",
    "demo": "demo",
    "explain": "explain",
    "links": "links",
    "reconcile": "reconcile",
    "sandbox": "sandbox",
    "status": "status",
}
"""Verb -> module; imported only when asked for, so that ``syncd --version`` is fast."""


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
        command: click.Command = import_module(f"syncd.cli.{VERBS[cmd_name]}").command
        return command


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
