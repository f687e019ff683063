"""What ``syncd report`` takes of a large state, and what counting tickets adds to reading one."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from syncd.cli.show import table
from syncd.clock import precise
from syncd.model import Item, Ref, Status
from syncd.records import LinkState, Origin
from syncd.store import FilingRow, FilingState, Store

CONFIG = {
    "syncd.toml": 'state = "syncd.db"\n',
    "connectors/zendesk.toml": 'connector = "zendesk"\nurl = "https://acme.zendesk.com"\nclient_id = "syncd"\n'
    'client_secret = "env:BENCH_SECRET"\n[sync]\nplaybook = "sourcegraph-support"\n',
    "connectors/github.toml": 'connector = "github"\nurl = "https://api.github.com"\ntoken = "env:BENCH_SECRET"\n'
    '[[repositories]]\nname = "acme/customer"\n',
}
NOW = datetime(2026, 1, 1, tzinfo=UTC)
YEAR = timedelta(days=365)
PAGE = 100
AREAS = (("Search", "Search"), ("Deployment", "Distribution"), ("Code hosts", "Core Application"))


def fill(store: Store, tickets: int) -> float:
    """A year of support, one ticket in seven filed; how many seconds it took to count the tickets."""
    choose = random.Random(1)  # noqa: S311  # the same year each time
    made = sorted(NOW - YEAR * choose.random() for _ in range(tickets))
    items = [_item("zendesk", number, born, "open") for number, born in enumerate(made, 1)]
    counting = 0.0
    for start in range(0, tickets, PAGE):
        with store.write():
            began = time.perf_counter()
            store.tickets.meet(items[start : start + PAGE])
            counting += time.perf_counter() - began
    with store.write():
        for item in choose.sample(items, tickets // 7):
            _file(store, item, choose)
    return counting


def _item(connector: str, number: int, born: datetime, status: str) -> Item:
    return Item(Ref(connector, str(number), str(number)), "https://example.com", Status(status), "1", born)


def _file(store: Store, ticket: Item, choose: random.Random) -> None:
    """An issue of it, with what is kept of that."""
    filed = precise(ticket.created_at + timedelta(hours=choose.expovariate(1 / 9)))
    issue = _item("github", int(ticket.ref.id), ticket.created_at, "open")
    for item in (ticket, issue):
        store.snapshots.put(item, filed)
    store.links.add(ticket.ref, issue.ref, LinkState.LIVE, Origin.SYNCD, filed=True, reason="", now=filed)
    area, team = choose.choice(AREAS)
    kind, priority = choose.choice(("rfh", "defect")), choose.choice(("p1", "p2", "p3"))
    store.filings.put(
        FilingRow(
            f"effect {ticket.ref.id}",
            ticket.ref,
            precise(ticket.created_at),
            "escalated",
            1,
            FilingState.FILED,
            filed,
            filed,
            kind=kind,
            area=area,
            team=team,
            priority=priority,
            issue=issue.ref,
            filed_at=filed,
            answered_at=filed,
        )
    )


def main() -> None:
    """Print one table."""
    rows = []
    for tickets in (5_000, 50_000):
        folder = Path(tempfile.mkdtemp(prefix="syncd-bench-"))
        for name, text in CONFIG.items():
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(text)
        store = Store.open(folder / "syncd.db")
        counting = fill(store, tickets)
        store.close()
        command = [sys.executable, "-c", "from syncd.cli import main; main()", "--config", str(folder), "report"]
        command += ["--since", "2025-01-01", "--until", "2026-01-01"]
        began = time.perf_counter()
        subprocess.run(command, env={**os.environ, "BENCH_SECRET": "x"}, stdout=subprocess.DEVNULL, check=True)
        took = time.perf_counter() - began
        each = f"{1e6 * counting / tickets:.1f} \N{MICRO SIGN}s"
        rows.append((f"{tickets:,}", f"{took:.2f} s", f"{counting:.2f} s", each))
    table(("tickets", "the report, with Python's start", "counting them all, on a first walk", "per ticket"), rows)


if __name__ == "__main__":
    main()
