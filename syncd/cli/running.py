"""From a config folder to a run: the state, the connectors, and Ctrl-C that stops between two steps."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from syncd.cli.show import Meter, complain
from syncd.clock import SystemClock
from syncd.config import Config, find_folder, load
from syncd.config.files import brought
from syncd.connector import Connector
from syncd.control.stopping import stopping
from syncd.daemon.guarded import STATES
from syncd.errors import ConnectorError, RateLimited, StateError
from syncd.jobs.rehearsal import rehearse
from syncd.store import ConnectorRow, Store
from syncd.store.file import belong
from syncd.work import LONG, Work

UNWRITTEN = "unwritten"
"""Stands for the standing of a live link where something could not be written."""
PASSING = frozenset(STATES.values())
"""States of a connector that one call which is answered shows to be over."""
NO_KEY = b"no key yet"
"""With what a dry run looks for our notes as long as there is no marker key."""
SHORTEST_KEY = 16
"""Bytes of a marker key that syncd made itself; it makes 64."""


def configured(folder: Path | None) -> Config:
    """The configuration.

    Raises:
        ConfigError: with all that is wrong.
    """
    config = load(find_folder(folder))
    for warning in config.warnings:
        complain(str(warning))
    return config


def reading(config: Config) -> Store:
    """The state, to look at; a state that doesn't exist yet is an empty one."""
    return Store.read(config.state) if config.state.exists() else Store.scratch()


def human(store: Store, ref: str) -> str:
    """A ref of the state (``github:4711``) as people know it (``github:owner/repo#4``)."""
    return store.snapshots.human(ref)


def refused_notes(store: Store) -> list[dict[str, str]]:
    """Notes that a service refused, and that could still be written: on what, and why not."""
    found = []
    for row in store.effects.still_refused():
        link = store.links.get(row.link)
        ends = {"ticket": link.ticket.human, "issue": link.issue.human} if link else {}
        found.append({"on": row.target.human, "kind": row.kind, "reason": row.reason, **ends})
    return found


def not_written(store: Store) -> list[dict[str, Any]]:
    """Links of which something could not be written: on what, and why not."""
    found: list[dict[str, Any]] = []
    for one in store.unwritten().values():
        link = store.links.get(one.link)
        ends = {"ticket": link.ticket.human, "issue": link.issue.human} if link else {}
        group = {"group": human(store, one.group), "standing": one.standing, "parked": one.parked}
        found.append({"on": human(store, one.on), "reason": one.reason, **group, **ends})
    return found


def doubled_notes(store: Store) -> list[dict[str, str]]:
    """Notes that stand more than once: on what, and under which ids there."""
    return [{"on": one.target.human, "kind": one.kind, "notes": one.doubles} for one in store.effects.doubled()]


def add_to_mapping(config: Config, name: str) -> str:
    """How to teach a mapping a status that it doesn't know."""
    own = config.folder / "mappings" / f"{name}.toml"
    if own.exists():
        return f"Add it to [words] in {own}"
    return f"Copy {brought(name)} to {own}, and add it to [words] there"


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
        key = _key_to_look_with(config) if dry else marker_key(config)
        connectors: Mapping[str, Connector] = {
            name: one.connect(clock) for name, one in {**config.trackers, **config.helpdesks}.items()
        }
        for connector in connectors.values():
            stack.callback(connector.close)
        store.recover(clock.now(), max(one.settle for one in connectors.values()))
        meter = stack.enter_context(Meter())
        stack.enter_context(stopping(clock.stop.set))
        work = Work(
            store=store,
            clock=clock,
            connectors=connectors,
            helpdesks=config.helpdesks,
            trackers=config.trackers,
            marker_key=key,
            brake=config.brake,
            writes=not dry and config.mode == "live",
            ahead=dry,
            say=meter.say,
            progress=meter.progress,
        )
        leave_paused(work)
        rehearse(work)
        with _standing(work):
            yield work


@contextmanager
def _standing(work: Work) -> Iterator[None]:
    """Keep how each connector stood in a run that no service made, as the service does for its own."""
    began = work.now
    try:
        yield
    except ConnectorError as error:
        if type(error) in STATES:
            work.troubles[error.connector] = error
        raise
    finally:
        with work.store.write():
            for name, row in work.store.connectors.all().items():
                _keep_standing(work, name, row, began)


def _keep_standing(work: Work, name: str, row: ConnectorRow, began: str) -> None:
    """What calls have shown of one connector, if they have shown anything. Inside a transaction."""
    error = work.troubles.get(name)
    if isinstance(error, RateLimited) and name in work.paused and not work.paused_for(name):
        error = None  # it was waited for
    if error is not None:
        work.store.connectors.stands(name, STATES.get(type(error), "misconfigured"), error.what, work.now)
    elif row.polled_at >= began or (row.state in PASSING and work.connectors[name].calls):
        work.store.connectors.stands(name, "ok", "", work.now)


def leave_paused(work: Work) -> None:
    """Whom a person has paused is left alone for the whole run; a pause that is over by now is lifted."""
    with work.store.write():
        work.store.connectors.lift(work.now)
    for name, row in work.store.connectors.all().items():
        if row.paused:
            work.pause(name, LONG, f"it is paused {row.resting}")


def marker_key(config: Config) -> bytes:
    """What markers are signed with. The caller holds the state's lock.

    Raises:
        StateError: the key beside the state can't be read or made.
    """
    return config.marker_key or _own_key(config.state)


def _key_to_look_with(config: Config) -> bytes:
    """A dry run signs nothing, but knows our own notes again where there is a key."""
    path = own_key_path(config.state)
    try:
        return config.marker_key or path.read_bytes().strip() or NO_KEY
    except (FileNotFoundError, NotADirectoryError):
        return NO_KEY
    except OSError as error:
        raise StateError(str(path), f"the marker key can't be read ({error.strerror})", "Mend its rights") from error


def own_key_path(state: Path) -> Path:
    """Where the marker key is that syncd makes for itself."""
    return state.with_name(state.name + ".marker_key")


def _own_key(state: Path) -> bytes:
    """The marker key that syncd makes for itself where none is configured: beside the state, not in it.

    The caller holds the state's lock. A process that dies in here leaves no key or a whole one: an empty one could
    sign nothing, and a cut one could not be told from another installation's.
    """
    path = own_key_path(state)
    try:
        if not path.exists():
            new = path.with_name(path.name + ".new")
            handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "w", encoding="ascii") as file:
                file.write(secrets.token_hex(32))
                file.flush()
                os.fsync(file.fileno())
            belong(new)
            new.rename(path)
        key = path.read_bytes().strip()
    except OSError as error:
        raise StateError(str(path), f"the marker key can't be kept ({error.strerror})", "Mend its rights") from error
    if len(key) < SHORTEST_KEY:
        cure = "Restore it from a backup. If there is none, delete it: a new one is made, and only a note whose answer "
        raise StateError(str(path), "the marker key in it is empty or cut", f"{cure}was lost may be written twice")
    return key
