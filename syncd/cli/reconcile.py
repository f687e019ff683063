"""``syncd reconcile``."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from syncd import braking
from syncd.backfill import backfill, find, some
from syncd.cli.app import config_option, json_option
from syncd.cli.hosts import Host, through
from syncd.cli.running import human, refused_notes
from syncd.cli.sentences import sentence
from syncd.cli.show import as_json, complain, plural, say, when
from syncd.errors import ConnectorError
from syncd.model import Item
from syncd.records import Step
from syncd.schema import Wrong, instant
from syncd.work import Work


class Moment(click.ParamType[datetime]):
    """A date or a time, as configs write it."""

    name = "when"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Aware, UTC."""
        try:
            return instant(value)
        except Wrong as wrong:
            self.fail(f"{wrong.what}. {wrong.cure}.", param, ctx)


@click.command("reconcile")
@click.argument("refs", nargs=-1, metavar="[REF]...")
@click.option("--dry-run", is_flag=True, help="Show what would change; write nothing, neither there nor here.")
@click.option("--since", type=Moment(), help="Walk only what changed since then.", metavar="WHEN")
@click.option("--connector", "names", multiple=True, help="Walk only this one; may be repeated.", metavar="NAME")
@json_option
@config_option
def command(
    refs: tuple[str, ...],
    folder: Path | None,
    names: tuple[str, ...],
    *,
    dry_run: bool,
    since: datetime | None,
    as_data: bool,
) -> int:
    """Bring tickets and issues into step: all of them, or the REFs and what is linked with them.

    On an empty state it finds the links that exist and adopts them; on a full one it repairs. Broken off with Ctrl-C,
    the next run goes on where this one stopped.
    """
    told = {"refs": list(refs), "names": list(names), "since": since.isoformat() if since else None}
    return through(folder, "reconcile", dry_run=dry_run, as_data=as_data, **told)


def do_reconcile(
    host: Host, *, refs: list[str], names: list[str], dry_run: bool, since: str | None, as_data: bool
) -> int:
    """The work of it."""
    config = host.config
    known = [*config.trackers, *config.helpdesks]
    wrong = [name for name in names if name not in known]
    if wrong:
        raise click.UsageError(f"no connector is called {wrong[0]!r}; there are: {', '.join(known)}")
    began = time.monotonic()
    failures: Mapping[str, ConnectorError] = {}
    with host.working(dry=dry_run, whole=not refs) as work:
        if work.writes:
            _look_again(work)
        if refs:
            some(work, [find(work, text) for text in refs])
        else:
            failures = backfill(work, names or known, instant(since) if since else None)
        report = _report(work, host.counted(work), failures, time.monotonic() - began, dry=dry_run)
        if as_data:
            as_json(report)
        else:
            _tell(work, report)
        braking.tell(work)
    return 0 if dry_run and not failures else int(bool(report["needs_a_person"] or failures))


def _look_again(work: Work) -> None:
    """Notes that were refused get another chance, as parked groups do: looked for, and sent if they aren't there."""
    with work.store.write():
        for row in work.store.effects.still_refused():
            if row.target.connector in work.connectors:
                work.store.effects.doubt(row.id, work.clock.now(), row.reason)


def _report(
    work: Work,
    counted: tuple[Counter[str], dict[str, int]],
    failures: Mapping[str, ConnectorError],
    seconds: float,
    *,
    dry: bool,
) -> dict[str, Any]:
    """What was done, for programs; the sentences are made from it."""
    tally, calls = counted
    rows = work.store.queue.rows()
    counts = work.store.links.counts()
    needs = [f"{human(work.store, row.group)}: {row.reason}" for row in rows if row.parked]
    held = sum(n for (state, standing), n in counts.items() if state == "live" and standing in {"conflict", "drift"})
    unknown = sum(n for (state, standing), n in counts.items() if state == "live" and standing == "unknown")
    if held:
        needs.append(f"{plural(held, 'link')} in conflict or drift")
    if unknown:
        needs.append(f"{plural(unknown, 'link')} with a status that the mapping doesn't know")
    needs += [f"a note on {note['on']} was refused: {note['reason']}" for note in refused_notes(work.store)]
    later = [row for row in rows if not row.parked]
    return {
        "dry_run": dry,
        "mode": "live" if work.writes or dry else "observe",
        "seconds": round(seconds, 2),
        "items_read": tally["items"],
        "groups": tally["groups"],
        "links_found": tally["linked"],
        "links_adopted": tally["adopted"],
        "links_proposed": tally["proposed"],
        "links": {f"{state}/{standing}": n for (state, standing), n in sorted(counts.items())},
        "status_writes": tally["statuses"],
        "notes_written": tally["notes"],
        "rules": {name[5:]: n for name, n in sorted(tally.items()) if name.startswith("rule ")},
        "planned": [_step(work, step) for plan in work.plans for step in plan.steps],
        "calls": calls,
        "later": [{"group": human(work.store, row.group), "due": row.due, "reason": row.reason} for row in later],
        "notes_in_doubt": work.store.effects.counts().get("doubt", 0),
        "not_read": {name: error.what for name, error in failures.items()},
        "needs_a_person": needs,
    }


def _step(work: Work, step: Step) -> dict[str, Any]:
    """One write that would be made."""
    ends = [link for link in (work.store.links.get(one) for one in step.links) if link is not None]
    others = {link.issue.human if link.ticket == step.target else link.ticket.human for link in ends}
    known = work.store.snapshots.get(step.target)
    target = known.ref if isinstance(known, Item) else step.target
    return {
        "target": target.human,
        "rule": step.why.rule,
        "status": step.status is not None,
        "from": step.why.before.value,
        "to": step.why.after.value if step.status is not None else step.why.before.value,
        "notes": [effect.kind for effect in step.effects],
        "because_of": sorted(others),
        "moved_by": step.why.who,
    }


def _tell(work: Work, report: Mapping[str, Any]) -> None:
    """For people: grouped by what happens."""
    if not work.writes:
        _tell_planned(report["planned"], observe=not report["dry_run"])
    for rule, count in report["rules"].items():
        words, what = sentence(rule.rstrip("+"), status=rule.endswith("+"), count=count)
        say(f"  {plural(count, what)} {words}")
    _tell_links(report)
    read = f"{plural(report['items_read'], 'item')} read, " if report["items_read"] else ""
    say(
        f"{read}{plural(report['groups'], 'group')} looked at, "
        f"{plural(report['status_writes'], 'status', 'statuses')} and {plural(report['notes_written'], 'note')} "
        f"written, {report['seconds']:.1f} s"
    )
    say("API calls: " + ", ".join(f"{name} {n:,}" for name, n in report["calls"].items()))
    for row in report["later"]:
        say(f"Later, at {when(row['due'])}: {row['group']}: {row['reason']}")
    if report["notes_in_doubt"]:
        say(f"{plural(report['notes_in_doubt'], 'note')} whose outcome is unknown: the next run looks for it again")
    for name, what in report["not_read"].items():
        complain(f"{name} could not be read: {what}. Everything else was done; run `syncd reconcile` again later")
    for line in report["needs_a_person"]:
        complain(f"needs a person: {line}")
    if report["needs_a_person"]:
        complain("`syncd status` says what to do about it, `syncd explain REF` how it came about")


def _tell_links(report: Mapping[str, Any]) -> None:
    """Links that are new to the state."""
    if report["links_found"]:
        say(f"{plural(report['links_found'], 'link')} found")
    adopted = report["links_adopted"]
    if adopted:
        would = "would be " if report["dry_run"] else ""
        say(f"{plural(adopted, 'link')} {would}adopted as {'it stands' if adopted == 1 else 'they stand'}")
    if report["links_proposed"]:
        say(f"{plural(report['links_proposed'], 'link')} proposed to you (see `syncd links propose`)")


def _tell_planned(planned: Sequence[Mapping[str, Any]], *, observe: bool) -> None:
    """What would be written, grouped by why."""
    mode = "Observe mode: nothing was written." if observe else "Dry run: nothing was written."
    say(f"{mode} {plural(len(planned), 'write') + ' would be made' if planned else 'There is nothing to write'}.")
    for rule, status in dict.fromkeys((step["rule"], step["status"]) for step in planned):
        steps = [step for step in planned if (step["rule"], step["status"]) == (rule, status)]
        words, what = sentence(rule, status=status, count=len(steps))
        say(f"\n{plural(len(steps), what)} would be {words}:")
        for step in steps:
            change = f"{step['from']} -> {step['to']}" if step["from"] != step["to"] else step["from"]
            notes = f", {plural(len(step['notes']), 'note')}" if step["notes"] else ""
            who = f", by {step['moved_by']}" if step["moved_by"] else ""
            say(f"  {step['target']:<28} {change}{notes}  ({', '.join(step['because_of'])}{who})")
    say()
