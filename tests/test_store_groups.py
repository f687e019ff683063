"""Groups that are joined and fall apart, and what is queued for them; claims, and transactions."""

from __future__ import annotations

from datetime import timedelta

import pytest

from syncd.model import Ref
from syncd.records import BY_PERSON, GONE, LinkState, Origin
from syncd.store import QueueRow, Store
from syncd.testing.memory import START
from tests.pairs import Pair

NOW = "2026-01-05T09:00:00.000000Z"


def _link(store: Store, ticket: int, issue: int) -> int:
    with store.write():
        return store.links.add(
            Ref("desk", str(ticket)),
            Ref("tracker", str(issue)),
            LinkState.LIVE,
            Origin.BODY,
            filed=True,
            reason="",
            now=NOW,
        )


def _queue(store: Store) -> dict[str, QueueRow]:
    return {row.group: row for row in store.queue.rows()}


def test_groups_that_are_joined_go_on_as_one_and_their_queue_rows_with_them() -> None:
    store = Store.scratch()
    _link(store, 2, 20)
    _link(store, 1, 10)
    with store.write():
        store.queue.ask("desk:2", "test", START + timedelta(hours=1))
        store.queue.park(["desk:2"], "a reason")
        store.queue.ask("desk:1", "test", START + timedelta(hours=2))
    _link(store, 2, 10)
    assert store.groups.all() == ["desk:1"]
    (row,) = store.queue.rows()
    assert (row.group, row.parked, row.due[:13]) == ("desk:1", False, "2026-01-05T10")


def test_a_group_that_falls_apart_takes_its_claim_to_both_halves() -> None:
    store = Store.scratch()
    one, _, three = _link(store, 1, 10), _link(store, 2, 20), _link(store, 2, 10)
    with store.write():
        store.queue.ask("desk:1", "test", START)
        (row,) = store.queue.claim(START, 10)
        bridge = store.links.get(three)
        assert bridge is not None
        store.links.set_state(bridge, LinkState.ENDED, "gone: the issue is deleted", NOW)
        assert store.groups.of_links([one, one + 1]) == {"desk:1", "desk:2"}
        assert set(_queue(store)) == {"desk:1", "desk:2"}
        store.queue.done(row)
        store.queue.free({"desk:1", "desk:2"})
        assert [x.group for x in store.queue.claim(START, 10)] == ["desk:2"]


def test_a_ticket_that_leaves_its_group_gives_it_another_key_and_leaves_no_claim_behind() -> None:
    pair = Pair()
    pair.reconcile()
    pair.tick()
    tickets = [pair.ticket() for _ in range(3)]
    issue = pair.issue(*tickets)
    pair.pass_()
    assert pair.store.groups.all() == ["desk:1"]
    pair.remove(tickets[0])
    pair.pass_()
    assert pair.store.groups.all() == ["desk:2"]
    assert pair.store.queue.rows() == []
    pair.move(issue, "done")
    pair.pass_()  # no claim of the past holds it up
    assert [str(ticket.status) for ticket in tickets] == ["pending", "resolved", "resolved"]


@pytest.mark.parametrize(
    ("old", "new", "state", "reason", "stays"),
    [
        ("tracker:10", "tracker:11", LinkState.LIVE, "", "older"),
        ("tracker:10", "tracker:11", LinkState.PROPOSED, "its author is not a member of the team", "older"),
        ("tracker:10", "tracker:11", LinkState.ENDED, f"{GONE}the issue is deleted", "older"),
        ("tracker:10", "tracker:11", LinkState.ENDED, "a duplicate of tracker:12", "older"),
        ("tracker:10", "tracker:11", LinkState.ENDED, BY_PERSON, "none"),
        ("desk:1", "desk:2", LinkState.LIVE, "", "newer"),
        ("desk:1", "desk:2", LinkState.PROPOSED, "its author is not a member of the team", "older"),
        ("desk:1", "desk:2", LinkState.ENDED, f"{GONE}the ticket is deleted", "older"),
        ("desk:1", "desk:2", LinkState.ENDED, BY_PERSON, "none"),
    ],
)
def test_of_a_pair_that_is_linked_under_two_refs_one_link_stays(
    old: str, new: str, state: LinkState, reason: str, stays: str
) -> None:
    store = Store.scratch()
    both = {"older": _link(store, 1, 10), "newer": _link(store, *((1, 11) if old.startswith("tracker") else (2, 10)))}
    newer = store.links.get(both["newer"])
    assert newer is not None
    with store.write():
        store.links.set_state(newer, state, reason, NOW)
        store.links.rekey(Ref.parse(old), Ref.parse(new), NOW)
    live = {link.id: {str(link.ticket), str(link.issue)} for link in store.links.all() if link.state is LinkState.LIVE}
    assert set(live) == ({both[stays]} if stays in both else set())
    assert all(new in ends for ends in live.values())


def test_a_link_that_is_found_again_under_the_old_ref_does_not_outweigh_what_was_agreed() -> None:
    store = Store.scratch()
    agreed, found = _link(store, 1, 11), _link(store, 1, 10)
    with store.write():
        store.links.rekey(Ref("tracker", "10"), Ref("tracker", "11"), NOW)
    assert {link.id: link.state for link in store.links.all()} == {agreed: LinkState.LIVE, found: LinkState.ENDED}


def test_a_claim_is_seen_by_others_until_it_ends() -> None:
    store = Store.scratch()
    with store.write():
        store.queue.ask("desk:1", "test", START)
        assert len(store.queue.claim(START, 10)) == 1
        assert store.queue.claim(START, 10) == []
        assert len(store.queue.claim(START + timedelta(minutes=11), 10)) == 1
    store.recover(START)
    with store.write():
        assert len(store.queue.claim(START, 10)) == 1


def test_what_is_asked_for_again_while_it_is_done_is_done_again() -> None:
    store = Store.scratch()
    with store.write():
        store.queue.ask("desk:1", "test", START)
        (row,) = store.queue.claim(START, 10)
        store.queue.ask("desk:1", "poll", START)
        store.queue.done(row)
        (again,) = store.queue.claim(START, 10)
        store.queue.done(again)
    assert store.queue.rows() == []


def test_a_transaction_is_all_or_nothing() -> None:
    store = Store.scratch()

    def halfway() -> None:
        with store.write():
            store.queue.ask("desk:1", "test", START)
            raise ValueError("halfway")

    with pytest.raises(ValueError, match="halfway"):
        halfway()
    assert store.queue.rows() == []
