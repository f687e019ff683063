"""What the connector reads, writes and says, beyond what the contract asks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from syncd.actions import Action, Note, Outcome, Way
from syncd.clock import moment
from syncd.errors import ConnectorError, RateLimited, Refused, Transient, Unauthorized
from syncd.model import Author, GoneKind, Item, Place, Ref, Removed, Status
from syncd.testing import Fault, Reply
from syncd_zammad.connector import ZammadConnector
from syncd_zammad.markup import MAX_NOTE, to_html, to_markdown
from syncd_zammad.sandbox.server import error
from syncd_zammad.sandbox.world import ZammadWorld

MARKER = "syncd:v1:01JD3Z8QK4W7M2N5P9R1S3T6VX:0123456789abcdef0123"
CLOSED = Status("closed")
PAGE = Reply(200, b"<html>Log in</html>", {"Content-Type": "text/html"})


@pytest.fixture
def world() -> Iterator[ZammadWorld]:
    world = ZammadWorld()
    yield world
    world.close()


@pytest.fixture
def connector(world: ZammadWorld) -> Iterator[ZammadConnector]:
    connector = world.connect()
    yield connector
    connector.close()


def read(connector: ZammadConnector, ref: Ref) -> Item:
    found = connector.fetch([ref])[ref]
    assert isinstance(found, Item)
    return found


def write(connector: ZammadConnector, action: Action) -> Outcome:
    (outcome,) = connector.apply([action])
    return outcome


def fault(world: ZammadWorld, reply: Reply, path: str = "", method: str = "", times: int = 1, skip: int = 0) -> None:
    world.sandbox.faults.append(Fault("answer", method, path, times, skip, reply))


def note(effect: str = "e1", *, internal: bool = True) -> Note:
    return Note(effect, "**Filed** as o/r#7", MARKER, internal)


# --- reading ---


def test_who_wrote_a_text(world: ZammadWorld, connector: ZammadConnector) -> None:
    ref, people = world.add("customer"), world.people
    number = int(ref.id)
    people.agent_note(number, "note")
    people.mailed_note(number, "mailed")
    people.own_note(number, "own")
    people.auto_reply(number, "auto")
    people.agent_reply(number, "reply")
    texts = read(connector, ref).texts or ()
    written = [one["created_at"] for one in world.ticket(ref).articles]
    assert [text.at for text in texts] == [moment(when) for when in written]
    assert [(text.body, text.place, text.author) for text in texts] == [
        ("customer", Place.BODY, Author.OUTSIDE),
        ("note", Place.NOTE, Author.TEAM),
        ("mailed", Place.NOTE, Author.OUTSIDE),
        ("own", Place.NOTE, Author.SELF),
        ("auto", Place.COMMENT, Author.OUTSIDE),
        ("reply", Place.COMMENT, Author.TEAM),
    ]


def test_an_automatic_answer_leaves_the_customer_waiting(world: ZammadWorld, connector: ZammadConnector) -> None:
    ref = world.add()
    world.people.customer_reply(int(ref.id), "any news?")
    world.people.auto_reply(int(ref.id))
    assert read(connector, ref).waiting is True


def test_fields_that_an_administrator_added_are_told(world: ZammadWorld, connector: ZammadConnector) -> None:
    ref = world.add()
    world.people.set_field(int(ref.id), "issue_url", "https://tracker.example.com/7")
    times = ("close_at", "last_contact_at", "pending_time")
    world.ticket(ref).row |= dict.fromkeys(times, "2026-01-05T09:00:00.000Z")
    assert read(connector, ref).fields == {"issue_url": "https://tracker.example.com/7"}


def test_a_ticket_that_is_missed_once_is_still_there(world: ZammadWorld, connector: ZammadConnector) -> None:
    ref = world.add()
    fault(world, error(404, "Couldn't find Ticket"), path="/tickets/1$")
    assert read(connector, ref).ref == ref


def test_a_deleted_ticket_is_gone_and_one_out_of_sight_is_not(world: ZammadWorld, connector: ZammadConnector) -> None:
    deleted, hidden = world.add(), world.add()
    world.people.delete(int(deleted.id))
    world.people.hide(int(hidden.id))
    found = connector.fetch([deleted, hidden])
    assert found[deleted] == Removed(deleted, GoneKind.DELETED)
    assert isinstance(found[hidden], Refused)


def test_an_outage_while_fetching_is_raised_and_one_bad_ticket_is_its_own(
    world: ZammadWorld, connector: ZammadConnector
) -> None:
    bad, good = world.add(), world.add()
    fault(world, Reply(502), path="/tickets/1$", times=9)
    found = connector.fetch([bad, good])
    assert isinstance(found[bad], Transient)
    assert isinstance(found[good], Item)
    fault(world, Reply(502), times=9)
    with pytest.raises(Transient):
        connector.fetch([good])


def test_merges_are_followed_to_the_end_that_is_known(world: ZammadWorld, connector: ZammadConnector) -> None:
    first = world.add()
    second = world.move(first)
    third = world.move(second)
    assert (read(connector, first).ref, read(connector, first).formerly) == (third, first)
    world.people.delete(int(third.id))
    assert read(connector, first).ref == second
    world.ticket(first).parents.append(77)
    assert read(connector, first) == replace(read(connector, first), ref=first, formerly=None, status=Status("merged"))


@pytest.mark.parametrize("body", ["<b" * 300, "<p>" * 70_000, "<div>" * 20_000 + "</div>" * 20_000, None])
def test_markup_that_can_not_be_read_holds_no_link(body: str | None) -> None:
    told = to_markdown({"body": body, "content_type": "text/html"})
    assert all(line.startswith(">") for line in told.splitlines())


def test_plain_text_stays_plain() -> None:
    assert to_markdown({"body": " a <b> c\n", "content_type": "text/plain"}) == "a <b> c"


# --- writing ---


def test_note_state_and_fields_are_one_request(world: ZammadWorld, connector: ZammadConnector) -> None:
    ref = world.add()
    before = world.calls()
    action = Action(ref, CLOSED, notes=(note(),), fields={"issue_url": "https://x"}, way=Way(fields={"owner_id": 3}))
    outcome = write(connector, action)
    assert world.calls() - before == 1
    assert (outcome.error, outcome.status) == (None, CLOSED)
    row = world.ticket(ref).row
    assert (row["issue_url"], row["owner_id"], row["updated_at"]) == ("https://x", 3, outcome.version)
    assert outcome.notes[0].remote_id == str(world.ticket(ref).articles[-1]["id"])
    assert MARKER in world.remarks(ref)[0].body


def test_a_pending_state_goes_with_the_time_to_be_reminded(world: ZammadWorld, connector: ZammadConnector) -> None:
    ref = world.add()
    assert write(connector, Action(ref, Status("pending reminder"))).error is None
    assert world.ticket(ref).row["pending_time"] == "2026-01-12T09:00:00.000Z"
    assert write(connector, Action(ref, CLOSED)).error is None
    assert world.ticket(ref).row["pending_time"] is None


def test_of_two_notes_the_first_goes_alone(world: ZammadWorld, connector: ZammadConnector) -> None:
    ref = world.add()
    outcome = write(connector, Action(ref, CLOSED, notes=(note("e1"), note("e2", internal=False))))
    assert [one.effect for one in outcome.notes] == ["e1", "e2"]
    assert [remark.internal for remark in world.remarks(ref)] == [True, False]
    assert world.status(ref) == CLOSED


@pytest.mark.parametrize(("skip", "noted", "moved"), [(1, False, True), (2, True, False)])
def test_what_is_refused_does_not_stop_the_rest(
    world: ZammadWorld, connector: ZammadConnector, skip: int, *, noted: bool, moved: bool
) -> None:
    ref = world.add()
    fault(world, error(422, "no"), method="PUT")
    fault(world, error(422, "no"), method="PUT", skip=skip - 1)
    outcome = write(connector, Action(ref, CLOSED, notes=(note(),)))
    assert (bool(world.remarks(ref)), world.status(ref) == CLOSED) == (noted, moved)
    assert (outcome.notes[0].error is None, outcome.error is None) == (noted, moved)
    assert len(outcome.notes) == 1


@pytest.mark.parametrize("notes", [(), (note(),)])
def test_another_state_is_written_where_the_first_is_refused(
    world: ZammadWorld, connector: ZammadConnector, notes: tuple[Note, ...]
) -> None:
    ref = world.add()
    action = Action(ref, Status("solved"), notes=notes, way=Way(instead=(Status("done"), CLOSED)))
    outcome = write(connector, action)
    assert (outcome.error, outcome.status, world.status(ref)) == (None, CLOSED, CLOSED)
    assert len(world.remarks(ref)) == len(notes)
    outcome = write(connector, Action(ref, Status("solved"), notes=notes, way=Way(instead=(Status("done"),))))
    assert isinstance(outcome.error, Refused)


def test_a_field_that_can_not_be_set_does_not_stop_the_status(world: ZammadWorld, connector: ZammadConnector) -> None:
    ref = world.add()
    outcome = write(connector, Action(ref, CLOSED, fields={"no_such_field": "x", "issue_url": "y"}))
    assert (outcome.error, outcome.status) == (None, CLOSED)
    assert str(outcome.aside) == "zammad: writing to ticket 1: tickets have no field no_such_field"
    assert world.ticket(ref).row["issue_url"] == "y"
    for skip in (0, 1):  # both together, then the fields alone
        fault(world, error(422, "no"), method="PUT", skip=skip)
    outcome = write(connector, Action(ref, Status("open"), fields={"issue_url": "z"}))
    assert (outcome.error, outcome.status) == (None, Status("open"))
    assert isinstance(outcome.aside, Refused)
    assert world.ticket(ref).row["issue_url"] == "y"


def test_fields_alone_that_can_not_be_set_are_an_error(world: ZammadWorld, connector: ZammadConnector) -> None:
    ref = world.add()
    assert isinstance(write(connector, Action(ref, fields={"no_such_field": "x"})).error, Refused)
    assert write(connector, Action(ref, fields={"issue_url": "x"})).error is None
    assert world.ticket(ref).row["issue_url"] == "x"


def test_a_lost_answer_leaves_both_in_doubt_and_is_sent_once(world: ZammadWorld, connector: ZammadConnector) -> None:
    ref = world.add()
    world.fail("lost_answer", writes_only=True)
    outcome = write(connector, Action(ref, CLOSED, notes=(note(),)))
    for failure in (outcome.error, outcome.notes[0].error):
        assert isinstance(failure, ConnectorError)
        assert failure.doubt
    assert (len(world.remarks(ref)), world.status_writes(ref)) == (1, 1)


@pytest.mark.parametrize("how", ["unauthorized", "rate_limited"])
def test_after_a_failure_of_the_whole_account_nothing_more_is_sent(
    world: ZammadWorld, connector: ZammadConnector, how: str
) -> None:
    refs = [world.add(), world.add()]
    before = world.calls()
    world.fail(how)
    actions = [Action(ref, CLOSED, notes=(note("e1"), note("e2"))) for ref in refs]
    outcomes = list(connector.apply(actions))
    assert world.calls() - before == 1
    assert all(isinstance(outcome.error, (Unauthorized, RateLimited)) for outcome in outcomes)
    assert [len(outcome.notes) for outcome in outcomes] == [1, 0]


@pytest.mark.parametrize("reply", [Reply(200, {}), Reply(200, []), Reply(200, {"updated_at": "x", "state": "y"}), PAGE])
def test_an_answer_that_shows_no_ticket_leaves_doubt(
    world: ZammadWorld, connector: ZammadConnector, reply: Reply
) -> None:
    ref = world.add()
    fault(world, reply, method="PUT")
    failure = write(connector, Action(ref, CLOSED)).error
    assert isinstance(failure, Transient)
    assert failure.doubt


def test_a_note_shows_foreign_markup_as_text_and_keeps_its_marker() -> None:
    html = to_html("<script>x</script>" + "y" * MAX_NOTE, MARKER)
    assert "<script>" not in html
    assert html.endswith(f"<p><small>{MARKER}</small></p>")


def test_a_ref_that_is_no_id_costs_no_call(world: ZammadWorld, connector: ZammadConnector) -> None:
    before = world.calls()
    assert isinstance(connector.fetch([Ref("zammad", "../users/1")])[Ref("zammad", "../users/1")], Refused)
    assert isinstance(write(connector, Action(Ref("zammad", "x"), CLOSED)).error, Refused)
    assert world.calls() == before
