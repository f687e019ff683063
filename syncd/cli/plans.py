"""Plan files on disk, and ``syncd reconcile --apply``."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from syncd import braking
from syncd.cli.hosts import Host
from syncd.cli.running import human, refused_notes
from syncd.cli.sentences import sentence
from syncd.cli.show import as_json, clean, complain, plural, say
from syncd.clock import stamp
from syncd.config import Config
from syncd.jobs.apply import Applied, apply
from syncd.planfile import FORMAT, BadPlan, FileFiling, FileGroup, Made, PlanFile, checked, parse
from syncd.work import Work

LARGEST = 64 * 1024 * 1024
"""Bytes of a plan file."""
OBSERVE = 'syncd is in observe mode, in which nothing is written. Set mode = "live" in syncd.toml to apply a plan'


def made(kind: Made, groups: Iterable[FileGroup], filings: Iterable[FileFiling] = ()) -> PlanFile:
    """A plan file of now."""
    found, now = sorted(groups, key=lambda one: one.group), stamp(datetime.now(UTC))
    return PlanFile(syncd="plan", format=FORMAT, kind=kind, made_at=now, groups=found, filings=list(filings))


def fresh(path: Path) -> None:
    """See that a file can be made there, before any work is done for it.

    Raises:
        click.UsageError: there is one already, or the folder can't be written.
    """
    if os.path.lexists(path):
        raise click.UsageError(f"{_shown(path)} is there already, and isn't written over. Name another file")
    if not path.parent.is_dir():
        raise click.UsageError(f"the folder {_shown(path.parent)} doesn't exist")
    if not os.access(path.parent, os.W_OK):
        raise click.UsageError(f"the folder {_shown(path.parent)} can't be written")


def write_plan(path: Path, file: PlanFile) -> dict[str, Any]:
    """Keep it, whole or not at all, for its owner only; what to tell of it.

    Raises:
        click.UsageError: it can't be written there, or somebody else has made such a file meanwhile.
    """
    try:
        handle, name = tempfile.mkstemp(prefix=".syncd-plan-", dir=path.parent)
        try:
            with os.fdopen(handle, "w", encoding="ascii") as out:
                out.write(file.text())
                out.flush()
                os.fsync(out.fileno())
            os.link(name, path)
        finally:
            with suppress(OSError):
                Path(name).unlink()
    except OSError as error:
        raise click.UsageError(f"{_shown(path)} can't be written ({error.strerror}). Nothing was kept") from error
    return {"plan_file": str(path), "plan_groups": len(file.groups), "plan_filings": len(file.filings)}


def told_where(report: Mapping[str, Any]) -> None:
    """Where the plan is, and what to do with it."""
    if "plan_file" in report:
        name, groups, filings = report["plan_file"], report["plan_groups"], report["plan_filings"]
        parts = [plural(groups, "group")] if groups or not filings else []
        parts += [f"{plural(filings, 'issue')} to be filed"] if filings else []
        say(f"The plan, {' and '.join(parts)}, is in {name}. Read it, take out what you don't want")
        say(f"done, then: syncd reconcile --apply {name}")
        if report.get("would_file") and not filings:
            say("Issues to be filed are no part of it: that takes a marker key. A first `syncd reconcile` makes one.")


def read_plan(path: Path) -> dict[str, Any]:
    """A plan file, as it is told to whoever carries it out.

    Raises:
        click.UsageError: it can't be read, or is none.
    """
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        raise click.UsageError(f"{_shown(path)} can't be read ({error.strerror})") from error
    if len(data) > LARGEST:
        raise click.UsageError(f"{_shown(path)} is too large for a plan")
    with _as_usage(path):
        return parse(data).model_dump(by_alias=True)


@contextmanager
def _as_usage(path: Path) -> Iterator[None]:
    try:
        yield
    except BadPlan as error:
        raise click.UsageError(f"{_shown(path)}: {clean(str(error))}") from error


def do_apply(host: Host, *, plan: Mapping[str, Any], as_data: bool) -> int:
    """The work of ``reconcile --apply``."""
    with _as_usage(Path("the plan")):
        file = checked(plan)
    _refuse(host.config, file)
    began = time.monotonic()
    with host.working() as work:
        found = apply(work, file)
        report = _report(work, file, found, host.counted(work)[1], time.monotonic() - began)
        if as_data:
            as_json(report)
        else:
            _tell(report)
        if found.braked:
            braking.tell(work)
    return int(bool(found.skipped or found.unfiled or found.failures or report["refused_notes"]))


def _refuse(config: Config, file: PlanFile) -> None:
    """What can't be carried out at all.

    Raises:
        click.UsageError: with why.
    """
    unknown = file.connectors - {*config.trackers, *config.helpdesks}
    if unknown:
        raise click.UsageError(f"the plan speaks of {clean(min(unknown))}, and no connector of that name is configured")
    if config.mode != "live":
        raise click.UsageError(OBSERVE)


def _report(work: Work, file: PlanFile, found: Applied, calls: dict[str, int], seconds: float) -> dict[str, Any]:
    tally, items = work.tally, {one.group: [step.item for step in one.steps] for one in file.groups}
    notes = refused_notes(work.store)
    written = {step.target for one in file.groups for step in one.steps}
    tickets = {one.filing: one.item for one in file.filings}
    mine = [note for note in notes if any(human(work.store, target) == note["on"] for target in written)]
    return {
        "kind": file.kind,
        "made_at": file.made_at,
        "seconds": round(seconds, 2),
        "groups": len(file.groups),
        "applied": len(found.done),
        "status_writes": tally["statuses"],
        "notes_written": tally["notes"],
        "rules": {name[5:]: n for name, n in sorted(tally.items()) if name.startswith("rule ")},
        "skipped": [
            {"group": human(work.store, key), "items": list(dict.fromkeys(items[key])), "why": why}
            for key, why in found.skipped.items()
        ],
        "calls": calls,
        "not_read": {name: error.what for name, error in found.failures.items()},
        "refused_notes": mine,
        "filings": len(file.filings),
        "issues_filed": len(found.filed),
        "not_filed": [{"ticket": tickets[name], "why": why} for name, why in found.unfiled.items()],
    }


def _tell(report: Mapping[str, Any]) -> None:
    for rule, count in report["rules"].items():
        words, what = sentence(rule.rstrip("+"), status=rule.endswith("+"), count=count)
        say(f"  {plural(count, what)} {words}")
    say(
        f"{report['applied']:,} of {plural(report['groups'], 'group')} done as planned, "
        f"{plural(report['status_writes'], 'status', 'statuses')} and {plural(report['notes_written'], 'note')} "
        f"written, {report['seconds']:.1f} s"
    )
    if report["filings"]:
        say(f"{report['issues_filed']:,} of {plural(report['filings'], 'issue')} filed as planned")
    say("API calls: " + ", ".join(f"{name} {n:,}" for name, n in report["calls"].items()))
    for why in dict.fromkeys(row["why"] for row in report["skipped"]):
        rows = [row for row in report["skipped"] if row["why"] == why]
        complain(f"{plural(len(rows), 'group')} skipped: {why}:")
        for row in rows:
            complain(f"  {', '.join(row['items'])}")
    for name, what in report["not_read"].items():
        complain(f"{name} could not be read: {what}")
    for note in report["refused_notes"]:
        complain(f"a note on {note['on']} was refused: {note['reason']}")
    for row in report["not_filed"]:
        complain(f"no issue was filed for {row['ticket']}: {row['why']}")
    if report["skipped"] or report["not_filed"]:
        complain("make a new plan for these, or let `syncd reconcile` see to them")


def _shown(path: Path) -> str:
    return clean(str(path))
