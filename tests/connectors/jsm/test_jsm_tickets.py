"""Records of comments: every shape says who wrote it and who reads it, or is no comment."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.jira.account import Account as SiteAccount
from connectors.jira.answers import Answer
from connectors.jira.api import JiraApi
from connectors.jira.authors import Authors
from connectors.jira.items import Row
from connectors.jira.links import RemoteLinks
from connectors.jsm import fields
from connectors.jsm.fields import Fields
from connectors.jsm.tickets import Tickets, is_internal
from syncd.clock import ManualClock
from syncd.errors import Gone
from syncd.model import Author, Place

ME = "712020:me"


class Account:
    """Somebody who finds nobody."""

    name, cloud, me, clock = "jsm", True, ME, ManualClock()
    last: Answer | None = None

    def record(self, *_: object, **__: object) -> dict[str, Any]:
        raise Gone("jsm", "nobody is there")


class Site(SiteAccount):
    """One whose fields are known."""

    def _read_fields(self) -> Sequence[Row]:
        self._fields = {PARTICIPANTS[0]: (PARTICIPANTS[0], {"custom": PARTICIPANTS[1]})}
        return [{"id": PARTICIPANTS[0], "name": "Request participants"}]


def tickets(api: JiraApi) -> Tickets:
    return Tickets(api, Authors(api), RemoteLinks(api, wanted=False), "https://x.example", Fields(Site(api, [])))


PARTICIPANTS = ("customfield_10031", fields.PARTICIPANTS)
TICKETS = tickets(cast("JiraApi", Account()))
CUSTOMER = {"accountId": "qm:1", "accountType": "customer"}
EMPLOYEE = {"accountId": "712020:asks", "accountType": "atlassian"}
AGENT = {"accountId": "712020:agent", "accountType": "atlassian"}
ROBOT = {"accountId": "557058:robot", "accountType": "app"}
SELF = {"accountId": ME, "accountType": "app"}


def comment(number: int, who: object, second: int = 0, **over: Any) -> dict[str, Any]:
    made = f"2026-01-05T09:00:{second:02}.000+0000"
    return {"id": str(number), "author": who, "body": str(number), "created": made, "jsdPublic": True, **over}


def said(*rows: dict[str, Any], reporter: object = CUSTOMER) -> tuple[list[tuple[Author, Place]], bool]:
    found = TICKETS.said({"reporter": reporter}, rows)
    return [(text.author, text.place) for text in found.texts[1:]], found.waiting


@pytest.mark.parametrize(
    ("row", "author", "place"),
    [
        (comment(1, AGENT), Author.TEAM, Place.COMMENT),
        (comment(1, AGENT, jsdPublic=False), Author.TEAM, Place.NOTE),
        (comment(1, SELF), Author.SELF, Place.COMMENT),
        (comment(1, SELF, jsdPublic=False), Author.SELF, Place.NOTE),
        (comment(1, CUSTOMER), Author.OUTSIDE, Place.COMMENT),
        (comment(1, CUSTOMER, jsdPublic=False), Author.OUTSIDE, Place.NOTE),
        (comment(1, None), Author.OUTSIDE, Place.COMMENT),
        (comment(1, None, jsdPublic=False), Author.OUTSIDE, Place.NOTE),
        (comment(1, {}), Author.OUTSIDE, Place.COMMENT),
        (comment(1, AGENT, jsdPublic=None), Author.TEAM, Place.COMMENT),
    ],
)
def test_whose_a_comment_is_and_who_reads_it(row: dict[str, Any], author: Author, place: Place) -> None:
    assert said(row)[0] == [(author, place)]


@pytest.mark.parametrize(("licences", "author"), [(0, Author.OUTSIDE), (1, Author.TEAM)])
def test_a_customer_s_mail_that_is_kept_internally_is_no_agent_s_note_on_data_center(
    licences: int, author: Author
) -> None:
    class Server(Account):
        cloud = False

        def record(self, *_: object, **__: object) -> dict[str, Any]:
            return {"name": "cc", "applicationRoles": {"size": licences}}

    note = comment(1, {"name": "cc"}, properties=[{"key": "sd.public.comment", "value": {"internal": True}}])
    del note["jsdPublic"]
    found = tickets(cast("JiraApi", Server())).said({"reporter": {"name": "asks"}}, [note])
    assert [(text.author, text.place) for text in found.texts[1:]] == [(author, Place.NOTE)]


@pytest.mark.parametrize(
    ("row", "internal"),
    [
        ({}, False),
        ({"jsdPublic": False}, True),
        ({"jsdPublic": "false"}, False),
        ({"properties": [{"key": "sd.public.comment", "value": {"internal": True}}]}, True),
        ({"properties": [{"key": "sd.public.comment", "value": {"internal": "true"}}]}, True),
        ({"properties": [{"key": "sd.public.comment", "value": {"internal": False}}]}, False),
        ({"properties": [{"key": "other", "value": {"internal": True}}]}, False),
        ({"properties": [{"key": "sd.public.comment", "value": None}, 3, None]}, False),
        ({"jsdPublic": True, "properties": [{"key": "sd.public.comment", "value": {"internal": True}}]}, False),
    ],
)
def test_only_what_says_so_is_internal(row: dict[str, Any], internal: bool) -> None:
    assert is_internal(row) is internal


@pytest.mark.parametrize(
    ("rows", "waiting"),
    [
        ([comment(1, CUSTOMER), comment(2, AGENT, 1)], False),
        ([comment(2, AGENT, 1), comment(3, CUSTOMER, 2), comment(1, AGENT)], True),
        ([comment(2, CUSTOMER), comment(1, AGENT)], True),
        ([comment(10, CUSTOMER), comment(9, AGENT)], True),
        ([comment(1, CUSTOMER), comment(2, ROBOT, 1)], True),
        ([comment(1, CUSTOMER), comment(2, SELF, 1)], False),
        ([comment(1, AGENT), comment(2, CUSTOMER, 1, jsdPublic=False)], False),
    ],
)
def test_the_newest_public_word_decides_whether_a_customer_waits(rows: list[dict[str, Any]], waiting: bool) -> None:
    assert said(*rows)[1] is waiting


def test_what_an_app_wrote_is_known() -> None:
    found = TICKETS.said({"reporter": CUSTOMER}, [comment(1, CUSTOMER), comment(2, ROBOT, 1), comment(3, AGENT, 2)])
    assert [text.automatic for text in found.texts[1:]] == [False, True, False]


def test_whoever_asked_is_a_customer_whatever_their_account() -> None:
    assert said(comment(1, EMPLOYEE), reporter=EMPLOYEE) == ([(Author.OUTSIDE, Place.COMMENT)], True)
    assert said(comment(1, {"name": "ann"}), reporter={"name": "ann"})[1] is True
    assert said(comment(1, AGENT), reporter=None)[1] is False


def test_who_is_no_customer_of_the_portal_is_an_agent_where_nobody_tells() -> None:
    told = Account()
    told.last = Answer(404, {}, {"errorMessages": ["There is no such user."]})
    silent = tickets(cast("JiraApi", told))
    for who, waiting in (
        ({"accountId": "712020:else"}, False),
        ({"accountId": "qm:2"}, True),
        ({}, True),
        (None, True),
    ):
        assert silent.said({"reporter": {"accountId": "qm:1"}}, [comment(1, who)]).waiting is waiting


def test_whoever_takes_part_is_a_customer_whatever_their_account() -> None:
    fields = {"reporter": CUSTOMER, "customfield_10031": [EMPLOYEE, None]}
    found = TICKETS.said(fields, [comment(1, AGENT), comment(2, EMPLOYEE, 1)])
    assert [text.author for text in found.texts[1:]] == [Author.TEAM, Author.OUTSIDE]
    assert found.waiting


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
names = st.sampled_from(["id", "author", "body", "created", "jsdPublic", "properties"])


@given(st.lists(st.dictionaries(names, values), max_size=3), values)
def test_any_other_record_is_a_value_error(rows: list[dict[str, Any]], reporter: object) -> None:
    with contextlib.suppress(ValueError):
        TICKETS.said({"reporter": reporter}, rows)


@given(st.dictionaries(names, values), st.sampled_from([CUSTOMER, AGENT, SELF, ROBOT]))
def test_a_comment_with_whatever_else_is_read(extra: dict[str, Any], who: dict[str, str]) -> None:
    TICKETS.said({"reporter": CUSTOMER}, [{**extra, **comment(1, who)}])
