"""The stand-in keeps Zendesk's rules about writes: what is taken, what is refused, what comes of a job."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from zendesk_caller import Caller

from connectors.zendesk.sandbox import ZendeskSandbox
from connectors.zendesk.sandbox.books import Ticket
from connectors.zendesk.sandbox.defaults import (
    AGENT,
    ASSIGNEE_FIELD,
    CUSTOMER,
    DEFAULT_STATUS,
    ESCALATED,
    ISSUE,
    ME,
    PRODUCTS,
    ROOT_CAUSE,
    SEVERITY,
)
from syncd.clock import ManualClock

CLOSED = {"status": [{"description": "Status: closed prevents ticket update"}]}


@pytest.fixture
def sandbox() -> Iterator[ZendeskSandbox]:
    with ZendeskSandbox() as sandbox:
        sandbox.freeze(ManualClock().now())
        sandbox.people.make_ticket()
        yield sandbox


@pytest.fixture
def call(sandbox: ZendeskSandbox) -> Iterator[Caller]:
    caller = Caller(sandbox)
    caller.mint(expires_in=172_799)
    yield caller
    caller.session.close()


def error(answer: requests.Response) -> tuple[int, Any]:
    return answer.status_code, answer.json()["error"]


def details(answer: requests.Response) -> Any:
    assert error(answer) == (422, "RecordInvalid"), answer.text
    return answer.json()["details"]


def ticket(sandbox: ZendeskSandbox, number: int = 1) -> Ticket:
    return sandbox.books.tickets[number]


# --- one ticket ---


def test_status_note_and_field_go_in_one_call_with_an_audit(sandbox: ZendeskSandbox, call: Caller) -> None:
    sandbox.advance(10)
    asked = {
        "status": "pending",
        "comment": {"body": "Filed as ENG-12", "public": False},
        "custom_fields": [{"id": ISSUE, "value": "ENG-12"}],
        "metadata": {"op": "01"},
    }
    answer = call.put(1, **asked)
    body = answer.json()
    assert answer.status_code == 200
    assert "X-Zendesk-API-Warn" not in answer.headers
    assert body["ticket"]["status"] == "pending"
    assert {"id": ISSUE, "value": "ENG-12"} in body["ticket"]["custom_fields"]
    assert body["ticket"]["updated_at"] == "2026-01-05T09:00:10Z"
    assert "generated_timestamp" not in body["ticket"]
    audit = body["audit"]
    assert (audit["author_id"], audit["metadata"]["custom"]) == (ME, {"op": "01"})
    assert {one.get("field_name", one["type"]) for one in audit["events"]} == {
        "Comment", "status", "custom_status_id", str(ISSUE),
    }  # fmt: skip
    comment = audit["events"][0]
    assert (comment["body"], comment["public"], comment["author_id"]) == ("Filed as ENG-12", False, ME)
    assert call.get("/tickets/1/audits")["audits"][-1] == audit
    assert ticket(sandbox).status_writes == 1


def test_unknown_keys_are_passed_over_with_a_warning(sandbox: ZendeskSandbox, call: Caller) -> None:
    answer = call.put(1, id=1, priority="low", additional_tags=["x"], nonsense=True)
    assert answer.status_code == 200
    warning = answer.headers["X-Zendesk-API-Warn"]
    for key in ("ticket.id", "ticket.additional_tags", "ticket.nonsense"):
        assert f'"{key}"' in warning.partition("unpermitted_keys")[2]
    assert ticket(sandbox).row["tags"] == []


def test_a_write_that_changes_nothing_moves_nothing(sandbox: ZendeskSandbox, call: Caller) -> None:
    before, moved = call.ticket(), ticket(sandbox).generated
    sandbox.advance(30)
    answer = call.put(1, status="open")
    assert (answer.json()["ticket"], answer.json()["audit"]["events"]) == (before, [])
    assert ticket(sandbox).generated == moved


def test_what_is_no_json_or_lacks_the_ticket_is_refused(call: Caller) -> None:
    headers = {"Content-Type": "application/json"}
    assert call("PUT", "/tickets/1", data="{", headers=headers).status_code == 422
    assert call("PUT", "/tickets/1", data='{"status": "open"}', headers=headers).status_code == 400
    assert call("PUT", "/tickets/1", data='{"ticket": 1}', headers=headers).status_code == 400
    assert call("PUT", "/tickets/1", data={"ticket": "x"}).status_code == 400
    assert error(call.put(9, status="open")) == (404, "RecordNotFound")


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"status": "done"}, "status"),
        ({"status": "deleted"}, "status"),
        ({"status": "new"}, "status"),
        ({"custom_status_id": 17}, "custom_status_id"),
        ({"priority": "p1"}, "priority"),
        ({"type": "bug"}, "type"),
        ({"assignee_id": CUSTOMER}, "assignee"),
        ({"requester_id": 17}, "requester"),
        ({"organization_id": 17}, "organization"),
        ({"problem_id": 1}, "problem"),
        ({"ticket_form_id": None}, "ticket_form"),
        ({"comment": {"body": ""}}, "comment"),
        ({"custom_fields": [{"id": SEVERITY, "value": "high"}]}, "base"),
        ({"custom_fields": [{"id": ESCALATED, "value": "yes"}]}, "base"),
        ({"custom_fields": [{"id": PRODUCTS, "value": "product_hub"}]}, "base"),
    ],
)
def test_a_wrong_value_is_refused_whole(
    sandbox: ZendeskSandbox, call: Caller, asked: dict[str, Any], field: str
) -> None:
    before = call.ticket()
    assert list(details(call.put(1, subject="Other", **asked))) == [field]
    assert call.ticket() == before
    assert len(ticket(sandbox).comments) == 1


def test_a_closed_ticket_takes_nothing(sandbox: ZendeskSandbox, call: Caller) -> None:
    assert call.put(1, status="closed").json()["ticket"]["status"] == "closed"  # the API does take it
    for asked in ({"status": "open"}, {"tags": ["x"]}, {"comment": {"body": "x"}}):
        assert details(call.put(1, **asked)) == CLOSED
    for method in ("PUT", "POST", "DELETE"):
        assert details(call(method, "/tickets/1/tags", json={"tags": ["x"]})) == CLOSED
    assert call.ticket()["status"] == "closed"


def test_solving_needs_an_assignee_and_fields(sandbox: ZendeskSandbox, call: Caller) -> None:
    sandbox.people.require(ISSUE)
    sandbox.people.require(ROOT_CAUSE, parent=SEVERITY, value="severity_1")
    sandbox.people.assign(1, None)
    sandbox.people.set_field(1, SEVERITY, "severity_1")
    wrong = details(call.put(1, status="solved"))["base"]
    assert [(one["ticket_field_id"], one["ticket_field_type"]) for one in wrong] == [
        (ASSIGNEE_FIELD, "FieldAssignee"),
        (ISSUE, "FieldText"),
        (ROOT_CAUSE, "FieldTagger"),
    ]
    assert wrong[0]["description"] == "Assignee: is required when solving a ticket"
    assert call.put(1, status="pending").status_code == 200
    values = [{"id": ISSUE, "value": "ENG-1"}, {"id": ROOT_CAUSE, "value": "cause_defect"}]
    assert call.put(1, status="solved", assignee_id=ME, custom_fields=values).status_code == 200
    assert ticket(sandbox).status == "solved"


def test_assigning_a_new_ticket_opens_it_and_none_gets_back_to_new(sandbox: ZendeskSandbox, call: Caller) -> None:
    sandbox.people.make_ticket(status="new")
    assert call.put(2, assignee_id=AGENT).json()["ticket"]["status"] == "open"
    assert "status" in details(call.put(2, status="new"))


# --- custom statuses ---


def test_a_category_leads_to_its_own_status_and_a_custom_one_to_its_category(
    sandbox: ZendeskSandbox, call: Caller
) -> None:
    waiting = sandbox.people.add_custom_status("pending", "Waiting for engineering")
    listed = {one["id"]: one for one in call.get("/custom_statuses")["custom_statuses"]}
    assert (listed[waiting]["status_category"], listed[waiting]["default"]) == ("pending", False)
    assert set(listed) == {*DEFAULT_STATUS.values(), waiting}
    row = call.put(1, custom_status_id=waiting).json()["ticket"]
    assert (row["status"], row["custom_status_id"]) == ("pending", waiting)
    row = call.put(1, status="pending").json()["ticket"]
    assert row["custom_status_id"] == waiting  # it is in the category already
    row = call.put(1, status="open").json()["ticket"]
    assert (row["status"], row["custom_status_id"]) == ("open", DEFAULT_STATUS["open"])
    sandbox.people.retire_custom_status(waiting)
    assert "custom_status_id" in details(call.put(1, custom_status_id=waiting))


@pytest.mark.parametrize(("how", "came"), [("refused", "open"), ("status", "solved"), ("custom", "pending")])
def test_two_statuses_that_disagree(sandbox: ZendeskSandbox, call: Caller, how: str, came: str) -> None:
    sandbox.updates.disagreement = how
    waiting = sandbox.people.add_custom_status("pending", "Waiting")
    answer = call.put(1, status="solved", custom_status_id=waiting)
    assert (answer.status_code, ticket(sandbox).status) == (422 if how == "refused" else 200, came)


def test_hold_is_there_only_where_it_was_switched_on(sandbox: ZendeskSandbox, call: Caller) -> None:
    sandbox.people.switch_hold(on=False)
    retired = [one for one in call.get("/custom_statuses")["custom_statuses"] if not one["active"]]
    assert [one["status_category"] for one in retired] == ["hold"]
    assert "status" in details(call.put(1, status="hold"))
    sandbox.people.switch_hold(on=True)
    assert call.put(1, status="hold").json()["ticket"]["status"] == "hold"


# --- comments and mails ---


def test_a_comment_is_public_unless_it_says_otherwise_and_mails(sandbox: ZendeskSandbox, call: Caller) -> None:
    call.put(1, comment={"body": "between us", "public": False})
    assert sandbox.people.mails(1) == []
    call.put(1, comment={"html_body": "<p>to <b>all</b></p><script>x</script>"})
    comment = ticket(sandbox).comments[-1]
    assert (comment["public"], comment["author_id"], comment["body"]) == (True, ME, "to all")
    assert comment["html_body"] == '<div class="zd-comment" dir="auto"><p>to <b>all</b></p></div>'
    assert len(sandbox.people.mails(1)) == 1


def test_a_private_ticket_has_private_comments_unless_they_say_otherwise(sandbox: ZendeskSandbox, call: Caller) -> None:
    sandbox.people.make_ticket(public=False, by_agent=True)
    call.put(2, comment={"body": "one"})
    assert (ticket(sandbox, 2).comments[-1]["public"], sandbox.people.mails(2)) == (False, [])
    call.put(2, comment={"body": "two", "public": True})
    assert (call.ticket(2)["is_public"], len(sandbox.people.mails(2))) == (True, 1)


def test_plain_text_is_no_markup(sandbox: ZendeskSandbox, call: Caller) -> None:
    call.put(1, comment={"body": "a < b & c\n\nsecond", "public": False})
    comment = call.get("/tickets/1/comments")["comments"][-1]
    assert comment["body"] == "a < b & c\n\nsecond"
    assert '<p dir="auto">a &lt; b &amp; c</p><p dir="auto">second</p>' in comment["html_body"]


def test_a_ticket_takes_five_thousand_comments(sandbox: ZendeskSandbox, call: Caller) -> None:
    ticket(sandbox).comments *= 5000
    assert "base" in details(call.put(1, comment={"body": "one more"}))
    assert call.put(1, status="pending").status_code == 200


def test_a_trigger_may_mail_on_a_status_and_move_it_again(sandbox: ZendeskSandbox, call: Caller) -> None:
    sandbox.books.mail_on.add("solved")
    sandbox.after_put = "open"
    assert call.put(1, status="solved").json()["ticket"]["status"] == "solved"
    assert call.ticket()["status"] == "open"
    assert sandbox.people.mails(1) == ["Your request is solved"]


# --- safe updates ---


@pytest.mark.parametrize("safe", [True, False])
def test_a_safe_update_of_what_has_changed_since_is_a_conflict(
    sandbox: ZendeskSandbox, call: Caller, safe: bool
) -> None:
    read = call.ticket()["updated_at"]
    sandbox.advance(1)
    sandbox.people.set_priority(1, "high")
    stamped = {"safe_update": safe, "updated_stamp": read}
    assert error(call.put(1, status="solved", **stamped)) == (409, "UpdateConflict")
    assert ticket(sandbox).status == "open"
    stamped["updated_stamp"] = call.ticket()["updated_at"]
    assert call.put(1, status="solved", **stamped).status_code == 200
    assert call.put(1, status="open", safe_update=True).status_code == 400


def test_a_system_change_is_no_conflict(sandbox: ZendeskSandbox, call: Caller) -> None:
    read = call.ticket()["updated_at"]
    sandbox.advance(5)
    sandbox.people.touch(1)
    assert call.put(1, status="solved", safe_update=True, updated_stamp=read).status_code == 200


# --- tags ---


def test_tags_in_a_ticket_replace_and_tags_of_their_own_add_and_take_away(
    sandbox: ZendeskSandbox, call: Caller
) -> None:
    call.put(1, tags=["a", "b"])
    assert call.put(1, tags=["c", "D"]).json()["ticket"]["tags"] == ["c", "d"]
    answer = call("PUT", "/tickets/1/tags", json={"tags": ["e", "c"]})
    assert (answer.status_code, answer.json()) == (200, {"tags": ["c", "d", "e"]})
    answer = call("DELETE", "/tickets/1/tags", json={"tags": ["d", "x"]})
    assert (answer.status_code, answer.content) == (204, b"")
    sandbox.delete_tags_status = 200
    assert call("DELETE", "/tickets/1/tags", json={"tags": ["e"]}).json() == {"tags": ["c"]}
    answer = call("POST", "/tickets/1/tags", json={"tags": ["z"]})
    assert (answer.status_code, answer.json()) == (201, {"tags": ["z"]})
    assert call.get("/tickets/1/tags") == {"tags": ["z"]}


def test_tags_can_be_written_safely(sandbox: ZendeskSandbox, call: Caller) -> None:
    read = call.ticket()["updated_at"]
    sandbox.advance(1)
    sandbox.people.add_tag(1, "a")
    stale = {"tags": ["b"], "safe_update": "true", "updated_stamp": read}
    assert error(call("PUT", "/tickets/1/tags", json=stale)) == (409, "UpdateConflict")
    assert call.ticket()["tags"] == ["a"]


def test_a_dropdown_and_its_tag_bring_each_other_along(sandbox: ZendeskSandbox, call: Caller) -> None:
    def value(number: int) -> Any:
        return next(one["value"] for one in call.ticket()["custom_fields"] if one["id"] == number)

    call.put(1, tags=["mine"], custom_fields=[{"id": SEVERITY, "value": "severity_1"}])
    assert call.ticket()["tags"] == ["mine", "severity_1"]
    call.put(1, custom_fields=[{"id": SEVERITY, "value": "severity_2"}, {"id": ESCALATED, "value": True}])
    assert set(call.ticket()["tags"]) == {"mine", "severity_2", "escalated"}
    call("DELETE", "/tickets/1/tags", json={"tags": ["severity_2"]})
    assert value(SEVERITY) is None
    call("PUT", "/tickets/1/tags", json={"tags": ["product_hub", "product_app"]})
    assert value(PRODUCTS) == ["product_hub", "product_app"]


# --- jobs ---


def queued(answer: requests.Response) -> str:
    assert answer.status_code == 200, answer.text
    job = answer.json()["job_status"]
    assert (job["status"], job["results"], job["id"][:3]) == ("queued", None, "V3-")
    return str(job["id"])


def done(call: Caller, job: str) -> dict[int, dict[str, Any]]:
    call.sandbox.advance(2)
    found = call.get(f"/job_statuses/{job}")["job_status"]
    assert found["status"] == "completed"
    return {row["id"]: row for row in found["results"]}


def test_one_change_for_many_tickets_is_a_job(sandbox: ZendeskSandbox, call: Caller) -> None:
    sandbox.people.make_ticket(tags=["old"])
    asked = {"status": "solved", "additional_tags": ["x"], "remove_tags": ["old"]}
    job = queued(call("PUT", "/tickets/update_many?ids=1,2,9", json={"ticket": asked}))
    assert ticket(sandbox).status == "open"
    sandbox.advance(1)
    assert call.get(f"/job_statuses/{job}")["job_status"]["status"] == "working"
    rows = done(call, job)
    assert rows[1] == {"id": 1, "action": "update", "success": True, "status": "Updated"}
    assert rows[9]["success"] is False
    assert [(ticket(sandbox, n).status, ticket(sandbox, n).row["tags"]) for n in (1, 2)] == [("solved", ["x"])] * 2


def test_a_change_for_each_ticket_is_a_job_in_which_rows_can_fail(sandbox: ZendeskSandbox, call: Caller) -> None:
    for _ in range(3):
        sandbox.people.make_ticket()
    sandbox.people.set_status(2, "closed")
    rows = [{"id": n, "status": "pending", "comment": {"body": "x", "public": False}} for n in (1, 2, 3, 4)]
    job = queued(call("PUT", "/tickets/update_many", json={"tickets": rows}))
    came = done(call, job)
    assert [came[n]["success"] for n in (1, 2, 3, 4)] == [True, False, True, True]
    assert came[2]["details"] == CLOSED
    assert [ticket(sandbox, n).status for n in (1, 2, 3, 4)] == ["pending", "closed", "pending", "pending"]
    assert [len(ticket(sandbox, n).comments) for n in (1, 2, 3, 4)] == [2, 1, 2, 2]
    some = call.get("/job_statuses/show_many", ids=f"V3-gone,{job}")["job_statuses"]
    assert [one["id"] for one in some] == [job]


def test_a_ticket_that_changed_since_the_job_was_queued_is_not_written(sandbox: ZendeskSandbox, call: Caller) -> None:
    sandbox.jobs.waits = 10
    sandbox.people.make_ticket()
    rows = [{"id": n, "status": "solved"} for n in (1, 2)]
    job = queued(call("PUT", "/tickets/update_many", json={"tickets": rows}))
    sandbox.advance(5)
    sandbox.people.customer_reply(2, "wait")
    sandbox.advance(5)
    came = done(call, job)
    assert (came[1]["success"], came[2]["success"], came[2]["error"]) == (True, False, "UpdateConflict")
    assert (ticket(sandbox, 1).status, ticket(sandbox, 2).status) == ("solved", "open")
    assert ticket(sandbox, 2).status_writes == 0


@pytest.mark.parametrize("keys", [{"index"}, {"id"}, {"index", "id"}])
def test_a_failed_row_is_named_by_index_or_id(sandbox: ZendeskSandbox, call: Caller, keys: set[str]) -> None:
    sandbox.jobs.failed_rows = frozenset(keys)
    sandbox.people.make_ticket()
    sandbox.people.set_status(2, "closed")
    rows = [{"id": 1, "status": "solved"}, {"id": 2, "status": "open"}]
    job = queued(call("PUT", "/tickets/update_many", json={"tickets": rows}))
    sandbox.advance(2)
    failed = next(r for r in call.get(f"/job_statuses/{job}")["job_status"]["results"] if not r["success"])
    assert {key: failed[key] for key in ("index", "id") if key in failed} == {
        key: value for key, value in {"index": 1, "id": 2}.items() if key in keys
    }
    assert failed["error"] == "RecordInvalid"


def test_a_row_that_cannot_be_understood_fails_alone(sandbox: ZendeskSandbox, call: Caller) -> None:
    sandbox.people.make_ticket()
    rows = [{"id": 1, "custom_fields": "x"}, {"id": 2, "status": "solved"}]
    came = done(call, queued(call("PUT", "/tickets/update_many", json={"tickets": rows})))
    assert (came[1]["success"], came[1]["error"], came[2]["success"]) == (False, "InvalidAttribute", True)


def test_an_incident_is_tied_to_a_problem(sandbox: ZendeskSandbox, call: Caller) -> None:
    problem = sandbox.people.make_ticket(type="problem")
    assert call.put(1, type="incident", problem_id=problem).json()["ticket"]["problem_id"] == problem
    assert call.ticket(problem)["has_incidents"] is True
    assert call.put(1, problem_id=None, organization_id=None).status_code == 200


def test_a_batch_is_safe_by_both_keys_or_neither(sandbox: ZendeskSandbox, call: Caller) -> None:
    read = call.ticket()["updated_at"]
    half = {"id": 1, "status": "solved", "safe_update": True}
    assert call("PUT", "/tickets/update_many", json={"tickets": [half]}).status_code == 400
    sandbox.advance(5)
    sandbox.people.set_priority(1, "low")
    sandbox.advance(5)
    job = queued(call("PUT", "/tickets/update_many", json={"tickets": [{**half, "updated_stamp": read}]}))
    assert done(call, job)[1]["error"] == "UpdateConflict"


def test_a_job_takes_a_hundred_tickets_and_an_account_thirty_jobs(sandbox: ZendeskSandbox, call: Caller) -> None:
    rows = [{"id": n, "status": "pending"} for n in range(1, 102)]
    for answer in (
        call("PUT", "/tickets/update_many", json={"tickets": rows}),
        call("PUT", f"/tickets/update_many?ids={','.join(map(str, range(1, 102)))}", json={"ticket": {}}),
    ):
        assert error(answer) == (400, "TooManyValues")
    sandbox.jobs.busy = 29
    first = call("PUT", "/tickets/update_many", json={"tickets": rows[:1]})
    assert first.headers["Zendesk-RateLimit-inflight-jobs"] == "total=30; remaining=0; resets=60"
    refused = call("PUT", "/tickets/update_many", json={"tickets": rows[:1]})
    assert error(refused) == (429, "TooManyJobs")
    assert refused.json()["current_job_ids"] == [queued(first)]
    sandbox.jobs.busy = 0
    assert call("PUT", "/tickets/update_many", json={"tickets": rows[:1]}).status_code == 200


@pytest.mark.parametrize("body", [{"tickets": {}}, {"tickets": [{"status": "open"}]}, {"tickets": [1]}, {}])
def test_a_batch_that_names_no_tickets_is_refused(call: Caller, body: dict[str, Any]) -> None:
    assert call("PUT", "/tickets/update_many", json=body).status_code == 400


def test_a_job_may_be_killed_and_is_forgotten_after_a_day(sandbox: ZendeskSandbox, call: Caller) -> None:
    sandbox.jobs.killed = True
    job = queued(call("PUT", "/tickets/update_many?ids=1", json={"ticket": {"status": "solved"}}))
    sandbox.advance(60)
    assert call.get(f"/job_statuses/{job}")["job_status"]["status"] == "killed"
    assert ticket(sandbox).status == "open"
    sandbox.advance(86_400)
    assert call("GET", f"/job_statuses/{job}").status_code == 404
    assert call.get("/job_statuses")["job_statuses"] == []


# --- new tickets ---


def test_a_ticket_is_made_once_for_a_key_within_two_hours(sandbox: ZendeskSandbox, call: Caller) -> None:
    asked = {"ticket": {"subject": "Down", "comment": {"body": "It is down"}, "tags": ["a"], "nonsense": 1}}
    headers = {"Idempotency-Key": "k1"}
    first = call("POST", "/tickets", json=asked, headers=headers)
    assert (first.status_code, first.headers["X-Idempotency-Lookup"]) == (201, "miss")
    assert first.headers["Location"].endswith("/api/v2/tickets/2.json")
    assert '"ticket.nonsense"' in first.headers["X-Zendesk-API-Warn"]
    made = first.json()["ticket"]
    assert (made["status"], made["description"], made["requester_id"]) == ("new", "It is down", ME)
    sandbox.people.set_status(2, "pending")
    sandbox.advance(7199)
    again = call("POST", "/tickets", json=asked, headers=headers)
    assert (again.status_code, again.headers["X-Idempotency-Lookup"]) == (201, "hit")
    assert again.json() == first.json()
    other = call("POST", "/tickets", json={"ticket": {"comment": {"body": "x"}}}, headers=headers)
    assert error(other) == (400, "IdempotentRequestError")
    assert len(sandbox.books.tickets) == 2
    sandbox.advance(1)
    assert call("POST", "/tickets", json=asked, headers=headers).json()["ticket"]["id"] == 3
    assert call("POST", "/tickets", json=asked).json()["ticket"]["id"] == 4


def test_a_follow_up_is_made_of_a_closed_ticket_only(sandbox: ZendeskSandbox, call: Caller) -> None:
    sandbox.people.add_tag(1, "escalate")
    asked = {"via_followup_source_id": 1, "comment": {"body": "again"}, "requester_id": CUSTOMER}
    assert "base" in details(call("POST", "/tickets", json={"ticket": asked}))
    sandbox.people.set_status(1, "closed")
    made = call("POST", "/tickets", json={"ticket": asked}).json()["ticket"]
    assert (made["via"]["source"]["rel"], made["via"]["source"]["from"]["ticket_id"]) == ("follow_up", 1)
    assert made["tags"] == ["escalate"]
    made = call("POST", "/tickets", json={"ticket": {**asked, "tags": []}}).json()["ticket"]
    assert (made["tags"], call.ticket()["followup_ids"]) == ([], [2, 3])
    assert len(sandbox.people.mails(3)) == 1


@pytest.mark.parametrize("asked", [{}, {"comment": {}}, {"comment": {"body": "x"}, "status": "done"}])
def test_a_ticket_is_not_made_of_anything(sandbox: ZendeskSandbox, call: Caller, asked: dict[str, Any]) -> None:
    details(call("POST", "/tickets", json={"ticket": asked}))
    assert len(sandbox.books.tickets) == 1
