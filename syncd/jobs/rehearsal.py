"""Rehearsal: what a changed mapping or playbook would write is shown before it is written (rule 16).

A mapping that reads a status differently can move a thousand tickets at once, each of them rightly by its own lights.
So the first pass after such a change only plans: if nothing would be written, the change holds at once; else the brake
of that connector is pulled, and its release is the consent.
"""

from __future__ import annotations

from collections.abc import Mapping

from syncd.defects import of_one_item
from syncd.errors import Refused
from syncd.ingest.watch import begin_watch
from syncd.model import Ref, Role
from syncd.plan import decide
from syncd.probe.observe import load, settled
from syncd.work import Work


def rehearse(work: Work) -> None:
    """Pull the brake of each connector whose rules have changed, if anything would be written by them.

    Costs no call: it rests on what the state knows. Where nothing may be written anyway, there is nothing to do, and
    the change is still a change when that ends.
    """
    for name in work.helpdesks:
        begin_watch(work, name)
    if not work.writes:
        return
    rows = work.store.connectors.all()
    known = {name: rows[name].fingerprint for name in work.connectors if name in rows}
    news = [name for name in work.connectors if known.get(name) != _fingerprint(work, name)]
    changed = [name for name in news if known.get(name)]
    would = {key: found for key in work.store.groups.all() if (found := _targets(work, key))} if changed else {}
    with work.store.write():  # in one: a change that is known has been shown, or has nothing to show
        for name in changed:
            _plan_only(work, name, would)
        for name in news:
            work.store.connectors.learn(name, _fingerprint(work, name), work.now)


def _plan_only(work: Work, name: str, would: Mapping[str, set[Ref]]) -> None:
    groups = {key: refs for key, refs in would.items() if name in _connectors(work, key)}
    count = len({ref for refs in groups.values() for ref in refs})
    if not count:
        return
    what = "mapping or playbook" if work.role(name) is Role.HELPDESK else "mapping"
    many = "1 ticket or issue" if count == 1 else f"{count:,} tickets and issues"
    reason = f"its {what} has changed, and {many} would be written to now; `syncd reconcile --dry-run` shows them"
    work.store.brakes.pull(name, reason, work.now, rehearsal=True)
    for key in groups:
        work.store.queue.ask(key, "rules changed", work.clock.now())


def _targets(work: Work, key: str) -> set[Ref]:
    """What would be written to in a group; nothing if it can't be decided, which shows when it is due."""
    try:
        return {step.target for step in settled(work, decide(load(work, key))).steps}
    except Exception as error:
        if isinstance(error, Refused) or of_one_item(error):
            return set()
        raise


def _connectors(work: Work, key: str) -> set[str]:
    links, _ = work.store.links.group(key)
    return {ref.connector for link in links for ref in (link.ticket, link.issue)}


def _fingerprint(work: Work, name: str) -> str:
    desk = work.helpdesks.get(name)
    return work.mapping(name).fingerprint + (desk.playbook.fingerprint if desk else "")
