"""Rebuild: a state that was lost, from what both services hold, and from the markers of our own notes."""

from __future__ import annotations

from syncd.clock import precise
from syncd.errors import ConnectorError, Interrupted
from syncd.ingest.named import resolve
from syncd.ingest.poll import walk
from syncd.ingest.take import take
from syncd.model import FINISHED_TICKET, Item
from syncd.probe.observe import load
from syncd.probe.recall import recall, recall_item
from syncd.records import LinkState
from syncd.retry import reads
from syncd.work import Work


def rebuild(work: Work) -> dict[str, ConnectorError]:
    """Walk every connector, find links, also those that only our own notes name, and recall what was agreed.

    Writes to no service. Broken off, it is repeated from the beginning of what was not walked.

    Returns:
        Per connector that could not be read to its end, why; the rest is recalled by later runs.

    Raises:
        Interrupted: syncd is to stop; what was found is kept.
    """
    failures: dict[str, ConnectorError] = {}
    with work.store.write():
        work.store.recalls.begin("", precise(work.clock.now()))
    for name in [*work.trackers, *work.helpdesks]:
        try:
            with work.feeds[name].walks.turn(work.clock):
                walk(work, name)
        except ConnectorError as error:
            failures[name] = error
    for name in work.helpdesks.keys() - failures.keys():
        try:
            _read_finished(work, name)
            _believe_our_notes(work, name)
        except ConnectorError as error:
            failures[name] = error
    _recall_all(work, failures)
    work.troubles |= failures
    return failures


def _read_finished(work: Work, name: str) -> None:
    """The notes of tickets that are done: a walk leaves them alone, but a link may stand in ours."""
    if work.connectors[name].capabilities.feed_texts:
        return
    mapping = work.mapping(name)
    todo = [item.ref for item in list(work.seen.values()) if item.ref.connector == name]
    todo = [ref for ref in todo if not work.store.links.of(ref)]
    for number, ref in enumerate(todo):
        seen = work.seen[name, ref.key.casefold()]
        if mapping.word(seen.status) not in FINISHED_TICKET:
            continue
        _stop_here(work)
        work.progress(f"reading notes of {name}", number, len(todo))
        answer = reads(work.clock)(work.connectors[name].fetch, [ref])[ref]
        if isinstance(answer, Item):
            named = resolve(work, answer)
            with work.store.write():
                take(work, answer, named, first_walk=True, cause="note")


def _believe_our_notes(work: Work, name: str) -> None:
    """A link that is proposed only because it stands in a sentence, if the sentence is ours."""
    proposed = {link.ticket for link in work.store.links.all() if link.state is LinkState.PROPOSED}
    for ticket in sorted((ref for ref in proposed if ref.connector == name), key=str):
        _stop_here(work)
        recall_item(work, ticket)


def _recall_all(work: Work, failures: dict[str, ConnectorError]) -> None:
    """Every group; one that can't be asked is asked before anything is decided about it."""
    keys = work.store.groups.all()
    for number, key in enumerate(keys):
        _stop_here(work)
        work.progress("recalling", number, len(keys))
        try:
            recall(work, load(work, key))
        except ConnectorError as error:
            failures.setdefault(error.connector, error)
        with work.store.write():
            work.store.queue.ask(key, "rebuilt", work.clock.now())


def _stop_here(work: Work) -> None:
    if work.clock.sleep(0):
        raise Interrupted("stopped between two items")
