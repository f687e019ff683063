"""``syncd links mute`` and ``unmute``: leave a ticket alone, as an agent's ``/mute`` does."""

from __future__ import annotations

from pathlib import Path

import click

from syncd.cli.app import config_option
from syncd.cli.hosts import Host, through
from syncd.cli.show import say, when
from syncd.errors import UnknownRef
from syncd.jobs.backfill import find, refuse_resting, some
from syncd.model import Ref
from syncd.sync import tie
from syncd.work import Work


@click.command("mute", short_help="Leave a ticket alone.")
@click.argument("ticket_text", metavar="TICKET")
@config_option
def mute(ticket_text: str, folder: Path | None) -> int:
    """Write nothing to a ticket any more, nor because of it to its issues. Its links stay."""
    return through(folder, "links mute", text=ticket_text)


def do_mute(host: Host, *, text: str) -> int:
    """The work of it."""
    with host.working() as work:
        ticket = _ticket(work, text)
        since = work.store.commands.muted_since(ticket)
        with work.store.write():
            tie.mute(work, ticket)
    already = f" already, since {when(since)}" if since else ""
    say(f"Muted{already}: {ticket.human}. Nothing is written to it until `syncd links unmute {ticket.human}`")
    return 0


@click.command("unmute", short_help="Take a muted ticket up again.")
@click.argument("ticket_text", metavar="TICKET")
@config_option
def unmute(ticket_text: str, folder: Path | None) -> int:
    """Take a muted ticket up again, and bring it into step with what is true now."""
    return through(folder, "links unmute", text=ticket_text)


def do_unmute(host: Host, *, text: str) -> int:
    """The work of it."""
    with host.working() as work:
        ticket = _ticket(work, text)
        if not work.store.commands.muted_since(ticket):
            raise UnknownRef(f"{ticket.human} is not muted")
        refuse_resting(work, [ticket])
        with work.store.write():
            tie.unmute(work, ticket)
        if work.store.links.linked(ticket):
            some(work, [ticket])
    say(f"No longer muted: {ticket.human}")
    return 0


def _ticket(work: Work, text: str) -> Ref:
    """A ticket.

    Raises:
        UnknownRef: it names none.
    """
    ref = find(work, text)
    if ref.connector not in work.helpdesks:
        raise UnknownRef(f"{ref.human} is no ticket: only tickets are muted")
    return ref
