"""Fresh reads: a hundred in a call, one with all that is on it, and what is gone only after two looks."""

from __future__ import annotations

import pytest
from jira_bench import Bench, bench, cloud, server

from connectors.jira.items import Reading
from syncd.errors import ConnectorError, Refused, Transient, Unauthorized
from syncd.model import Audience, Author, GoneKind, Item, Place, Ref, Removed, Status
from syncd.testing import Fault, Reply

__all__ = ["bench", "cloud", "server"]


def fetch(bench: Bench, issues: list[str]) -> dict[str, Item | Removed | ConnectorError]:
    return {ref.id: one for ref, one in bench.jira.fetch([bench.ref(one) for one in issues]).items()}


def test_two_hundred_issues_are_two_calls(bench: Bench) -> None:
    issues = [bench.issue() for _ in range(200)]
    bench.item(issues[0])  # who we are, and who wrote them, is known from here on
    before = len(bench.calls)
    found = fetch(bench, issues)
    assert all(isinstance(one, Item) for one in found.values())
    assert len(bench.asked(before)) == 2


def test_a_server_that_shows_fewer_at_a_time_is_asked_on(server: Bench) -> None:
    server.sandbox.most_per_search = 30
    issues = [server.issue() for _ in range(70)]
    server.item(issues[0])
    before = len(server.calls)
    assert all(isinstance(one, Item) for one in fetch(server, issues).values())
    assert len(server.asked(before)) == 3


@pytest.mark.trap("jira", 8)
def test_an_issue_that_moved_is_followed_by_its_id(bench: Bench) -> None:
    issue, other = bench.issue(), bench.issue()
    bench.pages()
    old = bench.ref(issue)
    new = bench.people.move(issue, "OPS")
    for refs in ([old], [old, bench.ref(other)]):
        item = bench.jira.fetch(refs)[old]
        assert isinstance(item, Item)
        assert (item.ref, item.ref.key, item.formerly) == (old, new, None)
        assert item.url == f"{bench.sandbox.site}/browse/{new}"


@pytest.mark.trap("jira", 8)
def test_an_issue_that_left_the_projects_is_still_read(bench: Bench) -> None:
    bench.people.make_project("ELSE")
    issue = bench.issue()
    bench.pages()
    bench.people.move(issue, "ELSE")
    bench.people.resolve(issue)
    bench.advance(30)
    assert issue not in bench.news(), "the feed knows nothing of it"
    assert bench.item(issue).status.kind == "done"


@pytest.mark.trap("jira", 8)
def test_an_old_key_leads_to_the_issue(bench: Bench) -> None:
    issue = bench.issue()
    old = bench.people.key(issue)
    new = bench.people.move(issue, "OPS")
    for key in (old, new, old.lower()):
        assert bench.jira.resolve(key) == Ref("jira", issue)
    found = bench.jira.resolve(old)
    assert found is not None
    assert found.key == new


@pytest.mark.parametrize("key", ["ENG-999", "NOPE-1"])
def test_a_key_of_nothing_is_nothing(bench: Bench, key: str) -> None:
    assert bench.jira.resolve(key) is None


@pytest.mark.parametrize("key", ["ENG", "12", "", "o/r#4", "ENG-0", "ENG-12/../13"])
def test_what_is_no_key_is_nobodys_question(bench: Bench, key: str) -> None:
    before = len(bench.calls)
    assert bench.jira.resolve(key) is None
    assert bench.asked(before) == []


@pytest.mark.trap("jira", 9)
@pytest.mark.parametrize("how", ["delete", "hide"])
def test_what_is_gone_is_out_of_sight_after_two_looks(bench: Bench, how: str) -> None:
    issues = [bench.issue() for _ in range(4)]
    bench.item(issues[0])
    getattr(bench.people, how)(issues[1])
    before = len(bench.calls)
    found = fetch(bench, issues)
    gone = found[issues[1]]
    assert isinstance(gone, Removed)
    assert gone.kind is GoneKind.OUT_OF_SIGHT
    assert all(isinstance(found[one], Item) for one in (issues[0], issues[2], issues[3]))
    assert f"GET api/2/issue/{issues[1]}" in bench.asked(before)
    alone = fetch(bench, [issues[1]])[issues[1]]
    assert isinstance(alone, Removed)


@pytest.mark.trap("jira", 9)
def test_what_only_one_look_misses_is_not_gone(bench: Bench) -> None:
    issue = bench.issue()
    not_there = Reply(404, {"errorMessages": ["Issue does not exist."], "errors": {}})
    bench.sandbox.faults.append(Fault("answer", path=f"issue/{issue}$", reply=not_there))
    assert isinstance(fetch(bench, [issue])[issue], Item)


@pytest.mark.trap("jira", 3)
def test_nothing_is_gone_for_a_stranger(cloud: Bench) -> None:
    issues = [cloud.issue() for _ in range(3)]
    cloud.pages()
    cloud.sandbox.expired = True
    for some in (issues, issues[:1]):
        with pytest.raises(Unauthorized):
            fetch(cloud, some)
    with pytest.raises(Unauthorized):
        cloud.jira.resolve("ENG-1")


@pytest.mark.trap("jira", 3)
@pytest.mark.parametrize("after", [1, 3600])
def test_nothing_is_gone_while_nobody_says_who_was_answered(bench: Bench, after: int) -> None:
    issues = [bench.issue() for _ in range(3)]
    bench.hide_names()
    bench.pages()
    bench.advance(after)
    bench.sandbox.expired = True
    for some in (issues, issues[:1]):
        with pytest.raises(Unauthorized):
            fetch(bench, some)
    with pytest.raises(Unauthorized):
        bench.jira.resolve("ENG-1")


@pytest.mark.trap("jira", 9)
def test_where_no_header_tells_one_call_says_that_many_are_gone(bench: Bench) -> None:
    issues = [bench.issue() for _ in range(5)]
    bench.hide_names()
    bench.pages()
    for one in issues:
        bench.people.delete(one)
    before = len(bench.calls)
    assert all(isinstance(one, Removed) for one in fetch(bench, issues).values())
    assert bench.asked(before).count("GET api/2/myself") == 1


@pytest.mark.trap("jira", 7)
def test_one_dead_id_does_not_spoil_a_servers_search(server: Bench) -> None:
    issues = [server.issue() for _ in range(5)]
    said = {"errorMessages": ["An issue with key '10043' does not exist for field 'id'."], "errors": {}}
    server.people.delete(issues[1])
    server.sandbox.faults.append(Fault("answer", path="search$", reply=Reply(400, said)))
    found = fetch(server, issues)
    assert [isinstance(one, Item) for one in found.values()] == [True, False, True, True, True]
    assert isinstance(found[issues[1]], Removed)


def test_a_failure_of_one_is_its_own(bench: Bench) -> None:
    issues = [bench.issue() for _ in range(3)]
    bench.people.hide(issues[1])
    bench.sandbox.faults.append(Fault("answer", path=f"issue/{issues[1]}$", times=9))
    found = fetch(bench, issues)
    assert isinstance(found[issues[1]], Transient)
    assert isinstance(found[issues[2]], Item)


def test_a_ref_that_is_no_id_is_refused_alone(bench: Bench) -> None:
    issue = bench.issue()
    found = bench.jira.fetch([Ref("jira", "../x"), bench.ref(issue)])
    assert isinstance(found[Ref("jira", "../x")], Refused)
    assert isinstance(found[bench.ref(issue)], Item)


# --- what an item tells ---


def test_status_version_and_times(bench: Bench) -> None:
    issue = bench.issue(project="OPS")
    bench.advance(60.25)
    bench.people.set_status(issue, "Won't Do", "Won't Do", by="dev")
    item = bench.item(issue)
    assert item.status == Status("done/Won't Do", "Won't Do")
    assert item.version == "2026-01-05T09:01:00.250Z"
    assert item.created_at.isoformat() == "2026-01-05T09:00:00+00:00"
    assert item.moved_at is not None
    assert item.moved_at.isoformat() == "2026-01-05T09:01:00.250000+00:00"
    assert item.moved_by in {"dev", "Developer"}


def test_texts_are_markdown_with_their_authors(bench: Bench) -> None:
    issue = bench.issue("See *this*: [a page|https://desk.example.com/a/tickets/7]", by="customer")
    bench.people.comment(issue, "From the _team_", by="dev")
    bench.people.comment(issue, "From a customer", by="customer")
    bench.people.comment(issue, "From us", by="syncd")
    texts = bench.item(issue).texts
    assert texts is not None
    assert [(one.place, one.author) for one in texts] == [
        (Place.BODY, Author.OUTSIDE),
        (Place.COMMENT, Author.TEAM),
        (Place.COMMENT, Author.OUTSIDE),
        (Place.COMMENT, Author.SELF),
    ]
    assert "[a page](https://desk.example.com/a/tickets/7)" in texts[0].body


def test_an_issue_without_a_text_has_an_empty_one(bench: Bench) -> None:
    texts = bench.item(bench.issue()).texts
    assert texts is not None
    assert [one.body for one in texts] == [""]


def test_labels_versions_and_links_stand_in_every_answer(bench: Bench) -> None:
    issue, other = bench.issue(labels=["p1", "support"]), bench.issue()
    bench.people.add_version("ENG", "4.2")
    bench.people.set_version(issue, "4.2")
    bench.people.link(issue, other)
    bench.pages()
    many = fetch(bench, [issue, other])[issue]
    assert isinstance(many, Item)
    for item in (bench.told[issue], bench.item(issue), many):
        assert set(item.tags) == {"p1", "support"}
        assert item.released is False
        assert item.addresses == (f"{bench.sandbox.site}/browse/{bench.people.key(other)}",)
    bench.people.release("ENG", "4.2")
    assert bench.item(issue).released is True


@pytest.mark.parametrize("duplicate_first", [True, False])
def test_a_duplicate_names_the_issue_that_it_repeats(bench: Bench, duplicate_first: bool) -> None:
    issues = [bench.issue(), bench.issue(project="OPS")]
    duplicate, canonical = issues if duplicate_first else issues[::-1]
    bench.people.link(duplicate, bench.issue())  # relates to
    bench.people.link(duplicate, canonical, "Duplicate")
    assert bench.item(duplicate).duplicate_of is None, "it isn't closed as one yet"
    bench.people.resolve(duplicate, "Duplicate")
    bench.people.resolve(canonical, "Duplicate")
    bench.pages()
    for item in (bench.told[duplicate], bench.item(duplicate)):
        assert item.duplicate_of == Ref("jira", canonical)
        assert item.duplicate_of is not None
        assert item.duplicate_of.key == bench.people.key(canonical)
    assert bench.item(canonical).duplicate_of is None, "the words stand the other way round there"


def test_audience_is_what_the_configuration_says(bench: Bench) -> None:
    issue = bench.issue()
    assert bench.item(issue).audience is Audience.PRIVATE
    bench.given["audience"] = "public"
    bench.connect()
    assert bench.item(issue).audience is Audience.PUBLIC
    assert bench.jira.audience("ENG") is Audience.PUBLIC
    bench.cursor = None
    bench.pages()
    assert bench.told[issue].audience is Audience.PUBLIC


def test_a_customer_who_closes_an_issue_is_no_member_of_the_team(bench: Bench) -> None:
    issue, other = bench.issue(by="customer"), bench.issue()
    bench.people.resolve(issue, by="customer")
    bench.people.resolve(other, by="dev")
    item = bench.item(issue)
    assert (item.moved_by, item.closed_outside) == ("", True)
    told, others = fetch(bench, [issue, other]).values()  # many at once are told of as one is
    assert isinstance(told, Item)
    assert isinstance(others, Item)
    assert (told.moved_by, told.closed_outside) == ("", True)
    assert (others.moved_by in {"dev", "Developer"}, others.closed_outside) == (True, False)
    bench.people.reopen(issue)
    bench.people.resolve(issue, by="dev")
    assert bench.item(issue).closed_outside is False


# --- all that may hold a link ---


def explore(bench: Bench, issues: list[str]) -> dict[str, Item | Removed | ConnectorError]:
    return {ref.id: one for ref, one in bench.jira.explore([bench.ref(one) for one in issues]).items()}


DESK = "https://desk.example.com/a/tickets/7"


def test_a_read_before_a_write_leaves_remote_links_alone(bench: Bench) -> None:
    issues = [bench.issue() for _ in range(3)]
    bench.people.remote_link(issues[0], DESK)
    bench.pages()
    for item in (bench.told[issues[0]], bench.item(issues[0]), fetch(bench, issues)[issues[0]]):
        assert isinstance(item, Item)
        assert not item.whole
        assert item.addresses == ()
    assert not any("remotelink" in one for one in bench.calls)


@pytest.mark.parametrize("many", [True, False])
def test_who_looks_for_links_finds_remote_links_and_comments(bench: Bench, many: bool) -> None:
    issue, other = bench.issue(), bench.issue()
    bench.people.remote_link(issue, DESK)
    for number in range(30):
        bench.people.comment(issue, f"remark {number}")
    bench.people.comment(issue, f"see {DESK}")
    item = explore(bench, [issue, other] if many else [issue])[issue]
    assert isinstance(item, Item)
    assert item.whole
    assert item.addresses == (DESK,)
    assert item.texts is not None
    assert DESK in item.texts[-1].body
    assert len(item.texts) == 32
    assert item.texts[-1].at == bench.sandbox.books.issues[int(issue)].comments[-1].created


def test_looking_for_links_on_many_is_a_call_for_each_and_a_few(bench: Bench) -> None:
    issues = [bench.issue() for _ in range(60)]
    bench.item(issues[0])
    before = len(bench.calls)
    assert all(isinstance(one, Item) and one.whole for one in explore(bench, issues).values())
    assert len(bench.asked(before)) == 60 + 3


def test_where_remote_links_are_not_wanted_none_are_read(bench: Bench) -> None:
    bench.given["remote_links"] = False
    bench.connect()
    issue = bench.issue()
    bench.people.remote_link(issue, DESK)
    item = explore(bench, [issue])[issue]
    assert isinstance(item, Item)
    assert item.whole
    assert item.addresses == ()
    assert not any("remotelink" in one for one in bench.calls)


def test_a_project_without_links_is_read_all_the_same(bench: Bench) -> None:
    issue = bench.issue()
    refused = Reply(403, {"errorMessages": ["Issue linking is currently disabled."], "errors": {}})
    bench.sandbox.faults.append(Fault("answer", path="remotelink", reply=refused))
    item = explore(bench, [issue])[issue]
    assert isinstance(item, Item)
    assert item.whole


def test_remote_links_that_cannot_be_read_now_are_a_failure_of_that_issue(bench: Bench) -> None:
    issue, other = bench.issue(), bench.issue()
    bench.people.remote_link(issue, DESK)
    bench.sandbox.faults.append(Fault("answer", path=f"{issue}/remotelink"))
    found = explore(bench, [issue, other])
    assert isinstance(found[issue], Transient)
    assert isinstance(found[other], Item)


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"id": "10042"},
        {"id": "x", "key": "ENG-1", "fields": {}},
        {"id": "10042", "key": "ENG-1", "fields": None},
        {"id": "10042", "key": "ENG-1", "fields": {"status": {"name": 7}}},
        {"id": "10042", "key": "ENG-1", "fields": {"status": {"name": "Open"}, "updated": "yesterday"}},
        {"id": "10042", "key": "", "fields": {"status": {"name": "Open"}}},
    ],
)
def test_what_is_no_record_of_an_issue_is_said_to_be_none(cloud: Bench, record: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"."):
        Reading("jira", cloud.jira.authors, "https://acme.atlassian.net").item(record)


def test_what_is_absent_null_or_empty_is_the_same(cloud: Bench) -> None:
    fields: dict[str, object] = {
        "status": {"name": "Open"},
        "created": "2026-01-05T01:00:00.000-0800",
        "updated": "2026-01-05T01:00:00.007-0800",
        "labels": None,
        "issuelinks": [None, {"type": None}, {"outwardIssue": {}}],
        "fixVersions": [],
        "resolution": None,
    }
    item = Reading("jira", cloud.jira.authors, "https://acme.atlassian.net").item(
        {"id": 10042, "key": "ENG-1", "fields": fields}
    )
    assert item.status == Status("undefined/Open")
    assert (item.tags, item.addresses, item.released, item.duplicate_of) == ((), (), None, None)
    assert item.version == "2026-01-05T09:00:00.007Z"
