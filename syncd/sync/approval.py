"""Approval: of a plan file only what a person has seen is written, and that only while it is still the same.

The comparison is made when every item that would be written to, and the ends that speak, have just been read afresh.
"""

from __future__ import annotations

from syncd.model import Ref
from syncd.plan.undone import PutBack, put_back
from syncd.planfile import Approval, FileGroup, same, steps_of, version
from syncd.probe.observe import load, observe, read
from syncd.records import Plan
from syncd.store import FilingState, Store
from syncd.work import Work

CHANGED = "changed since the plan was made"
NOTHING_LEFT = f"{CHANGED}; nothing is left to do there"
OTHER_PLAN = "the plan would be another one by now"
NOT_LINKED = "not linked any more"
MORE = "something else is to be written there by now"


class NotApproved(Exception):  # no trouble: the group is left to the next run, or to the service
    """A group's plan isn't the one that a person has seen; the reason is for people."""


def keep(work: Work, groups: dict[str, FileGroup], plan: Plan) -> None:
    """A plan of a dry run, as a file holds it, while the state still is as it was decided on."""
    groups.pop(plan.group, None)
    if plan.steps:
        steps = steps_of(plan, work.store.snapshots.of_group(plan.group))
        groups[plan.group] = FileGroup(group=plan.group, version=version_of(work.store, plan.group), steps=steps)


def version_of(store: Store, key: str) -> str:
    """The version of a group, as the state knows it; see :mod:`syncd.planfile`."""
    links, _ = store.links.group(key)
    return version(links, store.snapshots.of_group(key))


def approved(work: Work, key: str) -> Plan:
    """The plan for a group, as :func:`syncd.probe.observe.observe` makes it or an undo file holds it.

    Raises:
        NotApproved: it isn't what a person has seen.
        ConnectorError: an item of the group could not be read.
    """
    approval = work.approved
    assert approval is not None  # noqa: S101  # the caller looked
    plan, one = observe(work, key), approval.groups.get(key)
    if plan is not None and plan.steps and _follows(work, approval, plan):
        return plan
    if plan is None or one is None:
        raise NotApproved(NOT_LINKED)
    if key in approval.done:  # looked at once more: what was written may have settled other links
        if plan.steps:
            raise NotApproved(MORE)
        return plan
    found = _undo(work, approval, one, plan) if approval.kind == "undo" else _reconcile(work, approval, one, plan)
    approval.begun.add(key)
    if not found.steps:
        approval.done.add(key)
    return found


AFTER_FILING = frozenset({"filed", "shown"})
"""Rules of what follows from an issue that was filed."""


def _follows(work: Work, approval: Approval, plan: Plan) -> bool:
    """Whether a plan only shows on a ticket, and on its new issue, what a person has approved: that it was filed."""
    if not {step.why.rule for step in plan.steps} <= AFTER_FILING:
        return False
    rows = [work.store.filings.get(name) for name in approval.filings if name not in approval.unfiled]
    refs = {ref for row in rows if row and row.state is FilingState.FILED for ref in (row.ticket, row.issue)}
    return {step.target for step in plan.steps} <= refs


def _reconcile(work: Work, approval: Approval, one: FileGroup, plan: Plan) -> Plan:
    """The group's own plan; of one that was begun, what is left of it."""
    seen, now = {step.same for step in one.steps}, {same(step) for step in plan.steps}
    if one.group in approval.begun:
        if now <= seen:
            return plan
        raise NotApproved(MORE)
    if version_of(work.store, plan.group) != one.version:
        raise NotApproved(CHANGED if now else NOTHING_LEFT)
    if now != seen:
        raise NotApproved(OTHER_PLAN)
    return plan


def _undo(work: Work, approval: Approval, one: FileGroup, plan: Plan) -> Plan:
    """What the file says; everything that its record rests on is read afresh."""
    if plan.steps:
        raise NotApproved(MORE)
    wanted = [
        PutBack(Ref.parse(step.target), step.expect.status, step.status.status)
        for step in one.steps
        if step.expect and step.status
    ]
    targets = {each.target for each in wanted}
    links = [link for link in load(work, plan.group).links if targets & {link.ticket, link.issue}]
    ends = {end for link in links for end in (link.ticket, link.issue)}
    if not targets <= ends:
        raise NotApproved(NOT_LINKED)
    read(work, sorted(ends, key=str))
    key = next((key for end in ends if (key := work.store.groups.of(end))), "")
    group = load(work, key)
    as_then = one.group in approval.begun or version_of(work.store, key) == one.version
    found = put_back(group, wanted) if as_then and group.links else None
    if found is None:
        raise NotApproved(CHANGED)
    todo, left = found
    if left:
        approval.more.add(one.group)
    else:
        approval.more.discard(one.group)
    return todo
