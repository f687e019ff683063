"""What ``status`` and ``check`` say of announcements: channels without a sink, what nobody knows, or has answered."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from syncd.cli.show import say, when
from syncd.clock import precise
from syncd.config import Config, Helpdesk
from syncd.errors import Problem
from syncd.model import Ref
from syncd.notify import LINK
from syncd.store import AnnouncementRow, Store, Telling

SHOWN = timedelta(days=7)
"""So long what can't be mended any more is shown."""

MEANINGS = {
    Telling.WAITING: "not sent yet",
    Telling.SENDING: "being sent",
    Telling.SENT: "sent",
    Telling.UNKNOWN: "whether it arrived isn't known, and it isn't sent again",
    Telling.ANSWERED: "answered",
    Telling.PASSED: "nobody answered in time, so the next were told",
    Telling.UNANSWERED: "nobody has answered",
}
UNTOLD = "it could not be sent in time, so the next were told"


def channels(config: Config) -> Iterator[Problem]:
    """Channels that a playbook announces in, and that no sink stands for; whom it calls, and nobody knows in Slack."""
    for desk in config.helpdesks.values():
        names = desk.playbook.announce.unmapped
        if names:
            what = f"the playbook announces in {', '.join(names)}, and no sink stands for that"
            cure = f'To be told, add {names[0]} = "NAME of a [notify.NAME]"'
            yield Problem(f"connectors/{desk.name}.toml: sync.announce.sinks", what, cure, warning=True)
        names = _nameless(config, desk)
        if names:
            what = f"the playbook calls {', '.join(names)}, and no id is known for that: Slack calls nobody"
            cure = f'Add {names[0]} = "S0123456789", the id of a user group in Slack, or of a member (U0123456789)'
            yield Problem(f"connectors/{desk.name}.toml: sync.announce.mentions", what, cure, warning=True)


def _nameless(config: Config, desk: Helpdesk) -> tuple[str, ...]:
    """Whom routes call without an id; sinks that aren't Slack only show the name, and need none."""
    table, others = desk.playbook.announce, {name for name, sink in config.notify.items() if sink.kind != "slack"}
    steps = [step for route in table.routes for step in route.to if table.sinks[step.sink] not in others]
    return tuple(dict.fromkeys(one.mention for one in steps if one.mention and not table.mentions[one.mention]))


def announcements(config: Config, store: Store) -> dict[str, Any]:
    """As data."""
    unsure = store.announcements.unsure(precise(datetime.now(UTC) - SHOWN))
    return {
        "unmapped": {
            desk.name: list(desk.playbook.announce.unmapped)
            for desk in config.helpdesks.values()
            if desk.playbook.announce.unmapped
        },
        "unknown": [_one(store, row) for row in unsure if row.state is Telling.UNKNOWN],
        "unanswered": [_one(store, row) for row in unsure if row.state is Telling.UNANSWERED],
    }


def _one(store: Store, row: AnnouncementRow) -> dict[str, str]:
    about = row.about.removeprefix(LINK)
    if row.about.startswith(LINK):
        link = store.links.get(int(about))
        ref = link.issue if link else None
    else:
        filing = store.filings.get(about)
        ref = (filing.issue or filing.ticket) if filing else None
    return {"item": ref.human if ref else about, "event": row.event, "sink": row.sink, "at": row.sent_at}


def history(store: Store, ref: Ref) -> list[dict[str, Any]]:
    """What was announced of an item's filings and links, as data."""
    links = store.links.of(ref)
    tickets = dict.fromkeys([ref, *(link.ticket for link in links)])
    filed = [row for ticket in tickets for row in store.filings.of(ticket)]
    mine = [row.id for row in filed if ref in {row.ticket, row.issue}]
    rows = store.announcements.about([*mine, *(f"{LINK}{link.id}" for link in links)])
    return [
        {**_one(store, row), "route": row.route, "state": row.state.value, "due": row.due or None}
        for row in rows
        if row.state is not Telling.NEEDLESS
    ]


def tell_history(rows: list[dict[str, Any]]) -> None:
    """In words."""
    for row in rows:
        sent = f" on {when(row['at'])}" if row["at"] else ""
        said = MEANINGS[Telling(row["state"])] if row["at"] or row["state"] == Telling.WAITING else UNTOLD
        say(f"Announcement ({row['event'].replace('_', ' ')}) of {row['item']} in notify.{row['sink']}{sent}: {said}")


def tell(found: dict[str, Any]) -> None:
    """In words."""
    for desk, names in found["unmapped"].items():
        cure = "To be told, name a sink for it in [sync.announce.sinks]"
        say(f"Nothing is announced for {desk} in {', '.join(names)}: no sink stands for that. {cure}")
    for row in found["unknown"]:
        say(
            f"Whether {row['item']} was announced in notify.{row['sink']} on {when(row['at'])} isn't known. "
            "It isn't sent again: look there"
        )
    for row in found["unanswered"]:
        say(f"Nobody has answered the announcement of {row['item']} in notify.{row['sink']} on {when(row['at'])}")
