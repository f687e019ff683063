"""Every verb in a support lead's hands: links, explain, status, REFs, --since, --connector, --json."""

from __future__ import annotations

import re
from datetime import timedelta
from importlib.resources import files

import pytest
from office import CLOSED, OPEN, PENDING, REPOSITORY, RESOLVED, Office

from syncd.testing import Fault, Reply


@pytest.fixture
def pair(office: Office) -> tuple[Office, int, str]:
    """An office that has seen a ticket whose issue was filed."""
    office.sync()
    office.later()
    ticket = office.ticket()
    key = office.issue(ticket)
    office.sync()
    office.later()
    return office, ticket, key


def names(office: Office, key: str) -> tuple[str, ...]:
    """Every way to name an issue."""
    url = office.issue_url(key)
    return f"github:{key}", f"github:{office.hub.id(key)}", url, f"{url}#issuecomment-1"


def test_an_item_can_be_named_by_url_id_and_key(pair: tuple[Office, int, str]) -> None:
    office, ticket, key = pair
    said = {office.run("explain", one).ended(0).out for one in names(office, key)}
    said |= {office.run("explain", one).ended(0).out for one in (f"freshdesk:{ticket}", office.ticket_url(ticket))}
    assert len(said) == 1
    told = said.pop()
    assert f"freshdesk:{ticket} (pending) <-> github:{key} (open)" in told
    assert "ticket set to waiting, because its issue is open (open -> pending)" in told
    for one in (*names(office, key), f"freshdesk:{ticket}", office.ticket_url(ticket)):
        office.sync(one)


@pytest.mark.parametrize(
    "ref",
    [
        "freshdesk:4711",
        f"github:{REPOSITORY}#4711",
        "github:nobody/nothing#1",
        "jira:ENG-1",
        "https://example.com/1",
        "17",
        "",
        ":",
        "freshdesk:",
        "freshdesk:-1",
        "freshdesk:1e3",
        "freshdesk:\u0661\u0667",  # digits, but not of a number
        "github:#",
        f"github:{REPOSITORY}#99999999999999999999999",
        "freshdesk:99999999999999999999999",
        "\x1b[31mred\u202e",
    ],
)
def test_a_ref_that_names_nothing_is_one_sentence_and_status_1(pair: tuple[Office, int, str], ref: str) -> None:
    office, ticket, key = pair
    writes = office.writes()
    for verb in (
        ("explain", ref),
        ("reconcile", ref),
        ("reconcile", "--dry-run", ref),
        ("links", "show", ref),
        ("links", "add", ref, f"github:{key}"),
        ("links", "add", f"freshdesk:{ticket}", ref),
        ("links", "remove", ref, f"github:{key}"),
    ):
        run = office.run(*verb).ended(1)
        assert run.out == ""
        assert len(run.err.splitlines()) == 1, run.err
    assert office.writes() == writes
    assert [one["state"] for one in office.json("links", "list")] == ["live"]


def test_links_can_be_added_removed_and_added_again(office: Office) -> None:
    office.sync()
    ticket, key = office.ticket(), office.issue()
    assert "No links" in office.run("links", "list").ended(0).out
    run = office.run("links", "add", f"freshdesk:{ticket}", f"github:{key}").ended(0)
    assert run.out == f"Linked: freshdesk:{ticket} (pending) <-> github:{key} (open): in step\n"
    assert (office.status(ticket), len(office.notes(ticket))) == (PENDING, 1)
    assert f"github:{key}" in office.run("links", "list").out
    assert f"github:{key}" in office.run("links", "show", office.ticket_url(ticket)).out

    run = office.run("links", "remove", office.issue_url(key), office.ticket_url(ticket)).ended(0)
    assert "Unlinked" in run.out
    office.later()
    office.desk.agent_note(ticket, office.issue_url(key))
    office.hub.close(key)
    office.sync()
    assert (office.status(ticket), len(office.notes(ticket))) == (PENDING, 1)  # what a person unlinks stays so
    assert [one["state"] for one in office.json("links", "list")] == ["ended"]
    assert office.json("links", "list", "--state", "live") == []
    for verb in ("explain", "links show"):
        told = office.run(*verb.split(), f"freshdesk:{ticket}").ended(0).out
        assert re.search(r"ended \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC: removed by a person\. ", told)
        assert f"`syncd links add freshdesk:{ticket} github:{key}` links them again" in told
    again = office.run("links", "remove", f"freshdesk:{ticket}", f"github:{key}").ended(1)
    assert "not linked" in again.err

    office.hub.reopen(key)
    office.run("links", "add", f"freshdesk:{ticket}", f"github:{key}").ended(0)
    office.later()
    office.hub.close(key)
    office.sync()
    assert office.status(ticket) == RESOLVED


def test_links_that_are_adopted_are_counted_whether_their_ends_fit_or_not(office: Office) -> None:
    office.issue(office.pending())
    office.hub.close(office.issue(office.ticket()))
    assert "2 links would be adopted as they stand" in office.sync("--dry-run").out
    assert office.json("reconcile")["links_adopted"] == 2
    told = office.run("status").ended(0).out
    assert "2 live links, 0 final, 0 ended, 0 proposed. Of the live:" in told
    assert "1  in step" in told
    assert "1  adopted as it stood, though its ends do not go together" in told
    assert office.writes() == 0

    office.later()
    office.issue(office.ticket())  # filed, so that its ticket becomes pending
    office.issue(office.pending())  # fits already
    assert "1 link adopted as it stands" in office.sync().out
    assert office.json("reconcile")["links_adopted"] == 0


def test_a_link_whose_item_is_gone_says_when_and_why_it_ended(pair: tuple[Office, int, str]) -> None:
    office, ticket, key = pair
    other = office.ticket()
    second = office.issue(other)
    office.sync()
    office.later()
    office.hub.delete(key)
    office.desk.delete(other)
    office.sync()
    for ref in (f"freshdesk:{ticket}", f"github:{key}", office.issue_url(key)):
        told = office.run("explain", ref).ended(0).out
        assert f"freshdesk:{ticket} (open) <-> github:{key} (deleted)" in told
        assert re.search(r"ended \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC: the issue is deleted\. ", told)
    told = office.run("explain", f"github:{second}").ended(0).out
    assert "UTC: the ticket is deleted. The link comes back with it" in told
    office.desk.restore(other)
    office.later()
    office.sync()
    assert "ended" not in office.run("explain", f"github:{second}").ended(0).out


def test_two_of_a_kind_cannot_be_linked(office: Office) -> None:
    one, other = office.ticket(), office.ticket()
    run = office.run("links", "add", f"freshdesk:{one}", f"freshdesk:{other}").ended(1)
    assert "can't be linked" in run.err
    assert office.json("links", "list") == []


def test_what_a_stranger_names_is_proposed_with_the_command_that_accepts_it(office: Office) -> None:
    office.sync()
    office.later()
    ticket = office.ticket()
    key = office.issue(ticket, association="NONE", by="stranger")
    assert "1 link proposed to you (see `syncd links propose`)" in office.sync().out
    assert office.writes() == 0
    told = office.run("links", "propose").ended(0).out
    assert "its author is not a member of the team" in told
    accept = re.search(r"syncd (links add \S+ \S+)", told)
    assert accept, told
    assert len(office.json("links", "propose")) == 1
    assert "proposed" in office.run("explain", f"github:{key}").ended(0).out
    office.run(*accept[1].split()).ended(0)
    assert office.status(ticket) == PENDING
    assert "Nothing is proposed." in office.run("links", "propose").out


def test_a_proposal_that_a_person_refuses_is_not_made_again(office: Office) -> None:
    key = office.issue(office.ticket(), association="NONE", by="stranger")
    office.sync()
    refuse = re.search(r"syncd (links remove \S+ \S+)", office.run("links", "propose").out)
    assert refuse
    office.run(*refuse[1].split()).ended(0)
    office.later()
    office.hub.label(key, "bug")
    assert "proposed" not in office.sync().out
    assert office.json("links", "propose") == []


def test_status_names_what_needs_a_person_and_says_what_to_do(pair: tuple[Office, int, str]) -> None:
    office, ticket, key = pair
    assert "Nothing needs a person." in office.run("status").ended(0).out
    office.freshdesk.required_for_closure = {"cf_reference_number"}
    office.hub.close(key)
    run = office.sync(status=1)
    assert "cf_reference_number: missing_field" in run.err
    told = office.run("status").ended(1).out
    assert "cf_reference_number: missing_field" in told
    assert "PARKED" in office.run("explain", f"freshdesk:{ticket}").ended(0).out
    cure = re.search(r"`syncd (reconcile \S+)` tries it again", told)
    assert cure, told
    assert office.json("status")["needs_a_person"] == 1

    office.desk.set_field(ticket, "cf_reference_number", "17")
    office.run(*cure[1].split()).ended(0)
    assert office.status(ticket) == RESOLVED
    assert office.run("status").exit == 0


def test_a_status_that_nobody_mapped_is_named_and_never_written_over(office: Office) -> None:
    ticket = office.pending()
    key = office.issue(ticket)
    office.sync()
    office.later()
    office.desk.set_status(ticket, 6)
    office.hub.close(key)
    office.sync(status=1)
    assert office.status(ticket) == 6
    told = office.run("status").ended(1).out
    assert "'6'" in told
    assert "mappings/freshdesk.toml" in told
    shipped = files("mappings").joinpath("freshdesk.toml").read_text(encoding="utf-8")
    office.write("mappings/freshdesk.toml", shipped.replace('pending = ["3"]', 'pending = ["3", "6"]', 1))
    office.sync(status=3)  # a changed mapping shows first what would be written by it
    assert office.status(ticket) == 6
    office.run("brake", "release", "freshdesk").ended(0)
    office.sync()
    assert office.status(ticket) == RESOLVED
    office.run("status").ended(0)


def test_explain_says_what_a_closed_issue_still_waits_for(pair: tuple[Office, int, str]) -> None:
    office, ticket, key = pair
    office.write_desk(sync='resolve_when = "label:shipped"')
    office.hub.close(key)
    office.sync()
    assert office.status(ticket) == PENDING
    said = office.run("explain", f"freshdesk:{ticket}").ended(0).out
    assert 'for its ticket the issue counts as in progress, by resolve_when = "label:shipped"' in said
    office.later()
    office.hub.label(key, "shipped")
    office.sync()
    assert office.status(ticket) == RESOLVED
    assert "counts as" not in office.run("explain", f"freshdesk:{ticket}").ended(0).out


def test_both_ends_changed_is_told_once_and_left_alone(pair: tuple[Office, int, str]) -> None:
    office, ticket, key = pair
    office.hub.close(key)
    office.sync()
    office.later()
    office.desk.set_status(ticket, OPEN)
    office.hub.reopen(key)
    office.hub.close(key, "duplicate")
    office.sync()
    told = office.run("status").out
    assert "link the ticket to that one, or resolve it" in told
    assert f"freshdesk:{ticket} and github:{key}" in told
    held = office.json("status")["held_links"]
    assert held == {"waits_for_person": [{"ticket": f"freshdesk:{ticket}", "issue": f"github:{key}"}]}
    assert "Nothing needs a person" not in told
    notes = len(office.notes(ticket))
    office.sync()
    assert (office.status(ticket), len(office.notes(ticket))) == (OPEN, notes)


def test_refs_limit_the_run(pair: tuple[Office, int, str]) -> None:
    office, ticket, key = pair
    other = office.ticket()
    second = office.issue(other)
    office.sync()
    office.later()
    office.hub.close(key)
    office.hub.close(second)
    office.sync(f"freshdesk:{ticket}")
    assert (office.status(ticket), office.status(other)) == (RESOLVED, PENDING)
    office.sync(f"github:{second}")
    assert office.status(other) == RESOLVED


def test_since_and_connector_limit_the_walk(office: Office) -> None:
    office.freshdesk.advance(-30 * 86400)
    office.github.advance(-30 * 86400)
    old = office.pending()
    office.issue(old)
    office.later(29 * 86400)
    new = office.pending()
    office.issue(new)
    since = office.github.now().date().isoformat()
    office.sync("--since", since)
    assert {one["ticket"] for one in office.json("links", "list")} == {f"freshdesk:{new}"}
    calls = len(office.freshdesk.log)
    office.sync("--connector", "github")
    assert {one["ticket"] for one in office.json("links", "list")} == {f"freshdesk:{new}", f"freshdesk:{old}"}
    lists = [one.request.path for one in office.freshdesk.log[calls:]]
    assert "/api/v2/tickets" not in lists


def test_a_long_walk_tells_how_far_it_is(office: Office) -> None:
    first = office.freshdesk.now() - timedelta(minutes=2500)
    office.desk.seed(2500, first=first.isoformat(), apart=60, status=CLOSED)
    told = office.sync().err.splitlines()
    assert len(told) == 2
    for number, line in enumerate(told, 1):
        assert re.fullmatch(rf"reading freshdesk tickets: {number},\d{{3}} of about 2,500", line)


@pytest.mark.parametrize(
    "verb",
    [
        ("check",),
        ("status",),
        ("reconcile",),
        ("reconcile", "--dry-run"),
        ("links", "list"),
        ("links", "propose"),
        ("links", "show", "freshdesk:1"),
        ("explain", "freshdesk:1"),
    ],
)
def test_json_is_json_and_nothing_else(pair: tuple[Office, int, str], verb: tuple[str, ...]) -> None:
    office, _, _ = pair
    for code in (6, 7):
        del office.freshdesk.statuses[code]  # an account with Freshdesk's own statuses only
    run = office.run(*verb, "--json").ended(0)
    assert run.data or verb == ("links", "propose")
    assert run.out.isascii()


def test_an_issue_that_was_moved_is_named_by_its_former_key_too(office: Office) -> None:
    office.hub.make_repo("acme/elsewhere")
    office.write_hub(REPOSITORY, "acme/elsewhere")
    ticket = office.pending()
    key = office.issue(ticket)
    office.sync()
    before = names(office, key)
    new = office.hub.transfer(key, "acme/elsewhere")
    office.later()
    office.sync()
    calls = office.calls()
    for verb in ("explain", "links show"):
        said = {office.run(*verb.split(), ref).ended(0).out for ref in (*before, f"github:{new}")}
        assert len(said) == 1
        assert new in said.pop()
    assert office.calls() == calls
    office.run("links", "remove", f"freshdesk:{ticket}", f"github:{key}").ended(0)
    assert {one["state"] for one in office.json("links", "list")} == {"ended"}


def test_what_has_a_key_now_comes_before_what_had_it(office: Office) -> None:
    office.hub.make_repo("acme/elsewhere")
    office.write_hub(REPOSITORY, "acme/elsewhere")
    key = office.issue(office.pending())
    office.sync()
    office.later()
    office.hub.rename_repo(REPOSITORY, "acme/platform")
    office.sync()
    moved = key.replace(REPOSITORY, "acme/platform")
    assert f"<-> github:{moved} (" in office.run("explain", f"github:{key}").ended(0).out

    office.hub.make_repo(REPOSITORY)
    assert office.issue(office.pending()) == key
    office.later()
    office.sync()
    assert f"<-> github:{key} (" in office.run("explain", f"github:{key}").ended(0).out


def test_a_ticket_that_could_not_be_written_is_not_counted_in_step_and_has_its_own_reason(office: Office) -> None:
    tickets = [office.ticket() for _ in range(6)]
    office.sync()
    office.later()
    key = office.issue(*tickets)
    office.sync()
    office.freshdesk.required_for_closure = {"cf_reference_number"}
    for ticket in tickets[:2]:
        office.desk.set_field(ticket, "cf_reference_number", "17")
    office.later()
    office.hub.close(key)
    office.sync(status=1)
    assert [office.status(ticket) for ticket in tickets] == [RESOLVED] * 2 + [PENDING] * 4
    run = office.run("status").ended(1)
    assert "     2  in step" in run.out
    assert "     4  could not be written" in run.out
    assert run.out.count("cf_reference_number: missing_field") == 3
    assert "and 1 more" in run.out
    data = office.json("status")
    assert data["standings"] == {"agreed": 2, "unwritten": 4}
    assert {one["on"] for one in data["unwritten"]} == {f"freshdesk:{ticket}" for ticket in tickets[2:]}
    standings = {one["ticket"]: one["standing"] for one in office.json("links", "list")}
    assert [standings[f"freshdesk:{ticket}"] for ticket in tickets] == ["agreed"] * 2 + ["unwritten"] * 4

    well = office.run("explain", f"freshdesk:{tickets[0]}").ended(0).out
    assert "PARKED" not in well
    assert "missing_field" not in well
    assert f"{office.github.url}" in well
    told = office.run("explain", f"freshdesk:{tickets[4]}").ended(0).out
    assert "PARKED: " in told
    assert f"resolving {tickets[4]}" in told or "missing_field" in told

    office.freshdesk.required_for_closure = set()
    office.sync()
    assert office.json("status")["standings"] == {"agreed": 6}
    assert office.json("status")["unwritten"] == []


def test_each_unwritten_ticket_tells_of_its_own_refusal(office: Office) -> None:
    tickets = [office.ticket() for _ in range(2)]
    office.sync()
    office.later()
    key = office.issue(*tickets)
    office.sync()
    for number, ticket in enumerate(tickets):
        reply = Reply(400, b'{"errors": [{"field": "why_%d", "code": "invalid_value"}]}' % number)
        office.freshdesk.faults.append(Fault("answer", method="PUT", path=f"/tickets/{ticket}$", times=99, reply=reply))
    office.later()
    office.hub.close(key)
    office.sync(status=1)
    for number, ticket in enumerate(tickets):
        told = office.run("explain", f"freshdesk:{ticket}").ended(0).out.split("PARKED: ")[1].split("\n")[0]
        assert f"why_{number}" in told
        assert f"why_{1 - number}" not in told
    assert office.json("status")["standings"] == {"unwritten": 2}
