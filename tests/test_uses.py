"""What a playbook may ask of its trackers: all that an issue of its could get, by key and place."""

from __future__ import annotations

from typing import Any

import pytest

from syncd.filing import spots, uses
from syncd.model import Audience
from syncd.playbook import Playbook
from tests.filed import playbook as shipped

TEXTS = {"title": "t", "body": "b"}
RULES: dict[str, Any] = {
    "file": {"when": [{"tag": "escalate"}]},
    "kinds": {
        "rfh": {"types": ["Question"], "labels": ["rfh"]},
        "incident": {"types": ["Incident"], "labels": ["incident"], "no_issue": "it takes its own path"},
    },
    "routing": {
        "place": "customer",
        "places": {"customer": "acme/customer", "public": "hub:acme/public", "unused": "acme/unused", "data": ""},
        "labels": ["support"],
        "tags": {"docs": {"labels": ["docs"]}, "defect": {"place": "public"}, "move": {"place": "data"}},
        "rules": [
            {"area": "Search", "keywords": ["search"], "labels": ["team/search"], "assignee": "@dev"},
            {"area": "Sales", "keywords": ["price"], "labels": ["sales"], "no_issue": "sales answers"},
        ],
    },
    "priorities": {
        "prefix": "ce/",
        "severity": {"told_by": [{"tag": "sev_"}]},
        "table": {"1": "p0", "2": "p1", "3": "p4"},
        "no_issue": {"p4": "later"},
    },
    "customer": {"label": "customer/", "engineers": {"example": "@engineer"}},
    "issue_texts": TEXTS,
}


def asked(audiences: dict[str, Audience | None], **rules: Any) -> dict[tuple[str, str], tuple[set[str], set[str]]]:
    """Key and place -> labels and assignees."""
    playbook = Playbook.parse("x", {**RULES, **rules})
    found = {(one.key, one.draft.place): one.draft for one in uses(playbook, audiences)}
    return {key: (set(draft.labels), set(draft.assignees)) for key, draft in found.items()}


def test_each_place_is_asked_for_all_that_an_issue_there_could_get() -> None:
    found = asked({"acme/customer": Audience.PRIVATE})
    assert found == {
        ("routing.places.customer", "acme/customer"): (set(), set()),
        ("routing.labels", "acme/customer"): ({"support"}, set()),
        ("kinds.rfh.labels", "acme/customer"): ({"rfh"}, set()),
        ("priorities.prefix", "acme/customer"): ({"ce/p0", "ce/p1"}, set()),
        ("routing.tags.docs.labels", "acme/customer"): ({"docs"}, set()),
        ("routing.rules, Search: labels", "acme/customer"): ({"team/search"}, set()),
        ("routing.rules, Search: assignee", "acme/customer"): (set(), {"dev"}),
        ("customer.engineers.example", "acme/customer"): ({"customer/example"}, {"engineer"}),
    }


def test_each_place_is_asked_for_the_agents_that_may_be_assigned() -> None:
    routing = RULES["routing"] | {"agents": {"12": "@ada"}, "agent_takes": ["p0"]}
    found = asked({"acme/customer": Audience.PRIVATE, "hub:acme/public": Audience.PUBLIC}, routing=routing)
    assert {place: people for (key, place), (_, people) in found.items() if key == "routing.agents.12"} == {
        "acme/customer": {"ada"},
        "hub:acme/public": {"ada"},
    }
    unused = asked({"acme/customer": Audience.PRIVATE}, routing=RULES["routing"] | {"agents": {"12": "@ada"}})
    assert not any("agents" in key for key, _ in unused)


def test_only_a_customer_s_label_may_be_new() -> None:
    found = uses(Playbook.parse("x", RULES), {"acme/customer": Audience.PRIVATE})
    new = {one.key: one.draft.new_labels for one in found if one.draft.new_labels}
    assert new == {"customer.engineers.example": ("customer/example",)}


@pytest.mark.parametrize("audience", [Audience.PUBLIC, None])
def test_a_public_place_is_asked_for_no_customer(audience: Audience | None) -> None:
    found = asked({"hub:acme/public": audience})
    assert not any(key.startswith("customer") for key, _ in found)
    assert ("routing.rules, Search: labels", "hub:acme/public") in found, "a tag may send any area there"


def test_an_area_that_no_tag_moves_is_asked_of_its_own_place_alone() -> None:
    routing = {**RULES["routing"], "tags": {}}
    routing["rules"] = [{**RULES["routing"]["rules"][0], "place": "public"}]
    found = asked({"acme/customer": Audience.PRIVATE, "hub:acme/public": None}, routing=routing)
    assert [place for key, place in found if "Search" in key] == ["hub:acme/public"] * 2


def test_types_and_fields_are_asked_with_every_value_that_they_may_get() -> None:
    file = {**RULES["file"], "type": "Task", "set": {"Severity": "{priority}", "Team": "Support", "Ref": "{field:no}"}}
    kinds = {**RULES["kinds"], "defect": {"tags": ["bug"], "type": "Bug"}}
    playbook = Playbook.parse("x", {**RULES, "file": file, "kinds": kinds})
    found = list(uses(playbook, {"acme/customer": Audience.PRIVATE}))
    assert {one.draft.type for one in found} == {"Task", "Bug"}
    assert all(one.draft.fields.keys() == {"Severity", "Team", "Ref"} for one in found), "all are set on every issue"
    told = {one.draft.fields["Severity"] for one in found if one.key == "file.set"}
    assert told == {"p0", "p1"}, "of p4 no issue is filed"
    assert {one.draft.fields["Ref"] for one in found} == {None}, "what only a ticket tells"
    assert [one.draft.type for one in found if one.key == "kinds.defect.type"] == ["Bug"]


def test_boards_are_asked_with_every_value_that_they_may_get() -> None:
    fields = {"type": "support", "impact": "{priority}", "note": "{field:no}"}
    boards = [{"board": "acme/4", "place": "customer", "fields": fields}, {"board": "acme/5"}]
    playbook = Playbook.parse("x", {**RULES, "boards": boards})
    found = list(uses(playbook, {"acme/customer": Audience.PRIVATE, "hub:acme/public": None}))
    told = [(one.key, one.draft.place, [board.fields for board in one.boards]) for one in found if one.boards]
    assert told == [
        ("boards, acme/4", "acme/customer", [{"type": "support", "impact": f"p{level}"} for level in (0, 1)]),
        ("boards, acme/5", "acme/customer", [{}]),
        ("boards, acme/5", "hub:acme/public", [{}]),
    ]


def test_places_that_nothing_leads_to_are_left_out_and_unnamed_ones_told() -> None:
    assert spots(Playbook.parse("x", RULES)) == {"customer": "acme/customer", "public": "hub:acme/public", "data": ""}


@pytest.mark.parametrize("name", ["2i2c", "criticality", "sourcegraph-ce", "sourcegraph-support"])
def test_a_shipped_playbook_asks_for_what_it_files(name: str) -> None:
    playbook = shipped(name)
    named = dict.fromkeys(spots(playbook), "acme/x")
    routing = playbook.routing.model_copy(update={"places": {**playbook.routing.places, **named}})
    found = list(uses(playbook.model_copy(update={"routing": routing}), {"acme/x": Audience.PRIVATE}))
    labels = {label for one in found for label in one.draft.labels}
    assert labels >= set(playbook.routing.labels)
    assert labels >= {label for rule in playbook.routing.rules if not rule.no_issue for label in rule.labels}
