"""A desk and a tracker whose filings are announced, sink by sink, over real HTTP; and people on all ends."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from syncd.clock import precise
from syncd.config.notify import AnySink
from syncd.model import Audience
from syncd.notify import Announcer, Outlet, begin, open_sink
from syncd.store import AnnouncementRow, FilingRow, FilingState
from syncd.testing.memory import Entry
from tests.pairs import Pair

CANARY = "Kanarienvogel"
SUBJECT, BODY = (
    f"Down {CANARY} <!channel> @here",
    f"Nobody {CANARY} can <@U0SOMEBODY> log in.\n```\n<!subteam^S0AAAAAA1>",
)
TABLES: dict[str, Any] = {
    "kinds": {"rfh": {"tags": ["rfh"], "shown": "request for help"}, "defect": {"tags": ["defect"]}},
    "priorities": {
        "severity": {"told_by": [{"tag": "level_"}]},
        "table": {"critical": "critical", "high": "high", "low": "low"},
    },
    "file": {"fields": {"steps": "steps_to_reproduce"}},
}
EMERGENCY = {
    "sinks": {"dev": "dev", "product": "product"},
    "mentions": {"dev911": "S0DEV91100", "oncall": ""},
    "routes": [
        {
            "name": "emergency",
            "to": [{"sink": "dev", "mention": "dev911", "after": "20m"}, {"sink": "product", "mention": "oncall"}],
        }
    ],
}
"""Who is told of everything, and who next."""


def announce(*routes: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """One channel, ``dev``, with these routes."""
    to = {"to": [{"sink": "dev"}]}
    return {"sinks": {"dev": "dev"}, "routes": [{"name": f"r{i}", **to, **one} for i, one in enumerate(routes)]} | more


class Announced:
    """The bench."""

    def __init__(
        self, sinks: Mapping[str, AnySink], table: Mapping[str, Any], path: Path | None = None, **rules: Any
    ) -> None:
        self.pair = Pair(path, announce=table, **TABLES, **rules)
        self.sinks, self.logged = sinks, list[dict[str, Any]]()
        self.filed = 0
        self.pair.reconcile()  # the watch begins
        self.pair.tick()
        self.start()

    def start(self) -> None:
        """The service starts, again perhaps."""

        def say(level: str) -> Callable[..., None]:
            return lambda event, **what: self.logged.append({"level": level, "event": event, **what})

        log: Any = SimpleNamespace(**{level: say(level) for level in ("info", "warning", "error")})
        how: dict[str, Any] = {"clock": self.pair.clock, "log": log}
        begin(self.pair.store, self.sinks, self.pair.clock.now())
        self.announcers = {
            name: Announcer(Outlet(name, open_sink(name, one), **how), Audience(one.audience), **how)
            for name, one in self.sinks.items()
        }

    def turn(self, seconds: int = 0) -> None:
        """Time passes, and every sink's lane has a turn."""
        self.pair.tick(seconds)
        for one in self.announcers.values():
            one.turn(self.pair.work)

    def turns(self, seconds: int, every: int = 30) -> None:
        """Many turns."""
        for _ in range(seconds // every):
            self.turn(every)

    def ticket(self, *tags: str) -> Entry:
        """A ticket full of what is private."""
        ticket = self.pair.ticket(body=BODY)
        ticket.subject, ticket.tags = SUBJECT, tags
        ticket.fields["steps_to_reproduce"] = f"Open it {CANARY}"
        return ticket

    def file(self, *, state: FilingState = FilingState.FILED, **facts: Any) -> tuple[Entry, Entry]:
        """A ticket, and the issue that was filed for it."""
        ticket = self.ticket()
        issue = self.pair.issue(ticket)
        self.row(ticket, issue, state=state, **facts)
        return ticket, issue

    def row(
        self, ticket: Entry, issue: Entry | None, *, state: FilingState, occasion: str = "escalated", **facts: Any
    ) -> FilingRow:
        """A filing, as the state keeps it."""
        self.filed += 1
        now = precise(self.pair.clock.now())
        usual: dict[str, Any] = {
            "trigger": "the tag engineering",
            "tracker": "tracker",
            "place": "acme/customer",
            "kind": "rfh",
            "filed_at": now if issue else "",
        }
        row = FilingRow(
            f"filing-{self.filed}",
            self.pair.ref(ticket),
            now,
            occasion,
            1,
            state,
            seen_at=now,
            due="",
            issue=self.pair.ref(issue) if issue else None,
            **usual | facts,
        )
        with self.pair.store.write():
            self.pair.store.filings.put(row)
        return row

    def rows(self) -> list[AnnouncementRow]:
        """All that the state knows of announcements."""
        found = self.pair.store._db.query("SELECT DISTINCT about FROM announcements ORDER BY about")
        return [row for one in found for row in self.pair.store.announcements.about([one["about"]])]

    def states(self) -> list[str]:
        return [row.state.value for row in self.rows()]
