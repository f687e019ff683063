"""The health endpoint: what stands around the lanes and is asked over HTTP.

A probe never touches the state: one thread looks at it when somebody asks, and a probe waits for that thread no
longer than ``PATIENCE``. So a state that is locked, or so large that looking takes long, makes answers old and never
slow; how old, the answer says.
"""

from __future__ import annotations

import ipaddress
import threading
import time
from typing import Any

from syncd.daemon.gauges import Gauges
from syncd.daemon.lanes import Shared
from syncd.daemon.pages import Pages
from syncd.daemon.server import Server
from syncd.errors import ConfigError, PortBusy, StateError
from syncd.health import Picture, intervals, look
from syncd.store import DatabaseError, Store

FRESH = 1.0
"""Seconds for which a picture is new enough for anybody."""
PATIENCE = 0.8
"""Seconds that a probe waits for a new one."""
OLD = 15.0
"""Seconds after which a picture says nothing about now: the state can't be read."""


class Looker(threading.Thread):
    """Looks at the state when it is asked to, with a connection of its own."""

    def __init__(self, shared: Shared) -> None:
        super().__init__(name="health", daemon=True)
        self.shared = shared
        self._changed = threading.Condition()
        self._asked = self._over = False
        self._looks = 0
        self._last: tuple[float, Picture] | None = None

    def picture(self) -> Picture | None:
        """The newest there is; None if there is none that says anything about now."""
        with self._changed:
            if self._age() > FRESH:
                self._asked, looks = True, self._looks
                self._changed.notify_all()
                self._changed.wait_for(lambda: self._over or self._looks > looks, PATIENCE)
            return self._last[1] if self._last and self._age() <= OLD else None

    def _age(self) -> float:
        return time.monotonic() - self._last[0] if self._last else float("inf")

    def run(self) -> None:
        """Until closed; a failure is another try the next time that somebody asks."""
        store: Store | None = None
        while self._wait():
            began, found = time.monotonic(), None
            try:
                store = store or self.shared.store.reader()
                config = self.shared.config
                now, desks = self.shared.clock.now(), config.helpdesks
                found = look(store, intervals(config), now, helpdesks=desks, trackers=config.trackers)
            except (DatabaseError, StateError, OSError) as error:
                self.shared.trouble("health", error)
                _close(store)
                store = None
            else:
                self.shared.troubles.pop("health", None)
            with self._changed:
                self._looks += 1
                self._last = (began, found) if found else self._last
                self._changed.notify_all()
        _close(store)

    def _wait(self) -> bool:
        with self._changed:
            self._changed.wait_for(lambda: self._asked or self._over)
            self._asked = False
            return not self._over

    def close(self) -> None:
        """Look no more."""
        with self._changed:
            self._over = True
            self._changed.notify_all()
        self.join(FRESH)


class Endpoint:
    """A front of the daemon; see :class:`syncd.daemon.pages.Knows`."""

    def __init__(self) -> None:
        self._server: Server | None = None
        self._looker: Looker | None = None
        self._address: tuple[str, int] | None = None

    @property
    def _shared(self) -> Shared:
        assert self._looker is not None  # noqa: S101  # nobody is served before `begin`
        return self._looker.shared

    # --- a front ---

    def begin(self, shared: Shared) -> None:
        """Tell of these lanes from now on.

        Raises:
            PortBusy, ConfigError: nothing can be served at the configured address; after a reload that is only
                logged, and the old address holds.
        """
        if self._looker is None:
            self._looker = Looker(shared)
            self._looker.start()
            shared.metrics.registry.register(Gauges(self._looker.picture))
        self._looker.shared = shared
        if self._address == shared.config.listen:
            return
        try:
            self._serve(shared)
        except (PortBusy, ConfigError) as error:
            if self._server is None:
                raise
            shared.log.error("configuration kept", problem=str(error))  # noqa: TRY400  # a sentence says it all

    def _serve(self, shared: Shared) -> None:
        host, _ = address = shared.config.listen
        names = frozenset({"localhost"}) if _is_loopback(host) else None
        server = Server(Pages(self, names), address)
        if self._server is not None:
            self._server.close()
        self._server, self._address = server, address
        if names is None:
            why = "other machines can read it, and it asks for no password"
            shared.log.warning("serving health", url=server.url, why=why)
        else:
            shared.log.info("serving health", url=server.url)

    def close(self) -> None:
        """Serve no more."""
        if self._server is not None:
            self._server.close()
        if self._looker is not None:
            self._looker.close()

    # --- what the pages ask ---

    def dead(self) -> list[str]:
        """Lanes that don't get on; neither the state nor a service is asked."""
        return [f"{name} doesn't get on" for name in self._shared.held()]

    def unready(self) -> list[str]:
        """What is missing: the state, or a connector that was read since the daemon began."""
        shared, picture = self._shared, self._picture()
        reasons = ["syncd is stopping"] if shared.clock.stop.is_set() else []
        reasons += ["the state can't be read"] if picture is None else []
        reasons += ["the state can't be written"] if self._unwritable() else []
        reasons += ["no connector has been read yet"] if picture is not None and not picture.whole.polled else []
        return reasons

    def _unwritable(self) -> bool:
        return bool(set(self._shared.troubles) - {"health"})

    def health(self) -> dict[str, Any]:
        """The picture; without one, that there is none."""
        picture, mode = self._picture(), self._shared.config.mode
        if picture is None:
            return {"status": "failing", "mode": mode, "as_of": None, "connectors": {}, "notify": {}}
        data = {"mode": mode, **picture.data()}
        return data | ({"status": "failing"} if self.dead() or self._unwritable() else {})

    def metrics(self) -> bytes:
        """What was counted, and what is true now."""
        return self._shared.metrics.text()

    def _picture(self) -> Picture | None:
        assert self._looker is not None  # noqa: S101  # as above
        return self._looker.picture()


def _is_loopback(host: str) -> bool:
    """Whether only this machine can reach what listens there."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _close(store: Store | None) -> None:
    if store is not None:
        store.close()
