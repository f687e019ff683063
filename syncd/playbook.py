"""A playbook: how one team works, proven consistent when it is loaded.

It holds the fits (rule 2), the filed word (rule 4), the policies (rules 3, 6, 8, 14) and the texts that syncd writes.
A playbook file, the shipped default under it and the ``[sync]`` table of a helpdesk over it have the same keys::

    filed = "pending"
    on_conflict = "hold"
    [fit]
    open = { fits = ["new", "open", "pending", "on_hold"], write = "pending" }
    duplicate = { fits = [] }
    [texts]
    link_note = "Filed as [{{ issue_key }}]({{ issue_url }})."

Nothing is read from disk here: the loader of the config folder hands over parsed TOML.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError

from syncd.errors import ConfigError, Problem
from syncd.model import FINISHED_ISSUE, UNFINISHED, Item, Word
from syncd.schema import Duration, Table, Wrong, problem, problems, unknown_key
from syncd.tables import (
    Announce,
    BoardRow,
    Conversation,
    Customer,
    Figures,
    FileTable,
    IssueKind,
    IssueTemplate,
    IssueWord,
    KindRow,
    Mark,
    Priorities,
    Replies,
    Routing,
    TicketWord,
    Timers,
    lint,
)
from syncd.tables.boards import unplaced
from syncd.tables.fits import FITS, Fit, listed, total
from syncd.tables.layers import layered
from syncd.tables.timers import Limit
from syncd.texts import Kind, KindName, Template, render

LABEL = "label:"


def _condition(value: object) -> str:
    """``closed``, ``released``, or ``label:NAME`` with a name."""
    if isinstance(value, str) and (
        value in {"closed", "released"} or value.removeprefix(LABEL).strip() not in {"", value}
    ):
        return value
    raise Wrong("this says in no known way when an issue is done", 'Write "closed", "released" or "label:NAME"')


def _tag(value: object) -> str:
    """How a tag begins: one word, as every system takes it."""
    if not isinstance(value, str) or not re.fullmatch(r"[a-z0-9][a-z0-9_.-]*|", value):
        raise Wrong("this can't be the beginning of a tag", "Use small letters, digits, dots, dashes and underscores")
    return value


FieldName = Annotated[str, Field(min_length=1)]


class Playbook(Table):
    """How one team works. ``Playbook(name="x")`` is rule 2 with every policy at its default and no texts.

    Attributes:
        name: the file's name without ``.toml``.
        fit: what goes with each issue word; total over issue words. See ``fits`` and ``write``.
        filed: what a ticket becomes when its link is filed (rule 4).
        on_conflict: who wins when both ends moved, or disagree though neither did (rule 3).
        on_ticket_resolved: what a finished ticket does to its unfinished issue (rule 6).
        on_requester_reopen: what a reopened ticket does to its finished issue (rule 6).
        on_cascade: what becomes of a ticket whose resolving would resolve others with it.
        resolve_when: what makes an issue done (see :meth:`counts`).
        resolve_when_issues: how a ticket's several issues fold into one (rule 8).
        messages: what becomes of messages to customers (rule 14).
        link_note: who sees the note that names the issue.
        closed_when: tags or fields of a ticket, any of which says that it is closed, and not resolved, once its issue
            is finished: no survey is wanted.
        close_after: how long after the last change a ticket that syncd has resolved is closed; None: never.
        late_after: seconds; messages about older moves stay drafts (rule 14).
        file_after: seconds that a trigger to file is left to people first (rule 17).
        link_headings: headings of an issue form whose section is the form's link field (rule 5), without ``#``.
        ticket_fields: fields of a ticket, by the helpdesk's own name or id, and what of its issues they show.
        ticket_tag: how the one tag begins by which a ticket shows its issues' word: ``issue`` for ``issue_done``.
        issue_fields: fields of an issue, and what of its tickets they show.
        issue_tag: how the label begins that says how many tickets wait: ``tickets`` for ``tickets-3``.
        issue_links: whether an issue shows a link to each of its tickets, where its system keeps such links.
        texts: what is written, by kind; a kind that is missing or empty is not written.
        file, kinds, routing, priorities, customer, issue_texts, boards: which issue an escalated ticket becomes; see
            :mod:`syncd.tables`.
        replies, conversation, announce, timers, report: what customers, engineers and the team are told, and when.
    """

    name: str
    fit: Annotated[dict[IssueWord, Fit], AfterValidator(total)] = Field(default_factory=lambda: dict(FITS))
    filed: TicketWord = Word.PENDING
    on_conflict: Literal["hold", "tracker", "helpdesk"] = "hold"
    on_ticket_resolved: Literal["tell", "close", "ignore"] = "tell"
    on_requester_reopen: Literal["tell", "reopen"] = "tell"
    on_cascade: Literal["tell", "resolve"] = "tell"
    resolve_when: Annotated[str, BeforeValidator(_condition)] = "closed"
    resolve_when_issues: Literal["all", "any", "primary"] = "all"
    messages: Literal["off", "draft", "public"] = "draft"
    link_note: Literal["internal", "public"] = "internal"
    closed_when: Annotated[tuple[Mark, ...], Field(strict=False)] = ()
    close_after: Limit = None
    late_after: Duration = 259200.0
    file_after: Duration = 60.0
    link_headings: tuple[str, ...] = Field(default=(), strict=False)
    ticket_fields: dict[FieldName, Literal["issue_key", "issue_url", "issue_word"]] = Field(default_factory=dict)
    ticket_tag: Annotated[str, BeforeValidator(_tag)] = ""
    issue_fields: dict[FieldName, Literal["waiting_tickets"]] = Field(default_factory=dict)
    issue_tag: Annotated[str, BeforeValidator(_tag)] = ""
    issue_links: bool = True
    texts: dict[KindName, Template] = Field(default_factory=dict)
    file: FileTable = FileTable()
    kinds: dict[IssueKind, KindRow] = Field(default_factory=dict)
    routing: Routing = Routing()
    priorities: Priorities = Priorities()
    customer: Customer = Customer()
    issue_texts: dict[str, IssueTemplate] = Field(default_factory=dict)
    boards: Annotated[tuple[BoardRow, ...], Field(strict=False)] = ()
    replies: Replies = Replies()
    conversation: Conversation = Conversation()
    announce: Announce = Announce()
    timers: Timers = Timers()
    report: Figures = Figures()

    @classmethod
    def parse(
        cls,
        name: str,
        data: Mapping[str, Any],
        *,
        under: Mapping[str, Any] | None = None,
        over: Mapping[str, Any] | None = None,
        where: str = "",
        over_where: str = "[sync]",
    ) -> Self:
        """A playbook from parsed TOML.

        Args:
            name: the file's name without ``.toml``.
            data: the file as tomllib gives it.
            under: the default playbook; what ``data`` leaves out holds as it is there.
            over: one helpdesk's own settings, the same keys; they win over ``data``.
            where: how problems call the file; ``mappings/playbooks/NAME.toml`` if not given.
            over_where: how problems call ``over``.

        Raises:
            ConfigError: with every problem of the file and of the settings over it.
        """
        where = where or f"mappings/playbooks/{name}.toml"
        base = layered(under or {}, data)
        try:
            playbook, found = cls._checked(name, base, where), list[Problem]()
        except ConfigError as error:
            playbook, found, base = None, list(error.problems), dict(under or {})
        if over:
            try:
                playbook = cls._checked(name, layered(base, over), over_where)
            except ConfigError as error:
                found += error.problems
        if found or playbook is None:
            raise ConfigError(found)
        return playbook

    @classmethod
    def _checked(cls, name: str, data: Mapping[str, Any], where: str) -> Self:
        found = [problem(where, key, *unknown_key(key, KEYS)) for key in data.keys() - KEYS]
        try:
            playbook = cls.model_validate({"name": name} | {key: data[key] for key in data if key in KEYS})
        except ValidationError as error:
            raise ConfigError(found + problems(error, where, cls, KEYS)) from None
        if playbook.filed not in playbook.fits[Word.OPEN]:
            cure = f"Use one of: {listed(playbook.fits[Word.OPEN])}"
            found.append(
                problem(where, "filed", "a ticket would be given a word that its open issue doesn't fit", cure)
            )
        found += [*_unwritten(playbook, where), *_unknown(playbook, where), *_unfit(playbook, where)]
        found += [problem(where, *one) for one in unplaced(playbook.boards, playbook.routing.places)]
        wrong = lint.faults(playbook.messages, playbook.link_note, playbook.texts, playbook.replies)
        found += [problem(where, *one) for one in wrong]
        if found:
            raise ConfigError(found)
        return playbook

    @property
    def fits(self) -> dict[Word, frozenset[Word]]:
        """The ticket words that go with each issue word."""
        return {word: one.fits for word, one in self.fit.items()}

    @property
    def write(self) -> dict[Word, Word]:
        """The ticket word to write for each issue word; one that isn't there has nothing to write."""
        return {word: one.write for word, one in self.fit.items() if one.write is not None}

    @property
    def label(self) -> str:
        """The label that makes an issue done; empty where none does."""
        return self.resolve_when.removeprefix(LABEL).strip() if self.resolve_when.startswith(LABEL) else ""

    @property
    def labels(self) -> tuple[str, ...]:
        """Every label of an issue that decides something, and so is kept."""
        return tuple(one for one in (self.label, self.replies.sprint_label, *self.replies.by_reason) if one)

    def expired(self, tags: Collection[str]) -> bool:
        """Whether an issue has the label that says that a sprint went by without it being done."""
        label = self.replies.sprint_label.casefold()
        return bool(label) and label in {tag.casefold() for tag in tags}

    def closes(self, tags: Collection[str]) -> bool:
        """Whether a ticket whose snapshot has these is closed, and not resolved, once its issue is finished."""
        return any(mark.name in tags for mark in self.closed_when)

    def signs(self, item: Item) -> tuple[str, ...]:
        """What of a ticket's tags and fields is kept: that they say that it is to be closed."""
        return tuple(sorted({mark.name for mark in self.closed_when if mark.holds(item.tags, item.fields)}))

    def met(self, tags: Collection[str], released: bool | None) -> str:
        """What of an issue is kept in a base beside its status: the condition that it meets; empty where it doesn't.

        An issue that belongs to no milestone or version has nothing to wait for: once it is closed, it is released.
        """
        if self.label:
            return self.resolve_when if self.label.casefold() in {tag.casefold() for tag in tags} else ""
        return self.resolve_when if self.resolve_when == "released" and released is not False else ""

    def counts(self, word: Word, met: str) -> Word:
        """The word that an issue counts as for this team's tickets.

        With a label, an issue that has it is done in whatever state, and a closed one without it is in progress; an
        issue that is closed and not released is in progress, too. Declined and duplicate count at once.

        Args:
            word: of the issue's status.
            met: see :meth:`met`.
        """
        is_met = met == self.resolve_when
        if word is Word.DONE and self.resolve_when != "closed":
            return Word.DONE if is_met else Word.IN_PROGRESS
        return Word.DONE if self.label and is_met and word in UNFINISHED else word

    def fold(self, words: Sequence[Word]) -> Word:
        """The words of a ticket's issues, in the order of its links, as one (rule 8)."""
        if self.resolve_when_issues == "primary":
            return words[0]
        order = [Word.OPEN, Word.IN_PROGRESS, Word.UNKNOWN, Word.DUPLICATE, Word.DONE, Word.DECLINED]
        if self.resolve_when_issues == "any":
            order = [Word.DONE, *[word for word in order if word is not Word.DONE]]
        return min(words, key=order.index)

    def render(self, kind: str, **values: str) -> str:
        """The text for an occasion, Markdown; empty means: this playbook says nothing on it.

        Args:
            kind: see :func:`syncd.texts.kind_of`.
            values: see :data:`syncd.texts.VARIABLES`; what isn't given is empty.

        Raises:
            ValueError: there is no such kind.
            TypeError: a value that isn't text, or unknown.
        """
        return render(self.texts[kind] if kind in self.texts else self.texts.get(Kind(kind), ""), values)

    def how(self, occasion: str) -> str:
        """What becomes of the message to customers on an occasion: ``off``, ``draft`` or ``public`` (rule 14)."""
        return lint.how(self.messages, self.replies, occasion)

    @property
    def fingerprint(self) -> str:
        """Changes when, and only when, what the playbook writes does (rule 16); timers and figures write nothing."""
        data = self.model_dump(mode="json", exclude={"fit", "name", "timers", "report"})
        data["fit"] = {word: [sorted(one.fits), one.write] for word, one in self.fit.items()}
        return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()


KEYS = Playbook.model_fields.keys() - {"name"}
"""What a playbook file, and the ``[sync]`` table of a helpdesk, may set."""


def _unfit(playbook: Playbook, where: str) -> Iterator[Problem]:
    """What would be written to a ticket, and taken for a move of its own at once."""
    for key, wanted, word in (
        ("closed_when", playbook.closed_when, Word.CLOSED),
        ("close_after", playbook.close_after, Word.CLOSED),
        ("replies.sprint_label", playbook.replies.sprint_label, playbook.write.get(Word.DONE, Word.RESOLVED)),
    ):
        if wanted and any(word not in playbook.fits[one] for one in FINISHED_ISSUE):
            what = f"a finished issue doesn't go with a ticket that is {word}"
            yield problem(where, key, what, f'Add "{word}" to the fits of done and declined')
    if playbook.close_after and playbook.close_after.unit != "s" and playbook.timers.calendar is None:
        what = "it is in working time, and nothing says when the team works"
        yield problem(where, "close_after", what, "Add [timers.calendar]")
    if playbook.file.close_promoted and playbook.label:
        what = f"an issue that is closed without the label {playbook.label!r} isn't done, and its tickets would wait on"
        yield problem(where, "file.close_promoted", what, 'Leave it out, or write resolve_when = "closed"')


def _unwritten(playbook: Playbook, where: str) -> Iterator[Problem]:
    """What filing needs and nobody wrote."""
    if not playbook.file.when:
        return
    for part, name in playbook.file.template:
        if name not in playbook.issue_texts:
            cure = f"Add {name} to [issue_texts], the {part} of an issue"
            yield problem(where, f"file.template.{part}", "there is no such text", cure)
    if not playbook.routing.place:
        yield problem(where, "routing.place", "this key is missing", "Name the place that issues go to")


def _unknown(playbook: Playbook, where: str) -> Iterator[Problem]:
    """Conditions that could never hold, because no table has what they name."""
    rules = playbook.routing.rules
    known: dict[str, Collection[str]] = {
        "priorities": playbook.priorities.levels,
        "areas": [rule.area for rule in rules],
        "teams": [rule.team for rule in rules],
        "places": playbook.routing.places,
    }
    asked = [(f"routes[{number}]", route) for number, route in enumerate(playbook.announce.routes)]
    rows = [(f"announce.{table}", row) for table, row in [*asked, ("critical", playbook.announce.critical)]]
    named = [(f"{table}.{key}", getattr(row, key, ()), names) for table, row in rows for key, names in known.items()]
    for key, wanted, names in [*named, ("routing.agent_takes", playbook.routing.agent_takes, known["priorities"])]:
        for name in sorted({*wanted} - {*names}):
            cure = f"Use some of: {', '.join(dict.fromkeys(names))}" if names else "Remove it"
            yield problem(where, key, f"{name!r} stands in no table of this playbook", cure)
