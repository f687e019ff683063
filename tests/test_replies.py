"""Messages to customers: what goes out by itself, when, in which language, and what stays a draft."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from syncd.config import Brake
from syncd.details import Detail, Person
from syncd.errors import Transient
from syncd.model import Audience, Ref, Status
from syncd.testing.memory import Entry, MemoryConnector
from tests.pairs import Pair

DONE = "It is done{% if requester %}, {{ requester }}{% endif %}."
NAME = "Ada Zuckermann-Ypsilanti"
NIGHT: dict[str, Any] = {"quiet_hours": ["18:00-08:00", "sat", "sun"]}
EVENING = datetime(2026, 1, 5, 19, 30, tzinfo=UTC)
"""A Monday's."""


def office(path: Path | None = None, *, texts: dict[str, str] | None = None, **replies: Any) -> Pair:
    """Messages go out; the closing one is there in any case."""
    own = {"message_resolved": DONE} | (texts or {})
    return Pair(path, messages="public", texts=own, replies=replies)


def answered(pair: Pair, *, name: str = NAME, locale: str = "", **issue: Any) -> tuple[Entry, Entry]:
    """A pair in step, on whose ticket an agent has answered."""
    ticket, made = pair.filed_pair(**issue)
    ticket.requester = Person(name, "ada@example.com", locale)
    pair.answer(ticket)
    pair.pass_()
    pair.tick()
    return ticket, made


def until(pair: Pair, when: datetime) -> None:
    """Time passes everywhere."""
    pair.tick(int((when - pair.clock.now()).total_seconds()))


def seen(ticket: Entry) -> list[str]:
    """What syncd told the customer, as the helpdesk's own books have it."""
    return [one.body for one in ticket.remarks if not one.internal and one.author == "self"]


def drafts(pair: Pair, ticket: Entry) -> list[str]:
    """Internal notes of syncd's with something to send."""
    shown = seen(ticket)
    return [note for note in pair.notes(ticket) if "Suggested reply" in note and note not in shown]


def kept(pair: Pair) -> str:
    """All that the state holds."""
    tables = [row["name"] for row in pair.store._db.query("SELECT name FROM sqlite_master WHERE type = 'table'")]
    return "\n".join(str(row) for table in tables for row in pair.store._db.query(f"SELECT * FROM [{table}]"))  # noqa: S608


# --- who is told, and by whom ---


def test_a_person_answers_first() -> None:
    pair = office()
    ticket, issue = pair.filed_pair()
    pair.move(issue, "done")
    pair.settle()
    assert ticket.status == Status("resolved")
    assert seen(ticket) == []
    (draft,) = drafts(pair, ticket)
    assert "not sent, because no agent has answered yet" in draft
    assert "> It is done." in draft


def test_once_an_agent_has_answered_it_goes_out() -> None:
    pair = office()
    ticket, issue = answered(pair)
    pair.move(issue, "done")
    pair.settle()
    assert [one.split("\n")[0] for one in seen(ticket)] == [f"It is done, {NAME}."]
    assert drafts(pair, ticket) == []


def test_an_answer_may_be_left_out_of_account() -> None:
    pair = office(answered_first=False)
    ticket, issue = pair.filed_pair()
    pair.move(issue, "done")
    pair.settle()
    assert len(seen(ticket)) == 1


@pytest.mark.parametrize(("how", "public", "draft"), [("off", 0, 0), ("draft", 0, 1), ("public", 1, 0)])
@pytest.mark.parametrize("messages", ["off", "draft", "public"])
def test_an_occasion_may_differ_from_the_rest(messages: str, how: str, public: int, draft: int) -> None:
    pair = Pair(messages=messages, texts={"message_resolved": DONE}, replies={"resolved": how})
    ticket, issue = answered(pair)
    pair.move(issue, "done")
    pair.settle()
    assert (len(seen(ticket)), len(drafts(pair, ticket))) == (public, draft)


def test_a_public_link_note_shows_the_customer_no_draft() -> None:
    texts = {"message_filed": "We plan it."}
    pair = Pair(messages="draft", link_note="public", texts=texts, replies={"answered_first": False})
    ticket, _ = pair.filed_pair(audience=Audience.PUBLIC)
    pair.settle()
    assert [one.split("\n")[0] for one in seen(ticket)] == ["link_note"]
    assert len(drafts(pair, ticket)) == 1


def test_the_filed_message_goes_out_beside_the_link_note() -> None:
    pair = office(texts={"message_filed": "We plan it."}, answered_first=False)
    ticket, _ = pair.filed_pair()
    pair.settle()
    assert [one.split("\n")[0] for one in seen(ticket)] == ["We plan it."]
    assert [note.split("\n")[0] for note in pair.notes(ticket)] == ["link_note", "We plan it."]


# --- whose name, and in which language ---


def test_no_name_is_stored(tmp_path: Path) -> None:
    pair = office(tmp_path / "state.db")
    ticket, issue = answered(pair)
    pair.move(issue, "done")
    pair.desk.faults.append(("lost_answer", True))
    pair.pass_()
    assert "Zuckermann" not in kept(pair)
    pair.settle()
    assert NAME in seen(ticket)[0]
    assert "Zuckermann" not in kept(pair)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", "It is done."),
        ("ada@example.com", "It is done."),
        ("Ada\n# **Boss** @all", "It is done."),
        ("<b>Ada</b>", "It is done, \\<b\\>Ada\\</b\\>."),
        ("Ada\n# Boss", "It is done, Ada # Boss."),
    ],
)
def test_a_name_is_harmless_or_left_out(name: str, said: str) -> None:
    pair = office()
    ticket, issue = answered(pair, name=name)
    pair.move(issue, "done")
    pair.settle()
    assert [one.split("\n")[0] for one in seen(ticket)] == [said]


LANGUAGES = {"de": {"message_resolved": "Fertig."}, "pt-BR": {"message_resolved": "Pronto."}}


@pytest.mark.parametrize(
    ("locale", "said"),
    [("de", "Fertig."), ("de-AT", "Fertig."), ("pt_BR", "Pronto."), ("pt", "It is done"), ("", "It is done")],
)
@pytest.mark.parametrize("how", ["public", "draft"])
def test_it_is_said_in_the_requester_s_language(locale: str, said: str, how: str) -> None:
    pair = Pair(messages=how, texts={"message_resolved": "It is done"}, replies={"texts": LANGUAGES})
    ticket, issue = answered(pair, locale=locale)
    pair.move(issue, "done")
    pair.settle()
    found = seen(ticket) if how == "public" else drafts(pair, ticket)
    assert [one for one in ("Fertig.", "Pronto.", "It is done") if one in found[0]] == [said]


def test_a_ticket_that_can_t_be_read_is_answered_once_it_can(monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(self: MemoryConnector, _ref: Ref) -> Detail:
        raise Transient(self.name, "answered 502")

    pair = office()
    ticket, issue = answered(pair)
    pair.move(issue, "done")
    with monkeypatch.context() as patched:
        patched.setattr(MemoryConnector, "detail", lost)
        pair.pass_()
    assert (seen(ticket), drafts(pair, ticket)) == ([], [])
    pair.settle()
    assert len(seen(ticket)) == 1


# --- why it was closed ---


def test_a_closing_may_be_told_by_its_reason() -> None:
    texts = {"message_declined": "No.", "message_wont_do": "We won't."}
    pair = office(texts=texts, by_reason={"wontfix": "message_wont_do"})
    ticket, issue = answered(pair)
    other, another = answered(pair)
    pair.label(issue, "WontFix")
    pair.pass_()
    pair.move(issue, "declined")
    pair.move(another, "declined")
    pair.settle()
    assert [one.split("\n")[0] for one in seen(ticket)] == ["We won't."]
    assert [one.split("\n")[0] for one in seen(other)] == ["No."]


# --- when ---


def quiet(path: Path | None = None, **replies: Any) -> tuple[Pair, Entry, Entry]:
    """A pair whose issue was closed on a Monday evening."""
    pair = office(path, **(NIGHT | replies))
    until(pair, EVENING - timedelta(hours=4))
    ticket, issue = answered(pair)
    until(pair, EVENING)
    pair.move(issue, "done")
    pair.pass_()
    return pair, ticket, issue


def test_at_night_the_status_is_written_and_the_message_waits(tmp_path: Path) -> None:
    pair, ticket, _ = quiet(tmp_path / "state.db")
    assert ticket.status == Status("resolved")
    for _ in range(3):
        pair.tick(3600)
        pair.pass_()
    assert seen(ticket) == []
    pair.restart()
    until(pair, EVENING.replace(day=6, hour=7, minute=59))
    pair.pass_()
    assert seen(ticket) == []
    until(pair, EVENING.replace(day=6, hour=8, minute=1))
    pair.pass_()
    assert [one.split("\n")[0] for one in seen(ticket)] == [f"It is done, {NAME}."]
    pair.settle()
    assert len(seen(ticket)) == 1


def test_the_night_is_that_of_the_team() -> None:
    _, ticket, _ = quiet(time_zone="America/New_York")
    assert len(seen(ticket)) == 1


def test_what_is_not_true_any_more_in_the_morning_is_not_said() -> None:
    pair, ticket, issue = quiet()
    pair.tick(600)
    pair.move(issue, "open")
    pair.pass_()
    until(pair, EVENING.replace(day=6, hour=9))
    pair.settle()
    assert seen(ticket) == []
    assert drafts(pair, ticket) == []
    pair.move(issue, "done")
    pair.pass_()
    assert len(seen(ticket)) == 1


def test_whoever_wrote_in_the_night_is_answered_by_a_person() -> None:
    pair, ticket, _ = quiet()
    pair.tick(600)
    pair.reply(ticket, reopens=False)
    until(pair, EVENING.replace(day=6, hour=9))
    pair.settle()
    assert seen(ticket) == []
    assert "the requester has written meanwhile" in drafts(pair, ticket)[0]


def test_what_waited_too_long_stays_a_draft() -> None:
    pair, ticket, _ = quiet()
    pair.tick(5 * 86_400)
    until(pair, EVENING.replace(day=12, hour=12))
    pair.settle()
    assert seen(ticket) == []
    assert "too long ago" in drafts(pair, ticket)[0]


def test_a_refused_status_takes_its_message_along() -> None:
    pair = office(**NIGHT)
    until(pair, EVENING - timedelta(hours=4))
    ticket, issue = answered(pair)
    until(pair, EVENING)
    pair.move(issue, "done")
    pair.desk.faults += [("refused", True)]
    pair.pass_()
    assert ticket.status == Status("pending")
    pair.move(issue, "open")
    until(pair, EVENING.replace(day=6, hour=9))
    pair.settle()
    assert seen(ticket) == []


def test_a_closing_at_night_is_told_instead_of_the_filing_the_same_night() -> None:
    pair = office(texts={"message_filed": "We plan it."}, answered_first=False, **NIGHT)
    until(pair, EVENING)
    ticket, issue = pair.filed_pair()
    pair.tick(600)
    pair.move(issue, "done")
    pair.pass_()
    until(pair, EVENING.replace(day=6, hour=9))
    pair.settle()
    assert [one.split("\n")[0] for one in seen(ticket)] == ["It is done."]


def test_in_the_morning_the_brake_counts() -> None:
    pair = office(answered_first=False, **NIGHT)
    until(pair, EVENING - timedelta(hours=4))
    pair.reconcile()
    pair.tick()
    tickets = [pair.ticket() for _ in range(6)]
    issues = [pair.issue(ticket) for ticket in tickets]
    pair.pass_()
    pair.work.brake = Brake(max_changes=100, max_messages=3)
    for number, issue in enumerate(issues):
        until(pair, EVENING + timedelta(hours=number))
        pair.move(issue, "done")
        pair.pass_()
    until(pair, EVENING.replace(day=6, hour=9))
    pair.settle()
    assert sum(len(seen(ticket)) for ticket in tickets) == 3
    assert "messages" in pair.store.brakes.on()[0].reason
    pair.clock.advance(3700)
    with pair.store.write():
        pair.store.brakes.release("desk", pair.work.now)
    pair.settle()
    assert sum(len(seen(ticket)) for ticket in tickets) == 6


# --- what it may hold ---


@pytest.mark.parametrize("audience", list(Audience))
def test_no_address_of_a_private_issue_goes_out(audience: Audience) -> None:
    pair = office(texts={"message_resolved": "See https://tracker.example.com/items/1."})
    ticket, issue = answered(pair, audience=audience)
    pair.move(issue, "done")
    pair.settle()
    assert len(seen(ticket)) == (audience is Audience.PUBLIC)
    why = ["it leads to what not everybody may see"] if audience is Audience.PRIVATE else []
    assert [one for draft in drafts(pair, ticket) for one in why if one in draft] == why


@pytest.mark.parametrize(
    "text", ["It is TRACKER-1.", "See https://tracker.example.com/acme/secret/blob/main/x.py", "(TRACKER-1)"]
)
def test_nor_its_key_nor_what_lies_beside_it(text: str) -> None:
    pair = office(texts={"message_resolved": text})
    ticket, issue = answered(pair)
    pair.move(issue, "done")
    pair.settle()
    assert seen(ticket) == []


def test_a_link_note_about_an_issue_that_turned_private_is_internal() -> None:
    texts = {"link_note": "Filed as {{ issue_url }}"}
    pair = Pair(link_note="public", texts=texts, replies={"answered_first": False} | NIGHT)
    until(pair, EVENING)
    ticket, issue = pair.filed_pair(audience=Audience.PUBLIC)
    assert seen(ticket) == []
    issue.audience, issue.version = Audience.PRIVATE, pair.tracker.next()
    pair.pass_()
    until(pair, EVENING.replace(day=6, hour=9))
    pair.settle()
    assert seen(ticket) == []
    assert any("Filed as" in note for note in pair.notes(ticket))
