"""What takes messages in the tests: a webhook receiver and a mail server; and a desk whose state has incidents."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Sequence
from types import SimpleNamespace
from typing import Any

from pydantic import SecretStr

from syncd.clock import ManualClock, precise
from syncd.config import notify as config
from syncd.config.notify import ALERTS, Alert, AnySink, WebhookSink
from syncd.model import Ref
from syncd.notify import Outlet, Teller, begin, open_sink
from syncd.store import AlertRow, SinkRow, Store
from syncd.testing.exchange import Reply, Request
from syncd.testing.sandbox import Sandbox

SECRET = "geheimes-zeichen-4711"


class Receiver(Sandbox):
    """Takes JSON by POST, as a chat of one's own would."""

    def __init__(self, port: int = 0) -> None:
        super().__init__(port)
        self.got: list[dict[str, Any]] = []

    def routes(self) -> list[tuple[str, str, Callable[..., Reply]]]:
        return [("POST", "/hook/<secret>", self._take)]

    @property
    def hook(self) -> str:
        return f"{self.url}/hook/{SECRET}?key={SECRET}"

    @property
    def titles(self) -> list[str]:
        return [one["title"] for one in self.got]

    def _take(self, request: Request, secret: str) -> Reply:
        if secret != SECRET or request.arg("key") != SECRET:
            return Reply(403, {"error": "forbidden"})
        self.got.append(json.loads(request.body))
        return Reply(204)


def sink(**keys: Any) -> AnySink:
    """A sink as ``syncd.toml`` configures it; secrets stand here as they are."""
    found: list[Any] = []
    made = config.sinks({"team": keys}, SecretStr, found)
    assert found == []
    return made["team"]


class Watched:
    """A state in which things go wrong, and a sink that is told of them."""

    def __init__(
        self, to: AnySink, store: Store | None = None, connectors: Collection[str] = ("desk", "tracker")
    ) -> None:
        self.store = store or Store.scratch()
        self.clock = ManualClock()
        self.logged: list[dict[str, Any]] = []
        self.to, self.connectors = to, connectors
        with self.store.write():
            for name in connectors:
                self.store.connectors.begins(name, self.now)
                self.store.connectors.stands(name, "ok", "", self.now)
        self.start()

    @property
    def now(self) -> str:
        return precise(self.clock.now())

    def start(self, on: Sequence[Alert] = ALERTS, **more: Any) -> None:
        """The service starts, again perhaps."""

        def say(level: str) -> Callable[..., None]:
            return lambda event, **what: self.logged.append({"level": level, "event": event, **what})

        log: Any = SimpleNamespace(**{level: say(level) for level in ("info", "warning", "error")})
        begin(self.store, ["team"], self.clock.now())
        how: dict[str, Any] = {"clock": self.clock, "log": log}
        outlet = Outlet("team", open_sink("team", self.to), **how)
        self.teller = Teller(outlet, on=on, connectors=self.connectors, **how, **more)

    def turn(self, seconds: float = 0.0) -> None:
        """Time passes, and there is a look."""
        self.clock.advance(seconds)
        self.teller.turn(self.store)

    def turns(self, seconds: float, every: float = 30.0) -> None:
        """Many looks."""
        for _ in range(int(seconds / every)):
            self.turn(every)

    def brake(self, name: str = "desk", reason: str = "more than 20 tickets would have changed") -> None:
        with self.store.write():
            self.store.brakes.pull(name, reason, self.now)

    def release(self, name: str = "desk") -> None:
        with self.store.write():
            self.store.brakes.release(name, self.now)

    def stands(self, state: str, name: str = "desk", reason: str = "") -> None:
        with self.store.write():
            self.store.connectors.stands(name, state, reason, self.now)

    def park(self, numbers: Collection[int], reason: str = "422 for the field cf_team") -> None:
        with self.store.write():
            for number in numbers:
                self.store.queue.ask(str(Ref("desk", str(number))), "poll", self.clock.now())
            self.store.queue.park([str(Ref("desk", str(number))) for number in numbers], reason)

    def drop(self, numbers: Collection[int]) -> None:
        with self.store.write():
            for number in numbers:
                self.store.queue.drop(str(Ref("desk", str(number))))

    def row(self) -> SinkRow:
        return self.store.alerts.sinks()["team"]

    def open(self) -> dict[str, AlertRow]:
        return self.store.alerts.open("team")


def webhook(receiver: Receiver) -> AnySink:
    made = sink(kind="webhook", url=receiver.hook)
    assert isinstance(made, WebhookSink)
    return made
