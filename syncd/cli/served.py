"""Work that a command has asked the running service for, done in a thread of the service."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any

from ulid import ULID

from syncd.cli.ends import EXITS, ended
from syncd.cli.hosts import doer
from syncd.cli.show import SINK, complain
from syncd.control.server import Caller
from syncd.daemon.lanes import Shared
from syncd.errors import Interrupted
from syncd.store import Store
from syncd.work import Work

LANES = {"groups", "statuses", "notes", "refused", "parked", "delayed", "linked", "adopted", "proposed", "filed"}
"""What lanes count that belongs to a run as well: they do what its walk has found while it still walks."""


def perform(shared: Shared, caller: Caller, verb: str, told: Mapping[str, Any]) -> int:
    """Do what somebody asks for; what it prints goes to them."""
    SINK.set(lambda text, err: caller.output(text, err=err))
    status = ended(lambda: doer(verb)(Served(shared, caller), **told))
    if status == EXITS[Interrupted] and shared.clock.stop.is_set():
        complain("the service was told to stop, or to read its configuration anew")
    return status


class Served:
    """A :class:`syncd.cli.hosts.Host`: the connectors, limits and brakes are those of the service."""

    serves = True

    def __init__(self, shared: Shared, caller: Caller) -> None:
        self.config = shared.config
        self._shared, self._caller = shared, caller
        self._before, self._calls = self._lanes(), self._called()

    @contextmanager
    def working(self, *, dry: bool = False, whole: bool = False) -> Iterator[Work]:
        """See :class:`Host`. Its groups are its own: the lanes leave them to it, unless they see them change."""
        shared, caller = self._shared, self._caller
        with ExitStack() as stack:
            if not dry:
                self._after_first_walks()
                if whole:
                    stack.enter_context(self._one_at_a_time())
            store = Store.scratch(self.config.state) if dry else shared.store.fellow()
            stack.callback(store.close)
            work = shared.work(store, caller)
            if dry:
                store.recover(caller.now(), max(one.settle for one in shared.connectors.values()))
                alone = Work(
                    store, caller, shared.connectors, work.helpdesks, work.trackers, work.marker_key, work.brake
                )
                work = replace(alone, writes=False, ahead=True, paused=dict(shared.paused))
            else:
                work = replace(work, owner=str(ULID()), planned=lambda _plan: None)
                stack.callback(self._leave, store, work.owner)
            self._before, self._calls = self._lanes(), self._called()
            yield replace(work, say=caller.say, progress=caller.progress)

    @contextmanager
    def writing(self) -> Iterator[Store]:
        """See :class:`Host`."""
        store = self._shared.store.fellow()
        try:
            yield store
        finally:
            store.close()

    def changed(self) -> None:
        """See :class:`Host`."""
        with self.writing() as store:
            self._shared.heed_pauses(store.connectors.all())
        self._shared.news.set()

    def counted(self, work: Work) -> tuple[Counter[str], dict[str, int]]:
        """See :class:`Host`; what the lanes have done meanwhile is a part of it."""
        lanes, calls = self._lanes() - self._before, self._called()
        return work.tally + lanes, {name: n - self._calls[name] for name, n in calls.items()}

    def _leave(self, store: Store, owner: str) -> None:
        """What it has not seen to is the lanes' again."""
        with store.write():
            store.queue.leave(owner)
        self._shared.news.set()

    def _after_first_walks(self) -> None:
        """No group is looked at before every connector has been walked, or at least tried (rule 4)."""
        shared = self._shared
        for name in shared.connectors:
            told = False
            while not (shared.walked[name].is_set() or shared.tried[name].is_set()):
                if not told:
                    self._caller.say(f"The service reads {name} for the first time; waiting for its end")
                    told = True
                if self._caller.sleep(0.5):
                    raise Interrupted("stopped while waiting for a first walk")

    @contextmanager
    def _one_at_a_time(self) -> Iterator[None]:
        if self._shared.whole.taken:
            self._caller.say("Another `syncd reconcile` is under way; waiting for its end")
        with self._shared.whole.turn(self._caller):
            yield

    def _lanes(self) -> Counter[str]:
        total: Counter[str] = Counter()
        for one in list(self._shared.tallies):
            total.update({key: n for key, n in dict(one).items() if key in LANES or key.startswith("rule ")})
        return total

    def _called(self) -> dict[str, int]:
        return {name: sum(dict(one.calls).values()) for name, one in self._shared.connectors.items()}
