"""Talk: what one end of a link has to say to the other, both just read, becomes notes (rule 12).

The note is an effect without a body: if its outcome isn't known it is settled as any other, and if it certainly isn't
there it is written again by the next look at its group. A text that was edited is edited where it stands. That needs no
effect: to repeat it does no harm. Where our notes can't be edited it is told once more, an hour after the last time at
the earliest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from syncd import guard, marker
from syncd.actions import Action, Outcome
from syncd.clock import moment
from syncd.errors import ConnectorError, Gone, Refused
from syncd.ingest.said import is_due
from syncd.messages.quote import Part, digest, fitting, note
from syncd.model import Audience, Item, Role, Text
from syncd.probe.settle import keep_notes, passes
from syncd.records import Effect, Link, Step, Why
from syncd.retry import reads
from syncd.store import CARRIED, CarriedRow, EffectRow, EffectState, Way
from syncd.work import IN_PLACE, Work

TEXTS = 20
"""So many texts of a group are carried at one look; the rest with the next."""
EDITS = timedelta(hours=1)
"""Where our notes can't be edited, an edited text is told again this long after it was carried last."""


class Opened(Exception):
    """Others than the team can read where something was to be left."""


@dataclass(frozen=True)
class Talk:
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
    def edits(self) -> bool:
        """Whether our notes can be given another text."""
        return self.work.connectors[self.target.ref.connector].capabilities.edits_notes

    @property
    def texts(self) -> dict[str, Text]:
        """What may be carried of what stands there now, by id."""
        texts = fitting(self.source.texts)
        return {one: text for one, text in texts.items() if is_due(self.work, text, self.link, self.way)}

    def body(self, rows: Sequence[CarriedRow], *, edited: bool = False) -> tuple[str, int]:
        """The words of a note, and how many of the texts found room in it."""
        files = self.work.helpdesks[self.link.ticket.connector].playbook.conversation.attachments == "links"
        return note([Part(self.texts[row.text], edited) for row in rows], self.source, self.role, files=files)

    def about(self, first: CarriedRow, last: CarriedRow) -> str:
        """What a note is for, as its name holds it: the texts from one to another."""
        return f"{self.link.ticket} {self.link.issue} {self.way} {first.text} {last.text}"

    def digest(self, row: CarriedRow) -> str:
        """Of a text as it reads now."""
        return digest(self.work.marker_key, self.texts[row.text])

    def refuse_public(self) -> None:
        """Asked right before each note is written: meanwhile the place may have been opened to all (rule 14).

        Of a ticket it is asked whether our notes are internal.

        Raises:
            Opened: it was.
            ConnectorError: it could not be asked.
        """
        connector = self.work.connectors[self.target.ref.connector]
        if self.role is Role.TRACKER:
            private = connector.capabilities.internal_notes
        else:
            try:
                now = reads(self.work.clock, patience=IN_PLACE)(connector.audience_now, self.target)
            except (Gone, Refused):
                now = None
            private = guard.of(now) is Audience.PRIVATE
        if not private:
            raise Opened

    def again(self, row: EffectRow, body: str, replaces: str = "") -> tuple[Outcome, ConnectorError | None]:
        """Leave a note, or give it another text.

        Raises:
            Exception: a defect of the connector.
        """
        one = replace(self.work.note(row), body=body, replaces=replaces, audience=Audience.PRIVATE)
        outcome = next(iter(self.work.connectors[self.target.ref.connector].apply([Action(row.target, notes=(one,))])))
        error = next((one.error for one in outcome.notes if one.error is not None), outcome.error)
        if error is not None and not isinstance(error, ConnectorError):
            raise error
        return outcome, error


def tell(talk: Talk, rows: Sequence[CarriedRow], most: int) -> tuple[int, datetime | None]:
    """Notes that certainly aren't there are written again, new texts go into new ones, edited ones stand edited.

    Raises:
        Opened: others can read there now; what was written by then stays.
        ConnectorError: something could not be written, and is to be tried again.
    """
    for effect in sorted({row.effect for row in rows if row.state == EffectState.READY}):
        known = talk.work.store.effects.get(effect)
        if known is not None:
            _write(talk, [row for row in rows if row.effect == effect], known)
    edited = [row for row in rows if row.state == EffectState.DONE]
    later = _edit(talk, edited)
    new, done = [row for row in rows if not row.effect][:most], 0
    while done < len(new):
        done += _write(talk, new[done:], None)
    return done, later


def recall(talk: Talk, rows: Sequence[CarriedRow], marks: Mapping[str, Sequence[str]]) -> None:
    """Notes of ours that an older state doesn't know, by the markers on the end that hears. Inside a transaction."""
    key, store = talk.work.marker_key, talk.work.store
    for text, (remote, *_) in marks.items():
        for name in marker.read(key, text):
            if store.effects.get(name) is None:
                mine = next((part for part in _parts(rows) if marker.is_for(key, name, talk.about(*part))), None)
                if mine is not None:
                    _recall(talk, rows[rows.index(mine[0]) : rows.index(mine[1]) + 1], name, remote)


def _parts(rows: Sequence[CarriedRow]) -> Iterator[tuple[CarriedRow, CarriedRow]]:
    """From which text to which a note may go."""
    return ((first, last) for at, first in enumerate(rows) for last in rows[at : at + TEXTS])


def _recall(talk: Talk, rows: Sequence[CarriedRow], name: str, remote: str) -> None:
    store = talk.work.store
    effect = Effect(talk.link.id, CARRIED, store.effects.next_turn(talk.link.id, CARRIED), talk.target.ref, "")
    if store.effects.recall(effect, name, remote, marker.made_at(name)):
        talk.work.tally["recalled"] += 1
        for row in rows:
            store.carried.send(row, name, talk.digest(row))


def _edit(talk: Talk, rows: Sequence[CarriedRow]) -> datetime | None:
    """Texts that read otherwise now; when those are to be told that wait, because our notes can't be edited."""
    if talk.edits:
        for effect in sorted({row.effect for row in rows}):
            known = talk.work.store.effects.get(effect)
            if known is not None:
                _rewrite(talk, known)
        return None
    now = talk.work.clock.now()
    due = {row.id: moment(row.began_at) + EDITS for row in rows}
    ripe = [row for row in rows if due[row.id] <= now]
    while ripe:
        ripe = ripe[_write(talk, ripe, None, edited=True) :]
    return min((one for one in due.values() if one > now), default=None)


def _rewrite(talk: Talk, effect: EffectRow) -> None:
    """A note gets the words that its texts have now; what finds no room in it any more goes into another one.

    Raises:
        ConnectorError: whether it was written or not, it is to be tried again.
    """
    talk.refuse_public()
    store, there = talk.work.store, talk.texts
    mine = [row for row in store.carried.of(talk.link.id, talk.way).values() if row.effect == effect.id]
    rows = [row for row in mine if row.text in there]
    body, count = talk.body(rows)
    outcome, error = talk.again(effect, body, effect.remote_id)
    if error is not None and (error.doubt or passes(error)):
        raise error
    with store.write():  # a note that a person has deleted, or that can't be edited any more, stays as it is
        for row in rows[:count]:
            store.carried.send(row, effect.id, talk.digest(row))
        for row in rows[count:]:
            store.carried.send(row, "", "")
        keep_version(talk.work, talk.target, outcome)
    _journal(talk, error)


def _write(talk: Talk, rows: Sequence[CarriedRow], known: EffectRow | None, *, edited: bool = False) -> int:
    """One note with as many of these texts as it can hold; how many.

    Raises:
        Opened: others can read there now.
        ConnectorError: it certainly had no effect, and is to be tried again.
    """
    talk.refuse_public()
    store = talk.work.store
    body, count = talk.body(rows, edited=edited)
    with store.write():
        row = _begin(talk, rows[:count], known)
        for other in rows[count:] if known and row else ():
            store.carried.send(other, "", "")
    if row is None:
        return count
    try:
        outcome, error = talk.again(row, body)
    except Exception:
        settle = timedelta(seconds=talk.work.connectors[talk.target.ref.connector].settle)
        with store.write():
            store.effects.doubt(row.id, talk.work.clock.now() + settle, "a defect struck while it was written")
        raise
    with store.write():
        keep_notes(talk.work, talk.target.ref.connector, [row], outcome.notes, error)
        if store.effects.get(row.id) is None:
            store.carried.release(row.id)
        keep_version(talk.work, talk.target, outcome)
    _journal(talk, error)
    if error is not None and passes(error):
        raise error
    return count


def _begin(talk: Talk, rows: Sequence[CarriedRow], known: EffectRow | None) -> EffectRow | None:
    """Its effect, kept before the first byte leaves; None: another thread is at these texts. Inside a transaction."""
    store, now = talk.work.store, talk.work.clock.now()
    there = store.carried.of(talk.link.id, talk.way)
    if any(there[row.text].effect != row.effect for row in rows):
        return None
    if known is None:
        turn = store.effects.next_turn(talk.link.id, CARRIED)
        effect = Effect(talk.link.id, CARRIED, turn, talk.target.ref, "", internal=True)
        known = store.effects.store(effect, marker.name(talk.work.marker_key, now, talk.about(rows[0], rows[-1])), now)
    if not store.effects.send(known.id, now):
        return None
    for row in rows:
        store.carried.send(row, known.id, talk.digest(row))
    return known


def keep_version(work: Work, target: Item, outcome: Outcome) -> None:
    """What our own write made of an item that was just read, so that the next poll knows its echo. In a transaction."""
    known = work.store.snapshots.get(target.ref)
    if outcome.version and isinstance(known, Item) and known.version == target.version:  # else more has happened
        work.store.snapshots.wrote(target.ref, known.status, outcome.version, work.now)


def _journal(talk: Talk, error: ConnectorError | None) -> None:
    """What came of a note; a transaction of its own."""
    word = talk.work.mapping(talk.target.ref.connector).word(talk.target.status)
    moved = "ticket" if talk.way is Way.TO_ISSUE else "issue"
    journal(talk.work, Step(talk.target.ref, (talk.link.id,), Why("carried", moved, before=word, after=word)), error)


def journal(work: Work, step: Step, error: ConnectorError | None) -> None:
    """What came of a write that no plan asked for; a transaction of its own."""
    said = "done" if error is None else "answer lost" if error.doubt else error.what
    with work.store.write():
        group = work.store.groups.of(step.target) or str(step.target)
        work.store.journal.write(group, step, outcome=said, now=work.now)
    work.wrote(step, said)
    work.tally[f"rule {step.why.rule}"] += error is None


__all__ = ["TEXTS", "Opened", "Talk", "journal", "keep_version", "recall", "tell"]
