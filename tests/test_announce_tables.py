"""The table ``[announce]``: what is wrong in it is told with its key and a cure; what the shipped ones say."""

from __future__ import annotations

from typing import Any

import pytest

from syncd.model import Ref
from syncd.notify.routes import meant
from syncd.store import FilingRow, FilingState
from syncd.tables import Route
from tests.filed import PLACES, playbook
from tests.notify.announced import announce
from tests.test_playbook import refused

ONE = {"name": "r", "to": [{"sink": "dev"}]}


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (
            {"sinks": {"dev": "No Name"}},
            "announce.sinks.dev: this can't be a sink's name. Write the NAME of a [notify.",
        ),
        ({"mentions": {"a": "<!channel>"}}, "announce.mentions.a: this names nobody in Slack. Write the id of a user"),
        ({"mentions": {"a": "@dev911"}}, "announce.mentions.a: this names nobody in Slack"),
        ({"routes": [ONE]}, "announce: 'dev' is not in announce.sinks. Add it to [announce.sinks]"),
        ({"sinks": {"x": ""}, "routes": [ONE]}, "announce: 'dev' is not in announce.sinks. Use one of: x"),
        (announce({"to": [{"sink": "dev", "mention": "a"}]}), "announce: 'a' is not in announce.mentions"),
        (announce({"to": []}), "announce.routes[0].to: too few are listed"),
        (announce({"to": [{"sink": "dev"}] * 2}), "announce.routes[0]: a step doesn't say when the next one follows"),
        (announce({"to": [{"sink": "dev", "after": "soon"}]}), "announce.routes[0].to[0].after: "),
        (announce({"name": "x"}, {"name": "x"}), "announce: two routes are called 'x'. Give each a name of its own"),
        (
            announce({"on": ["closed"]}),
            "announce.routes[0].on[0]: this is none of the known values. Write one of 'filed'",
        ),
        (announce({"on": []}), "announce.routes[0].on: too few are listed"),
        (announce({"on": ["critical"]}), "announce: nothing says what is critical. Add [announce.critical]"),
        (announce({"on": ["refused"], "kinds": ["rfh"]}), "announce.routes[0]: of what is refused nothing else is"),
        (announce({"kinds": ["wish"]}), "announce.routes[0].kinds[0]: this is no kind of issue"),
        (announce({"priorities": ["p9"]}), "announce.routes[0].priorities: 'p9' stands in no table of this playbook"),
        (
            announce({"teams": ["B"]}),
            "announce.routes[0].teams: 'B' stands in no table of this playbook. Use some of: A",
        ),
        (announce({"places": ["x"]}), "announce.routes[0].places: 'x' stands in no table"),
        (announce({}, critical={"priorities": ["p9"]}), "announce.critical.priorities: 'p9' stands in no table"),
        (announce({"shows": ["secret"]}), "announce.routes[0].shows[0]: this is none of the known values"),
        (announce({"unless": ["x"]}), "announce.routes[0].unless: unknown key"),
    ],
)
def test_what_is_wrong_is_told_with_a_cure(table: dict[str, Any], said: str) -> None:
    rules = {"routing": {"rules": [{"area": "A", "team": "A", "keywords": ["a"]}]}}
    found = refused({"announce": table} | rules)
    assert any(one.startswith(f"mappings/playbooks/p.toml: {said}") for one in found), found


def filing(**facts: str) -> FilingRow:
    return FilingRow("1", Ref("desk", "1"), "", "escalated", 1, FilingState.FILED, "", "", **facts)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("route", "facts", "holds"),
    [
        ({}, {}, True),
        ({"kinds": ["rfh"]}, {"kind": "rfh"}, True),
        ({"kinds": ["rfh"]}, {"kind": "defect"}, False),
        ({"kinds": ["rfh"], "priorities": ["p0"]}, {"kind": "rfh", "priority": "p1"}, False),
        ({"teams": ["Search"]}, {"team": "Search"}, True),
        ({"areas": ["Search"]}, {"area": ""}, False),
        ({"places": ["customer"]}, {"tracker": "hub", "place": "acme/customer"}, True),
        ({"places": ["public"]}, {"tracker": "hub", "place": "acme/customer"}, False),
    ],
)
def test_all_conditions_of_a_route_have_to_hold(route: dict[str, Any], facts: dict[str, str], holds: bool) -> None:
    made = Route.model_validate(ONE | route)
    assert meant(made, filing(**facts), playbook("sourcegraph-support")) is holds


@pytest.mark.parametrize("name", sorted(PLACES))
def test_every_shipped_playbook_announces_and_leaves_the_channels_to_the_helpdesks_file(name: str) -> None:
    plain = playbook(name).announce
    assert plain.routes
    assert set(plain.unmapped) == set(plain.sinks)
    mine = playbook(name, announce={"sinks": {"support": "team"}}).announce
    assert mine.sinks["support"] == "team"
    assert "support" not in mine.unmapped
    assert mine.routes == plain.routes


def sinks_of(name: str, **facts: str) -> list[str]:
    """The first channel of each route that a filing takes."""
    book = playbook(name)
    routes = [route for route in book.announce.routes if "filed" in route.on and meant(route, filing(**facts), book)]
    return [route.to[0].sink for route in routes]


def test_whom_the_shipped_playbooks_tell_first() -> None:
    assert sinks_of("2i2c", kind="guidance", priority="low") == []
    assert sinks_of("sourcegraph-support", kind="rfh", team="Search") == ["teammates", "search"]
    assert sinks_of("sourcegraph-support", kind="defect", team="Distribution") == ["engineering"]
    assert sinks_of("sourcegraph-ce", kind="rfh") == ["engineering"]
    assert sinks_of("criticality", kind="defect", priority="1") == ["support", "product"]
    assert sinks_of("criticality", kind="defect", priority="3") == ["delivery"]


def test_level_one_calls_the_emergency_group_and_after_twenty_minutes_whoever_is_on_call() -> None:
    route = playbook("criticality").announce.route("emergency")
    assert route is not None
    assert [(step.mention, step.after) for step in route.to] == [("dev911", 1200.0), ("oncall", 1200.0)]
