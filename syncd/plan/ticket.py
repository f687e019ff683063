"""One ticket of a group, and all that rule 3 compares, worked out."""

from __future__ import annotations

from collections.abc import Mapping as Table
from dataclasses import dataclass
from functools import cached_property

from syncd.mapping import Mapping
from syncd.model import FINISHED_ISSUE, FINISHED_TICKET, UNFINISHED, Item, Status, Word
from syncd.plan.group import Group, as_seen, has_turned
from syncd.playbook import Playbook
from syncd.records import Base, Link, Record, Standing

SPOKEN = frozenset(
    {Standing.WAITS_FOR_AGENT, Standing.WAITS_FOR_PERSON, Standing.CASCADES, Standing.CONFLICT, Standing.DRIFT}
)
"""Standings that came with a note; once the ends agree again, the next one is told anew."""


@dataclass(frozen=True)
class Ticket:
    """One ticket of the group, with its live links; what rule 3 compares, worked out."""

    group: Group
    item: Item
    links: tuple[Link, ...]
    bases: Table[int, Base]
    """Complete: a link without one yet has the present as its base."""

    @property
    def playbook(self) -> Playbook:
        """The playbook of its helpdesk."""
        return self.group.playbooks[self.item.ref.connector]

    @property
    def mapping(self) -> Mapping:
        """The mapping of its helpdesk."""
        return self.group.mappings[self.item.ref.connector]

    def issue(self, link: Link) -> Item:
        """The issue at the other end; the caller has left removed ones out."""
        item = self.group.items[link.issue]
        assert isinstance(item, Item)  # noqa: S101  # `decide` sees to it
        return item

    def met(self, issue: Item) -> str:
        """The playbook's condition, if the issue meets it (:meth:`syncd.playbook.Playbook.met`)."""
        return self.playbook.met(issue.tags, issue.released)

    def counts(self, issue: Item, status: Status | None = None) -> Word:
        """What an issue counts as for this ticket, now or in another status."""
        return self.playbook.counts(self.group.word(issue.ref, status or issue.status), self.met(issue))

    @cached_property
    def word(self) -> Word:
        """Its word now."""
        return self.mapping.word(self.item.status)

    @cached_property
    def base_word(self) -> Word:
        """Its word in the base."""
        return self.mapping.word(self.bases[self.links[0].id].ticket)

    @cached_property
    def issues_word(self) -> Word:
        """The issues' words folded into one (rule 8)."""
        return self.fold([issue_word(self, link) for link in self.links])

    @cached_property
    def issues_base(self) -> Word:
        """The issues' words in the base, folded."""
        return self.fold([self.then(link) for link in self.links])

    def then(self, link: Link) -> Word:
        """What the issue counted as in the base."""
        base = self.bases[link.id]
        return self.playbook.counts(self.group.word(link.issue, base.issue), base.met)

    @cached_property
    def _followed(self) -> Word:
        """The issues' words as far as they are followed: one that an outsider closed counts as open (rule 5)."""
        return self.fold([_believed(issue_word(self, link), is_outside(self, link)) for link in self.links])

    @cached_property
    def _followed_base(self) -> Word:
        return self.fold([_believed(self.then(link), self.bases[link.id].outside) for link in self.links])

    def finishes(self, link: Link) -> bool:
        """Whether the issue at the other end was finished since the base, by somebody whom we follow (rule 5)."""
        then = _believed(self.then(link), self.bases[link.id].outside)
        now = _believed(issue_word(self, link), is_outside(self, link))
        return then not in FINISHED_ISSUE and now in FINISHED_ISSUE

    @cached_property
    def only_told(self) -> bool:
        """The issues are finished, but not without one that was closed from outside the team (rule 5)."""
        return self.issues_word in FINISHED_ISSUE and self._followed not in FINISHED_ISSUE

    @cached_property
    def joined(self) -> bool:
        """A link without a base has come to older ones."""
        return any(link.id not in self.group.bases for link in self.links)

    def fold(self, words: list[Word]) -> Word:
        """Words of its issues, in the order of its links, as one."""
        return self.playbook.fold(words)

    def fits(self, issue: Word, ticket: Word) -> bool:
        """Whether a ticket word fits an issue word (rule 2)."""
        return ticket in self.playbook.fits.get(issue, frozenset())

    def _kind(self, issue: Word) -> frozenset[Word]:
        return self.playbook.fits.get(issue, frozenset())

    @cached_property
    def issue_turned(self) -> bool:
        """The issues' word asks for other ticket words than the base's did: open to in_progress is no turn.

        Neither is an issue that somebody from outside had closed, and the team has closed since.
        """
        shown = self._kind(self.issues_word) != self._kind(self.issues_base)
        return shown or self._kind(self._followed) != self._kind(self._followed_base)

    @cached_property
    def issue_moved(self) -> bool:
        """The issues' word no longer fits the ticket's base word."""
        return self.issue_turned and not self.fits(self.issues_word, self.base_word)

    @cached_property
    def ticket_moved(self) -> bool:
        """The ticket's word no longer fits the issues' base word. Open to pending, neither of which fit, is no move."""
        turned = self._side(self.word) != self._side(self.base_word)
        return turned and not self.fits(self.issues_base, self.word)

    def _side(self, ticket: Word) -> frozenset[Word]:
        return frozenset(issue for issue, tickets in self.playbook.fits.items() if ticket in tickets)

    @cached_property
    def exempt(self) -> bool:
        """Told already: every ticket word fits until the issue moves (rule 6)."""
        return not self.issue_turned and any(self.bases[link.id].exempt for link in self.links)

    @cached_property
    def agreed(self) -> bool:
        """The ends have agreed at least once."""
        return any(self.bases[link.id].agreed for link in self.links)

    @cached_property
    def adopted(self) -> bool:
        """One of its links was taken over as it stood, though the ends disagreed."""
        return any(link.standing is Standing.ADOPTED for link in self.links)

    @cached_property
    def turn(self) -> int:
        """How often its issues have moved; keys the effects."""
        return max(self.bases[link.id].turn for link in self.links)

    def records(
        self,
        standing: Standing,
        *,
        ticket: Status | None = None,
        exempt: bool = False,
        agreed: bool | None = None,
    ) -> tuple[Record, ...]:
        """The present as the new base of every link of this ticket."""
        anew = standing is Standing.AGREED and any(link.standing in SPOKEN for link in self.links)
        turn = self.turn + (1 if self.issue_turned or anew else 0)
        agrees = standing is Standing.AGREED or self.agreed if agreed is None else agreed
        bases = {
            link.id: Base(
                ticket or self.item.status,
                self.issue(link).status,
                agreed=agrees,
                exempt=exempt,
                turn=turn,
                outside=is_outside(self, link),
                met=self.met(self.issue(link)),
                expired=self.playbook.expired(self.issue(link).tags),
            )
            for link in self.links
        }
        return tuple(Record(link.id, standing, bases[link.id]) for link in self.links)

    def hold(self, standing: Standing) -> tuple[Record, ...]:
        """The base as it was, and only the standing told: the question stays open."""
        return tuple(Record(link.id, standing, self.bases[link.id]) for link in self.links)

    @cached_property
    def sprint_over(self) -> bool:
        """A sprint has gone by without its issues being done, and nothing has followed from that yet.

        Of several every unfinished one has the label that says so.
        """
        unfinished = [link for link in self.links if issue_word(self, link) in UNFINISHED]
        over = all(self.playbook.expired(self.issue(link).tags) for link in unfinished)
        news = any(not self.bases[link.id].expired for link in unfinished)
        return over and news and self.issues_word in UNFINISHED and self.word not in FINISHED_TICKET

    @cached_property
    def _changed(self) -> list[Item]:
        """The issues whose word is another than in the base."""
        return [self.issue(link) for link in self.links if issue_word(self, link) is not self.then(link)]

    @property
    def mover(self) -> Item:
        """The issue that a note is about: the stranger's, if it is one; else the first that changed, else the first."""
        strange = [self.issue(link) for link in self.links if self.only_told and is_outside(self, link)]
        return (strange or self._changed or [self.issue(self.links[0])])[0]


def view(group: Group, item: Item, links: list[Link]) -> Ticket:
    """The ticket with a base for every link: a new one joins at what its older links last agreed on."""
    known = {link.id: group.bases[link.id] for link in links if link.id in group.bases}
    playbook = group.playbooks[item.ref.connector]
    older = max(known.values(), key=lambda base: base.turn, default=None)
    bases = dict(known)
    for link in links:
        if link.id not in known:
            now = group.items[link.issue]
            assert isinstance(now, Item)  # noqa: S101  # lost ones are out
            bases[link.id] = Base(
                older.ticket if older else item.status,
                as_seen(group, link, now.status),
                agreed=bool(older and older.agreed),
                exempt=bool(older and older.exempt),
                turn=older.turn if older else group.turns.get(item.ref, 0),
                outside=_closed_outside(playbook, now),
                met="" if has_turned(group, link) else playbook.met(now.tags, now.released),
                expired=playbook.expired(now.tags),
            )
    return Ticket(group, item, tuple(sorted(links, key=lambda link: link.id)), bases)


def issue_word(ticket: Ticket, link: Link) -> Word:
    """The word of the issue at the other end of a link."""
    return ticket.counts(ticket.issue(link))


def is_outside(ticket: Ticket, link: Link) -> bool:
    """Whether the issue at the other end is finished only because somebody from outside the team closed it."""
    return _closed_outside(ticket.playbook, ticket.issue(link)) and issue_word(ticket, link) in FINISHED_ISSUE


def _closed_outside(playbook: Playbook, issue: Item) -> bool:
    """Not one that has the label by which it is done: only the team can set that."""
    return issue.closed_outside and not (playbook.label and playbook.met(issue.tags, issue.released))


def _believed(word: Word, outside: bool) -> Word:
    return Word.OPEN if outside and word in FINISHED_ISSUE else word


def ids(ticket: Ticket) -> tuple[int, ...]:
    """Its links, by id."""
    return tuple(link.id for link in ticket.links)
