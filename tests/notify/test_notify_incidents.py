"""What counts as an incident, from a state that the core has written; and what of it gets into a message."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import get_args

import pytest
from ulid import ULID

from syncd.config.notify import ALERTS, Alert
from syncd.late import LATE_ALERTS, what_is_late
from syncd.model import Author
from syncd.notify import incidents
from syncd.notify.words import CURES, MANY, ONE, OVER
from syncd.records import Effect
from syncd.store import effects, links
from tests.notify.receivers import Receiver, Watched, webhook
from tests.pairs import Pair

CANARY = "KanarienvogelAusDemTicket anna@example.com"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as one:
        yield one


def pair_with_secrets() -> Pair:
    """A pair whose texts are all private."""
    pair = Pair()
    ticket, issue = pair.filed_pair()
    for entry in (ticket, issue):
        pair.say(entry, CANARY, Author.OUTSIDE)
    pair.pass_()
    return pair


def standing(name: str) -> Callable[[Pair], None]:
    def stand(pair: Pair) -> None:
        with pair.store.write():
            pair.store._db.execute("UPDATE links SET standing = ?", [name])

    return stand


def duplicate(pair: Pair) -> None:
    pair.move(pair.tracker.entries[1], "duplicate")
    pair.pass_()


def leads(pair: Pair) -> None:
    pair.answer(pair.desk.entries[1])
    pair.lead(pair.desk.entries[1])
    pair.move(pair.tracker.entries[1], "done")
    pair.pass_()


def strange(pair: Pair) -> None:
    pair.move(pair.tracker.entries[1], "strange")
    pair.pass_()


def note(state: str) -> Callable[[Pair], None]:
    def leave(pair: Pair) -> None:
        link, store, now = pair.link(), pair.store, pair.clock.now()
        with store.write():
            row = store.effects.store(Effect(link.id, "resolved", 7, link.ticket, CANARY), str(ULID()), now)
            if state == "refused":
                store.effects.refused(row.id, "422 for the note", now)
            else:
                store.effects.done(row.id, "1", now)
                store.effects.double(row.id, ["1", "2"])

    return leave


CASES: list[tuple[Alert, Callable[[Pair], None], str]] = [
    ("conflict", standing("conflict"), "desk:1 and tracker:o/r#1"),
    ("drift", standing("drift"), "desk:1 and tracker:o/r#1"),
    ("waits_for_person", duplicate, "desk:1 and tracker:o/r#1"),
    ("cascade", leads, "desk:1 and tracker:o/r#1"),
    ("unknown", strange, "desk:1 and tracker:o/r#1"),
    ("refused", note("refused"), "desk:1"),
    ("doubled", note("doubled"), "desk:1"),
]


@pytest.mark.parametrize(("alert", "happen", "item"), CASES, ids=[one[0] for one in CASES])
def test_what_the_core_has_written_is_told_without_any_text(
    receiver: Receiver, alert: Alert, happen: Callable[[Pair], None], item: str
) -> None:
    pair = pair_with_secrets()
    assert list(incidents(pair.store, ("desk", "tracker"))) == []
    happen(pair)
    (found,) = incidents(pair.store, ("desk", "tracker"))
    assert found.alert == alert
    watched = Watched(webhook(receiver), pair.store)
    watched.turns(120)
    (message,) = receiver.got
    (told,) = message["alerts"]
    ticket, issue = pair.link().ticket.human, pair.link().issue.human
    assert told["alert"] == alert
    assert told["items"][0]["item"] == (f"{ticket} and {issue}" if " and " in item else ticket)
    said = json.dumps(receiver.got)
    assert not any(word in said for word in CANARY.split())


def test_what_is_late_is_told_once_and_when_it_is_over(receiver: Receiver) -> None:
    pair = Pair(timers={"ownerless": "1d", "old_link": "2d"})
    pair.filed_pair()
    pair.pass_()
    late = partial(what_is_late, helpdesks=pair.work.helpdesks, trackers=pair.work.trackers)
    watched = Watched(webhook(receiver), pair.store)
    watched.clock.advance((pair.clock.now() - watched.clock.now()).total_seconds())
    watched.start(late=late)
    watched.turns(3600)
    assert receiver.got == []
    watched.clock.advance(86400)
    watched.turns(3600)
    (message,) = receiver.got
    (told,) = message["alerts"]
    assert (told["alert"], told["count"]) == ("ownerless", 1)
    assert told["title"] == "1 issue has nobody to see to it"
    assert told["items"] == [
        {"item": "desk:DESK-1 and tracker:TRACKER-1", "reason": "neither end has an assignee, since 2026-01-05"}
    ]
    entry = pair.tracker.entries[1]
    entry.assignees, entry.version = ("dev",), pair.tracker.next()
    pair.pass_()
    watched.turns(3600)
    assert receiver.titles[1:] == ["no issue is without somebody to see to it any more"]


def test_what_is_late_at_a_helpdesk_that_is_not_configured_is_no_incident() -> None:
    pair = Pair(timers={"ownerless": "1d"})
    pair.filed_pair()
    pair.pass_()
    pair.clock.advance(2 * 86400)
    late = what_is_late(pair.store, pair.clock.now(), helpdesks=pair.work.helpdesks, trackers=pair.work.trackers)
    assert [one.alert for one in incidents(pair.store, ("desk", "tracker"), late)] == ["ownerless"]
    assert list(incidents(pair.store, ("other", "tracker"), late)) == []


def test_what_concerns_a_connector_that_is_not_configured_is_no_incident() -> None:
    pair = Pair()
    with pair.store.write():
        pair.store.brakes.pull("gone", "too much", "2026-01-01T00:00:00.000000Z")
        pair.store.connectors.stands("gone", "unauthorized", "", "2026-01-01T00:00:00.000000Z")
    assert list(incidents(pair.store, ("desk", "tracker"))) == []


def test_every_alert_has_its_words_and_its_line_in_the_docs() -> None:
    assert set(get_args(Alert)) == set(ALERTS) == set(ONE) | set(MANY) == set(CURES) == set(OVER)
    page = (Path(__file__).parents[2] / "docs/operations.md").read_text(encoding="utf-8")
    table = page[page.index("| told of |") :].split("\n\n")[0]
    told = [name for row in table.splitlines() for name in re.findall(r"`(\w+)`", row.split("|")[1])]
    assert sorted(told) == sorted(ALERTS)
    limits = page[page.index("| late | of |") :].split("\n\n")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", limits, re.MULTILINE)) == set(LATE_ALERTS)


def test_looking_rests_on_indexes() -> None:
    db = Pair().store._db
    for query, index in (
        (links.HELD, "links_held"),
        (effects.REFUSED, "effects_refused"),
        (effects.DOUBLED, "effects_doubled"),
    ):
        plan = " ".join(row["detail"] for row in db.query(f"EXPLAIN QUERY PLAN {query}"))
        assert index in plan, plan
