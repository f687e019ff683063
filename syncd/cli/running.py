"""From a config folder to a run: the state, the connectors, and Ctrl-C that stops between two steps."""

from __future__ import annotations

import os
import secrets
import signal
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import FrameType

from syncd.cli.show import Meter
from syncd.clock import SystemClock
from syncd.config import Config, find_folder, load
from syncd.connector import Connector
from syncd.errors import StateError
from syncd.store import Store
from syncd.work import Work


def configured(folder: Path | None) -> Config:
    """The configuration.

    Raises:
        ConfigError: with all that is wrong.
    """
    return load(find_folder(folder))


def reading(config: Config) -> Store:
    """The state, to look at; a state that doesn't exist yet is an empty one."""
    return Store.read(config.state) if config.state.exists() else Store.scratch()


@contextmanager
def working(config: Config, *, dry: bool = False) -> Iterator[Work]:
    """A run. ``dry``: on a copy of the state in memory, and nothing is written anywhere.

    Raises:
        StateBusy, StateError: the state can't be used.
    """
    clock = SystemClock()
    with ExitStack() as stack:
        store = Store.scratch(config.state) if dry else Store.open(config.state)
        stack.callback(store.close)
        key = config.marker_key or (b"a dry run signs nothing" if dry else _own_key(config.state))
        connectors: Mapping[str, Connector] = {
            name: one.connect(clock) for name, one in {**config.trackers, **config.helpdesks}.items()
        }
        for connector in connectors.values():
            stack.callback(connector.close)
        store.recover(clock.now(), max(one.settle for one in connectors.values()))
        meter = stack.enter_context(Meter())
        stack.enter_context(_stopping(clock))
        yield Work(
            store=store,
            clock=clock,
            connectors=connectors,
            helpdesks=config.helpdesks,
            trackers=config.trackers,
            marker_key=key,
            brake=config.brake,
            writes=not dry and config.mode == "live",
            say=meter.say,
            progress=meter.progress,
        )


def _own_key(state: Path) -> bytes:
    """The marker key that syncd makes for itself where none is configured: beside the state, not in it."""
    path = state.with_name(state.name + ".marker_key")
    try:
        with suppress(FileExistsError):
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w", encoding="ascii") as file:
                file.write(secrets.token_hex(32))
        return path.read_bytes().strip()
    except OSError as error:
        raise StateError(str(path), f"the marker key can't be kept ({error.strerror})", "Mend its rights") from error


@contextmanager
def _stopping(clock: SystemClock) -> Iterator[None]:
    """The first Ctrl-C or SIGTERM stops between two steps; the second at once."""

    def stop(_signal: int, _frame: FrameType | None) -> None:
        if clock.stop.is_set():
            raise KeyboardInterrupt
        clock.stop.set()

    before = {one: signal.signal(one, stop) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
