"""The tables of a playbook on filing: what is wrong in them is told with its key and a cure."""

from __future__ import annotations

from typing import Any

import pytest

from syncd.errors import ConfigError
from syncd.playbook import Playbook
from syncd.texts import ISSUE_VARIABLES
from tests.filed import PLACES, playbook
from tests.test_playbook import refused

TABLE = {"tiers": ["1"], "tier": {"default": "1"}, "table": {"bad": {"1": "p0"}}}
RULE = {"area": "A", "keywords": ["a"]}


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"file": {"when": [{}]}}, "file.when[0]: exactly one thing has to be named. Write one of: tag, field, group"),
        ({"file": {"when": [{"tag": "a", "group": "b"}]}}, "file.when[0]: exactly one thing has to be named"),
        ({"file": {"when": [{"field": "a"}]}}, "file.when[0]: a field and its value go together. Write { field ="),
        ({"file": {"when": [{"tag": "a", "value": "b"}]}}, "file.when[0]: a field and its value go together"),
        ({"file": {"when": [{"status": "done"}]}}, "file.when[0].status: this is no word for a ticket"),
        ({"file": {"when": [{"command": "/fly"}]}}, "file.when[0].command: this is none of the known values"),
        ({"file": {"when": [{"label": "x"}]}}, "file.when[0].label: unknown key"),
        ({"file": {"authorised": "me"}}, "file.authorised: this is none of the known values. Write one of 'anyone'"),
        ({"file": {"kind": "wish"}}, "file.kind: this is no kind of issue. Use one of: rfh, defect, incident"),
        ({"file": {"fields": {"colour": "x"}}}, "file.fields.colour: this is none of the known values"),
        ({"file": {"when": [{"tag": "a"}]}}, "file.template.body: there is no such text. Add body to [issue_texts]"),
        ({"file": {"when": [{"tag": "a"}]}}, "routing.place: this key is missing. Name the place that issues go to"),
        ({"kinds": {"wish": {}}}, "kinds.wish: this is no kind of issue"),
        ({"kinds": {"rfh": {"types": "x"}}}, "kinds.rfh.types: a list is expected"),
        ({"routing": {"place": "x"}}, "routing: the place 'x' is not in routing.places. Add it to [routing.places]"),
        ({"routing": {"places": {"x": "a b"}}}, "routing.places.x: this is no repository or project. Write"),
        (
            {"routing": {"rules": [{"area": "A"}]}},
            "routing.rules[0]: nothing leads to this area. Add keywords, or a tag",
        ),
        ({"routing": {"rules": [RULE, RULE]}}, "routing: two rules have the same area. Name each area once"),
        ({"routing": {"rules": [RULE | {"mention": "team"}]}}, "routing.rules[0].mention: these are no handles"),
        ({"routing": {"rules": [RULE | {"place": "x"}]}}, "routing: the place 'x' is not in routing.places"),
        ({"routing": {"tags": {"t": {"place": "x"}}}}, "routing: the place 'x' is not in routing.places"),
        (
            {"priorities": TABLE | {"table": {"bad": {"2": "p0"}}}},
            "priorities: the row 'bad' of the table doesn't have",
        ),
        ({"priorities": TABLE | {"tiers": ["1", "2"]}}, "doesn't have each tier once. Give it exactly these: 1, 2"),
        ({"priorities": TABLE | {"tier": {}}}, "priorities: no tier holds where none is told. Add default to tier"),
        ({"priorities": TABLE | {"tier": {"default": "9"}}}, "priorities: '9' is no tier of the table. Use one of: 1"),
        ({"priorities": TABLE | {"severity": {"default": "x"}}}, "priorities: 'x' is no severity of the table"),
        ({"priorities": TABLE | {"severity": {"values": {"a": "x"}}}}, "priorities: 'x' is no severity of the table"),
        ({"priorities": TABLE | {"severity": {"told_by": [{}]}}}, "priorities.severity.told_by[0]: exactly one thing"),
        ({"priorities": TABLE | {"no_issue": {"p9": "x"}}}, "priorities: 'p9' is no priority of the table. Use one of"),
        (
            {"priorities": TABLE | {"proposals": [{"keywords": ["x"], "priority": "p9"}]}},
            "priorities: 'p9' is no priority of the table",
        ),
        ({"customer": {"engineers": {"acme": "ada"}}}, "customer.engineers.acme: this is no handle"),
        ({"routing": {"agents": {"12": "ada"}}}, "routing.agents.12: this is no handle"),
        (
            {"priorities": TABLE, "routing": {"agent_takes": ["p9"]}},
            "routing.agent_takes: 'p9' stands in no table of this playbook. Use some of: p0",
        ),
        (
            {"issue_texts": {"title": "{{ issue_key }}"}},
            "issue_texts.title: the template uses 'issue_key', which is no",
        ),
        (
            {"issue_texts": {"body": "{{ subject | replace('a', 'b') }}"}},
            "issue_texts.body: the template uses 'replace'",
        ),
        ({"issue_texts": {"body": "{{ subject.upper() }}"}}, "issue_texts.body: the template "),
        ({"texts": {"resolved": "{{ subject }}"}}, "texts.resolved: the template uses 'subject', which is no variable"),
    ],
)
def test_what_is_wrong_is_told_with_its_key_and_a_cure(data: dict[str, Any], said: str) -> None:
    assert any(said in message for message in refused(data)), refused(data)


def test_a_helpdesk_s_own_file_names_one_place_and_leaves_the_rest() -> None:
    one = playbook("sourcegraph-support", routing={"places": {"public": "acme/other"}})
    assert one.routing.places == {"customer": "", "public": "acme/other"}
    assert (one.routing.place, len(one.routing.rules)) == ("customer", 12)


@pytest.mark.parametrize("name", sorted(PLACES))
def test_every_shipped_table_is_used_and_every_variable_of_its_texts_is_known(name: str) -> None:
    one = playbook(name)
    assert one.file.when
    assert {condition.command for condition in one.file.when} == {None, "/file"}
    assert set(one.issue_texts) == {"title", "body"}
    for variable in ISSUE_VARIABLES:
        Playbook.parse("p", {"issue_texts": {"body": f"{{{{ {variable} }}}}"}})


def test_a_changed_table_changes_the_fingerprint() -> None:
    one = playbook("sourcegraph-ce")
    assert playbook("sourcegraph-ce").fingerprint == one.fingerprint
    assert playbook("sourcegraph-ce", file={"answered_first": False}).fingerprint != one.fingerprint


def test_settings_of_a_helpdesk_are_blamed_for_what_they_break() -> None:
    with pytest.raises(ConfigError) as caught:
        playbook("2i2c", routing={"place": "nowhere"})
    assert [problem.where for problem in caught.value.problems] == ["[sync]: routing"]
