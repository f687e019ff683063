"""A small model of the rules of sync, written anew: what goes with what, told from statuses alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

FINISHED_TICKET = frozenset({"resolved", "closed"})
UNFINISHED_TICKET = frozenset({"new", "open", "pending", "on_hold"})
FINISHED_ISSUE = frozenset({"done", "declined"})
UNFINISHED_ISSUE = frozenset({"open", "in_progress"})


@dataclass(frozen=True)
class Rules:
    """The playbook of one history."""

    on_ticket_resolved: str
    on_requester_reopen: str
    on_conflict: str
    resolve_when_issues: str
    narrow: bool
    """The playbook tells work in progress apart."""
    shows: bool = False
    """Fields and tags show the other end."""

    @property
    def playbook(self) -> dict[str, Any]:
        """As a file would have it."""
        narrow = {"fit": {"in_progress": {"fits": ["on_hold"], "write": "on_hold"}}} if self.narrow else {}
        return {
            "on_ticket_resolved": self.on_ticket_resolved,
            "on_requester_reopen": self.on_requester_reopen,
            "on_conflict": self.on_conflict,
            "resolve_when_issues": self.resolve_when_issues,
        } | narrow

    @property
    def lively(self) -> bool:
        """Whether one ticket's move may move an issue, and so other tickets."""
        return self.may_close or self.may_reopen

    @property
    def may_close(self) -> bool:
        """Whether a ticket's move may close an issue."""
        return self.on_ticket_resolved == "close" or self.on_conflict == "helpdesk"

    @property
    def may_reopen(self) -> bool:
        """Whether a ticket's move may reopen an issue."""
        return self.on_requester_reopen == "reopen" or self.on_conflict == "helpdesk"

    def fold(self, words: Sequence[str]) -> str:
        """Rule 8: several issues as one."""
        if self.resolve_when_issues == "primary":
            return words[0]
        if self.resolve_when_issues == "any" and "done" in words:
            return "done"
        return next(w for w in ("open", "in_progress", "strange", "duplicate", "done", "declined") if w in words)

    def fits(self, issue: str) -> frozenset[str]:
        """Rule 2: the ticket words that go with an issue word."""
        if issue == "in_progress" and self.narrow:
            return frozenset({"on_hold"})
        if issue in UNFINISHED_ISSUE:
            return UNFINISHED_TICKET
        return FINISHED_TICKET if issue in FINISHED_ISSUE else frozenset()

    def asks(self, view: View) -> tuple[frozenset[str], frozenset[str]]:
        """What a ticket's issues ask of it: as they show, and as far as they are believed."""
        return self.fits(view.shown), self.fits(view.believed)


@dataclass(frozen=True)
class View:
    """A ticket and its issues at one moment."""

    word: str
    issues: tuple[int, ...]
    shown: str
    """The issues' words folded."""
    believed: str
    """The same, where an issue that a stranger closed counts as open (rule 5)."""
    fits: bool
    waits: bool
    """Its customer wrote last."""

    @property
    def by_stranger(self) -> bool:
        """The issues are finished only because a stranger closed one."""
        return self.shown in FINISHED_ISSUE and self.believed not in FINISHED_ISSUE

    @property
    def has_reason(self) -> bool:
        """Whether it shows why a move of its issues isn't followed."""
        held = self.shown in FINISHED_ISSUE and self.waits
        return "strange" in (self.word, self.shown) or self.shown == "duplicate" or self.by_stranger or held
