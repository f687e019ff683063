"""``syncd explain REF``: how an item stands, and why each write was made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from syncd.cli import announced, filings
from syncd.cli.app import config_option, json_option
from syncd.cli.preview import preview
from syncd.cli.running import configured, human, reading
from syncd.cli.sentences import meaning, sentence
from syncd.cli.show import as_json, say, when
from syncd.clock import SystemClock
from syncd.config import Config
from syncd.errors import UnknownRef
from syncd.model import Item, Ref, Removed, Status, Word
from syncd.records import GONE, SAME_PAIR, Link, LinkState
from syncd.store import Store


@click.command("explain")
@click.argument("text", metavar="REF", required=False)
@click.option(
    "--ticket", metavar="REF", help="Read this ticket, and show the issue that it would become. Writes nothing."
)
@json_option
@config_option
def command(text: str | None, ticket: str | None, folder: Path | None, *, as_data: bool) -> int:
    """Say how a ticket or issue stands, and why each write was made.

    Asks no service, unless --ticket is given: then the ticket is read afresh, and the issue that its playbook would
    make of it is shown, each choice with its reason.
    """
    if (text is None) == (ticket is None):
        raise click.UsageError("Name a REF, or a ticket with --ticket, and not both.")
    config = configured(folder)
    if text is None:
        return preview(config, str(ticket), as_data=as_data)
    store = reading(config)
    try:
        ref = known(config, store, text)
        found = [describe(config, store, link) for link in store.links.of(ref)]
        muted = store.commands.muted_since(ref)
        escalated = filings.history(store, ref)
        told = announced.history(store, ref)
    finally:
        store.close()
    if as_data:
        head = {"ref": str(ref), "key": ref.human, "muted_since": muted or None}
        as_json({**head, "links": found, "filings": escalated, "announcements": told})
        return 0
    if not found:
        say(f"{ref.human} is known, but linked to nothing{f' (muted since {when(muted)})' if muted else ''}")
    for one in found:
        _tell(one)
    filings.tell_history(escalated)
    announced.tell_history(told)
    return 0


def known(config: Config, store: Store, text: str) -> Ref:
    """A REF that the state knows.

    Raises:
        UnknownRef: it doesn't.
    """
    seen = store.snapshots
    for name, one in {**config.trackers, **config.helpdesks}.items():
        for mention in one.connect(SystemClock()).parse_url(text):
            ref = _by_key(store, name, mention.key)
            if ref is not None:
                return ref
    name, _, key = text.partition(":")
    item = seen.get(Ref(name, key))
    ref = item.ref if item is not None else _by_key(store, name, key)
    if ref is None:
        raise UnknownRef(
            f"nothing is known of {text!r}. `syncd links list` shows what is; `syncd reconcile` looks anew"
        )
    return ref


def _by_key(store: Store, name: str, key: str) -> Ref | None:
    seen = store.snapshots
    return seen.by_key(name, key, gone=True) or seen.by_former_key(name, key) or store.filings.ticket(name, key)


def describe(config: Config, store: Store, link: Link) -> dict[str, Any]:
    """One link, as data."""
    base = store.links.base(link.id)
    key = store.groups.of(link.ticket) if link.state in {LinkState.LIVE, LinkState.FINAL} else None
    queued = next((row for row in store.queue.rows() if row.group == key), None)
    failing = store.unwritten()
    mine, groups = failing.get(link.id), {one.group for one in failing.values()}
    return {
        "link": link.id,
        "state": link.state.value,
        "standing": link.standing.value,
        "ended_at": link.changed_at if link.state is LinkState.ENDED else None,
        "meaning": _reason(link),
        "comes_back": link.state is LinkState.ENDED and link.reason.startswith(GONE),
        "origin": link.origin.value,
        "muted_since": store.commands.muted_since(link.ticket) or None,
        "reopening_ordered": link.ordered,
        "ticket": _end(config, store, link.ticket),
        "issue": _end(config, store, link.issue),
        "counts_as": _counted(config, store, link),
        "agreed_on": {
            "ticket": _word(config, link.ticket, base.ticket),
            "issue": _word(config, link.issue, base.issue),
        }
        if base
        else None,
        "queued": {"parked": queued.parked, "due": queued.due, "reason": mine.reason if mine else queued.reason}
        if queued and (mine or queued.group not in groups)
        else None,
        "unwritten": {"on": human(store, mine.on), "reason": mine.reason} if mine else None,
        "writes": [
            {key: row[key] for key in ("at", "target", "rule", "who", "before", "after", "outcome")}
            | {"status_written": bool(row["status"]), "notes": row["notes"]}
            for row in store.journal.of(link.id)
        ],
        "notes": [
            {"kind": row.kind, "on": row.target.human, "state": row.state.value, "reason": row.reason}
            for row in store.effects.of(link.id)
        ],
    }


def _reason(link: Link) -> str:
    """Why it is as it is."""
    if link.reason.startswith(GONE):
        return link.reason.removeprefix(GONE).replace("_", " ")
    return link.reason or meaning(link.standing)


def _end(config: Config, store: Store, ref: Ref) -> dict[str, Any]:
    item = store.snapshots.get(ref)
    if isinstance(item, Item):
        word = _word(config, ref, item.status)
        return {"ref": str(ref), "key": item.ref.human, "url": item.url, "status": str(item.status), "word": word}
    gone = item.kind.replace("_", " ") if isinstance(item, Removed) else "not read yet"
    return {"ref": str(ref), "key": ref.human, "url": "", "status": "", "word": gone}


def _counted(config: Config, store: Store, link: Link) -> dict[str, str] | None:
    """What the issue counts as for its ticket, where its status alone doesn't tell."""
    desk, tracker = config.helpdesks.get(link.ticket.connector), config.trackers.get(link.issue.connector)
    issue = store.snapshots.get(link.issue)
    if desk is None or tracker is None or not isinstance(issue, Item):
        return None
    word, playbook = tracker.mapping.word(issue.status), desk.playbook
    counted = playbook.counts(word, playbook.met(issue.tags, issue.released))
    return None if counted is word else {"word": counted.value, "resolve_when": playbook.resolve_when}


def _word(config: Config, ref: Ref, status: Status) -> str:
    """Our word for a status; where there is none, the system's own."""
    one = config.helpdesks.get(ref.connector) or config.trackers.get(ref.connector)
    word = one.mapping.word(status) if one else Word.UNKNOWN
    return f"unknown: {status}" if word is Word.UNKNOWN else word.value


def stands(one: dict[str, Any]) -> str:
    """How it stands, and what a person can do about it."""
    ticket, issue = one["ticket"]["key"], one["issue"]["key"]
    if one["ended_at"]:
        again = f". `syncd links add {ticket} {issue}` links them again"
        if one["comes_back"]:
            again = ". The link comes back with it"
        elif one["meaning"] == SAME_PAIR:
            again = ""
        return f"ended {when(one['ended_at'])}: {one['meaning']}{again}"
    if one["queued"] and one["queued"]["parked"]:
        cure = f"Mend that; `syncd reconcile {ticket}` tries it again"
        return f"{one['state']}, PARKED: {one['queued']['reason']}. {cure}"
    if one["muted_since"]:
        again = f"`/unmute` in a note there, or `syncd links unmute {ticket}`, ends that"
        return f"{one['state']}, MUTED since {when(one['muted_since'])}: nothing is written to the ticket. {again}"
    return f"{one['state']}, {one['standing']}: {one['meaning']}"


def _tell(one: dict[str, Any]) -> None:
    ticket, issue = one["ticket"], one["issue"]
    say(f"{ticket['key']} ({ticket['word']}) <-> {issue['key']} ({issue['word']})")
    if ticket["url"]:
        say(f"  {ticket['url']}")
    if issue["url"]:
        say(f"  {issue['url']}")
    say(f"  {stands(one)}")
    if one["counts_as"]:
        word, rule = one["counts_as"]["word"].replace("_", " "), one["counts_as"]["resolve_when"]
        say(f'  for its ticket the issue counts as {word}, by resolve_when = "{rule}"')
    if one["queued"] and not one["queued"]["parked"]:
        say(f"  to be looked at from {when(one['queued']['due'])} on. {one['queued']['reason']}".rstrip(". "))
    if one["reopening_ordered"]:
        say("  an agent has ordered the issue to be reopened: that is still to be done")
    if one["agreed_on"]:
        say(f"  last agreed or decided on: ticket {one['agreed_on']['ticket']}, issue {one['agreed_on']['issue']}")
    for row in one["writes"]:
        words, what = sentence(row["rule"], status=row["status_written"])
        joint = ":" if row["rule"] == "issue_filed" else ", moved by"  # by its trigger, and no person
        who = f"{joint} {row['who']}" if row["who"] else ""
        change = f" ({row['before']} -> {row['after']})" if row["status_written"] else ""
        ended = "" if row["outcome"] == "done" else f" - NOT DONE: {row['outcome']}"
        say(f"  {when(row['at'])}  {what} {words}{change}{who}{ended}")
    for note in one["notes"]:
        if note["state"] != "done":
            why = f": {note['reason']}" if note["reason"] else ""
            say(f"  note {note['kind']!r} on {note['on']}: {note['state']}{why}")
