"""Writing to one ticket: status, note and fields in one call, and only if nobody wrote since it was read.

Several notes take a call each; the status goes with the last. A ticket's own ``tags`` replaces all of them: they go in
the same call only where the time that is compared shows every later change, which is so once the second of the latest
one is over at the read. Else one that an agent set in that second would be lost, and tags go by the endpoints that add
and take away.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from connectors import records
from connectors.zendesk import bodies, items
from connectors.zendesk.account import Account
from connectors.zendesk.answers import NotNow, OneTicket
from connectors.zendesk.api import ZendeskApi
from connectors.zendesk.reads import Known, Reader
from syncd.actions import Action, Note, Outcome, Written
from syncd.errors import ConnectorError, RateLimited, Refused, Transient, Unauthorized
from syncd.model import Status


@dataclass(slots=True)
class Progress:
    """What has become of an action so far."""

    action: Action
    number: int
    known: Known | None
    status: Status | None = None
    versions: list[str] = field(default_factory=list)
    notes: list[Written] = field(default_factory=list)
    error: ConnectorError | None = None
    aside: ConnectorError | None = None
    tagged: bool = False

    @property
    def outcome(self) -> Outcome:
        """As the core takes it."""
        version = max(self.versions, default="")
        return Outcome(self.action, self.status, version, tuple(self.notes), self.error, self.aside)


class Single:
    """Writes one action at a time."""

    def __init__(self, api: ZendeskApi, account: Account, reader: Reader) -> None:
        self.api, self.account, self.reader = api, account, reader
        self._blocked: dict[int, float] = {}
        """Tickets that were changed too often, and until when (monotonic)."""

    def act(self, action: Action) -> tuple[Outcome, ConnectorError | None]:
        """One action, and the error that concerns the whole account, if there was one."""
        try:
            done = Progress(action, self.reader.number(action.target), self.reader.known.pop(action.target.id, None))
            self._refuse(done)
            bodies.tags(action)
            wanted = self.choices(action)
            extras, unknown = bodies.extras(action)
            extras |= self.tags(action, done.known, extras)
            apart = 0 if "tags" in extras else bool(action.tags) + bool(action.untags)
            updates = max(1, len(action.notes)) + apart
            self.api.begin("write", self.what(action), account=updates, tickets_update=updates)
        except ConnectorError as error:
            return Outcome(action, error=error), error if stops(self.api, error) else None
        except bodies.Unfit as error:
            return Outcome(action, error=Refused(self.api.name, f"{self.what(action)}: {error}")), None
        stop = self._write(done, wanted, extras)
        if unknown:
            self._beside(done, f"there is no field {', '.join(unknown)}")
        return done.outcome, stop

    def what(self, action: Action) -> str:
        """What is done, for people."""
        return f"writing to ticket {action.target.id}"

    def choices(self, action: Action) -> list[Status]:
        """The statuses that do, in order, without those that this account doesn't have; the first if it has none.

        Raises:
            ConnectorError: the account's statuses could not be read.
        """
        if action.status is None:
            return []
        wanted = [action.status, *action.way.instead]
        return [one for one in wanted if self.account.can_be(one.native)] or [action.status]

    def tags(self, action: Action, known: Known | None, extras: dict[str, Any]) -> dict[str, Any]:
        """All tags as they are to be, where they may go along: not with a field that sets tags itself.

        Raises:
            ConnectorError: which fields do could not be read.
        """
        if not (action.tags or action.untags) or known is None or known.tags is None or len(action.notes) > 1:
            return {}
        fields = self.account.fields
        if any(not fields.known or one["id"] in fields.tagging for one in extras.get("custom_fields", ())):
            return {}
        kept = [tag for tag in known.tags if tag not in action.untags]
        return {"tags": list(dict.fromkeys([*kept, *action.tags]))}

    def blocked(self, number: int) -> float:
        """Seconds for which a ticket is still left alone."""
        return max(0.0, self._blocked.get(number, 0.0) - self.api.clock.monotonic())

    # --- inside ---

    def _refuse(self, done: Progress) -> None:
        """Raises: what would fail is not tried."""
        if any(note.replaces for note in done.action.notes):
            raise Refused(self.api.name, f"{self.what(done.action)}: Zendesk lets nobody change what was said")
        wait = self.blocked(done.number)
        if wait:
            raise OneTicket(self.api.name, f"{self.what(done.action)}: it was changed too often", retry_after=wait)
        if done.known is not None and done.known.status == items.CLOSED:
            what = f"{self.what(done.action)}: it is closed, and Zendesk lets nobody write to a closed ticket"
            raise Refused(self.api.name, what)

    def _write(self, done: Progress, wanted: list[Status], extras: dict[str, Any]) -> ConnectorError | None:
        *before, last = done.action.notes or (None,)
        for note in before:
            error = self._note(done, note)
            if error is not None and (stops(self.api, error) or _ends(error)):
                done.error = error if wanted or extras else None
                return error if stops(self.api, error) else None
        main = self._main(done, last, wanted, extras)
        if main is not None and not isinstance(main, Refused):
            return main if stops(self.api, main) else None
        return self._tags(done)

    def _main(
        self, done: Progress, note: Note | None, wanted: list[Status], extras: dict[str, Any]
    ) -> ConnectorError | None:
        """The last note, the status and the fields, in one call if the ticket takes them; the error if it doesn't."""
        if not wanted and not extras:
            return self._note(done, note) if note is not None else None
        error: ConnectorError | None = None
        options: list[Status | None] = [*wanted] or [None]
        for status in options:
            error = self._put(done, note, status, extras)
            if not isinstance(error, NotNow):
                break
        if error is None:
            return None
        if note is None or not isinstance(error, Refused) or not self._may_split():
            self._failed(done, note, error)
            return error
        # Refused whole. The note doesn't depend on the status, nor the status on the note.
        done.error = error
        again = self._note(done, note)
        if isinstance(again, Refused) and self._may_split() and wanted:
            error = self._put(done, None, wanted[0], extras)
            done.error = error
        elif again is not None and not isinstance(again, Refused):
            return again
        return error

    def _may_split(self) -> bool:
        """Whether the latest refusal was of a wish, and not of the ticket as a whole."""
        answer = self.api.answer
        return answer is not None and answer.status in {400, 422} and not answer.is_closed

    def _failed(self, done: Progress, note: Note | None, error: ConnectorError) -> None:
        done.error = error
        if note is not None:
            done.notes.append(Written(note.effect, error=error))

    def _note(self, done: Progress, note: Note) -> ConnectorError | None:
        """A note alone."""
        error = self._put(done, note, None, {})
        if error is not None:
            done.notes.append(Written(note.effect, error=error))
        return error

    def _put(
        self, done: Progress, note: Note | None, status: Status | None, extras: dict[str, Any]
    ) -> ConnectorError | None:
        """One PUT, once."""
        what = self.what(done.action)
        try:
            sent = {**(bodies.wish(status) if status else {}), **extras}
            if note is not None:
                sent |= {"comment": bodies.comment(note), **bodies.copies(note)}
            answer = self.api.update(what, done.number, {**sent, **bodies.guard(done.known)})
        except bodies.Unfit as error:
            return Refused(self.api.name, f"{what}: {error}")
        except ConnectorError as error:
            done.known = None
            return self._told(done, error)
        self._took(done, note, status, sent, answer)
        return None

    def _told(self, done: Progress, error: ConnectorError) -> ConnectorError:
        """A refusal in words: what a ticket can't be solved without is named, and who was changed too often rests."""
        if isinstance(error, OneTicket):
            self._blocked[done.number] = self.api.clock.monotonic() + (error.retry_after or 0.0)
        answer = self.api.answer
        if not isinstance(error, Refused) or answer is None:
            return error
        names = list(dict.fromkeys(self.account.titled(*one) for one in answer.needed()))
        if not names:
            return error
        status = done.action.status
        if answer.status == 422 and status is not None and status.kind == items.SOLVED:  # HTTP
            verb, them = ("is", "it") if len(names) == 1 else ("are", "them")
            who = f"Zendesk doesn't let ticket {done.number} be solved while {_and(names)} {verb} empty"
            return type(error)(error.connector, f"{who}: have an agent fill {them} in")
        return type(error)(error.connector, f"{error.what}; fields: {', '.join(names)}")

    def _took(
        self, done: Progress, note: Note | None, status: Status | None, sent: dict[str, Any], answer: dict[str, Any]
    ) -> None:
        """What an answer confirms. What it doesn't is in doubt: the write itself was accepted."""
        done.tagged |= "tags" in sent
        ticket = answer.get("ticket")
        row = ticket if isinstance(ticket, dict) and ticket.get("id") == done.number else {}
        done.known = (
            Known(row["updated_at"], str(row.get("status"))) if isinstance(row.get("updated_at"), str) else None
        )
        with suppress(ValueError):
            done.versions.append(records.version(row))
        what = f"{self.what(done.action)}: the answer doesn't show"
        if note is not None:
            remote = bodies.note_id(answer)
            lost = None if remote else Transient(self.api.name, f"{what} the note", doubt=True)
            done.notes.append(Written(note.effect, remote, lost, self._uncopied(done, note, row)))
        if status is not None and "status" in row:
            done.status = items.status(row, self.account.customs)
        elif status is not None:
            done.error = Transient(self.api.name, f"{what} the status", doubt=True)
        self._passed_over(done, row, sent)

    def _uncopied(self, done: Progress, note: Note, row: dict[str, Any]) -> Refused | None:
        """Who got no copy, though they were to: an account need not have copies."""
        if note.internal or not note.copies:
            return None
        what = f"{self.what(done.action)}: Zendesk took no copies of the reply; let agents copy people in (CCs)"
        if row.get("email_cc_ids"):
            if len(note.copies) <= bodies.MAX_COPIES:
                return None
            what = f"{self.what(done.action)}: only the first {bodies.MAX_COPIES} got copies: Zendesk takes no more"
        return Refused(self.api.name, what)

    def _passed_over(self, done: Progress, row: dict[str, Any], sent: dict[str, Any]) -> None:
        """What Zendesk ignored without refusing it: the rest was written, so it is told beside that."""
        answer = self.api.answer
        ignored = [*bodies.untaken(row, sent), *(answer.ignored if answer is not None else ())]
        if not ignored:
            return
        known = self.account.fields
        absent = [one for one in ignored if one.isdecimal() and known.known and not known.has(one)]
        told = [f"there is no field {', '.join(absent)}"] if absent else []
        others = [one for one in ignored if one not in absent]
        told += [f"Zendesk passed over {', '.join(others)}"] if others else []
        self._beside(done, "; ".join(told))

    def _beside(self, done: Progress, why: str) -> None:
        """What was not written though nothing was refused: told beside the status, if that was to be written."""
        error = Refused(self.api.name, f"{self.what(done.action)}: {why}")
        if done.action.status is not None and done.error is None:
            done.aside = done.aside or error
        else:
            done.error = done.error or error

    def _tags(self, done: Progress) -> ConnectorError | None:
        """Tags, after everything else, if they didn't go along."""
        if done.tagged:
            return None
        for tags, away in ((done.action.untags, True), (done.action.tags, False)):
            if not tags:
                continue
            try:
                self.api.tag(f"tagging ticket {done.number}", done.number, {"tags": list(tags)}, away=away)
            except ConnectorError as error:
                told = self._told(done, error)
                if done.action.status is not None and done.error is None:
                    done.aside = told
                else:
                    done.error = done.error or told
                return told if stops(self.api, told) else None
        return None


def stops(api: ZendeskApi, error: ConnectorError) -> bool:
    """Whether nothing else would work either: credentials, limits, a service that isn't reached at all."""
    unreached = isinstance(error, Transient) and not error.doubt and api.answer is None
    return isinstance(error, (Unauthorized, RateLimited)) or (unreached and not isinstance(error, OneTicket))


def _ends(error: ConnectorError) -> bool:
    """Whether nothing more can be written to this ticket now: it changed, or it was changed too often."""
    return isinstance(error, Transient) and not error.doubt


def _and(names: Sequence[str]) -> str:
    """Names as in a sentence."""
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
