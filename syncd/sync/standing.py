"""Standing: one note on each end says how the other end stands, and is edited in place whenever that changes.

It stands in the place of a note for each of the issue's moves. An edit notifies nobody: what asks somebody to act, such
as a ticket that was opened again, is told by a comment of its own all the same. Where our notes can't be edited there
is none. Nothing that a customer wrote is in it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from syncd import guard, marker
from syncd.actions import Action
from syncd.errors import ConnectorError
from syncd.ingest.said import ends
from syncd.model import Audience, Item, Role, Word
from syncd.plan import Group
from syncd.plan.group import is_new
from syncd.probe.observe import load
from syncd.probe.settle import passes
from syncd.records import Effect, Link, LinkState, Standing, Step, Why
from syncd.store import EffectRow, EffectState, Way
from syncd.sync.carry import fresh
from syncd.sync.talk import journal, keep_version
from syncd.texts import Kind
from syncd.work import Work

TURNS = {Way.TO_TICKET: 0, Way.TO_ISSUE: 1}
"""A link has a note on each end; this tells their effects apart."""


@dataclass(frozen=True)
class _Wanted:
    """What a note is to say. ``said``: what of it makes it another one."""

    link: Link
    way: Way
    target: Item
    body: str
    said: str

    @property
    def effect(self) -> Effect:
        """As it is kept."""
        return Effect(self.link.id, Kind.STANDING_NOTE, TURNS[self.way], self.target.ref, self.body)


def stand(work: Work, key: str) -> datetime | None:
    """Bring the notes of a group up to date; when to look again, if one of them isn't settled yet.

    Raises:
        ConnectorError: one could not be edited now.
    """
    desks = [name for name, desk in work.helpdesks.items() if desk.playbook.conversation.status_note]
    if work.approved is not None or not desks:
        return None
    group, again = load(work, key), list[datetime]()
    for link in group.links:
        if link.ticket.connector in desks and link.state is LinkState.LIVE and _speaks(group, link):
            for way in Way:
                wanted = _wanted(work, group, link, way)
                later = _bring(work, wanted) if wanted is not None else None
                again += [later] if later else []
    return min(again, default=None)


def _speaks(group: Group, link: Link) -> bool:
    """Whether it is no link that was adopted and left as it stood since (rule 4), and its ticket isn't muted."""
    base = group.bases.get(link.id)
    if base is None or link.standing is Standing.ADOPTED or link.ticket in group.muted:
        return False
    return base.turn > 0 or base.exempt or is_new(group, link)


def _wanted(work: Work, group: Group, link: Link, way: Way) -> _Wanted | None:
    """The note on one end; None: there is to be none."""
    about, target = (group.items.get(ref) for ref in ends(link, way))
    if not isinstance(about, Item) or not isinstance(target, Item) or not _is_open(work, target):
        return None
    desk = link.ticket.connector
    word = work.issue_word(desk, about) if way is Way.TO_TICKET else group.word(about.ref, about.status)
    if word is Word.UNKNOWN:
        return None
    kind, who = ("issue", ", ".join(about.assignees or ())) if way is Way.TO_TICKET else ("ticket", "")
    values = {f"{kind}_key": about.ref.key or about.ref.id, f"{kind}_url": about.url, "assignee": who}
    values = {name: marker.neutralise(value) for name, value in values.items()} | {f"{kind}_word": word.value}
    since = f"{about.moved_at or work.clock.now():%Y-%m-%d %H:%M} UTC"
    body = work.helpdesks[desk].playbook.render(Kind.STANDING_NOTE, since=since, **values)
    return _Wanted(link, way, target, body, f"{word.value} {who}".strip()) if body else None


def _is_open(work: Work, target: Item) -> bool:
    """Whether a note may be left on an item, and edited later on."""
    name = target.ref.connector
    if not work.connectors[name].capabilities.edits_notes:
        return False
    if target.final or work.mapping(name).is_final(target.status):
        return False
    return work.role(name) is Role.HELPDESK or guard.of(target.audience) is Audience.PRIVATE


def _bring(work: Work, wanted: _Wanted) -> datetime | None:
    """One note; the first time it is left as any effect, by settling. When to look again, if it isn't settled."""
    store, link, way = work.store, wanted.link.id, wanted.way
    known, said = store.effects.known(wanted.effect), store.carried.stands(link, way)
    if known is None or (known.state is EffectState.READY and said != wanted.said):
        with store.write():
            store.effects.promise(wanted.effect, work.name(wanted.effect), work.clock.now())
            if known is not None:
                store.effects.reword(known.id, wanted.body)
            store.carried.stand(link, way, wanted.said)
    elif said != wanted.said and known.state is EffectState.DONE:
        _edit(work, wanted, known)
    elif said != wanted.said and known.state in {EffectState.SENT, EffectState.DOUBT}:
        return work.clock.now() + timedelta(seconds=work.connectors[wanted.target.ref.connector].settle + 1)
    return None


def _edit(work: Work, wanted: _Wanted, known: EffectRow) -> None:
    """It says something else now. To repeat that does no harm.

    Raises:
        ConnectorError: whether it was written or not, it is to be tried again.
    """
    target = fresh(work, wanted.target.ref)
    if target is None or not _is_open(work, target):
        return
    note = replace(work.note(known), body=wanted.body, replaces=known.remote_id, audience=Audience.PRIVATE)
    outcome = next(iter(work.connectors[target.ref.connector].apply([Action(target.ref, notes=(note,))])))
    error = next((one.error for one in outcome.notes if one.error is not None), outcome.error)
    if error is not None and not isinstance(error, ConnectorError):
        raise error  # a defect of the connector
    if error is not None and (error.doubt or passes(error)):
        raise error
    with work.store.write():  # one that a person has deleted stays so
        work.store.effects.reword(known.id, wanted.body)
        work.store.carried.stand(wanted.link.id, wanted.way, wanted.said)
        keep_version(work, target, outcome)
    word = work.mapping(target.ref.connector).word(target.status)
    moved = "issue" if wanted.way is Way.TO_TICKET else "ticket"
    journal(work, Step(target.ref, (wanted.link.id,), Why("shown", moved, before=word, after=word)), error)


__all__ = ["stand"]
