"""The brake (rule 16): a connector stops writing when too much would change at once, until a person lets it go on.

Counted are, per connector and rolling hour: tickets and issues that were written to or filed, each once; links that
ended because an item was gone; messages that customers see. After a release the count begins anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from syncd.clock import precise
from syncd.errors import BrakeOn
from syncd.model import Item, Ref, Removed
from syncd.records import Step
from syncd.work import Work

HOUR = 3600.0
ALL_GONE = 5
"""If so many items were asked for at once and none is there any more, something else is wrong."""


def refuse_too_much(work: Work, step: Step, beside: Sequence[Step] = ()) -> None:
    """Before a write: whether it may still be made. What a person has approved doesn't count.

    ``beside``: what is about to be written together with it, and isn't in the journal yet.

    Raises:
        BrakeOn: it would be one too many; nothing of it was written.
    """
    if work.approved is not None:
        return
    name, since = step.target.connector, _since(work, step.target.connector)
    _refuse(work, name, str(step.target), _changed(work, name) | {str(one.target) for one in beside})
    public = sum(not effect.internal for effect in step.effects)
    already = sum(not effect.internal for one in beside for effect in one.effects)
    if public and already + work.store.effects.messages(name, since) + public > work.brake.max_messages:
        _pull(work, name, f"more than {work.brake.max_messages} messages would have gone to customers within an hour")


def refuse_filing(work: Work, ticket: Ref, tracker: str, filing: str) -> None:
    """Before an issue is filed: whether it may still be, by its tracker's count and by its helpdesk's.

    What a person has approved doesn't count.

    Raises:
        BrakeOn: it would be one too many; nothing was written.
    """
    if work.approved is not None:
        return
    for name, target in ((tracker, filing), (ticket.connector, str(ticket))):
        _refuse(work, name, target, _changed(work, name))


def _changed(work: Work, name: str) -> set[str]:
    """The items of a connector that were written to or filed, and tickets for which one was."""
    since = _since(work, name)
    return work.store.journal.changed(name, since) | work.store.filings.begun(name, since)


def _refuse(work: Work, name: str, target: str, changed: set[str]) -> None:
    ended = work.store.links.ended(name, _since(work, name))
    if target not in changed and len(changed) + 1 + ended > _limit(work, name):
        kinds = "tickets and issues" if not ended else "tickets, issues and links"
        _pull(work, name, f"more than {_limit(work, name):.0f} {kinds} would have changed within an hour")


def may_tell(work: Work, name: str) -> bool:
    """Whether one more message may go out to a customer by itself now; else the brake is on. Inside a transaction."""
    if any(brake.connector == name for brake in work.store.brakes.on()):
        return False
    if work.store.effects.messages(name, _since(work, name)) < work.brake.max_messages:
        return True
    reason = f"more than {work.brake.max_messages} messages would have gone to customers within an hour"
    work.store.brakes.pull(name, reason, work.now)
    return False


def foreseen(work: Work) -> dict[str, tuple[int, int]]:
    """Where the brake would stop what is planned: by connector, how much it lets through, of how much."""
    planned: dict[str, set[str]] = {}
    for plan in work.plans.values():
        for step in plan.steps:
            planned.setdefault(step.target.connector, set()).add(str(step.target))
    for one in work.would_file.values():
        planned.setdefault(one.ticket.connector, set()).add(str(one.ticket))
        planned.setdefault(one.tracker, set()).add(f"for {one.ticket}")
    found = {}
    for name, targets in planned.items():
        changed = _changed(work, name)
        room = int(_limit(work, name)) - len(changed) - work.store.links.ended(name, _since(work, name))
        new = len(targets - changed)
        if new > room:
            found[name] = (max(room, 0), new)
    return found


def refuse_vanishing(work: Work, name: str, gone: Sequence[Removed], asked: int) -> None:
    """After a read: many items gone within an hour, or all that was asked for, is not believed (rule 10).

    Raises:
        BrakeOn: nothing of it was kept.
    """
    new = [one for one in gone if isinstance(work.store.snapshots.get(one.ref), Item)]
    now = work.clock.monotonic()
    within = [moment for moment in work.vanished.get(name, []) if moment > now - HOUR] + [now] * len(new)
    work.vanished[name] = within
    all_gone = asked >= ALL_GONE and len(new) == asked
    if (all_gone or len(within) > _limit(work, name)) and not _released(work, name):
        cure = "See that the token still sees everything it should"
        _pull(work, name, f"{len(within)} linked items suddenly can't be found. {cure}")


def tell(work: Work) -> None:
    """At the end of a run: what was left undone because of a brake.

    Raises:
        BrakeOn: with every brake that is on, and how to release it.
    """
    on = work.store.brakes.on()
    if on and work.writes:
        raise BrakeOn(" ".join(_sentence(brake.connector, brake.reason) for brake in on))


def _pull(work: Work, name: str, reason: str) -> None:
    with work.store.write():
        work.store.brakes.pull(name, reason, work.now)
    raise BrakeOn(_sentence(name, reason))


def _sentence(name: str, reason: str) -> str:
    return f"{name}: the brake is on: {reason}. If that is right, run `syncd brake release {name}`."


def _limit(work: Work, name: str) -> float:
    return max(work.brake.max_changes, work.brake.share * work.store.links.live_count(name))


def _since(work: Work, name: str) -> str:
    """An hour ago, or the last release."""
    hour = precise(work.clock.now() - timedelta(seconds=HOUR))
    return max(hour, work.store.brakes.released_at(name))


def _released(work: Work, name: str) -> bool:
    return work.store.brakes.released_at(name) > precise(work.clock.now() - timedelta(seconds=HOUR))
