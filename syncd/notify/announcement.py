"""The words of an announcement: what was filed or linked, for which ticket, why, when, and who is called.

Whatever of it comes from a ticket has gone through :func:`syncd.guard.spoken` for the sink's audience.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from syncd.tables import FORM_FIELDS, Event

NAMED = 5
"""Of many that are announced at once, so many are named."""
TITLES: Mapping[Event, str] = {
    "filed": "{issue_key} was filed for ticket {ticket_key}",
    "adopted": "{issue_key} was filed by hand for ticket {ticket_key}",
    "critical": "critical: {issue_key}, for ticket {ticket_key}",
    "not_authorised": "ticket {ticket_key} waits for a representative: no issue is filed until one has agreed",
    "refused": "no issue could be filed for ticket {ticket_key}",
}
MANY: Mapping[Event, str] = {
    "filed": "issues were filed",
    "adopted": "issues were filed by hand",
    "critical": "issues are critical",
    "not_authorised": "tickets wait for a representative",
    "refused": "tickets for which no issue could be filed",
}
CURES: Mapping[Event, str] = {
    "not_authorised": "Ask a representative of the customer, and mark the ticket as approved",
    "refused": "`syncd status` says more. Mend the reason, then `syncd queue retry REF`",
}
LABELLED = (("kind_name", "kind"), ("priority", "priority"), ("team", "team"), ("area", "area"))


@dataclass(frozen=True, slots=True)
class Mention:
    """Somebody who is called: by the playbook's name, and by an id that only Slack knows (empty: none is known)."""

    name: str
    id: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """One filing or link as a sink may hear of it.

    Attributes:
        values: as the guard made them for the sink.
        mention: who is called.
        before: the channel in which nobody has answered, and after how long; empty at the first step.
    """

    event: Event
    values: Mapping[str, str] = field(repr=False)
    mention: Mention | None = None
    before: str = ""

    @property
    def title(self) -> str:
        """One line."""
        known = {"issue_key": "an issue", "ticket_key": "?"} | dict(self.values)
        return TITLES[self.event].format(**known)

    @property
    def lines(self) -> list[str]:
        """What follows the title, and what became of the step before."""
        return [line for line in self._lines() if line]

    def _lines(self) -> Iterator[str]:
        values = self.values
        yield values.get("subject", "")
        yield values.get("brief", "")
        yield from (f"{name}: {values[name]}" for name in FORM_FIELDS if name in values)
        yield _link("issue", values.get("issue_key", ""), values.get("issue_url", ""))
        yield _link("ticket", values.get("ticket_key", ""), values.get("ticket_url", ""))
        yield ", ".join(f"{label}: {values[name]}" for name, label in LABELLED if name in values)
        yield f"escalated by: {values['trigger']}" if "trigger" in values else ""
        yield values.get("reason", "")
        yield values.get("timeline", "")
        yield values.get("sprint", "")
        yield CURES.get(self.event, "")

    @property
    def short(self) -> str:
        """All of it as one line."""
        values = self.values
        names = [values[name] for name in ("issue_key", "priority", "team") if name in values]
        ticket = f"ticket {values.get('ticket_key', '?')}"
        address = values.get("issue_url") or values.get("ticket_url", "")
        return " ".join(part for part in (", ".join([*names, ticket]), address) if part)

    def data(self) -> dict[str, Any]:
        """For programs."""
        called = {"mention": self.mention.name} if self.mention else {}
        return {"event": self.event, "title": self.title, **self.values, **called}


@dataclass(frozen=True, slots=True)
class Announcement:
    """One message: about one filing or link, or about many."""

    at: str
    said: Sequence[Said]
    count: int = 1
    """How many it is about; ``said`` may hold only the first few."""
    again: Sequence[Said] = ()
    """What other routes tell of the same: who is called by them and what came before is told, too."""

    @property
    def title(self) -> str:
        """One line."""
        if self.count == 1:
            return self.said[0].title
        events = {one.event for one in self.said}
        what = MANY[events.pop()] if len(events) == 1 else "filings to look at"
        return f"{self.count:,} {what}"

    @property
    def lines(self) -> list[str]:
        """What follows the title."""
        before = list(dict.fromkeys(one.before for one in (*self.said, *self.again) if one.before))
        if self.count == 1:
            return [*before, *self.said[0].lines]
        named = [f"- {one.short}" for one in self.said[:NAMED]]
        more = self.count - len(named)
        return [*before, *named, *([f"- and {more:,} more"] if more else [])]

    @property
    def mentions(self) -> tuple[Mention, ...]:
        """Who is called, each once."""
        return tuple(dict.fromkeys(one.mention for one in (*self.said, *self.again) if one.mention))

    @property
    def text(self) -> str:
        """All of it, as plain text."""
        called = " ".join(f"@{one.name}" for one in self.mentions)
        return "\n".join([self.title, *([called] if called else []), *self.lines])

    def data(self) -> dict[str, Any]:
        """For programs."""
        said = [one.data() for one in self.said[:NAMED]]
        head = {"source": "syncd", "at": self.at, "title": self.title, "text": self.text}
        called = [one.name for one in self.mentions]
        return head | {"count": self.count, "mentions": called, "announcements": said}


def _link(what: str, key: str, url: str) -> str:
    return " ".join(part for part in (f"{what}: {key}" if key else "", url) if part)
