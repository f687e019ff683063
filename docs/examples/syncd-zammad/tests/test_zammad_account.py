"""What comes of answers that are none, and what is told of the account."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator
from importlib.resources import files
from typing import Any

import pytest

from syncd.actions import Action
from syncd.errors import Gone, RateLimited, Refused, Transient, Unauthorized
from syncd.model import Ref, Status
from syncd.testing import Fault, Reply
from syncd_zammad.connector import ZammadConnector, ZammadOptions
from syncd_zammad.sandbox.server import error
from syncd_zammad.sandbox.world import ZammadWorld
from syncd_zammad.urls import Urls

CANARY = "KanarienvogelAusDemTicket"
PAGE = Reply(200, b"<html>Log in</html>", {"Content-Type": "text/html"})


@pytest.fixture
def world() -> Iterator[ZammadWorld]:
    world = ZammadWorld()
    yield world
    world.close()


@pytest.fixture
def connector(world: ZammadWorld) -> Iterator[ZammadConnector]:
    connector = world.connect()
    yield connector
    connector.close()


ANSWERS = [
    (Reply(401, {"error": "Can't find User for Token"}), Unauthorized, Unauthorized),
    (error(403, "API token access disabled!"), Unauthorized, Unauthorized),
    (error(403, "Not authorized (token)!"), Unauthorized, Unauthorized),
    (error(403, "Not authorized"), Unauthorized, Refused),
    (error(403, "Maintenance mode enabled!"), Transient, Transient),
    (Reply(403, b"<html>blocked</html>"), Transient, Transient),
    (error(404, "Couldn't find Ticket with 'id'=1"), Transient, Gone),
    (Reply(404, b"<html>no such page</html>"), Transient, Transient),
    (error(422, "Missing required value for field 'pending_time'!"), Refused, Refused),
    (Reply(429, b"", {"Retry-After": "7"}), RateLimited, RateLimited),
    (Reply(302, b"", {"Location": "/login"}), Transient, Transient),
    (Reply(500, {"error": "Error ID x"}), Transient, Transient),
    (Reply(200, b"[" * 100_000), Transient, Transient),
    (Reply(200, 17), Transient, Transient),
    (PAGE, Transient, Transient),
]


@pytest.mark.parametrize(("reply", "account", "ticket"), ANSWERS)
def test_each_answer_is_an_error_of_ours(
    world: ZammadWorld, connector: ZammadConnector, reply: Reply, account: type[Exception], ticket: type[Exception]
) -> None:
    world.add(CANARY)
    asked: list[tuple[Callable[[], object], type[Exception]]] = [
        (connector.statuses, account),
        (lambda: connector.marks(Ref("zammad", "1")), ticket),
    ]
    for ask, kind in asked:
        world.sandbox.faults.append(Fault("answer", path="states|articles", reply=reply))
        with pytest.raises(kind) as caught:
            ask()
        assert world.sandbox.token not in str(caught.value)
        assert CANARY not in str(caught.value)


def test_a_refusal_names_the_field_and_no_value(world: ZammadWorld, connector: ZammadConnector) -> None:
    ref = world.add()
    connector.writer.pending = frozenset()
    refused = next(iter(connector.apply([Action(ref, Status("pending reminder"))]))).error
    assert str(refused) == "zammad: writing to ticket 1: answered 422 (field pending_time)"
    refused = next(iter(connector.apply([Action(ref, Status(CANARY))]))).error
    assert str(refused) == "zammad: writing to ticket 1: answered 422"


def test_each_problem_is_told_with_its_cure(world: ZammadWorld, connector: ZammadConnector) -> None:
    def told() -> list[tuple[str, str, bool]]:
        return [(one.what, one.cure, one.warning) for one in connector.check()]

    world.sandbox.states.remove("pending close")
    assert [what for what, _, warning in told() if warning] == [
        "pending_states names what is no state here: pending close"
    ]
    world.sandbox.states.append("pending close")
    world.sandbox.maintenance = True
    assert "(it is under maintenance)" in told()[0][0]
    world.sandbox.maintenance, world.sandbox.token = False, "another"
    assert "ticket.agent" in told()[0][1]


def test_only_states_in_use_are_told(connector: ZammadConnector) -> None:
    assert "removed" not in connector.statuses()
    assert connector.statuses()["pending reminder"] == "pending reminder"


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("https://support.example.com/#ticket/zoom/17.", ["17"]),
        ("see <https://SUPPORT.example.com:443/#ticket/zoom/17/42>", ["17"]),
        ("https://support.example.com/mobile/tickets/17 https://support.example.com/desktop/tickets/18", ["17", "18"]),
        ("https://elsewhere.example.com/#ticket/zoom/17", []),
        ("https://support.example.com/#ticket/zoom/17a", []),
        ("https://support.example.com/#ticket/zoom/0", []),
    ],
)
def test_addresses_of_tickets(text: str, keys: list[str]) -> None:
    assert [one.key for one in Urls("https://support.example.com", None).mentions(text)] == keys


def test_the_api_path_is_not_part_of_the_url() -> None:
    given: dict[str, Any] = {"connector": "zammad", "url": "https://support.example.com/api/v1", "token": "env:X"}
    with pytest.raises(ValueError, match="leave /api/v1 out of the url"):
        ZammadOptions.model_validate(given, context={"secret": lambda _: "x"})


def test_every_key_stands_in_the_example_and_every_question_is_a_key() -> None:
    package = files("syncd_zammad")
    example = package.joinpath("example.toml").read_text(encoding="utf-8")
    for key in ZammadOptions.model_fields:
        assert f"{key} = " in example, key
    asked = tomllib.loads(package.joinpath("questions.toml").read_text(encoding="utf-8"))["questions"]
    assert {one["key"] for one in asked} <= set(ZammadOptions.model_fields)
