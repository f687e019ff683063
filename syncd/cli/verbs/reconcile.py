"""``syncd reconcile``."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import click

from syncd import braking
from syncd.cli.app import config_option, json_option
from syncd.cli.hosts import Alone, Host, through
from syncd.cli.moments import Moment
from syncd.cli.plans import fresh, made, read_plan, told_where, write_plan
from syncd.cli.reports import report_of, tell
from syncd.cli.running import NO_KEY, configured
from syncd.cli.show import as_json
from syncd.clock import stamp
from syncd.errors import ConnectorError
from syncd.issues.seen import kept
from syncd.jobs.backfill import backfill, find, some
from syncd.planfile import FileGroup
from syncd.schema import instant
from syncd.store import FilingState
from syncd.sync.approval import keep
from syncd.work import Work

ONE_OF = "--dry-run, --plan and --apply don't go together"
OUTSIDE = ("not_authorised", "no_place", "nothing_filed")
"""Why nothing is filed where that may change though the ticket doesn't."""
ALL_OF_IT = "--apply carries out a whole plan file: it takes no REF, no --since, no --file-since and no --connector"


@click.command("reconcile")
@click.argument("refs", nargs=-1, metavar="[REF]...")
@click.option("--dry-run", is_flag=True, help="Show what would change; write nothing, neither there nor here.")
@click.option("--plan", type=click.Path(path_type=Path), help="The same, and keep it in a new file.", metavar="FILE")
@click.option(
    "--apply",
    "applied",
    type=click.Path(path_type=Path),
    help="Carry out such a file, and nothing else.",
    metavar="FILE",
)
@click.option("--since", type=Moment(), help="Walk only what changed since then.", metavar="WHEN")
@click.option(
    "--file-since",
    type=Moment(),
    help="File what was escalated before, of tickets made or changed since then.",
    metavar="WHEN",
)
@click.option("--connector", "names", multiple=True, help="Walk only this one; may be repeated.", metavar="NAME")
@json_option
@config_option
def command(
    refs: tuple[str, ...],
    folder: Path | None,
    names: tuple[str, ...],
    *,
    dry_run: bool,
    plan: Path | None,
    applied: Path | None,
    since: datetime | None,
    file_since: datetime | None,
    as_data: bool,
) -> int:
    """Bring tickets and issues into step: all of them, or the REFs and what is linked with them.

    On an empty state it finds the links that exist and adopts them; on a full one it repairs. Broken off with Ctrl-C,
    the next run goes on where this one stopped.

    With --apply, what has changed since the plan was made is left alone and listed.
    """
    if dry_run + (plan is not None) + (applied is not None) > 1:
        raise click.UsageError(ONE_OF)
    if applied is not None:
        if refs or names or since or file_since:
            raise click.UsageError(ALL_OF_IT)
        return through(folder, "reconcile --apply", plan=read_plan(applied), as_data=as_data)
    told: dict[str, Any] = {
        "refs": list(refs),
        "names": list(names),
        "since": since.isoformat() if since else None,
        "file_since": stamp(file_since) if file_since else None,
    }
    if plan is not None:
        host = Alone(configured(folder))  # on a copy of the state: no service is needed for it
        fresh(plan)
        return do_reconcile(host, dry_run=True, as_data=as_data, plan=plan, **told)
    return through(folder, "reconcile", dry_run=dry_run, as_data=as_data, **told)


def do_reconcile(
    host: Host,
    *,
    refs: list[str],
    names: list[str],
    dry_run: bool,
    since: str | None,
    as_data: bool,
    file_since: str | None = None,
    plan: Path | None = None,
) -> int:
    """The work of it. ``plan``: a file to keep in what a dry run has found."""
    config = host.config
    known = [*config.trackers, *config.helpdesks]
    wrong = [name for name in names if name not in known]
    if wrong:
        raise click.UsageError(f"no connector is called {wrong[0]!r}; there are: {', '.join(known)}")
    began = time.monotonic()
    failures: Mapping[str, ConnectorError] = {}
    groups: dict[str, FileGroup] = {}
    with host.working(dry=dry_run, whole=not refs) as work:
        if work.writes:
            _look_again(work)
        if plan is not None:
            work = replace(work, planned=partial(keep, work, groups))  # noqa: PLW2901  # the same run
        if refs:
            some(work, [find(work, text) for text in refs], file_since)
        else:
            failures = backfill(work, names or known, instant(since) if since else None, file_since)
        report = report_of(work, host.counted(work), failures, time.monotonic() - began, dry=dry_run)
        if plan is not None:
            filings = [] if work.marker_key == NO_KEY else kept(work)  # what it stands for could be read without one
            report |= write_plan(plan, made("reconcile", groups.values(), filings))
        if as_data:
            as_json(report)
        else:
            tell(work, report)
            told_where(report)
        braking.tell(work)
    return 0 if dry_run and not failures else int(bool(report["needs_a_person"] or failures))


def _look_again(work: Work) -> None:
    """Notes and issues that were refused get another chance, as parked groups do; notes are looked for first."""
    with work.store.write():
        work.store.filings.retry([FilingState.REFUSED, FilingState.UNFILED], work.now, rules=OUTSIDE)
        for row in work.store.effects.still_refused():
            if row.target.connector in work.connectors:
                work.store.effects.doubt(row.id, work.clock.now(), row.reason)
