"""Poll: what changed becomes snapshots, links, queue rows and the cursor, a page in one transaction.

A poll only says which groups to look at (rule 1). What an item names is resolved before the transaction begins, since
no call is made while one is open. While one thread walks a connector, another goes on polling it: each has a place of
its own in the source's row, and they take turns, a page each.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import datetime

from syncd.clock import stamp
from syncd.defects import of_one_item, told
from syncd.errors import ConnectorError, Gone, Interrupted, RateLimited, Refused, Transient
from syncd.ingest.follow import follow
from syncd.ingest.moved import moved
from syncd.ingest.named import MAX_FAILED, RECORD, Named, look_up, resolve, unlinked
from syncd.ingest.said import switch
from syncd.ingest.take import take, take_removed
from syncd.ingest.watch import begin_watch
from syncd.model import Item, Page, Ref, Removed, Role
from syncd.retry import reads
from syncd.store import BEGINNING, CursorRow, unread
from syncd.work import Work


def poll(work: Work, name: str) -> ConnectorError | None:
    """Read on from every cursor of a connector.

    Returns:
        Why a source was refused: that is for a person to mend, and holds up none of the others (rule 13).

    Raises:
        ConnectorError: all were refused, or one could not be read; what was read before is kept.
    """
    switch(work)
    _forget_unsettled(work, name)
    walks = {ref for ref, _ in work.store.snapshots.to_read(name)} if work.feeds[name].walks.taken else set()
    sources = work.connectors[name].sources()
    refused = [error for source in sources if (error := _try(work, name, source, None, walking=False))]
    if refused and len(refused) == len(sources):
        raise refused[0]
    if not refused:
        _keep_polled(work, name)
    read_again(work, name, leave=walks)
    return refused[0] if refused else None


def walk(work: Work, name: str, since: datetime | None = None) -> str:
    """Read every source of a connector from its beginning, or from ``since``; the same walk broken off goes on.

    The caller has the turn at the connector's walks.

    Returns:
        When it began: what it has shown was seen since then.

    Raises:
        ConnectorError: a source could not be read; what was read before is kept, and where it was refused, the others
            were read.
    """
    switch(work)
    begin_watch(work, name)
    _forget_unsettled(work, name)
    connector, span = work.connectors[name], stamp(since) if since else ""
    began, refused = work.now, list[ConnectorError]()
    for source in reads(work.clock)(connector.sources):
        began = min(began, _begin(work, name, source, span))
        error = _try(work, name, source, since or connector.start_from, walking=True)
        refused += [error] if error else []
    if refused:
        raise refused[0]
    if not span and not connector.capabilities.feed_texts:
        with work.store.write():
            work.store.snapshots.read_skipped(name)
    if not span:
        _keep_polled(work, name)
        with work.store.write():
            work.store.filings.all_seen(name, began)
    read_again(work, name)
    return began


def _begin(work: Work, name: str, source: str, span: str) -> str:
    """A walk of a source begins, unless it is the one that was broken off; when it began. Polls keep their place."""
    with work.feeds[name].pages.turn(work.clock):
        row = work.store.cursors.get(name, source) or unread(name, source)
        if not row.walking or row.span != span:
            resume = row.resume or row.cursor if span or row.walked else ""
            row = replace(row, cursor="", walking=work.now, span=span, resume=resume)
            with work.store.write():
                work.store.cursors.put(row)
    return row.walking


def _keep_polled(work: Work, name: str) -> None:
    """All of its sources were read to their end: that is how far health says it has come."""
    with work.store.write():
        work.store.connectors.polled(name, work.now)


def _forget_unsettled(work: Work, name: str) -> None:
    """What an earlier poll read too soon is due now."""
    work.unsettled = {ref for ref in work.unsettled if ref.connector != name}


def _try(work: Work, name: str, source: str, since: datetime | None, *, walking: bool) -> ConnectorError | None:
    """One source; why it was refused, if it was."""
    try:
        _read_on(work, name, source, since, walking=walking)
    except (Refused, Gone) as error:
        return error
    return None


def _read_on(work: Work, name: str, source: str, since: datetime | None, *, walking: bool) -> None:
    """Pages until the last; a failure after some progress starts the retry policy anew."""
    done = False
    while not done:
        done = reads(work.clock)(_pages, work, name, source, since, walking=walking)


def _pages(work: Work, name: str, source: str, since: datetime | None, *, walking: bool) -> bool:
    row = work.store.cursors.get(name, source) or unread(name, source)
    cursor = (row.resume if row.polled_aside and not walking else row.cursor) or None
    pages = iter(work.connectors[name].changes(source, cursor, since))
    progress = last = False
    try:
        while not last:
            with work.feeds[name].pages.turn(work.clock):
                page = next(pages, None)
                if page is None:
                    return True
                if work.clock.sleep(0):
                    raise Interrupted("stopped between two pages")
                _absorb(work, name, source, page, walking=walking)
            progress, last = True, page.last
    except (Transient, RateLimited):
        if not progress:
            raise
        return False
    return True


def _absorb(work: Work, name: str, source: str, page: Page, *, walking: bool) -> None:
    """One page, one transaction."""
    work.remember(page.items)
    row = work.store.cursors.get(name, source)
    first = row is None or not row.walked
    old_news = [item for item in page.items if work.store.snapshots.is_old(work.kept(item))]
    work.tally["echoes"] += len(old_news)
    failed: Counter[str] = Counter()
    news = [item for item in page.items if item not in old_news]
    beside = [shown for item in old_news if (shown := unlinked(work, item)) is not None]
    ahead = look_up(work, [*news, *beside])
    todo = [(item, resolve(work, item, failed, ahead)) for item in news]
    also = [(item, resolve(work, item, failed, ahead)) for item in beside]
    elsewhere = moved(work, name, todo)
    with work.store.write():
        for item in (*elsewhere, *page.items):
            follow(work, item)
        for item in old_news:
            work.store.snapshots.touch(item.ref, work.now)
        for removed in page.removed:
            take_removed(work, removed)
        if work.role(name) is Role.HELPDESK:
            work.store.tickets.meet(news)
        for one in page.unreadable:
            work.store.journal.skip(one.ref, RECORD, one.why, work.now)
        for item, named in todo:
            _take(work, item, named, first_walk=first, cause="poll")
        for item, named in also:
            _take(work, item, named, first_walk=first, cause="links")
        work.store.cursors.put(_moved_on(work, row or unread(name, source), page, walking=walking))
    work.has_read(name, source, page)


def _moved_on(work: Work, row: CursorRow, page: Page, *, walking: bool) -> CursorRow:
    """Where a source stands after a page."""
    if row.polled_aside and not walking:
        return replace(row, resume=page.cursor, polled_at=work.now)
    if not row.walked:
        mark, at_mark = _mark(row, page)
        row = replace(row, start_mark=mark, at_mark=at_mark)
    row = replace(row, cursor=page.cursor, polled_at=work.now)
    if not page.last:
        return row
    place = (row.resume or page.cursor) if row.span else page.cursor
    reach = _reach(work, row) if walking or not row.reach else row.reach
    return replace(row, cursor=place, walked=True, walking="", span="", resume="", reach=reach)


def _reach(work: Work, row: CursorRow) -> str:
    """How far back a source has been read, now that a walk of it has come to its end."""
    begin = work.connectors[row.connector].start_from
    span = row.span or (stamp(begin) if begin else BEGINNING)
    return min(row.reach or span, span)


def _take(work: Work, item: Item, named: Named, *, first_walk: bool, cause: str) -> None:
    """One item as it was read: a defect that it brings to light must not keep others from being read (rule 13)."""
    work.store.journal.unskip(item.ref, RECORD)
    try:
        with work.store.part():
            take(work, item, named, first_walk=first_walk, cause=cause)
    except Exception as error:
        if not of_one_item(error):
            raise
        work.store.journal.skip(item.ref, RECORD, told(error), work.now)


def _mark(row: CursorRow, page: Page) -> tuple[str, frozenset[str]]:
    """The start mark as far as this first walk has come, and the items made in its second (times are whole seconds)."""
    mark = max([row.start_mark, *(item.version for item in page.items)])
    met = {str(item.ref) for item in page.items if stamp(item.created_at) == mark}
    return mark, frozenset(met | row.at_mark if mark == row.start_mark else met)


def read_again(work: Work, name: str, leave: AbstractSet[Ref] = frozenset()) -> None:
    """Items that have to be read once more: notes that the feed doesn't carry, names that couldn't be looked up.

    What is left to do is kept in the state, so that neither a failure nor a crash loses it. An item that can't be read
    waits, and holds up no other. ``leave``: these are somebody else's to read.

    Raises:
        ConnectorError: the connector could not be read, several times; what is left waits for the next poll.
    """
    todo = [one for one in work.store.snapshots.to_read(name) if one[0] not in work.unsettled and one[0] not in leave]
    size = max(1, work.connectors[name].capabilities.fetch_batch)
    once = reads(work.clock, attempts=1)
    troubles, waiting = 0, list[str]()
    for start in range(0, len(todo), size):
        work.progress(f"reading notes of {name}", start, len(todo))
        with work.feeds[name].pages.turn(work.clock):
            part = work.store.snapshots.unread(dict(todo[start : start + size]))
            try:
                answers = once(work.connectors[name].explore, list(part)) if part else {}
            except (Refused, Transient) as error:
                answers, troubles = dict.fromkeys(part, error), troubles + 1
                if troubles > MAX_FAILED:
                    raise
            for ref, first_walk in part.items():
                waiting += _reread(work, ref, answers[ref], first_walk=first_walk)
    if waiting:
        many = "1 item" if len(waiting) == 1 else f"{len(waiting):,} items"
        work.say(f"{name}: {many} could not be read now, and will be read again: {waiting[0]}")


def _reread(work: Work, ref: Ref, answer: Item | Removed | ConnectorError, *, first_walk: bool) -> list[str]:
    """One answer; why it is to be asked for again, if it is because it could not be read."""
    if isinstance(answer, Item):
        named = resolve(work, answer)
        with work.store.write():
            follow(work, answer)
            if not _lags(work, answer):
                _take(work, answer, named, first_walk=first_walk, cause="note")
        return []
    if isinstance(answer, ConnectorError) and not isinstance(answer, (Refused, Gone)):
        return [answer.what]
    with work.store.write():
        if isinstance(answer, ConnectorError):
            work.store.journal.skip(ref, "notes", answer.what, work.now)
        else:
            work.store.journal.unskip(ref)
        work.store.snapshots.was_read(ref)
    return []


def _lags(work: Work, item: Item) -> bool:
    """Whether an answer shows less than was seen already, as a copy of the service's that is behind does."""
    before = work.store.snapshots.get(item.ref)
    return isinstance(before, Item) and item.version < before.version
