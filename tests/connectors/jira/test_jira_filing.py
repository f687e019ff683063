"""What is filed in Jira, with what, and what stands in the way: told before anything is made."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from jira_bench import Bench, bench, cloud, server

from connectors.jira.writes import word
from syncd.actions import Draft
from syncd.errors import Refused, Transient, Unauthorized
from syncd.model import Audience, Item, Status
from syncd.testing import Fault

MARKER = "syncd:v1:01JD3Z8QK4W7M2N5P9R1S3T6VX:0123456789abcdef0123"
__all__ = ["bench", "cloud", "server"]
DRAFT = Draft("ENG", "Quota", "The body", MARKER)


def test_an_issue_is_filed_with_one_request_after_what_can_be_filed_was_read_once(bench: Bench) -> None:
    draft = Draft("ENG", "Quota is\nfull " + "x" * 300, "The **body**", MARKER, labels=("ce/p1", "two words"))
    bench.jira.create(draft)
    before = len(bench.calls)
    item = bench.jira.create(draft).item
    assert bench.asked(before) == ["POST api/2/issue"]
    made = bench.sandbox.books.issues[int(item.ref.id)]
    assert made.now.project.key == "ENG"
    assert made.now.summary.startswith("Quota is full xxx")
    assert len(made.now.summary) == 255
    assert set(made.now.labels) == {"ce/p1", "two-words", word(MARKER)}
    assert made.now.description is not None
    assert "*body*" in made.now.description
    assert MARKER in made.now.description
    assert made.properties == {"syncd": {"marker": MARKER}}
    assert made.now.type == "Task"


def test_what_is_told_of_a_new_issue_is_older_than_what_the_feed_tells(bench: Bench) -> None:
    bench.pages()
    bench.advance(30)
    item = bench.jira.create(Draft("ENG", "Quota", "", MARKER)).item
    assert item.status == Status("new")
    bench.pages()
    told = bench.told[item.ref.id]
    assert (told.ref, told.url, told.status.kind) == (item.ref, item.url, "new")
    assert told.version > item.version
    assert told.created_at >= item.created_at


def test_a_type_that_is_configured_is_filed(bench: Bench) -> None:
    bench.given["issue_type"] = "bug"
    bench.connect()
    item = bench.jira.create(Draft("ENG", "Quota", "", MARKER)).item
    assert bench.sandbox.books.issues[int(item.ref.id)].now.type == "Bug"
    bench.given["issue_type"] = "Epic"
    bench.connect()
    with pytest.raises(Refused, match="'Epic'"):
        bench.jira.create(Draft("ENG", "Quota", "", MARKER))


@pytest.mark.trap("jira", 13)
def test_an_issue_that_takes_no_labels_is_found_by_a_word_of_its_text(bench: Bench) -> None:
    bench.people.take_from_screens("ENG", "labels")
    item = bench.jira.create(Draft("ENG", "Quota", "The body", MARKER)).item
    assert bench.sandbox.books.issues[int(item.ref.id)].now.labels == ()
    assert bench.jira.find(MARKER, "ENG", bench.clock.now()) == item.ref.key


@pytest.mark.trap("jira", 4)
@pytest.mark.trap("jira", 13)
def test_an_issue_whose_answer_was_lost_is_found_when_the_index_shows_it(bench: Bench) -> None:
    bench.sandbox.lag = 40
    bench.sandbox.faults.append(Fault("lost_answer", "POST", "issue$"))
    with pytest.raises(Transient) as caught:
        bench.jira.create(Draft("ENG", "Quota", "", MARKER))
    assert caught.value.doubt
    assert bench.jira.capabilities.probe == "search", "so it is looked for twice"
    assert bench.jira.find(MARKER, "ENG", bench.clock.now()) is None
    bench.advance(60)
    assert bench.jira.find(MARKER, "ENG", bench.clock.now()) is not None
    assert len(bench.sandbox.books.issues) == 1


def test_an_issue_with_our_label_that_somebody_else_made_is_not_ours(bench: Bench) -> None:
    bench.issue(f"copied: {MARKER}", labels=[word(MARKER)])
    assert bench.jira.find(MARKER, "ENG", bench.clock.now()) is None


@pytest.mark.trap("jira", 3)
def test_a_stranger_finds_nothing_and_is_told_so(cloud: Bench) -> None:
    cloud.jira.create(Draft("ENG", "Quota", "", MARKER))
    cloud.sandbox.expired = True
    with pytest.raises(Unauthorized):
        cloud.jira.find(MARKER, "ENG", cloud.clock.now())


def test_nothing_is_filed_where_nothing_is_configured(bench: Bench) -> None:
    bench.people.make_project("ELSE")
    before = len(bench.calls)
    with pytest.raises(Refused, match="isn't one of those configured"):
        bench.jira.create(Draft("ELSE", "Quota", "", MARKER))
    assert bench.asked(before) == []


def test_a_field_that_has_become_required_is_told_and_asked_for_anew(bench: Bench) -> None:
    bench.jira.create(Draft("ENG", "Quota", "", MARKER))
    field = bench.people.add_field("Severity")
    bench.people.require_field("ENG", field)
    with pytest.raises(Refused, match="without Severity"):
        bench.jira.create(Draft("ENG", "Quota", "", MARKER))
    bench.people.require_field("ENG", field, on=False)
    assert isinstance(bench.jira.create(Draft("ENG", "Quota", "", MARKER)).item, Item)


# --- what a draft says besides ---


def person(bench: Bench, name: str = "dev") -> str:
    """As the site names somebody."""
    return bench.sandbox.books.people[name].id if bench.sandbox.cloud else name


def refused(bench: Bench, draft: Draft) -> str:
    before = len(bench.calls)
    with pytest.raises(Refused) as caught:
        bench.jira.create(draft)
    assert not caught.value.doubt
    assert not bench.sandbox.books.issues
    assert "POST api/2/issue" not in bench.asked(before)
    return caught.value.what


def test_a_filed_issue_has_its_type_fields_labels_and_assignee(bench: Bench) -> None:
    severity, where = bench.people.add_field("Severity", "select"), bench.people.add_field("Where")
    size = bench.people.add_field("Size", "number")
    bench.people.add_options(severity, "High", "Low")
    bench.people.require_field("ENG", severity)
    bench.people.add_levels("ENG", "Team only")
    fields: dict[str, Any] = {"Severity": "High", size: 7, "where": "here", "security": "Team only"}
    fields["priority"] = {"name": "High"}
    draft = replace(DRAFT, type="bug", labels=("ce/p1",), assignees=(person(bench),), fields=fields)
    assert bench.jira.check_filing([draft], []) == ()
    made = bench.jira.create(draft)
    assert made.aside is None
    now = bench.sandbox.books.issues[int(made.item.ref.id)].now
    assert (now.type, now.assignee, now.security, now.priority) == ("Bug", "dev", "Team only", "High")
    assert dict(now.custom) == {severity: "High", size: 7, where: "here"}
    assert set(now.labels) == {"ce/p1", word(MARKER)}
    assert bench.item(made.item.ref.id).assignees == draft.assignees


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        ({"type": "Epic"}, "there is no type 'Epic' there, only: Bug, Task, Story"),
        ({"fields": {"No such field": "x"}}, "there is no field 'No such field'"),
        ({"fields": {"Size": "big"}}, "the field 'Size' takes a number"),
        ({"fields": {"Severity": "None"}}, "the field 'Severity' has no value 'None'. Use one of: High, Low"),
        ({"fields": {"resolution": "Done"}}, "the field 'resolution' isn't on the screen of a new Task there"),
        ({"assignees": ("nobody-at-all",)}, "'nobody-at-all' can't be assigned to issues of ENG"),
        ({"assignees": ("one", "two")}, "an issue of Jira has one assignee"),
        ({"place": "NONE"}, "the project NONE isn't one of those configured"),
    ],
)
def test_what_is_not_there_is_named_with_its_cure_and_nothing_is_made(
    bench: Bench, wish: dict[str, Any], words: str
) -> None:
    bench.people.add_options(bench.people.add_field("Severity", "select"), "High", "Low")
    bench.people.add_field("Size", "number")
    draft = replace(DRAFT, **wish)
    assert words in refused(bench, draft)
    (problem,) = bench.jira.check_filing([DRAFT, draft], [])
    assert problem.cure


def test_an_error_quotes_nothing_of_a_ticket(bench: Bench) -> None:
    bench.people.add_options(bench.people.add_field("Severity", "select"), "High", "Low")
    bench.people.add_field("Size", "number")
    for name in ("Severity", "Size", "Nowhere"):
        told = refused(bench, replace(DRAFT, fields={name: "Kanarienvogel"}, audience=Audience.PRIVATE))
        assert name in told
        assert "Kanarienvogel" not in told


def test_a_required_field_is_asked_for_by_its_name(bench: Bench) -> None:
    field = bench.people.add_field("Severity")
    bench.people.require_field("ENG", field)
    assert "a Task can't be filed there without Severity" in refused(bench, DRAFT)
    assert bench.jira.create(replace(DRAFT, fields={"severity": "High"})).aside is None


def test_a_field_that_became_required_a_moment_ago_is_named(bench: Bench) -> None:
    bench.jira.create(DRAFT)
    field = bench.people.add_field("Severity")
    bench.people.require_field("ENG", field)
    with pytest.raises(Refused, match="without Severity"):
        bench.jira.create(DRAFT)
    assert "can't be filed there without Severity" in str(bench.jira.check_filing([DRAFT], [])[0])


def test_labels_that_a_type_does_not_take_are_told(bench: Bench) -> None:
    bench.people.take_from_screens("ENG", "labels")
    assert "a Task takes no labels there" in refused(bench, replace(DRAFT, labels=("ce/p1",)))


def test_somebody_who_lost_the_project_is_not_assigned(bench: Bench) -> None:
    draft = replace(DRAFT, assignees=(person(bench),))
    bench.people.shut_out("ENG", "dev")
    assert "can't be assigned to issues of ENG" in refused(bench, draft)
    next(iter(bench.sandbox.books.projects.values())).strangers.discard("dev")
    bench.jira.create(draft)
    bench.people.shut_out("ENG", "dev")
    with pytest.raises(Refused, match="assignee"):
        bench.jira.create(draft)
    assert len(bench.sandbox.books.issues) == 1


def test_on_data_center_the_beginning_of_a_name_is_nobody(server: Bench) -> None:
    server.sandbox.books.person("developer-two")
    assert "'develop' can't be assigned" in refused(server, replace(DRAFT, assignees=("develop",)))


def test_an_account_that_may_file_nothing_is_told(bench: Bench) -> None:
    bench.people.permit("ENG", "CREATE", on=False)
    with pytest.raises(Refused, match="lacks the permission"):
        bench.jira.create(DRAFT)
    assert not bench.sandbox.books.issues


def test_where_everybody_reads_nothing_is_filed_that_was_written_for_the_team(bench: Bench) -> None:
    assert bench.jira.audience("ENG") is Audience.PRIVATE
    bench.given["audience"] = "public"
    bench.connect()
    assert bench.jira.audience("ENG") is Audience.PUBLIC
    assert "everybody can read there" in refused(bench, replace(DRAFT, audience=Audience.PRIVATE))
    assert bench.jira.create(DRAFT).item.audience is Audience.PUBLIC
    with pytest.raises(Refused):
        bench.jira.audience("ELSE")


def test_many_types_and_fields_are_read_page_by_page(bench: Bench) -> None:
    fields = [bench.people.add_field(f"Field {number}") for number in range(120)]
    bench.people.require_field("ENG", fields[-1])
    assert "without Field 119" in refused(bench, DRAFT)


def test_a_text_beyond_the_limit_is_cut_and_taken(bench: Bench) -> None:
    made = bench.jira.create(replace(DRAFT, body="line\n" * 20_000))
    text = bench.sandbox.books.issues[int(made.item.ref.id)].now.description
    assert text is not None
    assert MARKER in text
    assert len(text) <= 32_767
    assert bench.jira.find(MARKER, "ENG", bench.clock.now()) == made.item.ref.key


@pytest.mark.parametrize("event", ["edited", "closed", "moved", "renamed"])
def test_an_issue_that_people_touched_meanwhile_is_found(bench: Bench, event: str) -> None:
    bench.sandbox.faults.append(Fault("lost_answer", "POST", "issue$"))
    with pytest.raises(Transient):
        bench.jira.create(DRAFT)
    (issue,) = bench.sandbox.books.issues.values()
    key = issue.now.key
    if event == "edited":
        bench.people.edit(key, "description", "another text, without a marker")
    elif event == "closed":
        bench.people.resolve(key)
    elif event == "moved":
        bench.people.move(key, "OPS")
    else:
        bench.people.rename_project("ENG", "CORE")
    bench.advance(60)
    assert bench.jira.find(MARKER, "ENG", bench.clock.now()) == issue.now.key
    assert bench.jira.find(MARKER[::-1], "ENG", bench.clock.now()) is None


def test_an_issue_is_found_behind_hundreds_of_newer_ones(bench: Bench) -> None:
    made = bench.jira.create(DRAFT).item
    for _ in range(130):
        bench.issue("another one", labels=["support"])
    assert bench.jira.find(MARKER, "ENG", bench.clock.now()) == made.ref.key
