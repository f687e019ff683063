"""Reactions: an announced message gets eyes once somebody has the issue, and a check mark once it is done."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from syncd.clock import Clock, precise
from syncd.model import Item, Word
from syncd.notify.outlet import Outlet
from syncd.notify.sink import Mark, SinkError
from syncd.notify.subject import TAKEN, issue_of
from syncd.store import AnnouncementRow
from syncd.work import Work

WATCHED = timedelta(days=60)
"""So long after it was sent."""


def mark(work: Work, outlet: Outlet, clock: Clock) -> None:
    """Set the reactions that are missing, where a playbook wants any. To set one twice is to set it once."""
    wanting = {name for name, desk in work.helpdesks.items() if desk.playbook.announce.reactions}
    if not wanting:
        return
    for row in work.store.announcements.unmarked(outlet.name, precise(clock.now() - WATCHED)):
        wanted = _wanted(work, row) if row.desk in wanting else None
        if wanted is None or wanted == row.mark:
            continue
        if outlet.rests():
            return
        try:
            outlet.notifier.mark(row.thread, wanted)
        except SinkError as error:
            outlet.failed(work.store, error)
            return
        with work.store.write():
            work.store.announcements.put(replace(row, mark=wanted))


def _wanted(work: Work, row: AnnouncementRow) -> Mark | None:
    issue = issue_of(work.store, row.about)
    seen = work.store.snapshots.get(issue) if issue else None
    if not isinstance(seen, Item) or seen.ref.connector not in work.trackers:
        return None
    word = work.mapping(seen.ref.connector).word(seen.status)
    if word in TAKEN - {Word.IN_PROGRESS}:
        return "done"
    return "seen" if word is Word.IN_PROGRESS or seen.assignees else None
