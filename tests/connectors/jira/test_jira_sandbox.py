"""The stand-in keeps Jira's rules: who may call, what searches find, what is read back."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
import requests
from jira_caller import Caller

from connectors.jira.sandbox import CLOUD_ID, EMAIL, TOKEN, Access, JiraSandbox
from connectors.jsm.sandbox import JsmSandbox
from syncd.testing.control import verbs

pytest_plugins = ["jira_fixtures"]

# --- who calls ---


def test_the_account_and_the_server_are_told(site: JiraSandbox, call: Caller) -> None:
    me, server = call.get("/myself"), call.get("/serverInfo")
    assert me["timeZone"] == "Europe/Berlin"
    assert server["baseUrl"] == site.site != site.base
    assert server["deploymentType"] == ("Cloud" if site.cloud else "Server")
    assert ("accountId" in me, "name" in me) == (site.cloud, not site.cloud)


def test_a_bad_token_is_anonymous_on_cloud_and_sees_nothing(cloud: JiraSandbox, call: Caller) -> None:
    key = cloud.people.make_issue("ENG")
    assert call("GET", "/myself").headers["X-AAccountId"] == "712020:syncd"
    cloud.expired = True
    answer = call("POST", "/search/jql", {"jql": "project = ENG"})
    assert (answer.status_code, answer.json()) == (200, {"issues": [], "isLast": True})
    assert answer.headers["X-Seraph-LoginReason"] == "AUTHENTICATED_FAILED"
    answer = call("GET", f"/issue/{key}")
    assert (answer.status_code, answer.headers["X-Seraph-LoginReason"]) == (404, "AUTHENTICATED_FAILED")
    assert call("POST", "/issue/bulkfetch", {"issueIdsOrKeys": [key], "fields": ["status"]}).json()["issues"] == []
    assert call("GET", "/myself").status_code == 401
    assert call("POST", "/issue", {"fields": {}}).status_code == 401
    assert call("PUT", f"/issue/{key}", {"fields": {}}).status_code == 404
    assert call("GET", "/rest/servicedeskapi/servicedesk").status_code == 401
    assert call("GET", "/serverInfo").status_code == 200


def test_a_bad_token_is_refused_on_data_center(server: JiraSandbox, call: Caller) -> None:
    server.expired = True
    assert call("GET", "/search?jql=project=ENG").status_code == 401
    server.captcha = True
    answer = call("GET", "/myself")
    assert answer.status_code == 403
    assert answer.headers["X-Authentication-Denied-Reason"].startswith("CAPTCHA_CHALLENGE; login-url=")


def test_an_email_must_fit_and_a_scoped_token_only_works_through_the_gateway(cloud: JiraSandbox, call: Caller) -> None:
    call.session.auth = ("other@example.com", TOKEN)
    assert call("GET", "/myself").status_code == 401
    cloud.tokens["scoped"] = Access(scoped=True)
    call.session.auth = (EMAIL, "scoped")
    assert call("GET", "/myself").status_code == 401
    through = f"{cloud.url}/ex/jira/{CLOUD_ID}/rest/api/2/myself"
    answer = call.session.get(through, timeout=30)
    assert answer.status_code == 200
    assert answer.json()["self"].startswith(f"https://api.atlassian.com/ex/jira/{CLOUD_ID}/rest/api/2/user")
    answer = call.session.get(through.replace(CLOUD_ID, "other"), timeout=30)
    assert (answer.status_code, answer.json()["error"]) == (404, "Not Found")


def test_data_center_lives_under_its_context_and_has_no_third_version(server: JiraSandbox, call: Caller) -> None:
    assert call("GET", "/rest/api/latest/myself").status_code == 200
    for method, path in (
        ("GET", "/rest/api/3/myself"),
        ("POST", "/search/jql"),
        ("POST", "/issue/bulkfetch"),
        ("POST", "/search/approximate-count"),
        ("GET", "/rest/api/3/bulk/queue/1"),
    ):
        assert call(method, path, {} if method == "POST" else None).status_code == 404
    assert call.session.get(f"{server.url}/rest/api/2/myself", timeout=30).status_code == 404


# --- issues as they are read ---


def test_an_issue_is_read_by_its_id_and_by_every_key_that_it_had(site: JiraSandbox, call: Caller) -> None:
    key = site.people.make_issue("ENG", "Slow", "h1. Very")
    id_ = site.people.id(key)
    moved = site.people.move(key, "OPS")
    site.people.rename_project("OPS", "DEV")
    for name in (id_, key, moved, key.lower(), "DEV-1"):
        named = call.get(f"/issue/{name}", fields="summary")
        assert (named["id"], named["key"]) == (id_, "DEV-1")
    found = call.get(f"/issue/{id_}", fields="summary,description,project,status")
    assert found["fields"]["project"]["key"] == "DEV"
    assert found["fields"]["status"]["name"] == "Open", "the status that it had isn't in the other project"
    assert found["self"].startswith(site.site)
    assert call.found("project = ENG") == []
    assert call.found("project = DEV") == ["DEV-1"]


def test_times_are_told_in_the_sites_zone(site: JiraSandbox, call: Caller) -> None:
    key = site.people.make_issue("ENG")
    told = call.get(f"/issue/{key}", fields="updated")["fields"]["updated"]
    assert re.fullmatch(r"2026-01-05T01:00:00\.\d{3}-0800", told)
    assert datetime.strptime(told, "%Y-%m-%dT%H:%M:%S.%f%z").astimezone(UTC).hour == 9


@pytest.mark.parametrize("how", ["delete", "hide"])
def test_what_is_deleted_and_what_is_hidden_look_the_same(site: JiraSandbox, call: Caller, how: str) -> None:
    key, other = site.people.make_issue("ENG"), site.people.make_issue("ENG")
    id_ = site.people.id(key)
    getattr(site.people, how)(key)
    answer = call("GET", f"/issue/{id_}")
    assert answer.status_code == 404
    assert answer.json()["errorMessages"] == ["Issue does not exist or you do not have permission to see it."]
    assert call.found("project = ENG") == [other]
    if site.cloud:
        asked = {"issueIdsOrKeys": [key, other, "999"], "fields": ["status"]}
        assert [one["key"] for one in call.post("/issue/bulkfetch", asked)["issues"]] == [other]


def test_bulkfetch_takes_a_hundred_follows_moves_and_sorts_by_id(cloud: JiraSandbox, call: Caller) -> None:
    keys = [cloud.people.make_issue("ENG") for _ in range(3)]
    cloud.people.move(keys[0], "OPS")
    cloud.people.set_property(keys[1], "syncd", {"link": 7})
    asked = {"issueIdsOrKeys": keys[::-1], "fields": ["status"], "properties": ["syncd"]}
    found = call.post("/issue/bulkfetch", asked)["issues"]
    assert [one["key"] for one in found] == ["OPS-1", "ENG-2", "ENG-3"]
    assert [one["properties"] for one in found] == [{}, {"syncd": {"link": 7}}, {}]
    assert set(found[0]["fields"]) == {"status"}
    for number in (0, 101):
        assert call("POST", "/issue/bulkfetch", {"issueIdsOrKeys": ["1"] * number}).status_code == 400


# --- searches on Cloud ---


def test_a_search_tells_ids_alone_unless_fields_are_named(cloud: JiraSandbox, call: Caller) -> None:
    key = cloud.people.make_issue("ENG")
    assert call.post("/search/jql", {"jql": "project = ENG"}) == {
        "issues": [{"id": cloud.people.id(key)}],
        "isLast": True,
    }
    found = call.get("/search/jql", jql="project = ENG", fields="summary,labels", maxResults="5")["issues"][0]
    assert set(found) == {"expand", "id", "key", "self", "fields"}
    assert set(found["fields"]) == {"summary", "labels"}


def test_pages_are_short_and_end_with_the_token(cloud: JiraSandbox, call: Caller) -> None:
    keys = [cloud.people.make_issue("ENG") for _ in range(40)]
    body = {"jql": "project = ENG ORDER BY updated ASC, key ASC", "fields": ["updated"], "maxResults": 100}
    first = call.post("/search/jql", body)
    assert (len(first["issues"]), first["isLast"]) == (37, False)
    assert not set(first) & {"total", "startAt", "maxResults"}
    rest = call.post("/search/jql", body | {"nextPageToken": first["nextPageToken"]})
    assert [one["key"] for one in first["issues"] + rest["issues"]] == keys
    assert rest["isLast"]
    assert "nextPageToken" not in rest
    other = body | {"nextPageToken": first["nextPageToken"], "jql": "project = OPS"}
    for wrong in (other, body | {"nextPageToken": "garbage"}):
        answer = call("POST", "/search/jql", wrong)
        assert answer.json()["errorMessages"] == ["The provided next page token is invalid or expired."]
    cloud.advance(8 * 86_400)
    assert call("POST", "/search/jql", body | {"nextPageToken": first["nextPageToken"]}).status_code == 400


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"maxResults": 0}, "The max results parameter has to be between 1 and 5,000."),
        ({"maxResults": 5001}, "The max results parameter has to be between 1 and 5,000."),
        ({"jql": "order by key"}, "Unbounded JQL queries are not allowed here."),
        ({"jql": 'summary ~ "open'}, "The quoted string"),
        ({"jql": "(project = ENG"}, "Expecting ')' but got the end of the query"),
        ({"startAt": 0}, "Invalid request payload."),
        ({"expand": ["names"]}, "Invalid request payload."),
        ({"reconcileIssues": ["10042"]}, "Invalid request payload."),
        ({"reconcileIssues": list(range(51))}, "The number of issues to reconcile"),
        ({"properties": list("abcdef")}, "The maximum number of properties"),
    ],
)
def test_a_search_refuses_what_it_does_not_know(
    cloud: JiraSandbox, call: Caller, more: dict[str, object], said: str
) -> None:
    answer = call("POST", "/search/jql", {"jql": "project = ENG", **more})
    assert answer.status_code == 400
    assert said in answer.json()["errorMessages"][0]


def test_the_old_search_is_removed(cloud: JiraSandbox, call: Caller) -> None:
    for answer in (call("GET", "/search?jql=project=ENG"), call("POST", "/rest/api/3/search", {"jql": "project=ENG"})):
        assert answer.status_code == 410
        assert "CHANGE-2046" in answer.json()["errorMessages"][0]


LENIENT = [
    "project = NOPE",
    "status = Nonsense",
    "nonsense = 1",
    "key = ENG-99",
    "key in (ENG-1, ENG-99)",
    "project = ENG AND updated >= soon",
    "issue in nonsense()",
    "summary = Slow",
]


@pytest.mark.parametrize("query", LENIENT)
def test_what_a_query_names_wrongly_finds_nothing_on_cloud(cloud: JiraSandbox, call: Caller, query: str) -> None:
    cloud.people.make_issue("ENG", "Slow")
    assert call.found(query) == []
    parsed = call.post("/jql/parse?validation=strict", {"queries": [query, "project = ENG"]})["queries"]
    assert [bool(one.get("errors")) for one in parsed] == [True, False]


@pytest.mark.parametrize("query", LENIENT)
def test_what_a_query_names_wrongly_is_refused_on_data_center(server: JiraSandbox, call: Caller, query: str) -> None:
    server.people.make_issue("ENG", "Slow")
    answer = call("GET", "/search", params={"jql": query})
    assert answer.status_code == 400
    assert answer.json()["errorMessages"]
    lax = call.get("/search", jql=query, validateQuery="false")
    assert (lax["issues"], len(lax["warningMessages"])) == ([], 1)


def test_data_center_pages_by_offset_up_to_its_cap(server: JiraSandbox, call: Caller) -> None:
    server.most_per_search = 3
    keys = [server.people.make_issue("ENG") for _ in range(5)]
    query = "project = ENG ORDER BY updated ASC"
    first = call.post("/search", {"jql": query, "maxResults": 100, "fields": ["status"], "startAt": 0})
    assert (first["maxResults"], first["total"], first["startAt"]) == (3, 5, 0)
    server.people.touch(keys[0])
    second = call.get("/search", jql=query, startAt=3, fields="status")
    told = [one["key"] for one in first["issues"] + second["issues"]]
    assert keys[3] not in told, "what changes between two pages shifts the others"


# --- queries ---


def test_queries_find_what_they_say(site: JiraSandbox, call: Caller) -> None:
    people = site.people
    a = people.make_issue("ENG", "Slow hub", "syncd1f2e is the word", labels=["syncd-1f2e"], type="Bug")
    b = people.make_issue("ENG", "Fast hub", by="customer")
    c = people.make_issue("OPS", "Other")
    people.set_status(b, "Done", "Won't Do")
    ids = ",".join(people.id(key) for key in (a, b))
    people.remote_link(c, "https://desk.example.com/1", global_id="system=x&id=1")
    people.add_version("ENG", "1.0")
    people.set_version(a, "1.0")
    for query, wanted in {
        "project = ENG": [a, b],
        "project in (ENG, OPS) and statusCategory = Done": [b],
        'statusCategory != "Done" and project in ("ENG", 10002)': [a, c],
        f"id in ({ids})": [a, b],
        f"key in ({a}, {c})": [a, c],
        'labels = "SYNCD-1F2E"': [a],
        "labels is EMPTY and project = ENG": [b],
        "issuetype = Bug and project = ENG": [a, b],
        'resolution = "Won\'t Do"': [b],
        "resolution = Unresolved AND (project = ENG OR project = OPS)": [a, c],
        'description ~ "syncd1f2e"': [a],
        'summary ~ "hub" AND NOT summary ~ slow': [b],
        "reporter = customer": [b],
        'fixVersion = "1.0"': [a],
        'issue in issuesWithRemoteLinksByGlobalId("system=x&id=1","system=x&id=2")': [c],
    }.items():
        assert sorted(call.found(query)) == sorted(wanted), query


def test_times_of_queries_are_in_the_accounts_zone_by_the_minute_or_not_zoned_at_all(
    site: JiraSandbox, call: Caller
) -> None:
    old = site.people.make_issue("ENG")
    site.advance(90)
    new = site.people.make_issue("ENG")
    mark = int(site.books.issues[int(site.people.id(new))].now.updated.timestamp() * 1000)
    for query, wanted in {
        'updated >= "2026-01-05 10:00"': [old, new],
        'updated >= "2026/01/05 10:01"': [new],
        'updated >= "2026/01/05 09:01"': [old, new],
        'updated >= "2026/01/05 10:02"': [],
        'updated >= "-1m"': [new],
        "updated >= -2m": [old, new],
        'created < "-1m"': [old],
        f"updated >= {mark}": [new],
        f"updated > {mark}": [],
    }.items():
        assert sorted(call.found(f"project = ENG AND {query}")) == sorted(wanted), query


def test_the_index_lags_and_reconciling_makes_some_issues_current(cloud: JiraSandbox, call: Caller) -> None:
    people = cloud.people
    old = people.make_issue("ENG")
    cloud.advance(60)
    cloud.lag = 30
    new, gone = people.make_issue("ENG"), people.make_issue("ENG")
    people.set_status(old, "Done")
    id_ = int(people.id(new))
    assert call.found("project = ENG") == [old]
    assert call.found("project = ENG AND statusCategory = Done") == []
    assert call.found("project = ENG AND statusCategory = Done", reconcileIssues=[int(people.id(old))]) == [old]
    assert call.found("project = ENG", reconcileIssues=[id_]) == [new, old]
    assert call.found("project = OPS", reconcileIssues=[id_]) == []
    assert call.post("/search/approximate-count", {"jql": "project = ENG"}) == {"count": 1}
    assert call.get(f"/issue/{old}", fields="status")["fields"]["status"]["name"] == "Done"
    cloud.advance(31)
    people.delete(gone)
    assert call.post("/search/approximate-count", {"jql": "project = ENG"}) == {"count": 3}
    people.flicker(new)
    assert call.found("project = ENG") == [old]
    assert call.found("project = ENG") == [new, old]


def test_match_tells_which_issues_a_query_finds(cloud: JiraSandbox, call: Caller) -> None:
    ids = [int(cloud.people.id(cloud.people.make_issue(key))) for key in ("ENG", "OPS")]
    found = call.post("/rest/api/3/jql/match", {"issueIds": [*ids, 1], "jqls": ["project = ENG", "x ="]})
    assert found["matches"][0] == {"matchedIssues": [ids[0]], "errors": []}
    assert found["matches"][1]["errors"]


@pytest.mark.parametrize("kind", [JiraSandbox, JsmSandbox])
def test_people_act_over_http_as_the_examples_say(kind: type[JiraSandbox]) -> None:
    with kind() as sandbox:
        assert TOKEN in sandbox.about
        said = [
            requests.post(f"{sandbox.url}/_sandbox/act", json={"do": do, "with": given}, timeout=30)
            for do, given in sandbox.examples
        ]
        assert [answer.status_code for answer in said] == [200] * len(said)
        key = said[-1].json()["result"]
        caller = Caller(sandbox)
        assert caller.get(f"/issue/{key}", fields="summary")["fields"]["summary"] == "The hub is slow"
        caller.session.close()
        assert not set(verbs(sandbox)) & sandbox.facts
        assert all(hasattr(sandbox.people, name) for name in sandbox.facts)
        wrong = {"do": "make_project", "with": {"key": "X", "kind": "odd"}}
        answer = requests.post(f"{sandbox.url}/_sandbox/act", json=wrong, timeout=30)
        assert (answer.status_code, "should be 'software' or 'service'" in answer.text) == (400, True)


def test_when_the_clocks_go_back_an_hour_of_queries_is_ambiguous(site: JiraSandbox, call: Caller) -> None:
    site.freeze(datetime(2026, 10, 25, 0, 30, tzinfo=UTC))  # 02:30 in summer time
    first = site.people.make_issue("ENG")
    site.advance(3600)  # 02:30 once more
    second = site.people.make_issue("ENG")
    site.advance(300)
    assert call.found('project = ENG AND updated >= "2026-10-25 02:20"') == [second, first]
    assert call.found('project = ENG AND updated >= "2026-10-25 02:40"') == [second]
    assert call.found('project = ENG AND updated >= "2026-10-25 03:00"') == []
    assert call.found('project = ENG AND updated >= "-6m"') == [second]


def test_the_list_to_reconcile_is_the_same_on_every_page(cloud: JiraSandbox, call: Caller) -> None:
    keys = [cloud.people.make_issue("ENG") for _ in range(3)]
    body = {"jql": "project = ENG", "maxResults": 2, "reconcileIssues": [int(cloud.people.id(keys[0]))]}
    token = {"nextPageToken": call.post("/search/jql", body)["nextPageToken"]}
    assert call("POST", "/search/jql", body | token | {"reconcileIssues": []}).status_code == 400
    assert call("POST", "/search/jql", body | token).status_code == 200
    assert call("POST", "/search/jql", body | token).status_code == 200, "a page may be asked for again"


def test_an_issue_that_can_not_be_retrieved_just_now_is_told_apart(cloud: JiraSandbox, call: Caller) -> None:
    keys = [cloud.people.make_issue("ENG") for _ in range(2)]
    cloud.people.stumble(keys[0])
    asked = {"issueIdsOrKeys": keys, "fields": ["status"]}
    found = call.post("/issue/bulkfetch", asked)
    assert [one["id"] for one in found["issueErrors"]] == [cloud.people.id(keys[0])]
    assert [one["key"] for one in found["issues"]] == [keys[1]]
    assert [one["key"] for one in call.post("/issue/bulkfetch", asked)["issues"]] == keys


def test_the_site_tells_its_id_to_anybody(cloud: JiraSandbox) -> None:
    answer = requests.get(f"{cloud.url}/_edge/tenant_info", timeout=30)
    assert answer.json() == {"cloudId": CLOUD_ID}


def test_people_let_tokens_run_out_and_the_index_lag(cloud: JiraSandbox, call: Caller) -> None:
    cloud.people.lag(30)
    key = cloud.people.make_issue("ENG")
    assert call.found("project = ENG") == []
    cloud.people.lag(0)
    assert call.found("project = ENG") == [key]
    for expired in (True, False):
        cloud.people.expire(expired)
        assert call("GET", "/myself").status_code == (401 if expired else 200)
