"""What an announcement is about, as it stands now: from the state, and read afresh when it is put into words."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from syncd import guard, links
from syncd.clock import moment
from syncd.config import Helpdesk
from syncd.details import Detail
from syncd.errors import ConnectorError
from syncd.filing import Unfiled, decide, kind_of, known, priority
from syncd.filing.urgency import slug
from syncd.model import Audience, Author, Item, Place, Ref, Word
from syncd.notify.routes import meant
from syncd.notify.words import clean
from syncd.records import LinkState
from syncd.store import AnnouncementRow, FilingRow, FilingState, Store
from syncd.tables import FORM_FIELDS, Event, Route
from syncd.work import Work

LINK = "link:"
"""How the name of a link begins where an announcement is about one."""
EVENTS: dict[FilingState, Event] = {
    FilingState.FILED: "filed",
    FilingState.ADOPTED: "adopted",
    FilingState.REFUSED: "refused",
    FilingState.UNFILED: "not_authorised",
}
"""What is announced of a filing in a state."""
TAKEN = frozenset({Word.IN_PROGRESS, Word.DONE, Word.DECLINED, Word.DUPLICATE})
"""Words of an issue that somebody sees to, or that is over."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A filing or a link with what the playbook says of it.

    Attributes:
        ticket_url: as last seen; empty where it wasn't.
        filing: None for a link that people made.
        item: the issue; as last seen until it is read.
        detail: None until it is read, or where nobody tells.
        fresh: both were read.
    """

    row: AnnouncementRow
    desk: Helpdesk
    route: Route
    ticket: Ref
    issue: Ref | None
    filing: FilingRow | None
    ticket_url: str = ""
    item: Item | None = field(default=None, repr=False)
    detail: Detail | None = field(default=None, repr=False)
    fresh: bool = False

    @property
    def priority(self) -> str:
        """Without the label's prefix; empty where nothing tells one."""
        if self.filing is not None and self.filing.priority:
            return self.filing.priority
        return priority(self.detail, self.desk.playbook.priorities).value if self.detail else ""

    @property
    def order(self) -> tuple[bool, int, str]:
        """The most urgent comes first."""
        levels = self.desk.playbook.priorities.levels
        rank = levels.index(self.priority) if self.priority in levels else len(levels)
        return self.row.event != "critical", rank, self.row.made_at

    @property
    def human(self) -> str:
        """As log and status name it."""
        return (self.issue or self.ticket).human


def found(work: Work, row: AnnouncementRow) -> Subject | None:
    """What a row is about; None where that is over, or nobody is to be told of it any more."""
    desk = work.helpdesks.get(row.desk)
    route = desk.playbook.announce.route(row.route) if desk else None
    if desk is None or route is None or row.step >= len(route.to):
        return None
    filing: FilingRow | None = None
    issue: Ref | None
    if row.about.startswith(LINK):
        link = work.store.links.get(int(row.about.removeprefix(LINK)))
        if link is None or link.state is not LinkState.LIVE:
            return None
        ticket, issue = link.ticket, link.issue
        filings = work.store.filings.of(ticket)
        filing = next((one for one in filings if one.issue == issue), None)
    else:
        filing = work.store.filings.get(row.about)
        if filing is None or not _still(filing, row.event):
            return None
        ticket, issue = filing.ticket, filing.issue
    if issue is not None and issue.connector not in work.trackers:
        return None
    seen = work.store.snapshots.get(issue) if issue else None
    item = seen if isinstance(seen, Item) else None
    if issue is not None and seen is not None and (item is None or _over(work, item)):
        return None
    known = work.store.snapshots.get(ticket)
    url = known.url if isinstance(known, Item) else ""
    return Subject(row, desk, route, ticket, issue, filing, url, item)


def issue_of(store: Store, about: str) -> Ref | None:
    """The issue of a filing or a link, if it has one."""
    if about.startswith(LINK):
        link = store.links.get(int(about.removeprefix(LINK)))
        return link.issue if link else None
    filing = store.filings.get(about)
    return filing.issue if filing else None


def _still(filing: FilingRow, event: Event) -> bool:
    """Whether a filing is as it was announced; one that waits for a representative is looked at now and then."""
    if event == "not_authorised":
        return filing.rule == event and filing.state in {FilingState.UNFILED, FilingState.WAITING}
    return EVENTS.get(filing.state) == event


def _over(work: Work, item: Item) -> bool:
    return work.mapping(item.ref.connector).word(item.status) in TAKEN - {Word.IN_PROGRESS}


def read(work: Work, subject: Subject) -> Subject:
    """With what the ticket says, where its system tells that, and how the issue stands, read afresh.

    Raises:
        ConnectorError: one of them can't be read.
    """
    desk = work.connectors[subject.ticket.connector]
    detail = known(desk.detail(subject.ticket), subject.desk.playbook) if desk.capabilities.details else None
    if detail is not None and subject.filing is not None and not subject.filing.kind:
        subject = replace(subject, filing=_decided(subject.desk, subject.filing, detail))
    item = fresh(work, subject.issue) or subject.item
    issue = item.ref if item else subject.issue
    return replace(subject, detail=detail, item=item, issue=issue, fresh=True)


def _decided(desk: Helpdesk, filing: FilingRow, detail: Detail) -> FilingRow:
    """A filing that people made, with what the playbook would have decided."""
    playbook = desk.playbook
    found = decide(detail, playbook, word=desk.mapping.word(detail.item.status), ordered=True)
    kind, level = kind_of(detail, playbook).value, priority(detail, playbook.priorities).value
    if isinstance(found, Unfiled):
        return replace(filing, kind=kind, priority=level)
    team = found.rule.team if found.rule else ""
    return replace(filing, kind=kind, priority=level, area=found.area.value, team=team, place=found.place.value)


def fresh(work: Work, ref: Ref | None) -> Item | None:
    """An item as it is now; None where it is gone.

    Raises:
        ConnectorError: it can't be read.
    """
    if ref is None or ref.connector not in work.connectors:
        return None
    one = work.connectors[ref.connector].fetch([ref])[ref]
    if isinstance(one, ConnectorError):
        raise one
    return one if isinstance(one, Item) else None


def critical(subject: Subject) -> bool:
    """Whether a link that was made is to a critical issue: by the ticket's priority, or by what the issue shows."""
    how, item = subject.desk.playbook.announce.critical, subject.item
    if subject.priority and subject.priority in how.priorities:
        return True
    if item is None:
        return False
    if {label.casefold() for label in how.labels} & {tag.casefold() for tag in item.tags}:
        return True
    for name, values in how.fields.items():
        if slug(item.fields.get(name, "")) in {slug(value) for value in values}:
            return True
    return bool(how.heading) and _form_says(item, how.heading, how.priorities)


def concerns(subject: Subject) -> bool | None:
    """Whether the route is for it; None: that can be told once it was read."""
    match subject.row.event:
        case "critical":
            return critical(subject) or (False if subject.fresh else None)
        case "adopted" if subject.filing is not None:
            route = subject.route
            asked = route.kinds or route.priorities or route.areas or route.teams or route.places
            known = subject.fresh or not asked
            return meant(route, subject.filing, subject.desk.playbook) if known else None
    return True


def _form_says(item: Item, heading: str, wanted: tuple[str, ...]) -> bool:
    """Whether the form that the team filled in names one of them."""
    bodies = [text.body for text in item.texts or () if text.place is Place.BODY and text.author is not Author.OUTSIDE]
    words = {slug(word) for body in bodies for word in links.section(body, heading).split()}
    return bool(words & {slug(one) for one in wanted})


def said(subject: Subject, audience: Audience, now: datetime) -> dict[str, str]:
    """The values of the words, as a sink of that audience may have them."""
    return guard.spoken(dict(_facts(subject, now)), audience)


def _facts(subject: Subject, now: datetime) -> Iterator[tuple[str, str]]:
    filing, detail, playbook = subject.filing, subject.detail, subject.desk.playbook
    kind = filing.kind if filing and filing.kind else (kind_of(detail, playbook).value if detail else "")
    row = playbook.kinds.get(kind)
    yield "ticket_key", subject.ticket.key or subject.ticket.id
    yield "issue_key", (subject.issue.key or subject.issue.id) if subject.issue else ""
    yield "issue_url", subject.item.url if subject.item else ""
    yield "kind_name", (row.shown if row else "") or kind
    yield "priority", subject.priority
    yield "timeline", _timeline(subject)
    yield "sprint", _sprint(subject, now)
    if filing is not None:
        yield "area", filing.area
        yield "team", filing.team
        yield "trigger", filing.trigger
        yield "reason", clean(filing.reason)
    yield "ticket_url", detail.item.url if detail else subject.ticket_url
    if detail is not None:
        yield "subject", detail.subject
        yield "brief", detail.description
        fields = playbook.file.fields
        yield from (
            (name, detail.fields.get(fields[name], ""))
            for name in FORM_FIELDS
            if name in subject.route.shows and name in fields
        )


def _sprint(subject: Subject, now: datetime) -> str:
    """Which sprint this falls under, where the playbook says when they begin."""
    sprint = subject.desk.playbook.timers.sprint
    if sprint is None or subject.issue is None:
        return ""
    end = sprint.begin(now) + timedelta(seconds=sprint.length)
    labels = {tag.casefold() for tag in subject.item.tags} if subject.item else set[str]()
    urgent = (labels | {subject.priority.casefold()}) & {one.casefold() for one in sprint.critical}
    what = "to be done in" if urgent or subject.row.event == "critical" else "it falls into"
    return f"{what} the sprint that ends {end:%Y-%m-%d %H:%M} (UTC)"


def _timeline(subject: Subject) -> str:
    """What happened when, as far as it is known, by UTC."""
    filing, detail = subject.filing, subject.detail
    opened = f"{detail.item.created_at.isoformat()}" if detail else (filing.created_at if filing else "")
    answered = f"{detail.answered_at.isoformat()}" if detail and detail.answered_at else ""
    known = {
        "opened": opened,
        "escalated": filing.seen_at if filing else "",
        "answered": answered or (filing.answered_at if filing else ""),
        "filed": filing.filed_at if filing else "",
    }
    parts = [f"{what} {moment(when):%Y-%m-%d %H:%M}" for what, when in known.items() if when]
    return f"ticket {', '.join(parts)} (UTC)" if parts else ""


def stands(work: Work, subject: Subject) -> str:
    """Who has the issue and who the ticket now, as far as was seen; JSON."""
    seen = work.store.snapshots.get(subject.ticket)
    ticket = subject.detail.item if subject.detail else seen
    return json.dumps(
        {"issue": _who(subject.item), "ticket": _who(ticket if isinstance(ticket, Item) else None)}, sort_keys=True
    )


def taken(work: Work, subject: Subject, stood: str) -> bool:
    """Whether somebody sees to it: the issue is in work or over, or it or the ticket has changed hands since.

    Raises:
        ConnectorError: they can't be read.
    """
    before = json.loads(stood or "{}")
    issue, ticket = fresh(work, subject.issue), fresh(work, subject.ticket)
    if subject.issue is not None:
        if issue is None or work.mapping(issue.ref.connector).word(issue.status) in TAKEN:
            return True
        if _changed(before.get("issue"), issue):
            return True
    return ticket is None or _changed(before.get("ticket"), ticket)


def _who(item: Item | None) -> list[str] | None:
    return None if item is None or item.assignees is None else sorted(item.assignees)


def _changed(before: list[str] | None, item: Item) -> bool:
    now = _who(item)
    return before is not None and bool(now) and now != before
