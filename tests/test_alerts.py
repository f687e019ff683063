"""What is held back because something works against us, and how often that is said (rules 11 and 13)."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from syncd.clock import ManualClock
from syncd.daemon.lane import ALERT_AGAIN, Shared
from syncd.daemon.metrics import Metrics
from syncd.model import Status
from tests.pairs import Pair


def shared(clock: ManualClock, alerts: list[dict[str, Any]]) -> Shared:
    """What lanes share, as far as alerts need it."""
    log: Any = SimpleNamespace(warning=lambda event, **what: alerts.append({"event": event, **what}))
    whatever: Any = None
    how: dict[str, Any] = {"clock": clock, "connectors": {}, "store": whatever}
    return Shared(config=whatever, marker_key=b"", log=log, walked={}, tried={}, metrics=Metrics(), **how)


def test_two_that_work_against_each_other_are_held_back_with_one_alert_an_hour() -> None:
    pair, alerts = Pair(), list[dict[str, Any]]()
    pair.work.parked = shared(pair.clock, alerts)._parked
    ticket, issue = pair.filed_pair()
    writes = pair.writes()
    for _ in range(10):  # somebody's automation, and an issue that goes back and forth
        for status in ("done", "open"):
            pair.tick(60)
            pair.move(issue, status)
            pair.pass_()
    assert ticket.status_writes <= 5  # with the one that filed it
    assert pair.writes() > writes
    assert [alert["event"] for alert in alerts] == ["parked"]
    assert "something works against us" in alerts[0]["why"]
    pair.tick(int(ALERT_AGAIN))
    pair.reconcile()
    assert ticket.status == Status("pending")
    assert pair.parked() == []
    assert len(alerts) == 1
