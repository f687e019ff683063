"""``syncd queue``: what waits to be brought into step, and why; try it now, or drop it."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from syncd.cli import filings
from syncd.cli.app import config_option, json_option
from syncd.cli.hosts import Host, through
from syncd.cli.running import configured, human, reading
from syncd.cli.show import as_json, plural, say, when
from syncd.cli.verbs.explain import known
from syncd.clock import precise
from syncd.errors import UnknownRef
from syncd.model import Ref
from syncd.store import FilingState, QueueRow, Store

RETRIED = (FilingState.WAITING, FilingState.REFUSED, FilingState.UNFILED)
CAUSES = {
    "filed": "an issue was filed for its ticket",
    "absent": "a note of ours isn't there, though it was sent",
    "command": "an agent's command asked for it",
    "followed": "an item moved to another place",
    "imported": "`syncd links import` named it",
    "linked": "a link is new",
    "links": "a change was seen",
    "no duplicate": "an issue is no duplicate any more",
    "note": "a change was seen",
    "poll": "a change was seen",
    "quiet": "nobody objects to its closing",
    "read": "a change was seen",
    "rebuilt": "the state was built anew",
    "reconcile": "`syncd reconcile` asked for it",
    "removed": "an item or a link is gone",
    "retry": "`syncd queue retry` asked for it",
    "rules changed": "the mapping or the playbook changed",
    "said": "something was said on a ticket, or edited",
    "start": "the service was started",
    "unlinked": "it still shows a link that has ended",
    "unmuted": "a ticket is muted no more",
}
"""Why a group was queued, for people."""


@click.group("queue")
def command() -> None:
    """Show and change what waits to be brought into step."""


@command.command("list", short_help="List what waits: since when, and why.")
@json_option
@config_option
def list_(folder: Path | None, *, as_data: bool) -> int:
    """List what waits: since when, why, and when it is next tried; what is parked first, with what to do about it."""
    config = configured(folder)
    store = reading(config)
    rows = [_row(store, row) for row in store.queue.rows()] + filings.queued(store)
    store.close()
    if as_data:
        as_json(rows)
        return 0
    if not rows:
        say("Nothing waits.")
    for row in rows:
        say(f"{' <-> '.join(row['items'])}: {row['why']}")
        say(f"  since {when(row['since'])}; {row['next']}")
    return 0


def _row(store: Store, row: QueueRow) -> dict[str, Any]:
    """One group, as data."""
    links = [store.links.get(one) for one in store.groups.links(row.group)]
    ends = dict.fromkeys(end.human for link in links if link for end in (link.ticket, link.issue))
    held = store.queue.held(row.group)
    return {
        "group": human(store, row.group),
        "items": list(ends) or [human(store, row.group)],
        "since": row.since,
        "why": row.reason or CAUSES[row.cause],
        "tries": row.attempts,
        "parked": row.parked,
        "held_by": held,
        "due": None if row.parked else row.due,
        "next": _next(store, row, held),
    }


def _next(store: Store, row: QueueRow, held: dict[str, str]) -> str:
    """What happens to it by itself, or what a person can do."""
    name = human(store, row.group)
    if row.parked:
        return f"parked: mend that; `syncd queue retry {name}` tries it again, `syncd queue drop {name}` gives it up"
    for connector, why in held.items():
        if why == "brake":
            return f"waits for `syncd brake release {connector}`"
        return f"waits until {connector} goes on (`syncd resume {connector}`)"
    if row.due <= precise(datetime.now(UTC)):
        return "due now"
    tries = f" after {plural(row.attempts, 'try', 'tries')}" if row.attempts else ""
    return f"next try at {when(row.due)}{tries}"


@command.command("retry", short_help="Try what waits or is parked now.")
@click.argument("text", metavar="[REF]", required=False)
@click.option("--all", "everything", is_flag=True, help="Everything that waits or is parked.")
@config_option
def retry(text: str | None, folder: Path | None, *, everything: bool) -> int:
    """Try a group now that waits or is parked, as if it had never failed."""
    if (text is None) != everything:
        raise click.UsageError("say which: a REF, or --all")
    return through(folder, "queue retry", ref=text)


def do_retry(host: Host, *, ref: str | None) -> int:
    """The work of it."""
    with host.writing() as store:
        one = None if ref is None else known(host.config, store, ref)
        rows = store.queue.rows() if one is None else _queued(store, one)
        now, keys = datetime.now(UTC), {row.group for row in rows}
        with store.write():
            store.queue.retry(keys, now)
            for note in store.effects.still_refused():
                link = store.links.get(note.link)
                mine = store.groups.of(link.ticket) in keys if link is not None else one in {None, note.target}
                if mine:
                    store.effects.doubt(note.id, now, note.reason)
            issues = store.filings.retry(RETRIED, precise(now), ticket=one)
            boards = store.boards.retry(precise(now), one)
            _see_to_something(one, len(keys) + issues + boards)
    host.changed()
    tried = "tried again now" if host.serves else "tried again by the next `syncd reconcile`"
    several = {"group": "groups", "ticket to be filed": "tickets to be filed", "issue's boards": "issues' boards"}
    for count, what in zip((len(keys), issues, boards), several, strict=True):
        if count:
            say(f"{plural(count, what, several[what])} {'is' if count == 1 else 'are'} {tried}")
    if not keys and not issues and not boards:
        say("Nothing waits.")
    return 0


@command.command("drop", short_help="Give up what waits or is parked.")
@click.argument("text", metavar="REF")
@click.option("--yes", is_flag=True, help="Don't ask.")
@config_option
def drop(text: str, folder: Path | None, *, yes: bool) -> int:
    """Give a group up that waits or is parked: it isn't tried again until something in it changes.

    Of what `syncd status` calls exposed, or two issues: it may stay as it is.
    """
    if not yes:
        _ask(folder, text)
    return through(folder, "queue drop", ref=text)


def _ask(folder: Path | None, text: str) -> None:
    """See that a person means it.

    Raises:
        click.Abort: they don't.
    """
    config = configured(folder)
    store = reading(config)
    try:
        ref = known(config, store, text)
        rows = [_row(store, row) for row in _queued(store, ref)]
        rows += [row for row in filings.queued(store) if ref.human in row["items"]]
        stays = [one for one in filings.flagged(store) if ref.human in one]
        _see_to_something(ref, len(rows) + len(stays))
    finally:
        store.close()
    for row in rows:
        say(f"{' <-> '.join(row['items'])}: {row['why']} (since {when(row['since'])})")
    for names in stays:
        say(f"{' <-> '.join(names)}: may stay as it is, and is told of no more")
    if rows:
        say(_lost(ref.human))
    if not sys.stdin.isatty():
        raise click.UsageError("nobody can be asked here; --yes does it without")
    click.confirm("Drop it?", abort=True)


def _lost(name: str) -> str:
    what = "What was to be written to these items isn't written, and no issue is filed, or put on a board"
    return f"{what}. They are looked at again when one of them changes, or by `syncd reconcile {name}`"


def do_drop(host: Host, *, ref: str) -> int:
    """The work of it."""
    with host.writing() as store:
        one = known(host.config, store, ref)
        rows = _queued(store, one)
        with store.write():
            for row in rows:
                store.queue.drop(row.group)
            waiting = len(rows) + store.filings.drop(one) + store.boards.drop(one)
            accepted = store.accepted.accept(one, precise(datetime.now(UTC)))
            _see_to_something(one, waiting + accepted)
    say(f"Dropped: {one.human}. {_lost(one.human) if waiting else 'It may stay as it is'}")
    return 0


def _queued(store: Store, ref: Ref) -> list[QueueRow]:
    """The row of the group that an item belongs to, if it is queued."""
    keys = {store.groups.of(ref), str(ref)}
    return [row for row in store.queue.rows() if row.group in keys]


def _see_to_something(ref: Ref | None, count: int) -> None:
    """That what a person names waits at all.

    Raises:
        UnknownRef: it doesn't.
    """
    if ref is not None and not count:
        raise UnknownRef(f"{ref.human} waits for nothing; `syncd queue list` shows what does")
