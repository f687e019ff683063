"""Whose a text is: a customer is told from the team, also where the records of people don't say so themselves."""

from __future__ import annotations

from jira_bench import Bench, bench, cloud, server

from syncd.model import Author

__all__ = ["bench", "cloud", "server"]


def authors(bench: Bench, issue: str) -> list[Author]:
    return [one.author for one in bench.item(issue).texts or ()]


def written(bench: Bench, **given: str) -> str:
    issue = bench.issue("Something", **given)
    for who in ("dev", "customer", "dev", "syncd"):
        bench.people.comment(issue, "More", by=who)
    return issue


def test_where_a_record_does_not_tell_who_is_a_customer_their_own_is_read_once(cloud: Bench) -> None:
    cloud.hide_kinds(user=True)
    issue = written(cloud)
    assert authors(cloud, issue) == [Author.TEAM, Author.TEAM, Author.OUTSIDE, Author.TEAM, Author.SELF]
    before = len(cloud.calls)
    authors(cloud, issue)
    assert "GET api/2/user" not in cloud.asked(before)


def test_where_nothing_tells_only_the_team_writes_where_customers_have_no_way_into(cloud: Bench) -> None:
    cloud.hide_kinds(user=False)
    issue = cloud.issue("Something")
    cloud.people.comment(issue, "More", by="dev")
    assert cloud.news() == {issue}
    assert authors(cloud, issue) == [Author.TEAM, Author.TEAM]


def test_where_nothing_tells_nobody_is_believed_in_a_service_project(cloud: Bench) -> None:
    cloud.people.make_project("SUP", kind="service")
    cloud.given["projects"] = ["SUP"]
    cloud.connect()
    cloud.hide_kinds(user=False)
    assert authors(cloud, cloud.issue("Something", project="SUP")) == [Author.OUTSIDE]


def test_a_server_that_shows_no_users_holds_up_no_issue(server: Bench) -> None:
    server.hide_kinds(user=False)
    issue = server.issue("Something")
    assert server.news() == {issue}
    assert authors(server, issue) == [Author.TEAM]
