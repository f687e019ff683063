"""The announcer: what one sink is to hear of filings and links; stored before it is sent, and sent at most once.

Each sink's announcer takes the steps that are told there. It looks whether anybody has answered, and hands a chain on
to its next step, which may be another sink's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from syncd.clock import Clock, moment, precise
from syncd.defects import of_one_item, told
from syncd.errors import ConnectorError, Gone
from syncd.logs import Log
from syncd.model import Audience
from syncd.notify.announcement import Mention, Said
from syncd.notify.due import due
from syncd.notify.marks import mark
from syncd.notify.outlet import Outlet
from syncd.notify.requests import Request, as_read, batches, message
from syncd.notify.routes import following, sink_of
from syncd.notify.sink import SinkError, Unknown
from syncd.notify.subject import Subject, concerns, found, read, said, stands, taken
from syncd.store import AnnouncementRow, Telling
from syncd.work import Work

READS = 10
"""So many that people filed or linked are read in one turn, to see whether anybody is to be told."""
TRIES, AGAIN = 3, timedelta(seconds=20)
"""So often a ticket that can't be read is tried, so long apart; then what the state knows is told."""
SLOWER = 30
"""What can't be read, so that nobody knows whether it is to be told, is tried at last so many times further apart."""


class Announcer:
    """One sink, turn by turn.

    Args:
        outlet: the sink.
        audience: who reads there.
        clock: what now is.
        log: where is said what was sent.
    """

    def __init__(self, outlet: Outlet, audience: Audience, *, clock: Clock, log: Log) -> None:
        self.outlet, self.audience, self.clock, self.log = outlet, audience, clock, log
        self._would: set[tuple[str, str, str]] = set()
        """What observe mode has said already."""

    def turn(self, work: Work) -> None:
        """Look at what was filed and linked, at who has answered, and tell what is due."""
        fresh = [row for row in due(work.store, work.helpdesks, self.clock.now()) if self._is_mine(work, row)]
        if not work.writes:
            self._say_what_it_would(fresh, work)
            return
        if fresh:
            with work.store.write():
                for row in fresh:
                    work.store.announcements.put(row)
        for row in work.store.announcements.open():
            if row.due and row.due <= self._now and self._is_mine(work, row):
                self._watch(work, row)
        self._tell(work)
        mark(work, self.outlet, self.clock)

    def _say_what_it_would(self, rows: Sequence[AnnouncementRow], work: Work) -> None:
        for row in rows:
            subject = found(work, row)
            if row.key not in self._would and subject is not None and concerns(subject):
                self.log.info("would announce", sink=self.outlet.name, what=row.event, item=subject.human)
            self._would.add(row.key)

    @property
    def _now(self) -> str:
        return precise(self.clock.now())

    def _is_mine(self, work: Work, row: AnnouncementRow) -> bool:
        """Whether a step is told here; while it waits, as the playbook has it now."""
        desk = work.helpdesks.get(row.desk)
        route = desk.playbook.announce.route(row.route) if desk else None
        told = row.sink and row.state is not Telling.WAITING
        if told or desk is None or route is None or row.step >= len(route.to):
            return row.sink == self.outlet.name
        return sink_of(desk, route, row.step) == self.outlet.name

    # --- chains ---

    def _watch(self, work: Work, row: AnnouncementRow) -> None:
        """Time is up for an answer."""
        if row.state is Telling.WAITING:
            return
        subject = found(work, row)
        if subject is None or self._answered(work, row, subject):
            self._settle(work, row, Telling.ANSWERED if subject else Telling.NEEDLESS)
        else:
            self._hand_on(work, row, subject)

    def _answered(self, work: Work, row: AnnouncementRow, subject: Subject) -> bool:
        try:
            if row.thread and self.outlet.notifier.answered(row.thread):
                return True
        except SinkError as error:
            self.log.warning("answers not seen", sink=self.outlet.name, why=error.what)
        try:
            return taken(work, subject, row.stood)
        except Exception as error:
            if not self._unread(subject, error):
                raise
            return False  # who isn't known to have answered is taken not to have

    def _hand_on(self, work: Work, row: AnnouncementRow, subject: Subject) -> None:
        step, now = following(subject.desk.playbook, subject.route, row.step), self._now
        with work.store.write():
            state = Telling.UNANSWERED if step is None else Telling.PASSED
            work.store.announcements.put(replace(row, state=state, due=""))
            if step is not None:
                sink = sink_of(subject.desk, subject.route, step)
                after = AnnouncementRow(row.about, row.event, row.desk, row.route, step, now, now, sink=sink)
                work.store.announcements.put(after)
        self.log.warning("not answered", sink=self.outlet.name, what=row.event, item=subject.human)

    @staticmethod
    def _settle(work: Work, row: AnnouncementRow, state: Telling) -> None:
        with work.store.write():
            work.store.announcements.put(replace(row, state=state, due=""))

    # --- telling ---

    def _tell(self, work: Work) -> None:
        """What waits for this sink: what is critical first, then the most urgent."""
        found = batches(self._waiting(work), lambda one: self._thread(work, one.row))
        for number, batch in enumerate(found):
            if self._silent:
                self._hand_on_late(work, [one for left in found[number:] for request in left for one in request])
                return
            self._say(work, batch)

    @property
    def _silent(self) -> bool:
        """Nothing can be told now."""
        return self.outlet.rests() or self.outlet.left <= 0

    def _waiting(self, work: Work) -> list[Subject]:
        subjects, reads, silent = list[Subject](), 0, self._silent
        for row in work.store.announcements.open():
            if row.state is not Telling.WAITING or row.due > self._now or not self._is_mine(work, row):
                continue
            subject = found(work, row)
            if subject is None:
                self._settle(work, row, Telling.NEEDLESS)
                continue
            if concerns(subject) is None:
                if reads == READS or (silent and not self._late(subject)):
                    continue
                reads += 1
                subject = self._read(work, [subject])
            if subject is not None and concerns(subject):
                subjects.append(subject)
            elif subject is not None:
                self._settle(work, row, Telling.NEEDLESS)
        return sorted(subjects, key=lambda one: one.order)

    def _read(self, work: Work, request: Request) -> Subject | None:
        """The first of a request with what the ticket says; without it where it can't be read for long.

        Returns:
            None: not now, or never.
        """
        subject = request[0]
        if subject.fresh:
            return subject
        try:
            return read(work, subject)
        except Gone:
            for one in request:
                self._settle(work, one.row, Telling.NEEDLESS)
            return None
        except Exception as error:
            if not self._unread(subject, error):
                raise
            if subject.row.tries + 1 >= TRIES and concerns(subject):
                return subject
        with work.store.write():
            for row in (one.row for one in request):
                later = precise(self.clock.now() + AGAIN * min(row.tries + 1, SLOWER))
                work.store.announcements.put(replace(row, tries=row.tries + 1, due=later))
        return None

    def _unread(self, subject: Subject, error: Exception) -> bool:
        """Say why a ticket or an issue wasn't read. A defect that one of them brings about holds up no other (rule 13).

        Returns:
            Whether that is all there is to it.
        """
        if isinstance(error, ConnectorError):
            self.log.warning("not read", connector=error.connector, why=error.what)
        elif of_one_item(error):
            self.log.error("defect", item=subject.human, what=told(error))
        else:
            return False
        return True

    def _say(self, work: Work, requests: Sequence[Request]) -> None:
        """One message. It counts as sent before the first byte of it leaves."""
        if len(requests) == 1:
            known = self._read(work, sorted(requests[0], key=lambda one: not one.fresh))
            requests = [as_read(requests[0], known)] if known is not None else []
        subjects = [one for request in requests for one in request]
        if not subjects:
            return
        now = self.clock.now()
        rows = [self._begun(work, one, now) for one in subjects]
        text = message(precise(now), requests, lambda one: self._said(work, one))
        thread = self._thread(work, subjects[0].row) if len(requests) == 1 else ""
        with work.store.write():
            for row in rows:
                work.store.announcements.put(row)
        self.outlet.spend()
        try:
            thread = self.outlet.notifier.send(text, thread) or thread
        except Unknown as error:
            self._keep(work, [replace(row, state=Telling.UNKNOWN) for row in rows])
            self.outlet.failed(work.store, error)
        except SinkError as error:  # certainly not sent
            self._keep(work, [one.row for one in subjects])
            self.outlet.failed(work.store, error)
        else:
            self._keep(work, [replace(row, state=Telling.SENT, thread=thread) for row in rows], arrived=True)
            what = [f"{one.row.event} {one.human}" for one in subjects]
            self.log.info("announced", sink=self.outlet.name, what=what)

    def _keep(self, work: Work, rows: Sequence[AnnouncementRow], *, arrived: bool = False) -> None:
        with work.store.write():
            if arrived:
                self.outlet.arrived(work.store)
            for row in rows:
                work.store.announcements.put(row)

    def _begun(self, work: Work, subject: Subject, now: datetime) -> AnnouncementRow:
        after = subject.route.to[subject.row.step].after
        return replace(
            subject.row,
            state=Telling.SENDING,
            sink=self.outlet.name,
            stood=stands(work, subject),
            sent_at=precise(now),
            due=precise(now + timedelta(seconds=after)) if after else "",
        )

    def _said(self, work: Work, subject: Subject) -> Said:
        step, known = subject.route.to[subject.row.step], subject.desk.playbook.announce.mentions
        mention = Mention(step.mention, known[step.mention]) if step.mention else None
        values = said(subject, self.audience, self.clock.now())
        return Said(subject.row.event, values, mention, self._before(work, subject))

    @staticmethod
    def _before(work: Work, subject: Subject) -> str:
        """What became of the step before."""
        row = subject.row
        chain = [one for one in work.store.announcements.chain(row.key) if one.step < row.step]
        if not chain:
            return ""
        last = chain[-1]
        channel = subject.route.to[last.step].sink
        if not last.sent_at:
            return f"It could not be told in {channel}."
        minutes = round((moment(row.made_at) - moment(last.sent_at)).total_seconds() / 60)
        return f"Nobody has answered in {channel} for {minutes} minutes."

    def _thread(self, work: Work, row: AnnouncementRow) -> str:
        """Under which name this sink knows an earlier step of the same chain."""
        if not row.step:
            return ""
        mine = [one.thread for one in work.store.announcements.chain(row.key) if one.sink == self.outlet.name]
        return next((thread for thread in mine if thread), "")

    def _hand_on_late(self, work: Work, subjects: Sequence[Subject]) -> None:
        """What this sink can't be told in time goes on to the next step."""
        for one in subjects:
            if self._late(one):
                self._hand_on(work, one.row, one)

    def _late(self, subject: Subject) -> bool:
        after = subject.route.to[subject.row.step].after
        return bool(after) and moment(subject.row.made_at) + timedelta(seconds=after) <= self.clock.now()
