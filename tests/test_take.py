"""Taking what was seen: what was passed over is said as long as it is so, and links follow their items."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import pytest

from syncd.errors import ConnectorError, Gone, Refused, Transient
from syncd.ingest.poll import poll
from syncd.jobs.backfill import find
from syncd.model import Author, GoneKind, Item, Page, Ref, Removed, Status
from syncd.records import LinkState, Origin, Standing
from syncd.testing.memory import Entry
from tests.ledger import Bench
from tests.pairs import Pair

NOWHERE = "https://tracker.example.com/items/99"


def started(*, plain: bool = True) -> Pair:
    """Two systems that were walked once."""
    pair = Pair(plain=plain)
    pair.reconcile()
    pair.tick()
    return pair


def passed_over(pair: Pair) -> list[tuple[str, str]]:
    return [(row["ref"], row["what"]) for row in pair.store.journal.skips()]


def noted(pair: Pair, text: str) -> Entry:
    """A ticket with an internal note."""
    ticket = pair.ticket()
    pair.say(ticket, text, Author.TEAM, internal=True)
    return ticket


def answering(monkeypatch: pytest.MonkeyPatch, pair: Pair, answers: Mapping[int, ConnectorError]) -> None:
    """Single reads of these tickets fail, each with an error of its own."""
    fetch, desk = Bench.fetch, pair.work.connectors["desk"]

    def answer(refs: Sequence[Ref]) -> dict[Ref, Item | Removed | ConnectorError]:
        return {ref: answers.get(int(ref.id)) or fetch(desk, [ref])[ref] for ref in refs}  # type: ignore[arg-type]

    monkeypatch.setattr(desk, "fetch", answer)


# --- what was passed over ---


def test_an_address_that_leads_nowhere_is_said_until_the_note_is_mended() -> None:
    pair = started()
    ticket, issue = noted(pair, NOWHERE), pair.issue()
    pair.pass_()
    assert passed_over(pair) == [("desk:DESK-1", "TRACKER-99")]
    ticket.remarks[0] = replace(ticket.remarks[0], body=pair.url(issue))
    ticket.version = pair.desk.next()
    pair.pass_()
    assert passed_over(pair) == []
    assert ticket.status == Status("pending")


def test_an_address_in_a_sentence_that_leads_nowhere_is_nobody_s_business() -> None:
    pair = started()
    noted(pair, f"as in {NOWHERE}")
    pair.pass_()
    assert passed_over(pair) == []


def test_what_was_passed_over_is_looked_at_afresh_by_the_next_walk() -> None:
    pair = started()
    ticket = noted(pair, NOWHERE)
    pair.pass_()
    issue = pair.tracker.add()
    pair.tracker.entries[99] = replace(issue, number=99)
    pair.reconcile()
    assert passed_over(pair) == []
    assert pair.link().ticket == pair.ref(ticket)
    before = pair.desk.calls
    pair.reconcile()
    assert pair.desk.calls - before == 1  # nothing is left to look at


def test_a_link_made_from_the_other_end_ends_what_was_passed_over() -> None:
    pair = started()
    ticket = noted(pair, "https://tracker.example.com/items/1")
    pair.pass_()
    assert passed_over(pair) == [("desk:DESK-1", "TRACKER-1")]
    pair.issue(ticket)
    poll(pair.work, "tracker")
    assert pair.link().state is LinkState.LIVE
    assert passed_over(pair) == []


@pytest.mark.parametrize("how", ["told", "read"])
def test_what_was_passed_over_on_an_item_that_is_gone_is_not_said_any_more(how: str) -> None:
    pair = started()
    ticket, issue = noted(pair, NOWHERE), pair.issue()
    pair.issue(ticket)
    pair.pass_()
    assert passed_over(pair) == [("desk:DESK-1", "TRACKER-99")]
    ticket.gone = GoneKind.DELETED
    if how == "told":
        ticket.version = pair.desk.next()
    else:
        pair.move(pair.tracker.entries[issue.number + 1], "done")  # what asks for a fresh read
    pair.pass_()
    assert passed_over(pair) == []


@pytest.mark.parametrize("end", ["ticket", "issue"])
def test_that_an_end_is_gone_is_not_said_again_of_what_names_it(end: str) -> None:
    pair = started()
    issue = pair.issue()
    ticket = noted(pair, pair.url(issue))
    issue.body = pair.url(ticket)
    issue.version = pair.tracker.next()
    pair.pass_()
    gone, other, bench = (ticket, issue, pair.tracker) if end == "ticket" else (issue, ticket, pair.desk)
    pair.remove(gone)
    pair.pass_()
    assert pair.link().state is LinkState.ENDED
    other.version = bench.next()
    pair.pass_()
    pair.reconcile()
    assert passed_over(pair) == []
    pair.restore(gone)
    pair.pass_()
    assert pair.link().state is LinkState.LIVE


def test_what_was_passed_over_on_a_ticket_that_is_done_is_not_said_any_more() -> None:
    pair = started()
    ticket = noted(pair, NOWHERE)
    pair.pass_()
    pair.move(ticket, "resolved")
    pair.pass_()
    assert passed_over(pair) == []


@pytest.mark.parametrize("refusal", [Refused, Gone])
def test_notes_that_may_not_be_read_are_passed_over_until_they_are_read(
    monkeypatch: pytest.MonkeyPatch, refusal: type[ConnectorError]
) -> None:
    pair = started()
    issue = pair.issue()
    noted(pair, pair.url(issue))
    answering(monkeypatch, pair, {1: refusal("desk", "not for you")})
    pair.pass_()
    assert passed_over(pair) == [("desk:DESK-1", "notes")]
    before = pair.desk.calls
    pair.pass_()
    assert pair.desk.calls - before == 1  # an idle poll
    monkeypatch.undo()
    pair.reconcile()
    assert passed_over(pair) == []
    assert pair.link().state is LinkState.LIVE


def test_what_will_be_read_again_is_not_passed_over_but_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    pair = started()
    issue = pair.issue()
    noted(pair, pair.url(issue))
    said: list[str] = []
    pair.work.say = said.append
    answering(monkeypatch, pair, {1: Transient("desk", "answered 500")})
    pair.pass_()
    assert passed_over(pair) == []
    assert pair.store.snapshots.waiting() == 1
    assert said == ["desk: 1 item could not be read now, and will be read again: answered 500"]
    monkeypatch.undo()
    pair.pass_()
    assert pair.store.snapshots.waiting() == 0
    assert pair.link().state is LinkState.LIVE


def test_a_name_that_waits_for_its_system_is_not_passed_over() -> None:
    pair = started()
    issue = pair.issue()
    noted(pair, pair.url(issue))
    pair.tracker.faults += [("error", False)]
    poll(pair.work, "desk")
    assert passed_over(pair) == []
    assert pair.store.snapshots.waiting() == 1
    pair.pass_()
    assert pair.store.snapshots.waiting() == 0
    assert pair.link().state is LinkState.LIVE


def test_tickets_that_can_never_be_read_hold_up_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    pair = started()
    issue = pair.issue()
    broken = [noted(pair, "broken") for _ in range(5)]
    ticket = noted(pair, pair.url(issue))
    answering(monkeypatch, pair, {one.number: Transient("desk", "answered 500") for one in broken})
    pair.pass_()
    assert ticket.status == Status("pending")
    assert pair.store.snapshots.waiting() == len(broken)


def test_an_item_that_waits_to_be_read_and_moves_meanwhile_is_read_where_it_is() -> None:
    pair = Pair()
    pair.reconcile()
    pair.tick()
    ticket = pair.ticket()
    issue = pair.issue(ticket)
    pair.desk.faults += [("error", False)] * 2
    poll(pair.work, "tracker")
    assert pair.store.snapshots.waiting() == 1
    new = pair.transfer(issue)
    for _ in range(3):
        pair.pass_()
    assert pair.store.snapshots.waiting() == 0
    assert pair.link().issue == pair.ref(new)
    before = pair.tracker.calls
    pair.pass_()
    assert pair.tracker.calls - before == 1


def test_a_ticket_that_the_first_walk_could_not_read_has_its_later_issues_filed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pair = Pair(plain=True)
    old, ticket = pair.issue(), noted(pair, "nothing yet")
    answering(monkeypatch, pair, {1: Transient("desk", "answered 500")})
    pair.reconcile()
    pair.tick()
    new = pair.issue()
    pair.say(ticket, pair.url(new), Author.TEAM, internal=True)
    other = noted(pair, pair.url(old))
    pair.pass_()
    monkeypatch.undo()
    pair.pass_()
    assert (str(ticket.status), str(other.status)) == ("pending", "open")


def test_an_issue_that_nobody_has_met_is_asked_for_by_its_key(monkeypatch: pytest.MonkeyPatch) -> None:
    pair = started()
    fetch, tracker = Bench.fetch, pair.work.connectors["tracker"]

    def by_key(refs: Sequence[Ref]) -> Mapping[Ref, Item | Removed | ConnectorError]:
        found = fetch(tracker, refs)  # type: ignore[arg-type]
        return {ref: found[ref] if ref.key else Refused("tracker", f"{ref.id} has no key") for ref in refs}

    monkeypatch.setattr(tracker, "fetch", by_key)
    issue = pair.issue()
    pair.pass_()
    pair.work.seen.clear()  # as in a service that has been running for long
    ticket = noted(pair, pair.url(issue))
    pair.pass_()
    assert (ticket.status, pair.parked()) == (Status("pending"), [])


# --- links that follow their items ---


def test_a_list_that_shows_a_ticket_as_it_was_before_it_was_deleted_brings_nothing_back() -> None:
    pair = Pair()
    ticket, _ = pair.filed_pair()
    before = ticket.version
    pair.move(ticket, "on_hold")
    pair.remove(ticket)
    pair.pass_()
    assert pair.link().state is LinkState.ENDED
    ticket.gone, after, ticket.version = None, ticket.version, before
    rewind = pair.store.cursors.get("desk", "items")
    assert rewind is not None
    with pair.store.write():
        pair.store.cursors.put(replace(rewind, cursor="[0, false]"))
    pair.pass_()
    assert pair.link().state is LinkState.ENDED
    ticket.version = after + 1
    pair.desk.tick = after + 1
    pair.pass_()
    assert pair.link().state is LinkState.LIVE


def duplicate(pair: Pair, issue: Entry, canonical: Entry) -> None:
    issue.duplicate_of = canonical.number
    pair.move(issue, "duplicate")
    pair.pass_()


def test_a_duplicate_whose_canonical_issue_was_only_proposed_takes_along_what_was_agreed() -> None:
    pair = Pair()
    ticket, issue = pair.filed_pair()
    canonical = pair.issue(ticket, by=Author.OUTSIDE)
    pair.pass_()
    pair.move(canonical, "done")
    pair.pass_()
    assert ticket.status == Status("pending")
    duplicate(pair, issue, canonical)
    pair.pass_()
    assert pair.link(ticket, canonical).state is LinkState.LIVE
    assert ticket.status == Status("resolved")


def test_a_duplicate_that_was_filed_leaves_its_ticket_filed_for_the_canonical_issue() -> None:
    pair = Pair()
    pair.reconcile()
    pair.tick()
    ticket = pair.ticket()
    canonical = pair.issue()
    duplicate(pair, pair.issue(ticket), canonical)
    assert pair.link(ticket, canonical).state is LinkState.LIVE
    assert ticket.status == Status("pending")


def test_an_issue_that_is_its_own_duplicate_stays_linked() -> None:
    pair = Pair()
    ticket, issue = pair.filed_pair()
    duplicate(pair, issue, issue)
    assert pair.link(ticket, issue).state is LinkState.LIVE
    assert pair.standing() is Standing.WAITS_FOR_PERSON


def test_an_issue_that_turns_out_to_be_no_duplicate_has_its_tickets_back() -> None:
    pair = Pair()
    ticket, issue = pair.filed_pair()
    canonical = pair.issue()
    duplicate(pair, issue, canonical)
    assert pair.link(ticket, issue).state is LinkState.ENDED
    issue.duplicate_of = None
    pair.move(issue, "open")
    pair.pass_()
    assert pair.link(ticket, issue).state is LinkState.LIVE
    pair.move(issue, "done")
    pair.move(canonical, "done")
    pair.pass_()
    assert ticket.status == Status("resolved")


def test_a_link_that_a_person_removed_does_not_come_back_with_its_issue() -> None:
    pair = Pair()
    ticket, issue = pair.filed_pair()
    pair.cut(ticket, issue)
    duplicate(pair, issue, pair.issue())
    issue.duplicate_of = None
    pair.move(issue, "open")
    pair.pass_()
    assert pair.link(ticket, issue).state is LinkState.ENDED


# --- texts that change within one second ---


def test_a_text_that_is_changed_in_the_second_of_our_own_write_is_read() -> None:
    pair = Pair(on_ticket_resolved="close")
    ticket, issue = pair.filed_pair()
    other = pair.ticket()
    pair.move(ticket, "resolved")
    pair.pass_()
    assert issue.status == Status("done")
    issue.body = f"{issue.body}\n\n{pair.url(other)}"
    pair.pass_()  # the echo of our own write, with the new text
    assert {link.ticket for link in pair.links()} == {pair.ref(ticket), pair.ref(other)}


@pytest.mark.parametrize("policy", ["tell", "close"])
def test_an_issue_that_turns_out_to_be_no_duplicate_takes_back_what_its_canonical_one_had_done(policy: str) -> None:
    pair = Pair(on_ticket_resolved=policy)
    ticket, issue = pair.filed_pair()
    canonical = pair.issue()
    duplicate(pair, issue, canonical)
    pair.move(canonical, "done")
    pair.pass_()
    assert ticket.status == Status("resolved")
    issue.duplicate_of = None
    pair.move(issue, "open")
    pair.pass_()
    assert (str(ticket.status), str(issue.status)) == ("pending", "open")
    assert pair.notes(issue) == []


@pytest.mark.parametrize("policy", ["tell", "close"])
def test_an_issue_that_is_restored_does_not_take_our_own_write_for_a_move_of_its_ticket(policy: str) -> None:
    pair = Pair(on_ticket_resolved=policy)
    ticket, issue = pair.filed_pair()
    other = pair.issue(ticket)
    pair.pass_()
    pair.remove(issue)
    pair.pass_()
    pair.move(other, "done")
    pair.pass_()
    assert ticket.status == Status("resolved")
    pair.tick()
    pair.restore(issue)
    pair.pass_()
    assert pair.link(ticket, issue).standing is Standing.DRIFT
    assert (str(ticket.status), str(issue.status)) == ("resolved", "open")
    assert pair.notes(issue) == []


def test_an_issue_that_is_met_elsewhere_before_it_is_known_to_have_moved_keeps_what_was_agreed() -> None:
    pair = Pair()
    ticket, issue = pair.filed_pair()
    elsewhere = pair.transfer(issue)
    pair.pass_()
    pair.move(elsewhere, "done")
    pair.pass_()
    pair.reconcile()
    assert pair.link(ticket, elsewhere).standing is Standing.AGREED
    assert ticket.status == Status("resolved")


def test_an_issue_of_a_stranger_keeps_the_link_that_a_person_made_when_it_is_met_elsewhere() -> None:
    pair = Pair()
    pair.reconcile()
    pair.tick()
    ticket = pair.ticket()
    issue = pair.issue(ticket, by=Author.OUTSIDE)
    pair.join(ticket, issue)
    elsewhere = pair.transfer(issue)
    pair.tick()
    pair.pass_()
    pair.reconcile()
    assert pair.link(ticket, elsewhere).state is LinkState.LIVE


# --- a tracker whose feed doesn't show everything that is linked ---


class Shallow(Bench):
    """The feed shows an issue's text, but not what else it keeps."""

    capabilities = replace(Bench.capabilities, notes_hold_links=True)

    def changes(self, source: str, cursor: str | None, since: datetime | None) -> Iterator[Page]:
        for page in super().changes(source, cursor, since):
            yield replace(page, items=tuple(replace(one, whole=False) for one in page.items))


def with_remote_links(monkeypatch: pytest.MonkeyPatch, pair: Pair, links: Mapping[int, str]) -> Bench:
    """Each of these issues keeps the address of a ticket, which only a read of the issue shows."""
    tracker = Shallow(pair.tracker, pair.clock)
    fetch = tracker.fetch

    def shallow(refs: Sequence[Ref]) -> dict[Ref, Item | Removed | ConnectorError]:
        return {ref: replace(one, whole=False) if isinstance(one, Item) else one for ref, one in fetch(refs).items()}

    def more(refs: Sequence[Ref]) -> dict[Ref, Item | Removed | ConnectorError]:
        found = dict(fetch(refs))
        for ref, one in found.items():
            if isinstance(one, Item):
                kept = links.get(int(ref.id))
                found[ref] = replace(one, addresses=(kept,) if kept else ())
        return found

    monkeypatch.setattr(tracker, "fetch", shallow)
    monkeypatch.setattr(tracker, "explore", more)
    pair.work.connectors = {**pair.work.connectors, "tracker": tracker}
    return tracker


def test_a_link_that_only_the_issue_itself_keeps_is_adopted_and_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    pair = Pair()
    tickets = [pair.ticket("pending"), pair.ticket("pending")]
    issues = [pair.issue(), pair.issue(status="done")]
    with_remote_links(monkeypatch, pair, {one.number: pair.url(two) for one, two in zip(issues, tickets, strict=True)})
    pair.reconcile()
    assert [(link.issue.id, link.origin) for link in pair.links()] == [("1", Origin.SYSTEM)], (
        "finished ones aren't read"
    )
    pair.move(issues[0], "done")
    pair.pass_()
    assert str(tickets[0].status) == "resolved"


def test_an_unlinked_issue_is_read_once_per_change(monkeypatch: pytest.MonkeyPatch) -> None:
    pair = started(plain=False)
    tracker = with_remote_links(monkeypatch, pair, {})
    issue = pair.issue()
    before = tracker.calls["READ"]
    pair.pass_()
    assert tracker.calls["READ"] == before + 2  # the feed, and the issue
    pair.pass_()
    assert tracker.calls["READ"] == before + 3
    pair.say(issue, "news", Author.TEAM)
    pair.pass_()
    assert tracker.calls["READ"] == before + 5


# --- keys that nobody has met ---


class Register(Bench):
    """It looks up many keys in one call, but for one that has moved."""

    capabilities = replace(Bench.capabilities, resolve_batch=10)
    moved = ""

    def resolve_many(self, keys: Sequence[str]) -> Mapping[str, Ref]:
        self._call()
        found = {key: self.books.entries.get(int(key.rpartition("-")[2])) for key in keys if key != self.moved}
        return {key: self.books.ref(entry) for key, entry in found.items() if entry is not None}


@pytest.mark.parametrize("moved", ["", "DESK-2"])
def test_what_a_page_names_is_looked_up_at_once(moved: str) -> None:
    pair = Pair()
    desk = Register(pair.desk, pair.clock)
    desk.moved = moved
    pair.work.connectors = {**pair.work.connectors, "desk": desk}
    for ticket in [pair.ticket() for _ in range(3)]:
        pair.issue(ticket)
    poll(pair.work, "tracker")
    assert len(pair.links()) == 3
    assert desk.calls["READ"] == (2 if moved else 1)


def test_a_look_up_of_many_that_fails_is_made_one_by_one() -> None:
    pair = Pair()
    desk = Register(pair.desk, pair.clock)
    pair.work.connectors = {**pair.work.connectors, "desk": desk}
    for ticket in [pair.ticket() for _ in range(3)]:
        pair.issue(ticket)
    pair.desk.faults.append(("error", False))
    poll(pair.work, "tracker")
    assert len(pair.links()) == 3
    assert desk.calls["READ"] == 4


# --- keys that items had before ---


@pytest.mark.parametrize("told", [False, True])
def test_an_issue_that_went_elsewhere_is_known_by_every_key_that_it_had(told: bool) -> None:
    pair = Pair()
    pair.tracker.tells_moves = told
    ticket, first = pair.filed_pair()
    second = pair.transfer(first)
    pair.reconcile()
    pair.tick()
    third = pair.transfer(second)
    pair.reconcile()
    assert pair.link(ticket, third).state is LinkState.LIVE
    snapshots = pair.store.snapshots
    assert {snapshots.by_former_key("tracker", key) for key in ("TRACKER-1", "tracker-2")} == {pair.ref(third)}
    assert snapshots.by_former_key("tracker", "TRACKER-3") is None
    pair.remove(first)  # its service leads there no more
    assert find(pair.work, pair.url(first)) == pair.ref(third)


def test_a_key_that_changed_leads_to_whoever_had_it_last() -> None:
    pair = Pair()
    pair.filed_pair()
    pair.issue(pair.ticket())
    pair.pass_()
    one, other = (pair.store.snapshots.get(Ref("tracker", number)) for number in "12")
    assert isinstance(one, Item)
    assert isinstance(other, Item)
    with pair.store.write():
        for item, key in ((one, "OPS-7"), (one, "OPS-8"), (one, "OPS-8"), (other, "OPS-7"), (other, "OPS-9")):
            pair.store.snapshots.put(replace(item, ref=Ref("tracker", item.ref.id, key)), pair.work.now)
    former = {
        key: pair.store.snapshots.by_former_key("tracker", key) for key in ("TRACKER-1", "OPS-7", "ops-8", "OPS-9")
    }
    assert former == {"TRACKER-1": one.ref, "OPS-7": other.ref, "ops-8": None, "OPS-9": None}
