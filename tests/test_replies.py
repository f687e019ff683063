"""Messages to customers: what goes out by itself, when, in which language, and what stays a draft."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from syncd.config import Brake
from syncd.details import Detail, Person
from syncd.errors import Transient
from syncd.model import Audience, Ref, Status
from syncd.records import Standing
from syncd.testing.memory import Entry, MemoryConnector
from tests.histories import Row, play
from tests.pairs import Pair
from tests.test_plan_table import FILED

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


@pytest.mark.parametrize(("days", "sent", "draft"), [(0, 1, 0), (4, 0, 1)])
def test_a_message_is_as_late_as_the_service_s_own_clock_says(days: int, sent: int, draft: int) -> None:
    pair = office()
    pair.clock.advance(timedelta(days=400).total_seconds())
    ticket, issue = answered(pair)
    pair.move(issue, "done")
    pair.tick(days * 86400)
    pair.settle()
    assert (len(seen(ticket)), len(drafts(pair, ticket))) == (sent, draft)


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


# --- a sprint is over ---

SPRINT = {"replies": {"sprint_label": "sprint-expired"}}
LATE = f"{FILED}; x labels Sprint-Expired; pass"
ROWS = [
    Row("the ticket is resolved, the issue stays open", LATE, "a resolved: link_note sprint_over; x open; a-x told"),
    Row(
        "and that fits from then on",
        f"{LATE}; pass; walk; hour; pass; restart; walk",
        "a resolved: link_note sprint_over; x open; writes 4",
    ),
    Row("nothing without the label's name", LATE, "a pending: link_note; x open; a-x agreed", {}),
    Row(
        "a requester who comes back is left to a person",
        f"{LATE}; a reply; pass; walk",
        "a open: link_note sprint_over; x open; a-x agreed",
    ),
    Row(
        "done after all",
        f"{LATE}; x done; pass",
        "a resolved: link_note sprint_over; x done; a-x agreed; writes 4",
    ),
    Row(
        "done after all, while the requester was back",
        f"{LATE}; a reply; pass; a answer; pass; x done; pass",
        "a resolved: link_note sprint_over resolved; x done",
    ),
    Row(
        "the requester wrote last",
        f"{FILED}; a mail; x labels sprint-expired; pass; pass; a answer; pass",
        "a resolved: link_note waits_for_agent sprint_over; x open",
    ),
    Row(
        "resolving would resolve others",
        f"{FILED}; a leads; x labels sprint-expired; pass",
        "a pending: link_note cascade; a-x cascades",
    ),
    Row(
        "of two issues both",
        f"{FILED}; issue y for a; pass; x labels sprint-expired; pass; y labels sprint-expired; pass",
        "a resolved: link_note sprint_over; y open",
    ),
    Row(
        "of two issues one only",
        f"{FILED}; issue y for a; pass; x labels sprint-expired; pass",
        "a pending: link_note; y open",
    ),
    Row(
        "of two issues the other one is done",
        f"{FILED}; issue y for a; pass; y done; x labels sprint-expired; pass",
        "a resolved: link_note sprint_over; x open",
    ),
    Row(
        "the next sprint is told anew",
        f"{LATE}; a pending; pass; x labels; pass; x labels sprint-expired; pass",
        "a resolved: link_note sprint_over sprint_over; x open",
    ),
    Row(
        "a ticket that an agent resolved before is left as it is",
        f"{FILED}; a resolved; x labels sprint-expired; pass",
        "a resolved: link_note; x open: ticket_resolved",
    ),
    Row(
        "an old pair is adopted as it stands",
        "ticket a pending; issue x for a; x labels sprint-expired; walk; pass",
        "a pending; x open; writes 0",
        cold=True,
    ),
]


@pytest.mark.parametrize("plain", [False, True], ids=["rich", "plain"])
@pytest.mark.parametrize("row", ROWS, ids=str)
def test_a_sprint_without_the_issue_being_done(row: Row, plain: bool) -> None:
    play(replace(row, rules=row.rules if "without" in row.name else SPRINT), plain=plain)


def test_the_customer_is_told_that_a_sprint_is_over() -> None:
    pair = office(texts={"message_sprint_over": "It takes longer."}, sprint_label="sprint-expired")
    ticket, issue = answered(pair)
    pair.label(issue, "sprint-expired")
    pair.settle()
    assert (ticket.status, issue.status) == (Status("resolved"), Status("open"))
    assert [one.split("\n")[0] for one in seen(ticket)] == ["It takes longer."]


# --- no survey ---

NO_SURVEY = [{"tag": "no-survey"}, {"field": "cf_survey", "value": "no"}]


@pytest.mark.parametrize(
    ("tags", "fields", "word"),
    [
        ((), {}, "resolved"),
        (("No-Survey",), {}, "closed"),
        ((), {"cf_survey": "No"}, "closed"),
        ((), {"cf_survey": "yes"}, "resolved"),
        (("workshop",), {}, "resolved"),
    ],
)
@pytest.mark.parametrize("late", [False, True])
def test_where_no_survey_is_wanted_the_ticket_is_closed(
    tags: tuple[str, ...], fields: dict[str, str], word: str, late: bool
) -> None:
    pair = Pair(closed_when=NO_SURVEY)
    ticket, issue = pair.filed_pair()
    if late:
        pair.move(issue, "in_progress")
        pair.pass_()
    pair.label(ticket, *tags)
    ticket.fields |= fields
    pair.tick()
    pair.move(issue, "done")
    pair.settle()
    assert ticket.status == Status(word)
    pair.settle()
    assert ticket.status_writes == 2
    assert pair.standing() is Standing.AGREED


# --- incidents ---

INCIDENTS = {"incident": {"types": ["Incident"], "tags": ["incident"]}}
CALM = {"message_filed": "No outage.", "message_resolved": "It is done.", "message_incident_resolved": "It is over."}


@pytest.mark.parametrize("how", ["draft", "public"])
@pytest.mark.parametrize(("tag", "kind"), [("incident", ""), ("", "Incident"), ("", "")])
def test_an_incident_never_takes_the_path_of_what_is_none(how: str, tag: str, kind: str) -> None:
    pair = Pair(messages=how, texts=CALM, kinds=INCIDENTS, replies={"answered_first": False})
    pair.reconcile()
    pair.tick()
    ticket = pair.ticket()
    ticket.tags, ticket.kind = (tag,) if tag else (), kind
    issue = pair.issue(ticket)
    pair.pass_()
    pair.tick()
    pair.move(issue, "done")
    pair.settle()
    said = "\n".join(pair.notes(ticket))
    found = [text for text in CALM.values() if text in said]
    assert found == (["It is over."] if tag or kind else ["No outage.", "It is done."])
    assert bool(seen(ticket)) == (how == "public")


def test_an_incident_that_has_no_text_is_left_to_people() -> None:
    texts = {"message_resolved": "It is done."}
    pair = Pair(messages="public", texts=texts, kinds=INCIDENTS, replies={"answered_first": False})
    ticket, issue = pair.filed_pair()
    ticket.kind = "Incident"
    pair.move(issue, "done")
    pair.settle()
    assert (seen(ticket), pair.notes(ticket)) == ([], ["link_note", "resolved"])


def test_a_draft_of_an_incident_is_not_sent_because_other_messages_are() -> None:
    pair = Pair(messages="public", texts=CALM, kinds=INCIDENTS, replies={"incident_resolved": "draft", "filed": "off"})
    ticket, issue = answered(pair)
    ticket.kind = "Incident"
    pair.move(issue, "done")
    pair.settle()
    assert seen(ticket) == []
    assert "> It is over." in drafts(pair, ticket)[0]


def test_an_incident_s_message_goes_out_though_no_other_does() -> None:
    pair = Pair(messages="off", texts=CALM, kinds=INCIDENTS, replies={"incident_resolved": "public"})
    ticket, issue = answered(pair)
    other, another = answered(pair)
    ticket.kind = "Incident"
    pair.move(issue, "done")
    pair.move(another, "done")
    pair.settle()
    assert [one.split("\n")[0] for one in seen(ticket)] == ["It is over."]
    assert pair.notes(other) == ["link_note", "resolved"]


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
    pair.pass_()
    pair.move(ticket, "on_hold")  # something is recorded of the pair
    pair.pass_()
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
