"""What Jira's answers become: ours, each once, and never an answer that was given to nobody."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import pytest
from jira_site import ME, Site

from syncd.clock import ManualClock
from syncd.errors import Busy, ConnectorError, Gone, RateLimited, Refused, Transient, Unauthorized
from syncd.testing import Fault

NOT_THERE = {"errorMessages": ["Issue does not exist or you do not have permission to see it."], "errors": {}}
SECRET = "the customer's own words"


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as site:
        yield site


def failure(site: Site, method: str = "GET", path: str = "issue/10042", **how: Any) -> ConnectorError:
    api = site.api()
    try:
        with pytest.raises(ConnectorError) as caught:
            api.call(method, path, "doing it", **how)
    finally:
        api.close()
    return caught.value


@pytest.mark.parametrize("base", ["", "/jira", "/ex/jira/11111111-2222"])
def test_addresses_keep_a_context_path_and_the_gateways_prefix(site: Site, base: str) -> None:
    api = site.api(base=base)
    api.call("GET", "issue/10042", "reading", params={"fields": "status"})
    api.call("POST", "/rest/servicedeskapi/request", "asking", body={"a": 1})
    assert site.lines == [f"GET {base}/rest/api/2/issue/10042", f"POST {base}/rest/servicedeskapi/request"]
    assert site.asked[0].arg("fields") == "status"
    assert site.asked[1].json() == {"a": 1}
    api.close()


def test_credentials_go_as_each_kind_of_site_takes_them(site: Site) -> None:
    for cloud in (True, False):
        api = site.api(cloud=cloud)
        api.call("GET", "myself", "reading")
        api.close()
    basic, bearer = (one.header("Authorization") for one in site.asked)
    assert base64.b64decode(basic.removeprefix("Basic ")) == b"me@example.com:t0ken"
    assert bearer == "Bearer p4t"


@pytest.mark.trap("jira", 14)
def test_making_a_client_asks_nothing_and_a_call_is_one_request(site: Site) -> None:
    api = site.api()
    assert site.lines == []
    api.call("GET", "myself", "reading")
    assert site.lines == ["GET /rest/api/2/myself"]
    api.close()


@pytest.mark.trap("jira", 1)
@pytest.mark.parametrize("kind", ["lost_answer", "cut"])
def test_a_create_whose_connection_breaks_is_sent_once_and_in_doubt(site: Site, kind: str) -> None:
    site.faults.append(Fault(kind, times=10))
    error = failure(site, "POST", "issue", body={"fields": {}})
    assert isinstance(error, Transient)
    assert error.doubt
    assert len(site.log) == 1


@pytest.mark.trap("jira", 2)
@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"Retry-After": "1847", "RateLimit-Reason": "jira-quota-tenant-based"}, 1847),
        ({"Retry-After": "2.5", "RateLimit-Reason": "jira-cost-based"}, 2.5),
        ({"Retry-After": "Fri, 01 Jan 2100 00:00:00 GMT"}, 3600),
        ({"X-RateLimit-Reset": "2100-01-01T00:00Z"}, 3600),
        ({"retry-after": "0"}, 1),
        ({}, 60),
    ],
)
def test_a_limit_is_told_with_its_wait_whatever_its_form(site: Site, headers: dict[str, str], wait: float) -> None:
    site.will(429, b"<html>slow down</html>", headers)
    error = failure(site, "POST", "issue", body={})
    assert isinstance(error, RateLimited)
    assert error.retry_after == wait
    assert not error.doubt
    assert len(site.asked) == 1


def test_a_burst_closes_calls_of_its_kind_and_no_others(site: Site) -> None:
    clock = ManualClock()
    api = site.api(clock)
    site.will(429, {}, {"Retry-After": "5", "RateLimit-Reason": "jira-burst-based"})
    with pytest.raises(Transient) as caught:
        api.call("GET", "issue/10042", "reading")
    assert caught.value.retry_after == 5
    with pytest.raises(Transient):
        api.call("GET", "issue/ENG-7", "reading another")
    api.call("GET", "issue/10042/transitions", "something else")
    assert site.lines == ["GET /rest/api/2/issue/10042", "GET /rest/api/2/issue/10042/transitions"]
    clock.advance(5)
    api.call("GET", "issue/10043", "reading")
    assert len(site.asked) == 3
    api.close()


def test_a_limit_of_one_issue_closes_writes_to_that_one(site: Site) -> None:
    api = site.api()
    site.will(429, {}, {"Retry-After": "2", "RateLimit-Reason": "jira-per-issue-on-write"})
    with pytest.raises(Transient):
        api.call("POST", "issue/10042/comment", "commenting", body={})
    with pytest.raises(Transient):
        api.call("PUT", "issue/10042", "editing", body={})
    api.call("POST", "issue/10043/comment", "commenting elsewhere", body={})
    api.call("GET", "issue/10042", "reading")
    assert len(site.asked) == 3
    api.close()


@pytest.mark.trap("jira", 3)
@pytest.mark.parametrize("status", [200, 404, 403])
@pytest.mark.parametrize(
    "headers",
    [
        {"X-Seraph-LoginReason": "AUTHENTICATED_FAILED"},
        {"X-Seraph-LoginReason": "AUTHENTICATION_DENIED"},
        {"X-AUSERNAME": "anonymous"},
    ],
)
def test_an_answer_to_nobody_is_a_lost_credential(site: Site, status: int, headers: dict[str, str]) -> None:
    site.will(status, {"issues": [], "isLast": True} if status == 200 else NOT_THERE, headers)
    assert isinstance(failure(site, accept={404}), Unauthorized)


@pytest.mark.trap("jira", 3)
def test_where_no_header_tells_our_own_account_is_asked_for_now_and_then(site: Site) -> None:
    clock = ManualClock()
    api = site.api(clock)
    site.will(200, {"accountId": ME})
    api.prove()
    api.prove()
    assert site.lines == ["GET /rest/api/2/myself"]
    clock.advance(301)
    site.will(401, {"errorMessages": ["Client must be authenticated to access this resource."]})
    with pytest.raises(Unauthorized):
        api.prove()
    api.close()


def test_a_header_that_names_us_is_proof_enough(site: Site) -> None:
    api = site.api()
    site.will(200, {"issues": []}, {"X-AAccountId": ME})
    api.call("POST", "search/jql", "looking", body={}, write=False)
    api.prove()
    assert api.me == ME
    assert site.lines == ["POST /rest/api/2/search/jql"]
    api.close()


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, {"errorMessages": [SECRET], "errors": {"customfield_10050": SECRET}}, Refused),
        (400, {"errors": [{"message": SECRET}]}, Refused),
        (401, {"errorMessages": ["Client must be authenticated to access this resource."]}, Unauthorized),
        (401, {"code": 401, "message": "Unauthorized; scope does not match"}, Refused),
        (401, b"", Unauthorized),
        (403, b"", Refused),
        (403, b"<html>blocked</html>", Transient),
        (404, NOT_THERE, Gone),
        (404, {"errorMessage": SECRET, "i18nErrorMessage": {}}, Gone),
        (404, {"timestamp": 1, "status": 404, "error": "Not Found", "message": "", "path": "/"}, Transient),
        (404, b"<html>no such page</html>", Transient),
        (409, {"errorMessages": [SECRET]}, Busy),
        (410, {"errorMessages": ["The requested API has been removed."]}, Refused),
        (413, {"errorMessages": [SECRET]}, Refused),
        (422, {"errorMessages": [SECRET]}, Refused),
        (500, b"", Transient),
        (503, b"<html>maintenance</html>", Transient),
        (200, b"<html>log in</html>", Transient),
        (302, b"", Transient),
        (400, [1, 2], Refused),
        (400, {"errorMessages": None, "errors": None}, Refused),
        (400, {"errorMessages": [{"a": 1}], "errors": 7, "message": 4}, Refused),
        (400, "null", Refused),
    ],
)
@pytest.mark.trap("jira", 15)
def test_every_shape_of_failure_becomes_ours_without_its_text(site: Site, status: int, body: Any, kind: type) -> None:
    site.will(status, body)
    error = failure(site)
    assert type(error) is kind
    assert SECRET not in str(error)
    assert error.__cause__ is None
    assert len(site.asked) == 1


def test_the_fields_that_jira_found_wrong_are_named(site: Site) -> None:
    site.will(400, {"errorMessages": [], "errors": {"customfield_10050": "Severity is required."}})
    assert "customfield_10050" in failure(site, "POST", "issue", body={}).what


def test_a_captcha_is_told_as_what_it_is(site: Site) -> None:
    denied = {
        "X-Seraph-LoginReason": "AUTHENTICATION_DENIED",
        "X-Authentication-Denied-Reason": "CAPTCHA_CHALLENGE; login-url=https://jira.example.com/login.jsp",
    }
    site.will(403, b"<html></html>", denied)
    error = failure(site)
    assert isinstance(error, Unauthorized)
    assert "CAPTCHA" in error.what


@pytest.mark.parametrize(("status", "doubt"), [(500, True), (503, True), (200, True), (400, False), (409, False)])
def test_a_write_is_in_doubt_only_where_it_may_have_happened(site: Site, status: int, doubt: bool) -> None:
    site.will(status, b"<html></html>" if status != 409 else {"errorMessages": ["busy"]})
    assert failure(site, "POST", "issue", body={}).doubt is doubt


def test_a_read_by_post_is_never_in_doubt(site: Site) -> None:
    site.will(503)
    assert not failure(site, "POST", "search/jql", body={}, write=False).doubt


def test_a_wait_that_an_outage_names_is_passed_on(site: Site) -> None:
    site.will(503, b"", {"Retry-After": "30"})
    assert failure(site).retry_after == 30


@pytest.mark.trap("jira", 15)
def test_a_hung_answer_ends(site: Site) -> None:
    api = site.api()
    api.session.total = 0.3
    site.faults.append(Fault("hang", seconds=1.5))
    with pytest.raises(Transient):
        api.call("GET", "myself", "reading")
    api.close()


@pytest.mark.trap("jira", 15)
def test_nothing_that_is_logged_holds_a_body(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG"):
        site.will(429, {"errorMessages": [SECRET]}, {"Retry-After": "x", "Set-Cookie": "session=1"})
        failure(site)
        site.will(400, {"errorMessages": [SECRET]})
        failure(site)
    assert SECRET not in caplog.text
