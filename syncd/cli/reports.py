"""What a run has done, or would do: as data, and in sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from syncd import braking
from syncd.cli import filings
from syncd.cli.running import human, not_written, refused_notes
from syncd.cli.sentences import sentence
from syncd.cli.show import MOST, complain, plural, say, when
from syncd.clock import precise
from syncd.errors import ConnectorError, RateLimited, Transient, Unauthorized
from syncd.model import Item
from syncd.records import Step
from syncd.store import QueueRow
from syncd.work import Work

NAMED = 5
"""Groups that are named of those that wait for the same; `syncd queue list` names all."""


def report_of(
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
        "planned": [_step(work, step) for plan in work.plans.values() for step in plan.steps],
        "brakes_foreseen": [
            {"connector": name, "room": room, "changes": changes}
            for name, (room, changes) in braking.foreseen(work).items()
        ],
        **filings.of_run(work, tally["filed"]),
        "calls": calls,
        "later": [
            {"group": human(work.store, row.group), "due": row.due, "reason": _why_later(work, row)} for row in later
        ],
        "notes_in_doubt": work.store.effects.counts().get("doubt", 0),
        "notes_owed": work.store.effects.owing(),
        "not_read": {name: error.what for name, error in failures.items()},
        "cures": {name: cure(error) for name, error in failures.items()},
        "needs_a_person": _needs(work, counts),
    }


def cure(error: ConnectorError) -> str:
    """What a person does about a connector that could not be read."""
    if isinstance(error, Unauthorized):
        return "Mend the credential (`syncd check` says whether it is accepted), then run `syncd reconcile` again"
    if isinstance(error, (Transient, RateLimited)):
        return "Run `syncd reconcile` again later"
    return "`syncd check` says what to mend; then run `syncd reconcile` again"


def _why_later(work: Work, row: QueueRow) -> str:
    """What it waits for."""
    for connector, why in work.store.queue.held(row.group).items():
        if why == "brake":
            return f"waits for `syncd brake release {connector}`"
        return f"waits until {connector} goes on (`syncd resume {connector}`)"
    return row.reason or "still to be looked at"


def _needs(work: Work, counts: Mapping[tuple[str, str], int]) -> list[str]:
    """What only a person can mend, a line each."""
    rows, failing = work.store.queue.rows(), not_written(work.store)
    needs = [_parked(human(work.store, row.group), row.reason, failing) for row in rows if row.parked]
    held = sum(n for (state, standing), n in counts.items() if state == "live" and standing in {"conflict", "drift"})
    unknown = counts.get(("live", "unknown"), 0)
    if held:
        needs.append(f"{plural(held, 'link')} in conflict or drift")
    if unknown:
        needs.append(f"{plural(unknown, 'link')} with a status that the mapping doesn't know")
    refused = filings.gather(work.store)["refused_filings"]
    needs += [f"an issue for {one['ticket']} was refused: {one['reason']}" for one in refused]
    return needs + [f"a note on {note['on']} was refused: {note['reason']}" for note in refused_notes(work.store)]


def _parked(group: str, reason: str, failing: Sequence[Mapping[str, Any]]) -> str:
    """A group that is parked: how many of its items could not be written, and why one of them."""
    mine = {one["on"]: one["reason"] for one in failing if one["group"] == group}
    if len(mine) < 2:  # one item is named with its reason
        return f"{group}: {next(iter(mine.values()), reason)}"
    on, why = next(iter(mine.items()))
    return f"{group}: {len(mine):,} items of its group could not be written, such as {on}: {why}"


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
        "shown": [one.in_words for one in step.shows],
        "because_of": sorted(others),
        "moved_by": step.why.who,
    }


def tell(work: Work, report: Mapping[str, Any]) -> None:
    """For people: grouped by what happens."""
    if not work.writes:
        _tell_planned(report, observe=not report["dry_run"])
    for rule, count in report["rules"].items():
        words, what = sentence(rule.rstrip("+"), status=rule.endswith("+"), count=count)
        say(f"  {plural(count, what)} {words}")
    filings.tell_run(report)
    _tell_brakes(report["brakes_foreseen"])
    _tell_links(report)
    read = f"{plural(report['items_read'], 'item')} read, " if report["items_read"] else ""
    say(
        f"{read}{plural(report['groups'], 'group')} looked at, "
        f"{plural(report['status_writes'], 'status', 'statuses')} and {plural(report['notes_written'], 'note')} "
        f"written, {report['seconds']:.1f} s"
    )
    say("API calls: " + ", ".join(f"{name} {n:,}" for name, n in report["calls"].items()))
    _tell_later(report["later"])
    if report["notes_in_doubt"]:
        say(f"{plural(report['notes_in_doubt'], 'note')} whose outcome is unknown: the next run looks for it again")
    if report["notes_owed"]:
        say(f"{plural(report['notes_owed'], 'note')} still to be written: the next run tries again")
    for name, what in report["not_read"].items():
        complain(f"{name} could not be read: {what}. Everything else was done. {report['cures'][name]}")
    needs = report["needs_a_person"]
    for line in needs[:MOST]:
        complain(f"needs a person: {line}")
    if len(needs) > MOST:
        complain(f"and {len(needs) - MOST:,} more that need a person")
    if needs:
        complain("`syncd status` says what to do about it, `syncd explain REF` how it came about")


def _tell_later(rows: Sequence[Mapping[str, Any]]) -> None:
    """What is still to come, a line for each reason."""
    for reason in dict.fromkeys(row["reason"] for row in rows):
        mine = [row for row in rows if row["reason"] == reason]
        named = ", ".join(row["group"] for row in mine[:NAMED])
        more = f" and {len(mine) - NAMED:,} more" if len(mine) > NAMED else ""
        first = min(row["due"] for row in mine)
        at = f", at {when(first)}" if first > precise(datetime.now(UTC)) else ""
        say(f"Later{at}: {named}{more}: {reason}")


def _tell_brakes(rows: Sequence[Mapping[str, Any]]) -> None:
    for row in rows:
        many = f"{row['room']:,} of {plural(row['changes'], 'change')} within an hour"
        say(f"The brake would stop {row['connector']} after {many}. Look whether so many are right. It doesn't count")
        say("what you have read in a plan file: `syncd reconcile --plan FILE`, then `syncd reconcile --apply FILE`")


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


def _tell_planned(report: Mapping[str, Any], *, observe: bool) -> None:
    """What would be written, grouped by why."""
    planned: Sequence[Mapping[str, Any]] = report["planned"]
    mode = "Observe mode: nothing was written." if observe else "Dry run: nothing was written."
    none = "No ticket and no issue would be changed" if report["would_file"] else "There is nothing to write"
    if report["not_read"]:
        none = "What is to be written can't be told before everything was read"
    say(f"{mode} {plural(len(planned), 'write') + ' would be made' if planned else none}.")
    for rule, status in dict.fromkeys((step["rule"], step["status"]) for step in planned):
        steps = [step for step in planned if (step["rule"], step["status"]) == (rule, status)]
        words, what = sentence(rule, status=status, count=len(steps))
        say(f"\n{plural(len(steps), what)} would be {words}:")
        for step in steps:
            change = f"{step['from']} -> {step['to']}" if step["from"] != step["to"] else step["from"]
            notes = f", {plural(len(step['notes']), 'note')}" if step["notes"] else ""
            who = f", by {step['moved_by']}" if step["moved_by"] else ""
            shown = f", {', '.join(step['shown'])}" if step["shown"] else ""
            say(f"  {step['target']:<28} {change}{notes}{shown}  ({', '.join(step['because_of'])}{who})")
    say()
