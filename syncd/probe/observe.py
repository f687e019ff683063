"""Observe: bring a group's snapshots up to date, so that a plan rests on what is true now.

A plan that writes nothing needs no fresh read, so an unchanged group costs no call. Whatever would be written to, and
the ends that speak, are read afresh just before (rule 1): in bulk where a connector can, else group by group.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta

from syncd.braking import refuse_vanishing
from syncd.defects import of_one_item
from syncd.errors import ConnectorError, RateLimited, Refused, Transient, Unauthorized
from syncd.ingest.follow import follow
from syncd.ingest.named import resolve
from syncd.ingest.take import set_gone, take
from syncd.model import Item, Ref, Removed, Role
from syncd.plan import Group, decide
from syncd.plan.group import CLOCKS_DIFFER
from syncd.plan.shown import unseen
from syncd.probe.recall import recall
from syncd.records import Link, LinkState, Plan, Record, Shown, Standing, Step
from syncd.retry import reads
from syncd.store import Begun, QueueRow
from syncd.work import IN_PLACE, Work


def observe(work: Work, key: str) -> Plan | None:
    """The plan for a group, decided on fresh reads of whatever it would write to, and of the other ends.

    A plan that writes nothing needs no fresh read, so an unchanged group costs no call.

    Raises:
        ConnectorError: an item of the group could not be read.
    """
    fresh: set[Ref] = set(work.fetched.get(key, ()))
    while True:
        group = load(work, key)
        if not group.links and not group.shown:
            return None
        if recall(work, group):
            group = load(work, key)
        begun = work.store.begun.among(ref for link in group.links for ref in (link.ticket, link.issue))
        if begun and fresh.issuperset(one.target for one in begun):
            _conclude(work, begun)
            continue
        plan = settled(work, decide(group))
        wanted = [ref for ref in (*_to_read(plan, group), *(one.target for one in begun)) if ref not in fresh]
        if not wanted:
            _keep_shown(work, plan)
            return _unshown(work, plan)
        read(work, wanted)
        fresh.update(wanted)
        key = _where(work, group) or key


def decided(work: Work, key: str) -> Plan:
    """The plan for a group as the state knows it now, without a call."""
    return _unshown(work, settled(work, decide(load(work, key))))


def _unshown(work: Work, plan: Plan) -> Plan:
    """The plan without what the items show already, as far as they were just read."""
    steps = [replace(step, shows=_unseen(work, step)) if step.shows else step for step in plan.steps]
    left = (step for step in steps if step.shows or step.status is not None or step.effects or step.records)
    return replace(plan, steps=tuple(left))


def _unseen(work: Work, step: Step) -> tuple[Shown, ...]:
    item = work.shows.get(step.target)
    return step.shows if item is None else unseen(step, item)


def _keep_shown(work: Work, plan: Plan) -> None:
    """What the items show already is known from now on."""
    seen = []
    for step in plan.steps:
        left = {one.what for one in _unseen(work, step)}
        seen += [(step.target, one) for one in step.shows if one.what not in left]
    if seen:
        with work.store.write():
            for ref, one in seen:
                work.store.shown.put(ref, one.what, one.value)


def _conclude(work: Work, begun: Sequence[Begun]) -> None:
    """What became of writes that nobody recorded, by what the items show now; each has just been read."""
    with work.store.write():
        for one in begun:
            for record in one.records:
                link = work.store.links.get(record.link)
                if link is not None and link.state is LinkState.LIVE and one.target in (link.ticket, link.issue):
                    _record_begun(work, one, record, link)
            work.store.begun.drop(one.target)


def _record_begun(work: Work, begun: Begun, record: Record, link: Link) -> None:
    """It was done: what was decided holds, whatever has happened since.

    If it wasn't, it is decided afresh; only that an issue was once seen open, and was to be filed, holds all the same:
    else it would count as finished at first sight, and its closing would be lost.
    """
    snapshots, store = work.store.snapshots, work.store.links
    item, issue = snapshots.get(begun.target), snapshots.get(link.issue)
    if not isinstance(item, Item) or not isinstance(issue, Item):
        return
    if begun.status is None or work.mapping(begun.target.connector).is_written(begun.status, item.status):
        store.record(record, work.now)
    elif record.base is not None and store.base(link.id) is None and issue.status != record.base.issue:
        seen = replace(record.base, ticket=item.status, agreed=False)
        store.record(replace(record, standing=Standing.NEW, base=seen), work.now, frozenset())


def load(work: Work, key: str) -> Group:
    """A group as the state knows it.

    Raises:
        Refused: one of its connectors isn't configured any more.
    """
    links, bases = work.store.links.group(key)
    items = work.store.snapshots.of_group(key)
    alone = Ref.parse(key)
    if not links and work.store.groups.of(alone) is None:  # linked to nothing, it still shows what it was linked to
        seen = work.store.snapshots.get(alone)
        items = {alone: seen} if seen is not None else {}
    shown = work.store.shown.among(items)
    names = {ref.connector for ref in shown} | {ref.connector for link in links for ref in (link.ticket, link.issue)}
    for name in sorted(names - work.connectors.keys()):
        raise Refused(name, f"no connector of that name is configured any more; bring connectors/{name}.toml back")
    return Group(
        key,
        tuple(links),
        bases,
        items,
        {name: work.mapping(name) for name in names},
        {name: work.helpdesks[name].playbook for name in names if name in work.helpdesks},
        work.start_marks(),
        work.there_at_start(),
        work.clock.now(),
        work.store.links.turns(key),
        kinds=work.store.filings.kinds(key),
        promoted=work.store.filings.promoted(key),
        muted=work.store.commands.muted_of(key),
        shown=shown,
        can={name: _can(work, name) for name in names},
        ours=work.store.snapshots.ours(items) if any(_closes(work, name) for name in names) else frozenset(),
        ahead={name: ahead for name in names if (ahead := _ahead(work, name))},
    )


def _closes(work: Work, name: str) -> bool:
    """Whether what was resolved on a helpdesk is closed after a while."""
    return name in work.helpdesks and work.helpdesks[name].playbook.close_after is not None


def _ahead(work: Work, name: str) -> timedelta | None:
    """How far a service's clock is ahead of ours, if that is more than an answer takes."""
    ahead = work.connectors[name].ahead
    return ahead if ahead is not None and abs(ahead) > CLOCKS_DIFFER else None


def _can(work: Work, name: str) -> frozenset[str]:
    able = work.connectors[name].capabilities
    every = {"fields": able.sets_fields, "tags": able.sets_tags, "links": able.keeps_links, "edits": able.edits_notes}
    return frozenset(what for what, can in every.items() if can)


def _to_read(plan: Plan, group: Group) -> list[Ref]:
    """What has to be read before the plan may be carried out: targets, and the ends that speak."""
    ends = {link.id: (link.ticket, link.issue) for link in group.links}
    refs = {ref for step in plan.steps for link in step.links for ref in ends.get(link, ())}
    return sorted(refs | {step.target for step in plan.steps} | set(plan.missing), key=str)


def settled(work: Work, plan: Plan) -> Plan:
    """The plan without steps that only ask for notes which were written, or are in doubt, already."""
    said = [
        step
        for step in plan.steps
        if step.status is None
        and not step.shows
        and not any(work.store.effects.wanted(effect) for effect in step.effects)
    ]
    steps = tuple(step for step in plan.steps if step not in said)
    open_links = {record.link for step in steps for record in step.records}  # asked of another issue as well
    records = {record.link: record for step in said for record in step.records if record.link not in open_links}
    news = tuple(record for record in records.values() if _news(work, record))
    return replace(plan, steps=steps, records=plan.records + news)


def _news(work: Work, record: Record) -> bool:
    link = work.store.links.get(record.link)
    known = record.base is None or record.base == work.store.links.base(record.link)
    return link is None or not known or record.standing is not link.standing or record.state not in (None, link.state)


def _where(work: Work, group: Group) -> str | None:
    """The group's key now: a read may have shown that an item moved, or brought a link to another group."""
    keys = [work.store.groups.of(ref) for link in group.links for ref in (link.ticket, link.issue)]
    return next((key for key in keys if key), None)


def prefetch(work: Work, rows: Iterable[QueueRow]) -> None:
    """One bulk read for all groups of a batch, where a connector reads in bulk; failures show when the group is due."""
    work.fetched.clear()
    work.shows.clear()
    wanted: dict[str, dict[Ref, list[str]]] = {}
    for row in rows:
        for ref in _wanted(work, row.group):
            if work.connectors[ref.connector].capabilities.fetch_batch > 1:
                wanted.setdefault(ref.connector, {}).setdefault(ref, []).append(row.group)
    for name, refs in wanted.items():
        if len(refs) > 1 and not work.paused_for(name):
            try:
                read(work, list(refs))
            except (Transient, RateLimited, Unauthorized, Refused) as error:
                work.say(f"{name}: {error.what}")
                continue
            for ref, keys in refs.items():
                for key in keys:
                    work.fetched.setdefault(key, set()).add(ref)


def _wanted(work: Work, key: str) -> list[Ref]:
    """What a group needs read; nothing if it can't be decided, which shows when it is due."""
    try:
        group = load(work, key)
        return _to_read(settled(work, decide(group)), group) if group.links else []
    except Exception as error:
        if isinstance(error, Refused) or of_one_item(error):
            return []
        raise


def read(work: Work, refs: Sequence[Ref]) -> None:
    """Fresh reads, kept as snapshots. What an answer says of other items becomes links, too.

    Raises:
        BrakeOn: everything that was asked for suddenly seems gone.
        ConnectorError: one of the items, or the connector, could not be read.
    """
    first: ConnectorError | None = None
    for name in sorted({ref.connector for ref in refs}):
        mine = [ref for ref in refs if ref.connector == name]
        refuse_paused(work, name)
        found = reads(work.clock, patience=IN_PLACE)(work.connectors[name].fetch, mine)
        refuse_vanishing(work, name, [one for one in found.values() if isinstance(one, Removed)], len(mine))
        for ref in mine:
            one = found[ref]
            if isinstance(one, ConnectorError):
                first = first or one
            else:
                _keep(work, one)
    if first is not None:
        raise first


def _keep(work: Work, one: Item | Removed) -> None:
    """One fresh read."""
    store = work.store
    if isinstance(one, Removed):
        with store.write():
            set_gone(work, one)
        return
    if store.snapshots.is_stale(one):
        return
    work.shows[one.ref] = replace(one, texts=None)
    named = resolve(work, one)
    with store.write():
        follow(work, one)
        if work.role(one.ref.connector) is Role.HELPDESK:
            store.tickets.meet([one])
        take(work, one, named, first_walk=False, cause="read")


def refuse_paused(work: Work, name: str) -> None:
    """Leave a connector alone that asked for it.

    Raises:
        Transient: with what is left of the pause.
    """
    left = work.paused_for(name)
    if left:
        raise Transient(name, work.paused[name][1], retry_after=left)
