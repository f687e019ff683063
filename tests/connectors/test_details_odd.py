"""An answer about a ticket may hold anything: there is a detail then, or one of our errors, and neither shows it."""

from __future__ import annotations

import copy
import json
import random
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from connectors.freshdesk.sandbox.world import FreshdeskWorld
from connectors.jsm.sandbox.world import JsmWorld
from connectors.zendesk.sandbox.world import ZendeskWorld
from syncd.connector import Connector
from syncd.errors import ConnectorError
from syncd.model import Ref
from syncd.testing import Fault, Reply

Made = Callable[[], Any]
WORLDS: dict[str, Made] = {
    "freshdesk": FreshdeskWorld,
    "zendesk": ZendeskWorld,
    "jsm on cloud": JsmWorld,
    "jsm on data center": lambda: JsmWorld(cloud=False),
}
ODD: tuple[Any, ...] = (None, [], {}, "canary-odd", -1, True, [None], [[]], {"id": "x"}, 1e300)
TRIES = 60


def places(value: Any, way: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Where in an answer something stands."""
    yield way
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in pairs:
        yield from places(part, (*way, key))


def spoilt(body: Any, way: tuple[str | int, ...], odd: Any) -> Any:
    if not way:
        return odd
    found = copy.deepcopy(body)
    part = found
    for key in way[:-1]:
        part = part[key]
    part[way[-1]] = odd
    return found


def outcome(connector: Connector, ref: Ref) -> str:
    """What is shown of a detail, or of our error; any other error is a defect."""
    try:
        return repr(connector.detail(ref))
    except ConnectorError as error:
        return f"{error}{error!r}"


@pytest.mark.parametrize("kind", WORLDS)
def test_odd_answers_are_read_or_told(kind: str) -> None:
    world, draw = WORLDS[kind](), random.Random(kind)  # noqa: S311  # not for secrets
    try:
        case = world.ask("The hub is slow", "canary-words")
        connector = world.connect()
        seen = world.calls()
        connector.detail(case.ref)
        answers = [
            (one.request.path, json.loads(one.body))
            for one in world.sandbox.log[seen:]
            if one.request.method == "GET" and one.body
        ]
        connector.close()
        world.people.agent_note(case.ref.id if "jsm" in kind else int(case.ref.id), "between us")
        for _ in range(TRIES):
            path, body = draw.choice(answers)
            way, odd = draw.choice(list(places(body))), draw.choice(ODD)
            reply = Reply(200, json.dumps(spoilt(body, way, odd)).encode(), {"Content-Type": "application/json"})
            world.sandbox.faults.append(Fault("answer", "GET", f"{re.escape(path)}$", 5, reply=reply))
            world.advance(3600)
            connector = world.connect()
            assert "canary" not in outcome(connector, case.ref), (path, way, odd)
            connector.close()
            world.sandbox.faults.clear()
    finally:
        world.close()


@pytest.mark.parametrize(
    ("kind", "path", "way"),
    [
        ("zendesk", "/comments$", ("comments", 0, "author_id")),
        ("zendesk", "/comments$", ("comments", 0, "id")),
        ("zendesk", "/comments$", ("users", 0, "id")),
        ("freshdesk", "/conversations$", (0, "id")),
        ("jsm on data center", "/comment$", ("comments", 0, "id")),
    ],
)
def test_an_id_that_is_a_list_is_no_defect(kind: str, path: str, way: tuple[str | int, ...]) -> None:
    world = WORLDS[kind]()
    try:
        case = world.ask("The hub is slow", "canary-words")
        for number in range(12):
            world.people.agent_note(case.ref.id if "jsm" in kind else int(case.ref.id), f"note {number}")
        connector = world.connect()
        connector.detail(case.ref)
        connector.close()
        body = next(json.loads(one.body) for one in world.sandbox.log if re.search(path, one.request.path))
        reply = Reply(200, json.dumps(spoilt(body, way, [7])).encode(), {"Content-Type": "application/json"})
        world.sandbox.faults.append(Fault("answer", "GET", path, 9, reply=reply))
        connector = world.connect()
        assert "canary" not in outcome(connector, case.ref)
        connector.close()
    finally:
        world.close()
