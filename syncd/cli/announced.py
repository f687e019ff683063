"""What ``status`` and ``check`` say of announcements: channels without a sink, what nobody knows, or has answered."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from syncd.cli.show import say, when
from syncd.clock import precise
from syncd.config import Config
from syncd.errors import Problem
from syncd.notify import LINK
from syncd.store import AnnouncementRow, Store, Telling

SHOWN = timedelta(days=7)
"""So long what can't be mended any more is shown."""


def channels(config: Config) -> Iterator[Problem]:
    """Channels that a playbook announces in, and that no sink stands for."""
    for desk in config.helpdesks.values():
        names = desk.playbook.announce.unmapped
        if names:
            what = f"the playbook announces in {', '.join(names)}, and no sink stands for that"
            cure = f'To be told, add {names[0]} = "NAME of a [notify.NAME]"'
            yield Problem(f"connectors/{desk.name}.toml: sync.announce.sinks", what, cure, warning=True)


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
