"""``syncd links``: list, show, add, remove, propose, import, mute, unmute."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import Any

import click

from syncd.cli.app import config_option, json_option
from syncd.cli.hosts import Host, through
from syncd.cli.imports import command as import_
from syncd.cli.linking import pair
from syncd.cli.muting import mute, unmute
from syncd.cli.running import UNWRITTEN, configured, reading
from syncd.cli.show import as_json, clean, say, table
from syncd.cli.verbs.explain import describe, known, stands
from syncd.errors import UnknownRef
from syncd.jobs.backfill import find, refuse_resting, some
from syncd.records import BY_PERSON, Link, LinkState, Origin
from syncd.sync.tie import tie, untie


@click.group("links")
def command() -> None:
    """Show and change the links between tickets and issues."""


command.add_command(import_)
command.add_command(mute)
command.add_command(unmute)


@command.command("list")
@click.option("--state", type=click.Choice([state.value for state in LinkState]), help="Only links in this state.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV, as `links import` takes it.")
@json_option
@config_option
def list_(folder: Path | None, *, state: str | None, as_csv: bool, as_data: bool) -> int:
    """List links."""
    config = configured(folder)
    store = reading(config)
    found = [link for link in store.links.all() if state is None or link.state == state]
    failing = store.unwritten()
    rows = [_row(link) | ({"standing": UNWRITTEN} if link.id in failing else {}) for link in found]
    store.close()
    if as_data:
        as_json(rows)
    elif as_csv:
        write = csv.writer(sys.stdout, lineterminator="\n").writerow
        write(("ticket", "issue", "kind"))
        for row in rows:
            write((clean(row["ticket"]), clean(row["issue"]), ""))
    elif rows:
        table(("ticket", "issue", "state", "standing", "found in"), [_cells(row) for row in rows])
    else:
        say("No links. `syncd reconcile` finds those that exist; `syncd links add TICKET ISSUE` makes one.")
    return 0


@command.command("show", short_help="Show the links of one ticket or issue.")
@click.argument("text", metavar="REF")
@json_option
@config_option
def show(text: str, folder: Path | None, *, as_data: bool) -> int:
    """Show the links of one ticket or issue, with all that is known of them."""
    config = configured(folder)
    store = reading(config)
    try:
        found = [describe(config, store, link) for link in store.links.of(known(config, store, text))]
    finally:
        store.close()
    if as_data:
        as_json(found)
    elif not found:
        say("It is linked to nothing.")
    else:
        for one in found:
            say(f"{one['ticket']['key']} <-> {one['issue']['key']}: {stands(one)}")
    return 0


@command.command("propose", short_help="List what may be links, if you say so.")
@json_option
@config_option
def propose(folder: Path | None, *, as_data: bool) -> int:
    """List what looks like a link but can't be trusted without you, and how to accept it."""
    config = configured(folder)
    store = reading(config)
    rows = [_row(link) | {"why": link.reason} for link in store.links.all() if link.state is LinkState.PROPOSED]
    store.close()
    if as_data:
        as_json(rows)
    elif not rows:
        say("Nothing is proposed.")
    for row in rows if not as_data else ():
        by_issue = row["origin"] == Origin.BODY.value
        where, named = (row["issue"], row["ticket"]) if by_issue else (row["ticket"], row["issue"])
        say(f"{where} holds the address of {named}, but {row['why']}.")
        say(f"  to link them:     syncd links add {row['ticket']} {row['issue']}")
        say(f"  not to be asked:  syncd links remove {row['ticket']} {row['issue']}")
    return 0


@command.command("add", short_help="Link a ticket to an issue.")
@click.argument("ticket_text", metavar="TICKET")
@click.argument("issue_text", metavar="ISSUE")
@json_option
@config_option
def add(ticket_text: str, issue_text: str, folder: Path | None, *, as_data: bool) -> int:
    """Link a ticket to an issue, and bring them into step: an open ticket of an unfinished issue becomes pending."""
    return through(folder, "links add", one=ticket_text, other=issue_text, as_data=as_data)


def do_add(host: Host, *, one: str, other: str, as_data: bool) -> int:
    """The work of it."""
    config = host.config
    with host.working() as work:
        ticket, issue = pair(config, find(work, one), find(work, other))
        refuse_resting(work, [ticket, issue])
        with work.store.write():
            tie(work, ticket, issue)
        some(work, [ticket, issue])
        link = work.store.links.pair(ticket, issue)
        found = describe(config, work.store, link) if link else {}
    if as_data:
        as_json(found)
        return 0
    ends = [f"{found[end]['key']} ({found[end]['word']})" for end in ("ticket", "issue")]
    say(f"Linked: {ends[0]} <-> {ends[1]}: {found['meaning']}")
    if config.mode == "observe":
        say("Observe mode: nothing was written to either of them.")
    return 0


@command.command("remove")
@click.argument("ticket_text", metavar="TICKET")
@click.argument("issue_text", metavar="ISSUE")
@config_option
def remove(ticket_text: str, issue_text: str, folder: Path | None) -> int:
    """Unlink a ticket from an issue. Neither is changed, and no text will link them again but `links add`."""
    return through(folder, "links remove", one=ticket_text, other=issue_text)


def do_remove(host: Host, *, one: str, other: str) -> int:
    """The work of it."""
    config = host.config
    with host.working() as work:
        ticket, issue = pair(config, known(config, work.store, one), known(config, work.store, other))
        link = work.store.links.pair(ticket, issue)
        if link is None or (link.state is LinkState.ENDED and link.reason == BY_PERSON):
            raise UnknownRef(f"{ticket.human} and {issue.human} are not linked")
        with work.store.write():
            untie(work, link)
    say(f"Unlinked: {ticket.human} and {issue.human}")
    return 0


def _row(link: Link) -> dict[str, Any]:
    return {
        "ticket": link.ticket.human,
        "issue": link.issue.human,
        "state": link.state.value,
        "standing": link.standing.value,
        "origin": link.origin.value,
    }


def _cells(row: dict[str, Any]) -> list[str]:
    return [str(cell) for cell in row.values()]
