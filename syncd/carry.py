"""Carry: what was said on one end of a link is left on the other, each text once (rules 11, 12 and 14).

A text that is to be carried was noted when it was seen (:mod:`syncd.said`), without its words: these, and who can read
the place where they go, are read afresh when they are sent. The note is an effect without a body: if its outcome isn't
known it is settled as any other, and if it certainly isn't there it is written again by the next look at its group.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import groupby

from syncd import guard, marker
from syncd.actions import Action, Outcome
from syncd.errors import ConnectorError, Gone, Refused, Transient
from syncd.model import Audience, Item, Ref, Removed, Role, Text
from syncd.observe import refuse_paused
from syncd.quote import Part, digest, fitting, note
from syncd.records import Effect, Link, LinkState, Step, Why
from syncd.retry import reads
from syncd.said import begin, is_due, is_new, notice
from syncd.settle import keep_notes, passes
from syncd.store import CARRIED, CarriedRow, EffectRow, EffectState, Way
from syncd.work import IN_PLACE, Work

TEXTS = 20
"""So many texts of a group are carried at one look; the rest with the next."""


@dataclass(frozen=True)
class _Talk:
    """One end of a link that speaks to the other, both just read."""

    work: Work
    link: Link
    way: Way
    source: Item
    target: Item

    @property
    def role(self) -> Role:
        """The part that the end plays on which it was said."""
        return self.work.role(self.source.ref.connector)

    @property
    def texts(self) -> dict[str, Text]:
        """What may be carried of what stands there now, by id."""
        texts = fitting(self.source.texts)
        return {one: text for one, text in texts.items() if is_due(self.work, text, self.link)}

    def rows(self) -> list[CarriedRow]:
        """What is to be carried by now."""
        key = self.work.store.groups.of(self.link.ticket) or ""
        return [row for row in self.work.store.carried.pending(key) if (row.link, row.way) == (self.link.id, self.way)]


def carry(work: Work, group: str) -> None:
    """Whatever is to be carried in a group.

    Raises:
        ConnectorError: something of it could not be read or written, and is to be tried again.
    """
    if work.approved is not None:  # nothing but what a person has approved
        return
    _begin_all(work, group)
    rows, failed, left = work.store.carried.pending(group), list[ConnectorError](), TEXTS
    for (number, way), some in groupby(sorted(rows, key=_end), _end):
        link = work.store.links.get(number)
        if link is None or link.state is not LinkState.LIVE:
            continue
        try:
            left -= _between(work, link, way, list(some), left) if left > 0 else 0
        except ConnectorError as error:  # another link's other end may be there
            failed.append(error)
    if left <= 0:
        with work.store.write():
            work.store.queue.ask(group, "said", work.clock.now())
    if failed:
        raise failed[0]


def _begin_all(work: Work, group: str) -> None:
    links = [link for link in work.store.links.group(group)[0] if link.state is LinkState.LIVE and is_new(work, link)]
    if links:
        with work.store.write():
            for link in links:
                begin(work, link)


def _end(row: CarriedRow) -> tuple[int, Way]:
    return row.link, row.way


def _between(work: Work, link: Link, way: Way, rows: Sequence[CarriedRow], most: int) -> int:
    """From one end of a link to the other; how many texts were carried."""
    ends = (link.ticket, link.issue)
    if work.store.commands.muted_since(link.ticket) or not _is_open(work, ends[1], work.store.snapshots.get(ends[1])):
        return _leave(work, rows)
    target, source = _fresh(work, ends[1]), _fresh(work, ends[0])
    if source is None or target is None or not _is_open(work, ends[1], target):
        return _leave(work, rows)
    with work.store.write():
        notice(work, source)
    talk = _Talk(work, link, way, source, target)
    _leave(work, [row for row in talk.rows() if row.text not in talk.texts])  # deleted, or made internal
    return _carry(talk, [row for row in talk.rows() if row.text in talk.texts], most)


def _is_open(work: Work, ref: Ref, item: Item | Removed | None) -> bool:
    """Whether what was said may be left on an item: it isn't closed for good, and an issue is private."""
    if not isinstance(item, Item) or item.final or work.mapping(ref.connector).is_final(item.status):
        return False
    return work.role(ref.connector) is Role.HELPDESK or guard.of(item.audience) is Audience.PRIVATE


def _leave(work: Work, rows: Iterable[CarriedRow]) -> int:
    """What can't be carried isn't, later on either: it was said when nobody there was to read it."""
    left = [row for row in rows if not row.effect]
    if left:
        with work.store.write():
            work.store.carried.leave(left)
    return 0


def _fresh(work: Work, ref: Ref) -> Item | None:
    """An item as it is now; None: it isn't there, or may not be read.

    Raises:
        ConnectorError: it could not be read now.
    """
    refuse_paused(work, ref.connector)
    try:
        found = reads(work.clock, patience=IN_PLACE)(work.connectors[ref.connector].fetch, [ref])[ref]
    except (Gone, Refused):
        return None
    if isinstance(found, ConnectorError) and not isinstance(found, (Gone, Refused)):
        raise found
    if isinstance(found, Item) and found.ref != ref:  # the next poll follows it
        raise Transient(ref.connector, f"{ref.human} has moved")
    return found if isinstance(found, Item) else None


def _carry(talk: _Talk, rows: Sequence[CarriedRow], most: int) -> int:
    """Notes that certainly aren't there are written again, new texts go into new ones."""
    again = sorted({row.effect for row in rows if row.state == EffectState.READY})
    for effect in again:
        known = talk.work.store.effects.get(effect)
        if known is not None:
            _write(talk, [row for row in rows if row.effect == effect], known)
    new = [row for row in rows if not row.effect][:most]
    done = 0
    while done < len(new):
        done += _write(talk, new[done:], None)
    return done


def _write(talk: _Talk, rows: Sequence[CarriedRow], known: EffectRow | None) -> int:
    """One note with as many of these texts as it can hold; how many.

    Raises:
        ConnectorError: it certainly had no effect, and is to be tried again.
    """
    work, files = talk.work, talk.work.helpdesks[talk.link.ticket.connector].playbook.conversation.attachments
    body, count = note([Part(talk.texts[row.text]) for row in rows], talk.source, talk.role, files=files == "links")
    with work.store.write():
        row = _begin(talk, rows[:count], known)
        for other in rows[count:] if known else ():
            work.store.carried.send(other, "", "")
    if row is None:
        return count
    action = Action(talk.target.ref, notes=(replace(work.note(row), body=body),))
    try:
        outcome = next(iter(work.connectors[talk.target.ref.connector].apply([action])))
        error = _error_of(outcome)
    except Exception:
        settle = timedelta(seconds=work.connectors[talk.target.ref.connector].settle)
        with work.store.write():
            work.store.effects.doubt(row.id, work.clock.now() + settle, "a defect struck while it was written")
        raise
    _keep(talk, row, outcome, error)
    if error is not None and passes(error):
        raise error
    return count


def _begin(talk: _Talk, rows: Sequence[CarriedRow], known: EffectRow | None) -> EffectRow | None:
    """Its effect, kept before the first byte leaves; None: another thread is at these texts. Inside a transaction."""
    store, now = talk.work.store, talk.work.clock.now()
    there = store.carried.of(talk.link.id, talk.way)
    if any(there[row.text].effect != row.effect for row in rows):
        return None
    if known is None:
        turn = store.effects.next_turn(talk.link.id, CARRIED)
        effect = Effect(talk.link.id, CARRIED, turn, talk.target.ref, "")
        said = f"{talk.link.ticket} {talk.link.issue} {talk.way} {rows[0].text} {rows[-1].text}"
        known = store.effects.store(effect, marker.name(talk.work.marker_key, now, said), now)
    if not store.effects.send(known.id, now):
        return None
    for row in rows:
        store.carried.send(row, known.id, digest(talk.work.marker_key, talk.texts[row.text]))
    return known


def _error_of(outcome: Outcome) -> ConnectorError | None:
    error = next((one.error for one in outcome.notes if one.error is not None), outcome.error)
    if error is None or isinstance(error, ConnectorError):
        return error
    raise error  # a defect of the connector


def _keep(talk: _Talk, row: EffectRow, outcome: Outcome, error: ConnectorError | None) -> None:
    """What came of a note, as state; a transaction of its own."""
    work, target = talk.work, talk.target
    word = work.mapping(target.ref.connector).word(target.status)
    step = Step(target.ref, (talk.link.id,), Why("carried", "ticket", before=word, after=word))
    said = "done" if error is None else "answer lost" if error.doubt else error.what
    with work.store.write():
        keep_notes(work, target.ref.connector, [row], outcome.notes, error)
        if work.store.effects.get(row.id) is None:
            work.store.carried.release(row.id)
        known = work.store.snapshots.get(target.ref)
        if outcome.version and isinstance(known, Item) and known.version == target.version:  # else more has happened
            work.store.snapshots.wrote(target.ref, known.status, outcome.version, work.now)
        group = work.store.groups.of(talk.link.ticket) or str(talk.link.ticket)
        work.store.journal.write(group, step, outcome=said, now=work.now)
    work.wrote(step, said)
    work.tally["rule carried"] += error is None


__all__ = ["carry"]
