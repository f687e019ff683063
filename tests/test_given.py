"""What an issue is given besides its text: a type, fields, boards; nothing of a ticket's where everybody reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from syncd.actions import Board
from syncd.errors import ConfigError
from syncd.filing import Filing
from syncd.model import Audience
from syncd.playbook import Playbook
from tests.filed import filed, ticket

OWN: dict[str, Any] = {
    "file": {
        "type": "Task",
        "set": {"Severity": "{priority}", "Where": "{field:area}", "Team": "Support"},
        "authorised": "anyone",
        "answered_first": False,
    },
    "kinds": {"defect": {"type": "Bug", "shown": "a defect"}},
    "boards": [
        {"board": "acme/4", "place": "customer", "fields": {"type": "support", "impact": "{priority}"}},
        {"board": "acme/5", "fields": {"Kind": "{kind_name}, {kind}", "Where": "{field:area}"}},
        {"board": "acme/6", "place": "public"},
    ],
}


def issue(audience: Audience | None = Audience.PRIVATE, *, tags: tuple[str, ...] = ("defect",), **facts: Any) -> Filing:
    return filed("sourcegraph-ce", ticket("It stops", tags=tags, **facts), audience, **OWN)


def boards(filing: Filing) -> Mapping[str, Board]:
    return {board.name: board for board in filing.boards}


def test_a_private_issue_is_given_all_that_the_ticket_tells() -> None:
    found = issue(fields={"area": "storage\nroom"})
    assert found.type.value == "Bug"
    level = found.decision.priority.value
    assert found.fields == {"Severity": level, "Where": "storage room", "Team": "Support"}
    there = boards(found)
    assert there["acme/4"] == Board("acme/4", {"type": "support", "impact": level}, Audience.PUBLIC)
    told = {"Kind": "a defect, defect", "Where": "storage room"}
    assert there["acme/5"] == Board("acme/5", told, Audience.PRIVATE), "not where everybody reads the board"
    assert "acme/6" not in there


def test_what_the_ticket_does_not_tell_is_left_alone() -> None:
    found = issue(fields={})
    assert "Where" not in found.fields
    assert boards(found)["acme/5"] == Board("acme/5", {"Kind": "a defect, defect"}, Audience.PUBLIC)


@pytest.mark.parametrize("audience", [Audience.PUBLIC, None])
def test_where_everybody_reads_no_field_of_a_ticket_comes(audience: Audience | None) -> None:
    found = issue(audience, fields={"area": "KanarienvogelAusDemTicket"})
    assert "Kanarienvogel" not in repr((dict(found.fields), [dict(board.fields) for board in found.boards]))
    assert found.fields["Team"] == "Support"


def test_a_kind_without_a_type_has_that_of_every_issue() -> None:
    assert issue(tags=("rfh",)).type.value == "Task"


@pytest.mark.parametrize(
    ("own", "said"),
    [
        ({"boards": [{"board": "acme"}]}, "this is no board"),
        ({"boards": [{"board": "acme/4", "place": "nowhere"}]}, "is not in routing.places"),
        ({"boards": [{"board": "acme/4", "fields": {"a": "{subject}"}}]}, "a brace here stands for nothing"),
        ({"boards": [{"board": "acme/4", "colour": "red"}]}, "colour"),
        ({"file": {"set": {"Severity": "{severity"}}}, "a brace here stands for nothing"),
        ({"file": {"set": {"Severity": ""}}}, "file.set.Severity"),
    ],
)
def test_a_row_that_can_not_be_meant_is_told(own: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Playbook.parse("x", own)
    assert said in str(caught.value)
