"""The jobs of the stand-in: many tickets in one call, written a little later (Zendesk API reference, Job Statuses).

A job is answered for at once, waits, works, and is completed even where rows of it failed. Every row is a safe
update: against the stamp that was sent, or else the time at which the job was queued.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from connectors.zendesk.sandbox import rules
from connectors.zendesk.sandbox.books import Books
from connectors.zendesk.sandbox.shapes import ORIGIN
from connectors.zendesk.sandbox.updates import Updates
from syncd.clock import stamp
from syncd.testing import Reply

KEPT = timedelta(days=1)
Rows = list[dict[str, Any]]


@dataclass(slots=True)
class Job:
    """A job: what is to be written to which ticket, and what came of it."""

    id: str
    kind: str
    by: int
    queued: datetime
    rows: Rows
    bulk: bool
    works: datetime
    ends: datetime
    results: Rows | None = None
    failed: bool = False


@dataclass(slots=True)
class Jobs:
    """All jobs of the account.

    Switches: ``waits`` and ``works`` (seconds), ``in_flight`` (how many may be queued or working), ``busy`` (how many
    of those are other people's), ``too_many_status``, ``failed_rows`` (which keys name the ticket in a failed row:
    ``index``, ``id``; the documentation isn't certain), ``killed`` (the next job ends so, with nothing written).
    """

    books: Books
    updates: Updates
    waits: float = 1
    works: float = 1
    in_flight: int = 30
    busy: int = 0
    too_many_status: int = 429
    failed_rows: frozenset[str] = frozenset({"index", "id"})
    killed: bool = False
    known: dict[str, Job] = field(default_factory=dict)

    def queue(self, rows: Rows, by: int, *, bulk: bool) -> Reply:
        """Take in a job."""
        running = [one.id for one in self.known.values() if self._status(one) in {"queued", "working"}]
        if len(running) + self.busy >= self.in_flight:
            said = "Too many batch or bulk update jobs are currently queued or running. Try again later."
            body = {"error": "TooManyJobs", "description": said, "current_job_ids": running}
            return Reply(self.too_many_status, body)
        now = self.books.now()
        starts = now + timedelta(seconds=self.waits)
        kind = "Bulk Update Ticket" if bulk else "Batch Update Ticket"
        number = f"V3-{uuid.uuid4().hex}"
        job = Job(number, kind, by, now, rows, bulk, starts, starts + timedelta(seconds=self.works))
        job.failed, self.killed = self.killed, False
        self.known[number] = job
        return Reply(200, {"job_status": self.shown(job)}, self.header())

    def header(self) -> dict[str, str]:
        """How many more jobs may be queued."""
        used = self.busy + sum(self._status(one) in {"queued", "working"} for one in self.known.values())
        told = f"total={self.in_flight}; remaining={max(0, self.in_flight - used)}; resets=60"
        return {"Zendesk-RateLimit-inflight-jobs": told}

    def tick(self) -> None:
        """Let those work that have waited, and forget those of yesterday."""
        now = self.books.now()
        for job in list(self.known.values()):
            if job.results is None and job.works <= now and not job.failed:
                job.results = [self._row(job, index, row) for index, row in enumerate(job.rows)][::-1]
            if job.ends + KEPT <= now:
                del self.known[job.id]

    def shown(self, job: Job) -> dict[str, Any]:
        """A job as it stands."""
        status = self._status(job)
        done = status == "completed"
        return {
            "id": job.id,
            "job_type": job.kind,
            "url": f"{ORIGIN}/api/v2/job_statuses/{job.id}.json",
            "total": len(job.rows),
            "progress": len(job.rows) if done else (0 if status == "working" else None),
            "status": status,
            "message": f"Completed at {job.ends:%Y-%m-%d %H:%M:%S} +0000" if done else None,
            "results": job.results if done else None,
        }

    def _status(self, job: Job) -> str:
        now = self.books.now()
        if now < job.works:
            return "queued"
        if job.failed:
            return "killed"
        return "completed" if now >= job.ends else "working"

    def _row(self, job: Job, index: int, row: Mapping[str, Any]) -> dict[str, Any]:
        """Write one ticket; what the job tells of it. The order of its rows says nothing."""
        number = row["id"]
        ticket = self.books.tickets.get(number)
        asked = {key: value for key, value in row.items() if key != "id"}
        asked.setdefault("safe_update", True)
        asked.setdefault("updated_stamp", stamp(job.queued))
        gone = ticket is None or ticket.deleted
        came = rules.NO_RECORD if gone or ticket is None else self.updates.write(ticket, asked, job.by, bulk=job.bulk)
        if not isinstance(came, Reply):
            return {"id": number, "action": "update", "success": True, "status": "Updated"}
        named = {key: value for key, value in (("index", index), ("id", number)) if key in self.failed_rows}
        error = came.body["error"]
        if isinstance(error, str):
            told = {"error": error, "details": came.body.get("details", came.body["description"])}
        else:
            told = {"error": "InvalidAttribute", "details": error["message"]}
        return {**named, "action": "update", "success": False, "status": "Failed", **told}
