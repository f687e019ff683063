"""Requests of a service desk, read and written; asserted against the books and what customers were mailed."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from connectors.jira.connector import JiraConnector
from connectors.jira.options import JiraOptions
from connectors.jira.sandbox import EMAIL, TOKEN
from connectors.jira.sandbox.workflows import Transition, Workflow
from connectors.jsm.connector import JsmConnector, JsmOptions
from connectors.jsm.sandbox.world import JsmWorld
from syncd.actions import Action, Draft, Note, Outcome, Way
from syncd.clock import ManualClock
from syncd.connector import load
from syncd.errors import Gone, Refused
from syncd.model import Author, Item, Place, Ref, Status, Word
from syncd.testing import Fault, Reply, Request

MARKER = "syncd:v1:01JD3Z8QK4W7M2N5P9R1S3T6VX:0123456789abcdef0123"
SECRET = "the hub of acme is broken since Monday"
INTERNAL = Note("e1", SECRET, MARKER, internal=True)
PUBLIC = Note("e2", "Thank you, we are planning it", MARKER.replace("VX", "VY"), internal=False)


@pytest.fixture(params=["cloud", "data center"])
def world(request: pytest.FixtureRequest) -> Iterator[JsmWorld]:
    world = JsmWorld(cloud=request.param == "cloud")
    yield world
    world.close()


@pytest.fixture
def cloud() -> Iterator[JsmWorld]:
    world = JsmWorld()
    yield world
    world.close()


def desk(world: JsmWorld) -> JsmConnector:
    connector = world.connect()
    assert isinstance(connector, JsmConnector)
    return connector


def read(connector: JsmConnector, *refs: Ref) -> list[Item]:
    found = connector.fetch(refs)
    assert all(isinstance(one, Item) for one in found.values()), found
    return [one for one in found.values() if isinstance(one, Item)]


def written(connector: JsmConnector, action: Action) -> Outcome:
    (outcome,) = connector.apply([action])
    return outcome


def mailed(world: JsmWorld) -> str:
    return "\n".join(one["body"] for one in world.people.mails())


def poll(connector: JsmConnector, cursors: dict[str, str]) -> list[Item]:
    (source,) = connector.sources()
    told: list[Item] = []
    for page in connector.changes(source, cursors.get(source), None):
        cursors[source] = page.cursor
        told += page.items
    return told


def test_the_entry_point_leads_here() -> None:
    assert load("jsm") is JsmConnector


# --- who reads what we write ---


@pytest.mark.trap("jira", 11)
def test_nothing_internal_is_mailed_whatever_is_written_with_it(world: JsmWorld) -> None:
    ref = world.add()
    outcome = written(desk(world), Action(ref, Status("done/Resolved"), notes=(INTERNAL, PUBLIC)))
    assert outcome.error is None
    assert outcome.status == world.status(ref) == Status("done/Resolved", "Done")
    assert [(one.author, one.internal) for one in world.remarks(ref)] == [(Author.SELF, True), (Author.SELF, False)]
    assert "planning" in mailed(world)
    assert "acme" not in mailed(world)
    assert MARKER not in mailed(world)


@pytest.mark.trap("jira", 11)
def test_a_note_on_what_nobody_asked_for_on_the_portal_is_internal_too(world: JsmWorld) -> None:
    key = world.people.make_issue("SUP", by="customer")
    ref = Ref(world.name, world.people.id(key), key)
    assert written(desk(world), Action(ref, notes=(INTERNAL,))).notes[0].remote_id
    assert [one.internal for one in world.remarks(ref)] == [True]
    assert "acme" not in mailed(world)


@pytest.mark.trap("jira", 11)
def test_a_note_that_jira_shows_to_customers_all_the_same_is_told(cloud: JsmWorld) -> None:
    ref = cloud.add()
    reply = Reply(201, {"id": "10101", "body": "x", "public": True})
    cloud.sandbox.faults.append(Fault("answer", "POST", path="/comment", reply=reply))
    error = written(desk(cloud), Action(ref, notes=(INTERNAL,))).notes[0].error
    assert isinstance(error, Refused)
    assert "made public what was to be internal" in error.what


def test_whoever_is_no_agent_is_told_so_in_words(cloud: JsmWorld) -> None:
    ref = cloud.add()
    for project in ("SUP", "ELSE"):
        cloud.people.permit(project, "AGENT", on=False)
    error = written(desk(cloud), Action(ref, notes=(INTERNAL,))).notes[0].error
    assert isinstance(error, Refused)
    assert "no agent" in error.what
    assert world_is_silent(cloud, ref)
    problems = [str(one) for one in desk(cloud).check()]
    assert any("no agent of Jira Service Management" in one and "licence" in one for one in problems), problems


def world_is_silent(world: JsmWorld, ref: Ref) -> bool:
    return not world.remarks(ref)


def test_a_note_on_a_request_that_is_gone_is_told_as_such(world: JsmWorld) -> None:
    ref = world.add()
    world.people.delete(ref.id)
    error = written(desk(world), Action(ref, notes=(INTERNAL,))).notes[0].error
    assert isinstance(error, Gone)


# --- what is read ---


def test_texts_say_who_wrote_them_and_who_reads_them(world: JsmWorld) -> None:
    ref = world.add("please help")
    world.say(ref, "see https://tracker.example.com/1", by=Author.TEAM, internal=True)
    world.say(ref, "we look into it", by=Author.TEAM)
    world.say(ref, "https://tracker.example.com/2", by=Author.OUTSIDE)
    written(desk(world), Action(ref, notes=(INTERNAL,)))
    (item,) = read(desk(world), ref)
    assert [(text.author, text.place) for text in item.texts or ()] == [
        (Author.OUTSIDE, Place.BODY),
        (Author.TEAM, Place.NOTE),
        (Author.TEAM, Place.COMMENT),
        (Author.OUTSIDE, Place.COMMENT),
        (Author.SELF, Place.NOTE),
    ]
    assert (item.texts or ())[0].body == "please help"


def test_many_are_read_as_one_is(world: JsmWorld) -> None:
    refs = [world.add(f"number {i}") for i in range(3)]
    for _ in range(150):
        world.say(refs[1], "more", by=Author.TEAM, internal=True)
    world.say(refs[2], "still there?", by=Author.OUTSIDE)
    alone = [read(desk(world), ref)[0] for ref in refs]
    together = read(desk(world), *refs)
    assert [(one.texts, one.waiting, one.version) for one in together] == [
        (one.texts, one.waiting, one.version) for one in alone
    ]
    assert [one.waiting for one in together] == [False, False, True]
    assert len(together[1].texts or ()) == 151


@pytest.mark.parametrize(
    ("said", "waiting"),
    [
        ([], False),
        ([("customer", False)], True),
        ([("customer", False), ("agent", False)], False),
        ([("agent", False), ("customer", False), ("agent", True)], True),
        ([("another", False)], True),
        ([("customer", False), ("syncd", False)], False),
    ],
)
def test_whether_a_customer_waits(world: JsmWorld, said: list[tuple[str, bool]], waiting: bool) -> None:
    world.people.make_customer("another")
    ref = world.add()
    for by, internal in said:
        world.people.comment(ref.id, "x", by=by, internal=internal)
    assert read(desk(world), ref)[0].waiting is waiting


def test_an_agent_who_asks_something_is_the_customer_then(world: JsmWorld) -> None:
    key = world.people.make_issue("SUP", by="agent")
    world.people.comment(key, "any news?", by="agent")
    assert read(desk(world), Ref(world.name, world.people.id(key), key))[0].waiting is True


def test_a_colleague_of_the_customer_s_who_takes_part_waits_as_well(world: JsmWorld) -> None:
    key = world.people.make_request("SUP", by="customer", participants=["employee"])
    employee = world.sandbox.books.person("employee")
    world.sandbox.books.people["employee"] = dataclasses.replace(employee, kind="atlassian")
    world.people.comment(key, "we are stuck", by="employee")
    (item,) = read(desk(world), Ref(world.name, world.people.id(key), key))
    assert item.waiting is True
    assert (item.texts or ())[-1].author is Author.OUTSIDE


def test_a_request_leads_to_the_issues_that_it_is_linked_with(world: JsmWorld) -> None:
    world.people.make_project("ENG")
    issue, ref = world.people.make_issue("ENG"), world.add()
    world.people.link(ref.id, issue)
    world.people.remote_link(ref.id, "https://github.com/o/r/issues/4")
    connector = desk(world)
    (listed,) = poll(connector, {})
    assert listed.addresses == (f"{world.sandbox.site}/browse/{issue}",)
    assert listed.texts is None
    item = connector.explore([ref])[ref]
    assert isinstance(item, Item)
    assert item.addresses == (f"{world.sandbox.site}/browse/{issue}", "https://github.com/o/r/issues/4")
    assert not read(connector, ref)[0].whole


def test_fields_are_read_by_their_ids_and_names(cloud: JsmWorld) -> None:
    url, plan = cloud.people.add_field("Issue"), cloud.people.add_field("Plan", "select")
    ref = cloud.add()
    cloud.people.edit(ref.id, url, "https://github.com/o/r/issues/4")
    cloud.people.edit(ref.id, plan, "Gold")
    connector = desk(cloud)
    expected = {url: "https://github.com/o/r/issues/4", "Issue": "https://github.com/o/r/issues/4"}
    expected |= {plan: "Gold", "Plan": "Gold"}
    for item in (poll(connector, {})[0], read(connector, ref)[0]):
        assert expected.items() <= item.fields.items()


# --- statuses ---


def test_the_word_that_a_workflow_has_is_written(world: JsmWorld) -> None:
    ref = world.add()
    way = Way(instead=(Status("indeterminate/Waiting for customer"),))
    outcome = written(desk(world), Action(ref, Status("indeterminate/With engineering"), way=way))
    assert outcome.status == world.status(ref) == Status("indeterminate/Waiting for customer")


@pytest.mark.trap("jira", 10)
def test_a_workflow_without_any_of_them_refuses_in_words(world: JsmWorld) -> None:
    project = world.sandbox.books.project("SUP")
    assert project is not None
    project.workflow = Workflow("own", ("Open", "Done"), (Transition(1, "finish", "Done", ("Open",)),))
    ref = world.add()
    before = world.status(ref)
    outcome = written(desk(world), Action(ref, Status("indeterminate/Pending"), notes=(INTERNAL,)))
    assert isinstance(outcome.error, Refused)
    assert "lead to Done" in outcome.error.what
    assert "[via]" in outcome.error.what
    assert world.status(ref) == before
    assert len(world.remarks(ref)) == 1


def test_an_automation_that_moves_a_ticket_at_once_is_seen_in_the_outcome(world: JsmWorld) -> None:
    world.people.automate_after("SUP", "Pending", "Escalated")
    ref, connector, cursors = world.add(), desk(world), dict[str, str]()
    poll(connector, cursors)
    outcome = written(connector, Action(ref, Status("indeterminate/Pending"), notes=(INTERNAL,)))
    assert outcome.error is None
    assert outcome.status == Status("indeterminate/Escalated") == world.status(ref)
    assert all(item.version <= outcome.version for item in poll(connector, cursors))


@pytest.mark.parametrize(("who", "automated"), [("automation", True), ("agent", False), ("syncd", None)])
def test_a_fresh_read_tells_whether_an_automation_moved_a_ticket_where_the_site_does(
    world: JsmWorld, who: str, automated: bool | None
) -> None:
    ref, connector = world.add(), desk(world)
    assert read(connector, ref)[0].automated is None
    world.people.set_status(ref.id, "Resolved", "Done", by=who)
    assert read(connector, ref)[0].automated is (automated if world.sandbox.cloud else None)


def test_an_automation_after_a_public_reply_is_no_failure(world: JsmWorld) -> None:
    world.people.automate("SUP", answered="Waiting for customer")
    ref = world.add()
    outcome = written(desk(world), Action(ref, Status("indeterminate/Pending"), notes=(PUBLIC,)))
    assert outcome.status == Status("indeterminate/Pending") == world.status(ref)


@pytest.mark.trap("jira", 12)
def test_labels_and_fields_are_added_and_nobody_s_else_taken_away(cloud: JsmWorld) -> None:
    field = cloud.people.add_field("Issue")
    ref = cloud.add()
    cloud.people.add_label(ref.id, "vip")
    cloud.people.add_label(ref.id, "new")
    action = Action(ref, Status("indeterminate/Pending"), fields={"Issue": "ENG-1"}, tags=("linked",), untags=("new",))
    outcome = written(desk(cloud), action)
    assert (outcome.error, outcome.aside) == (None, None)
    now = cloud.sandbox.books.issues[int(ref.id)].now
    assert (now.labels, now.custom) == (("vip", "linked"), {field: "ENG-1"})
    assert cloud.status(ref) == cloud.native(Word.PENDING)


# --- names, and a tracker beside the desk ---


def tracker(world: JsmWorld) -> JiraConnector:
    token: dict[str, Any] = {"email": EMAIL, "api_token": SecretStr(TOKEN)}
    token = token if world.cloud else {"token": SecretStr(TOKEN)}
    where: dict[str, Any] = {"url": world.sandbox.base, "web_url": world.sandbox.site, "projects": ["ENG"]}
    return JiraConnector("jira", JiraOptions(connector="jira", **where, **token), world.clock)


def test_a_tracker_and_a_helpdesk_on_one_site_take_nothing_from_each_other(world: JsmWorld) -> None:
    world.people.make_project("ENG")
    issue, ref = world.people.make_issue("ENG"), world.add()
    site = world.sandbox.site
    text = f"{site}/browse/{issue} {site}/browse/{ref.key} {site}/servicedesk/customer/portal/3/{ref.key}"
    helpdesk, engineering = desk(world), tracker(world)
    assert [one.key for one in helpdesk.parse_url(text)] == [ref.key, ref.key]
    assert [one.key for one in engineering.parse_url(text)] == [issue]
    assert [item.ref.key for item in poll(helpdesk, {})] == [ref.key]
    (source,) = engineering.sources()
    told = [item.ref.key for page in engineering.changes(source, None, None) for item in page.items]
    assert told == [issue]


@pytest.mark.parametrize(
    "path",
    [
        "browse/SUP-12",
        "servicedesk/customer/portal/3/SUP-12",
        "servicedesk/customer/portal/3/SUP-12?created=true",
        "jira/servicedesk/projects/SUP/queues/custom/1/SUP-12",
        "projects/SUP/queues/custom/12/SUP-12",
    ],
)
def test_every_address_of_a_request_is_recognised(path: str) -> None:
    options = JsmOptions(
        connector="jsm", url="https://acme.atlassian.net", email="a@b", api_token=SecretStr("t"), projects=["SUP"]
    )
    connector = JsmConnector("jsm", options, ManualClock())
    text = f"see https://acme.atlassian.net/{path}."
    (mention,) = connector.parse_url(text)
    assert mention.key == "SUP-12"
    assert text[mention.start : mention.end] == f"https://acme.atlassian.net/{path}"
    assert not connector.parse_url(text.replace("SUP-12", "ENG-12"))
    assert not connector.parse_url(text.replace("acme.atlassian", "evil.example"))


@pytest.mark.trap("jira", 8)
def test_a_request_that_was_moved_is_found_by_its_old_key_and_by_its_id(world: JsmWorld) -> None:
    ref = world.add()
    new = world.people.move(ref.id, "ELSE")
    connector = desk(world)
    (mention,) = connector.parse_url(f"{world.sandbox.site}/browse/{ref.key}")
    found = connector.resolve(mention.key)
    assert found == ref
    assert found is not None
    assert found.key == new
    assert read(connector, ref)[0].ref.key == new


def test_tickets_are_never_made(world: JsmWorld) -> None:
    with pytest.raises(Refused, match="never tickets"):
        desk(world).create(Draft("SUP", "title", "body", MARKER))
    with pytest.raises(Refused):
        desk(world).find(MARKER, "SUP", world.clock.now())
    assert not world.items()


def test_a_project_that_is_no_service_project_is_told(cloud: JsmWorld) -> None:
    cloud.people.make_project("ENG")
    where: dict[str, Any] = {"url": cloud.sandbox.base, "email": EMAIL, "api_token": SecretStr(TOKEN)}
    connector = JsmConnector("jsm", JsmOptions(connector="jsm", **where, projects=["SUP", "ENG"]), cloud.clock)
    (problem,) = connector.check()
    assert "no service project" in problem.what
    assert problem.where.endswith("projects, ENG")


def test_a_field_that_is_not_there_is_told(cloud: JsmWorld) -> None:
    plan = cloud.people.add_field("Plan")
    assert desk(cloud).lacks(["Plan", plan, "Plam"]) == ["Plam"]
    assert desk(cloud).lacks(["Plan", plan, "plan"], read=True) == ["plan"], "as requests tell of it"


def test_projects_must_be_named() -> None:
    with pytest.raises(ValidationError, match="projects"):
        JsmOptions(connector="jsm", url="https://x.example", token=SecretStr("t"))  # type: ignore[call-arg]


# --- what it costs ---


@pytest.mark.parametrize("brings", ["screens", "nothing"])
def test_a_change_with_a_note_costs_a_read_two_writes_and_a_look_at_what_came_of_them(
    cloud: JsmWorld, brings: str
) -> None:
    cloud.sandbox.brings = brings
    ref, connector = cloud.add(), desk(cloud)
    connector.fetch([cloud.add()])  # what is asked for once, the names of fields
    before = cloud.calls()
    connector.fetch([ref])
    written(connector, Action(ref, Status("done/Resolved"), cloud.status(ref), (INTERNAL,)))
    told = [(one.request.method, one.request.path.rpartition("/")[2]) for one in cloud.sandbox.log[before:]]
    asked = [] if brings == "screens" else [("GET", "transitions")]
    assert told == [("GET", ref.id), ("POST", "comment"), *asked, ("POST", "transitions"), ("GET", ref.id)]
    assert cloud.status(ref) == Status("done/Resolved", "Done")


def test_fifty_changes_with_notes_cost_two_writes_each_and_a_few_reads(cloud: JsmWorld) -> None:
    refs, connector = [cloud.add(f"number {i}") for i in range(50)], desk(cloud)
    here = cloud.status(refs[0])
    before = cloud.calls()
    connector.fetch(refs)
    actions = [Action(ref, Status("done/Resolved"), here, (INTERNAL,)) for ref in refs]
    assert all(one.error is None and one.version for one in connector.apply(actions))
    writes = sum(one.request.path.endswith(("/comment", "/transitions")) for one in cloud.sandbox.log[before:])
    assert writes == 2 * 50 + 1, "the first of them is asked for its transitions"
    assert cloud.calls() - before - writes <= 6
    assert {cloud.status(ref) for ref in refs} == {Status("done/Resolved", "Done")}
    assert all(len(cloud.remarks(ref)) == 1 for ref in refs)


def test_a_hundred_unchanged_requests_cost_one_call(cloud: JsmWorld) -> None:
    refs = [cloud.add(f"number {i}") for i in range(100)]
    for ref in refs[:50]:
        cloud.say(ref, "thanks", by=Author.OUTSIDE)
    connector = desk(cloud)
    connector.fetch(refs[:1])
    before = cloud.calls()
    assert len(read(connector, *refs)) == 100
    assert cloud.calls() - before == 1


def test_a_hundred_changes_with_notes_cost_a_call_each_and_some(cloud: JsmWorld) -> None:
    refs = [cloud.add(f"number {i}") for i in range(100)]
    connector = desk(cloud)
    connector.fetch(refs[:1])
    before, wanted = cloud.calls(), cloud.native(Word.PENDING)
    size = connector.capabilities.apply_batch
    actions = [Action(ref, wanted, notes=(Note(ref.id, SECRET, MARKER),)) for ref in refs]
    outcomes = [one for start in range(0, 100, size) for one in connector.apply(actions[start : start + size])]
    assert all(one.error is None and one.status == wanted == cloud.status(one.action.target) for one in outcomes)
    assert cloud.calls() - before < 120
    assert "acme" not in mailed(cloud)


def test_where_comments_do_not_say_who_reads_them_the_service_desk_does(cloud: JsmWorld) -> None:
    connector, ref = desk(cloud), cloud.add("It is down")
    cloud.people.customer_reply(ref.id, "Still down")
    cloud.people.agent_note(ref.id, "https://x.example/browse/ENG-1")
    written(connector, Action(ref, notes=(INTERNAL,)))
    before = cloud.sandbox.after

    def silent(request: Request, reply: Reply) -> Reply:
        told = before(request, reply)
        return told if "servicedeskapi" in request.path else dataclasses.replace(told, body=_silent(told.body))

    cloud.sandbox.after = silent  # type: ignore[method-assign]  # in the place of the stand-in's own
    (item,) = read(connector, ref)
    assert [one.place for one in item.texts or ()] == [Place.BODY, Place.COMMENT, Place.NOTE, Place.NOTE]
    assert item.waiting


def _silent(body: Any) -> Any:
    """A body in which no comment says who reads it."""
    if isinstance(body, dict):
        return {key: _silent(value) for key, value in body.items() if key not in {"jsdPublic", "properties"}}
    return [_silent(one) for one in body] if isinstance(body, list) else body


@pytest.mark.parametrize("first", [INTERNAL, PUBLIC])
def test_a_comment_that_others_read_is_not_given_the_text(world: JsmWorld, first: Note) -> None:
    connector, ref = desk(world), world.add()
    (item,) = read(connector, ref)
    there = written(connector, Action(item.ref, notes=(first,))).notes[0].remote_id
    mails = len(world.sandbox.books.mails)
    other = Note("e3", "another text", first.marker, internal=not first.internal, replaces=there)
    assert isinstance(written(connector, Action(item.ref, notes=(other,))).notes[0].error, Refused)
    same = dataclasses.replace(other, internal=first.internal)
    assert written(connector, Action(item.ref, notes=(same,))).notes[0].error is None
    (remark,) = world.remarks(item.ref)
    assert remark.internal is first.internal
    assert "another text" in remark.body
    assert len(world.sandbox.books.mails) == mails


def test_nobody_elses_comment_is_written_over(world: JsmWorld) -> None:
    connector, ref = desk(world), world.add()
    world.say(ref, "an agent's own words", by=Author.TEAM, internal=True)
    (item,) = read(connector, ref)
    (theirs,) = world.sandbox.books.issues[int(ref.id)].comments
    note = dataclasses.replace(INTERNAL, replaces=str(theirs.id))
    assert isinstance(written(connector, Action(item.ref, notes=(note,))).notes[0].error, Refused)
    assert [one.body for one in world.remarks(item.ref)] == ["an agent's own words"]
