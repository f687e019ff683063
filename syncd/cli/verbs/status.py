"""``syncd status``: what is true now, from the state alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from syncd.cli import announced, filings
from syncd.cli.announced import announcements
from syncd.cli.app import config_option, json_option
from syncd.cli.running import (
    UNWRITTEN,
    add_to_mapping,
    configured,
    doubled_notes,
    human,
    not_written,
    reading,
    refused_notes,
)
from syncd.cli.sentences import meaning
from syncd.cli.show import as_json, plural, say, some, table, when
from syncd.clock import stamp
from syncd.config import Config, Helpdesk
from syncd.health import Health, intervals, look
from syncd.late import Late
from syncd.model import Word
from syncd.notify.words import CURES, MANY
from syncd.store import Store
from syncd.store.file import is_held

EXAMPLES = 3
"""Items that are named of those of a group that could not be written."""


@click.command("status")
@json_option
@config_option
def command(folder: Path | None, *, as_data: bool) -> int:
    """Show how things stand: links, what waits, what needs a person. Asks no service; exit status 1 if it needs one."""
    config = configured(folder)
    store = reading(config)
    found = gather(config, store)
    store.close()
    if as_data:
        as_json(found)
    else:
        _tell(found)
    return int(found["needs_a_person"] > 0)


def gather(config: Config, store: Store) -> dict[str, Any]:
    """Everything, as data."""
    counts = store.links.counts()
    failing = not_written(store)
    live = _standings(counts, failing)
    parked = [{"group": human(store, row.group), "reason": row.reason} for row in store.queue.rows() if row.parked]
    unknown, refused, doubled = _unknown(config, store), refused_notes(store), doubled_notes(store)
    polls, now = intervals(config), datetime.now(UTC)
    picture = look(store, polls, now, helpdesks=config.helpdesks, trackers=config.trackers)
    escalated = filings.gather(store)
    brakes = [{"connector": b.connector, "since": b.at, "reason": b.reason} for b in store.brakes.on()]
    waiting = parked, unknown, brakes, refused, doubled, picture.late
    held = live.get("conflict", 0) + live.get("drift", 0)
    lost = sum(one.state == "off" for one in picture.sinks.values())
    lost += sum(one.state in {"unauthorized", "misconfigured"} for one in picture.connectors.values())
    return {
        "mode": config.mode,
        "running": is_held(config.state),
        **picture.data(),
        "connectors": {name: _connector(store, name, one) for name, one in picture.connectors.items()},
        "notify": {
            name: {**picture.data()["notify"][name], "reason": one.reason} for name, one in picture.sinks.items()
        },
        "links": {
            state: sum(n for (one, _), n in counts.items() if one == state)
            for state in ("live", "final", "proposed", "ended")
        },
        "standings": live,
        "held_links": _held(store),
        "unwritten": failing,
        "parked_groups": parked,
        "refused_notes": refused,
        "doubled_notes": doubled,
        **escalated,
        "notes_owed": store.effects.owing(),
        "unknown_statuses": unknown,
        "to_be_read_again": store.snapshots.waiting(),
        "passed_over": [
            {"ref": row["ref"], "what": row["what"], "why": row["why"], "at": row["at"]}
            for row in reversed(store.journal.skips())
        ],
        "muted": [{"ticket": ref.human, "since": since} for ref, since in store.commands.muted()],
        "commands_to_do": len(store.commands.open()),
        "brakes": brakes,
        "announcements": announcements(config, store),
        "overdue": [_overdue(one, config.helpdesks[one.ticket.connector]) for one in picture.late],
        "needs_a_person": sum(map(len, (*waiting, *(escalated[name] for name in filings.FOR_PEOPLE)))) + held + lost,
    }


def _held(store: Store) -> dict[str, list[dict[str, str]]]:
    """Links that a person has to see to, by how they stand."""
    found = {}
    for standing, links in store.links.held().items():
        ends = [link for link in map(store.links.get, links) if link]
        found[standing.value] = [{"ticket": link.ticket.human, "issue": link.issue.human} for link in ends]
    return found


def _overdue(one: Late, desk: Helpdesk) -> dict[str, Any]:
    """Something that is late, and when it was due by the helpdesk's calendar."""
    issue = one.issue.human if one.issue else None
    due = desk.playbook.timers.due(one.limit, one.since) if one.limit else None
    return {
        "alert": one.alert,
        "ticket": one.ticket.human,
        "issue": issue,
        "since": stamp(one.since),
        "due": stamp(due) if due else None,
        "reason": one.reason,
    }


def _standings(counts: Mapping[tuple[str, str], int], failing: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """How the live links stand: what could not be written is in step with nothing, whatever was recorded before."""
    live = Counter({standing: n for (state, standing), n in counts.items() if state == "live"})
    for one in failing:
        live[one["standing"]] -= 1
        live[UNWRITTEN] += 1
    return {standing: n for standing, n in live.items() if n}


def _connector(store: Store, name: str, health: Health) -> dict[str, Any]:
    """As the health endpoint tells it, and what is for the command line only."""
    rows = [row for row in store.cursors.all() if row.connector == name]
    return {
        "state": health.state,
        "reason": health.reason,
        "walked": bool(rows) and all(row.walked for row in rows),
        "watched_since": max((r.start_mark for r in rows), default=""),
        **health.data(),
    }


def _unknown(config: Config, store: Store) -> list[dict[str, Any]]:
    """Statuses that items have and the mapping doesn't know."""
    found = []
    for name, status, count, example in store.snapshots.statuses():
        one = config.helpdesks.get(name) or config.trackers.get(name)
        if one is not None and one.mapping.word(status) is Word.UNKNOWN:
            cure = add_to_mapping(config, one.mapping.name)
            found.append({"connector": name, "status": str(status), "items": count, "example": example, "cure": cure})
    return found


def _tell(found: dict[str, Any]) -> None:
    if found["mode"] == "observe":
        say("Observe mode: nothing is written to any service.\n")
    _tell_connectors(found["connectors"])
    if not found["running"]:
        say("No syncd is at work now: what changes is seen by the next `syncd reconcile`, or when the service runs.")
    links = found["links"]
    say(
        f"\n{plural(links['live'], 'live link')}, {links['final']} final, {links['ended']} ended, "
        f"{links['proposed']} proposed{' (see `syncd links propose`)' if links['proposed'] else ''}"
        f"{'. Of the live:' if found['standings'] else ''}"
    )
    for standing, count in sorted(found["standings"].items(), key=lambda pair: -pair[1]):
        say(
            f"  {count:>6,}  {'could not be written: see below' if standing == UNWRITTEN else meaning(standing, count)}"
        )
        _tell_held(found["held_links"].get(standing, ()))
    say(f"{plural(found['queue'], 'group')} queued, {plural(found['doubt'], 'note')} whose outcome is unknown")
    if found["notes_owed"]:
        say(f"{plural(found['notes_owed'], 'note')} still to be written, and tried again by itself")
    filings.tell(found)
    _tell_troubles(found)
    _tell_sinks(found["notify"])
    announced.tell(found["announcements"])
    waits = {"waits_for_person", "cascades"} & found["standings"].keys() | filings.TO_ANSWER & found["unfiled"].keys()
    if not (found["needs_a_person"] or waits):
        say("Nothing needs a person.")


def _tell_held(links: Sequence[Mapping[str, str]]) -> None:
    for one in links[:EXAMPLES]:
        say(f"          {one['ticket']} and {one['issue']}")
    if len(links) > EXAMPLES:
        say(f"          and {len(links) - EXAMPLES:,} more: `syncd status --json` names them")


def _tell_unwritten(found: dict[str, Any]) -> None:
    """What could not be written, group by group: a few of each, each with its own reason."""
    for row in some(found["parked_groups"], "that are parked"):
        mine = _told_once(one for one in found["unwritten"] if one["group"] == row["group"])
        cure = f"Mend that; `syncd reconcile {row['group']}` tries it again"
        if len(mine) < 2:
            say(f"Parked: {row['group']}: {mine[0]['reason'] if mine else row['reason']}. {cure}")
            continue
        say(f"Parked: {row['group']}: {plural(len(mine), 'item')} of its group could not be written. {cure}")
        _tell_some(mine)
    later = _told_once(one for one in found["unwritten"] if not one["parked"])
    if later:
        say(f"{plural(len(later), 'item')} could not be written now, and will be tried again by itself:")
        _tell_some(later)


def _told_once(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """One row for each item that could not be written."""
    return list({row["on"]: row for row in rows}.values())


def _tell_some(rows: Sequence[Mapping[str, Any]]) -> None:
    for row in rows[:EXAMPLES]:
        say(f"  {row['on']}: {row['reason']}")
    if len(rows) > EXAMPLES:
        say(f"  and {len(rows) - EXAMPLES:,} more: `syncd links list` names them, `syncd explain REF` says why")


def _tell_troubles(found: dict[str, Any]) -> None:
    _tell_unwritten(found)
    for row in found["unknown_statuses"]:
        items = plural(row["items"], "item")
        where = f"{row['connector']} ({items}, such as {row['example']})"
        say(f"Unknown status {row['status']!r} of {where}. {row['cure']}")
    if found["to_be_read_again"]:
        count = plural(found["to_be_read_again"], "item")
        say(f"{count} could not be looked through for links yet: the next run does that, and you need not do anything")
    for row in some(found["passed_over"], "that were passed over"):
        say(f"Passed over: {row['ref']}: {row['what']}: {row['why']} ({when(row['at'])})")
    for row in some(found["muted"], "that are muted"):
        cure = f"`/unmute` in a note there, or `syncd links unmute {row['ticket']}`, ends that"
        say(f"Muted: {row['ticket']} since {when(row['since'])}: nothing is written to it. {cure}")
    if found["commands_to_do"]:
        say(f"{plural(found['commands_to_do'], 'command')} of agents still to be done, on the next run")
    for row in some(found["refused_notes"], "notes that were refused"):
        cure = "Mend that: each `syncd reconcile` tries it again"
        if "issue" in row:  # else it belongs to no link, as what is asked of a requester before anything is filed
            cure += f"; `syncd links remove {row['ticket']} {row['issue']}` gives up the link with it"
        say(f"Refused: a note on {row['on']}: {row['reason']}. {cure}")
    for row in some(found["doubled_notes"], "notes that stand twice"):
        say(f"Twice: a note on {row['on']} stands there as {row['notes']}. Delete all but one")
    _tell_late(found["overdue"])
    for row in found["brakes"]:
        cure = f"If that is right, `syncd brake release {row['connector']}` lets it go on"
        say(f"The brake of {row['connector']} is on since {when(row['since'])}: {row['reason']}. {cure}")


def _tell_late(overdue: Sequence[Mapping[str, Any]]) -> None:
    """By alert: a few of each."""
    for alert, number in Counter(row["alert"] for row in overdue).items():
        say(f"{number:,} {MANY[alert][number != 1]}. {CURES[alert]}:")
        mine = [row for row in overdue if row["alert"] == alert]
        for row in mine[:EXAMPLES]:
            due = f", due {when(row['due'])}" if row["due"] else ""
            say(f"  {row['ticket']}{' and ' + row['issue'] if row['issue'] else ''}: {row['reason']}{due}")
        if number > EXAMPLES:
            say(f"  and {number - EXAMPLES:,} more: `syncd status --json` names them")


def _tell_sinks(sinks: dict[str, Any]) -> None:
    for name, one in sinks.items():
        waiting = f"{plural(one['waiting'], 'message')} waiting"
        if one["state"] == "off":
            say(f"notify.{name} gets no more messages: {one['reason']}; {waiting}. Mend that, and restart the service")
        elif one["state"] == "failing":
            say(f"notify.{name} can't be reached now: {one['reason']}; {waiting}. It is tried again by itself")


def _tell_connectors(connectors: dict[str, Any]) -> None:
    rows = [
        (name, one["state"], "walked" if one["walked"] else "not walked yet", when(one["last_poll"]) or "never")
        for name, one in connectors.items()
    ]
    table(("connector", "state", "first walk", "last read"), rows)
    for name, one in connectors.items():
        if one["reason"] and one["state"] != "braked":
            cure = f". {CURES[one['state']]}" if one["state"] in CURES else ""
            say(f"{name} is {one['state']}: {one['reason'].rstrip('.')}{cure}")
