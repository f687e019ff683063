"""What a run holds in its hands: the state, the live connectors, and how they are configured."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from syncd import commands, links, marker
from syncd.actions import Note
from syncd.clock import Clock, moment, precise
from syncd.config import Brake, Helpdesk, Tracker
from syncd.connector import Connector
from syncd.errors import ConnectorError
from syncd.mapping import Mapping as StatusMapping
from syncd.model import Audience, Item, Page, Ref, Role, Word
from syncd.planfile import Approval
from syncd.records import Command, Effect, Link, Plan, Step
from syncd.report import Labels
from syncd.store import EffectRow, Store
from syncd.turns import Feed

IN_PLACE = 15.0
"""Seconds that a single read may wait for a system that limits us; what takes longer goes through the queue."""
LONG = 86400.0
"""Seconds: longer than a run."""
MAX_SEEN = 200_000
"""Items of a walk that are kept in memory for links found later in it: about 50 MB at worst."""


def subject(link: Link, kind: str, turn: int) -> str:
    """What an effect is for, as its name holds it."""
    return f"{link.ticket} {link.issue} {kind} {turn}"


@dataclass(slots=True)
class Reading:
    """How far a run has read a source: items, and the versions of its first and its newest item."""

    items: int = 0
    first: str = ""
    newest: str = ""

    def total(self, now: datetime) -> float | None:
        """How many items there may be in all: a source tells the oldest first, and nobody tells how many there are.

        So the share of the time that has been covered stands for the share of the items.
        """
        if self.newest <= self.first:
            return None
        begin, span = moment(self.first), (now - moment(self.first)).total_seconds()
        return max(float(self.items), self.items * span / (moment(self.newest) - begin).total_seconds())


@dataclass(frozen=True, slots=True)
class WouldFile:
    """An issue that would be filed, where nothing may be written: no text of the ticket, and no customer's label.

    ``version``: of the ticket, when it was seen last; ``decision``: see :func:`syncd.issues.seen.decision`.
    """

    ticket: Ref
    version: str
    trigger: str
    tracker: str
    place: str
    audience: str
    kind: str
    priority: str
    labels: tuple[str, ...]
    decision: str


@dataclass(slots=True)
class Work:
    """One run. ``writes`` False: everything is done but write to a remote (observe mode, dry run)."""

    store: Store
    clock: Clock
    connectors: Mapping[str, Connector]
    helpdesks: Mapping[str, Helpdesk]
    trackers: Mapping[str, Tracker]
    marker_key: bytes
    brake: Brake = field(default_factory=Brake)
    writes: bool = True
    ahead: bool = False
    """A dry run: what would be filed a little later counts, too."""
    owner: str = ""
    """As whom it asks for groups, where other threads drain the queue, too: they leave those to it."""
    say: Callable[[str], None] = lambda _line: None
    """Where a wait or a failure is told as it happens; one line."""
    progress: Callable[[str, int, float | None], None] = lambda _what, _done, _total: None
    """What is being done, how much of it is done, and of how much: a ``float`` is an estimate, None isn't known."""
    wrote: Callable[[Step, str], None] = lambda _step, _outcome: None
    """Told of each step that was tried, and what came of it."""
    parked: Callable[[str, str], None] = lambda _group, _reason: None
    """Told of each group that is set aside until a person acts, and why."""
    counted: Callable[[str, str, str], None] = lambda _connector, _kind, _result: None
    """Told of each write: where to; ``status``, ``issue`` or the note's kind; and ``done``, ``doubt``, ``later`` or
    ``refused``."""
    planned: Callable[[Plan], None] = lambda _plan: None
    """Told of each plan where nothing may be written."""
    planned_issue: Callable[[WouldFile], None] = lambda _would: None
    """Told of each issue that would be filed, where nothing may be written."""
    approved: Approval | None = None
    """What a person has approved: nothing else is written, and what its polls find is this run's own."""
    tally: Counter[str] = field(default_factory=Counter)
    seen: dict[tuple[str, str], Item] = field(default_factory=dict)
    """Items that this run's walks met, by connector and key."""
    reading: dict[tuple[str, str], Reading] = field(default_factory=dict)
    """By connector and source."""
    unsettled: set[Ref] = field(default_factory=set)
    """Items that were read so soon after a change that they are to be read once more, by the next poll."""
    fetched: dict[str, set[Ref]] = field(default_factory=dict)
    """Per group, what a bulk read has just brought."""
    shows: dict[Ref, Item] = field(default_factory=dict)
    """Items as they were read last in this batch, with all their fields and tags."""
    plans: dict[str, Plan] = field(default_factory=dict)
    """What would have been written, where nothing may be: by group, each as it was decided last."""
    would_file: dict[str, WouldFile] = field(default_factory=dict)
    """What would have been filed, where nothing may be written: by the filing's name."""
    urgency: dict[str, dict[str, tuple[str, int]]] = field(default_factory=dict)
    """How urgent tickets are that wait for issues: by helpdesk and filing, with the ticket's version; 0 is most."""
    vanished: dict[str, list[float]] = field(default_factory=dict)
    """Per connector the moments (monotonic) of the last hour at which a linked item was found to be gone."""
    feeds: Mapping[str, Feed] = field(default_factory=lambda: defaultdict(Feed))
    """Per connector the turns at its feed, which other threads may be reading, too."""
    paused: dict[str, tuple[float, str]] = field(default_factory=dict)
    """Connectors that must not be called before a moment (monotonic), and why."""
    troubles: dict[str, ConnectorError] = field(default_factory=dict)
    """What kept a connector as a whole from being read or written in this run."""
    _labels: tuple[Labels, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """What the playbooks make of labels is worked out once."""
        self._labels = tuple(Labels(desk.playbook) for desk in self.helpdesks.values())

    def role(self, connector: str) -> Role:
        """The part that a configured connector plays."""
        return Role.HELPDESK if connector in self.helpdesks else Role.TRACKER

    def mapping(self, connector: str) -> StatusMapping:
        """The mapping of a configured connector."""
        found = self.helpdesks.get(connector) or self.trackers[connector]
        return found.mapping

    def opposite(self, connector: str) -> list[str]:
        """The configured connectors that this one's items can be linked to."""
        desk = self.helpdesks.get(connector)
        if desk is not None:
            return list(desk.trackers)
        return [name for name, one in self.helpdesks.items() if connector in one.trackers]

    def start_marks(self) -> dict[str, str]:
        """Per connector the moment its watch began, in its own time: of several sources, the earliest."""
        marks: dict[str, str] = {}
        for row in self.store.cursors.all():
            marks[row.connector] = min(marks.get(row.connector, row.start_mark), row.start_mark)
        return marks

    def there_at_start(self) -> frozenset[str]:
        """Items made in the second of a start mark, and there already when the watch began."""
        return frozenset(ref for row in self.store.cursors.all() for ref in row.at_mark)

    def pair(self, one: Ref, other: Ref) -> tuple[Ref, Ref]:
        """(ticket, issue) of two refs in either order."""
        return (one, other) if self.role(one.connector) is Role.HELPDESK else (other, one)

    def kept(self, item: Item) -> Item:
        """An item as a snapshot holds it: of its labels or tags only what some playbook asks for."""
        if self.role(item.ref.connector) is Role.HELPDESK:
            return replace(item, tags=self.helpdesks[item.ref.connector].playbook.signs(item))
        wanted = (tag for tag in set(item.tags) if any(labels.asked(tag) for labels in self._labels))
        return replace(item, tags=tuple(sorted(wanted)))

    def keep(self, item: Item) -> None:
        """Keep what was seen of an item. Inside a transaction."""
        self.store.snapshots.put(self.kept(item), self.now)

    def issue_word(self, helpdesk: str, issue: Item) -> Word:
        """What an issue counts as for the tickets of a helpdesk."""
        book, word = self.helpdesks[helpdesk].playbook, self.mapping(issue.ref.connector).word(issue.status)
        return book.counts(word, book.met(issue.tags, issue.released))

    def claims(self, item: Item) -> list[links.Claim]:
        """What an item says of others."""
        name = item.ref.connector
        desk = self.helpdesks.get(name)
        desks = [desk] if desk else [self.helpdesks[one] for one in self.opposite(name)]
        return links.claims(
            item,
            self.role(name),
            {one: self.connectors[one].parse_url for one in self.opposite(name) if one in self.connectors},
            issue_field=desk.issue_field if desk else None,
            headings=[heading for one in desks for heading in one.playbook.link_headings],
        )

    def commands(self, item: Item) -> tuple[Command, ...]:
        """The commands that a ticket shows, if agents of its helpdesk may give any."""
        desk = self.helpdesks.get(item.ref.connector)
        if desk is None or not desk.commands:
            return ()
        readers = {one: self.connectors[one].parse_url for one in desk.trackers if one in self.connectors}
        return commands.commands(item, readers, desk.command_tags)

    def remember(self, items: Iterable[Item]) -> None:
        """Keep what a walk met, without its texts."""
        for item in items:
            name = item.ref.connector, item.ref.key.casefold()
            if name in self.seen or len(self.seen) < MAX_SEEN:
                self.seen[name] = replace(self.kept(item), texts=None, fields={})

    def has_read(self, name: str, source: str, page: Page) -> None:
        """Count a page, and tell how far its source has been read."""
        one = self.reading.setdefault((name, source), Reading())
        one.items += len(page.items)
        versions = [item.version for item in page.items]
        one.first = one.first or min(versions, default="")
        one.newest = max([one.newest, *versions])
        self.tally["items"] += len(page.items)
        self.progress(f"reading {name} {source}", one.items, one.items if page.last else one.total(self.clock.now()))

    def name(self, effect: Effect) -> str:
        """The name of a new effect, which tells what it is for to whoever holds the key."""
        link = self.store.links.get(effect.link)
        what = subject(link, effect.kind, effect.turn) if link else f"{effect.target} {effect.kind} {effect.turn}"
        return marker.name(self.marker_key, self.clock.now(), what)

    def note(self, row: EffectRow) -> Note:
        """An effect as its connector takes it. What is left on an issue is for the team alone (rule 6)."""
        private = self.role(row.target.connector) is Role.TRACKER
        return Note(
            row.id,
            row.body,
            marker.make(self.marker_key, row.id),
            row.internal,
            copies=row.copies,
            audience=Audience.PRIVATE if private else Audience.PUBLIC,
        )

    def ask(self, ref: Ref, cause: str) -> None:
        """Queue an item's group. Inside a transaction."""
        key = self.store.groups.of(ref)
        if key:
            self.store.queue.ask(key, cause, self.clock.now(), self.owner if self.approved is not None else "")

    def pause(self, connector: str, seconds: float, why: ConnectorError | str) -> None:
        """Leave a connector alone for a while."""
        if isinstance(why, ConnectorError):
            self.troubles[connector] = why
        what = why.what if isinstance(why, ConnectorError) else why
        self.paused[connector] = (self.clock.monotonic() + seconds, what)

    def paused_for(self, connector: str) -> float:
        """Seconds until a connector may be called again; 0 if it may be now."""
        until, _ = self.paused.get(connector, (0.0, ""))
        return max(0.0, until - self.clock.monotonic())

    @property
    def now(self) -> str:
        """The wall clock with microseconds, as the state keeps our own moments."""
        return precise(self.clock.now())
