"""Whole histories in one line each: what people did, when syncd looked, and what the books say afterwards.

A story is a list of steps, separated by ``;``. Items are named by letters: ``a``.. are tickets, ``x``.. are issues.

``ticket a [STATUS]`` · ``issue x for a b [STATUS] [outside] [public] [sentence|quoted|form]`` · ``a resolved``,
``x done [outside]`` (a person moves it) · ``a reply``, ``a mail`` (a reply that doesn't reopen), ``a answer``,
``a leads`` (resolving it would resolve others), ``a leads none``,
``x labels NAME...`` (all that it has from now on), ``x released``, ``x unreleased``,
``a names x`` (an agent's note), ``a /link x``, ``a /mute`` (an agent's command) · ``x deleted``, ``x converted``,
``x restored``, ``x transferred y`` · ``x of y`` (a duplicate, and of what) · ``cut a x``, ``join a x``
(``links remove``, ``links add``) · ``pass``, ``walk`` (reconcile),
``hour``, ``weeks``, ``restart``, ``lag N``, ``map STATUS TICKETWORD``.

What is expected is said of each item: ``a resolved: link_note resolved`` is its status and every note of syncd on
it; of links: ``a-x agreed`` or ``a-x ended``; ``writes N``; ``parked`` with a part of the reason; ``none`` for no link.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from syncd.mapping import Mapping
from syncd.model import Audience, Author, GoneKind, Role, Status
from syncd.records import LinkState
from syncd.testing.memory import Entry
from tests.pairs import Pair
from tests.rules import ISSUE_WORDS, TICKET_WORDS, mapping

TEXTS = {
    "sentence": "We should look at {} some day.",
    "quoted": "> {}",
    "form": "### Link to the ticket\n\nsee {} please",
}


@dataclass(frozen=True)
class Row:
    """One history. ``rules`` are the playbook's; ``cold``: it begins before syncd ever looked."""

    name: str
    story: str
    expect: str
    rules: dict[str, Any] = field(default_factory=dict)
    cold: bool = False
    mapped: dict[str, Any] = field(default_factory=dict)
    restless: bool = False
    """The quiet afterwards is left out, since time itself would go on with the story."""

    def __str__(self) -> str:
        return self.name


class Teller:
    """Plays a story."""

    def __init__(self, row: Row, *, plain: bool) -> None:
        self.pair = Pair(mapped=row.mapped, plain=plain, **row.rules)
        self.items: dict[str, Entry] = {}
        if not row.cold:
            self.pair.reconcile()
            self.pair.tick()

    def tell(self, story: str) -> None:
        for step in story.split(";"):
            words = step.split()
            if words[0] in self.items:
                self._act(self.items[words[0]], *words[1:])
            else:
                getattr(self, f"_{words[0]}")(*words[1:])
            self.pair.tick()

    def _ticket(self, name: str, status: str = "open") -> None:
        self.items[name] = self.pair.ticket(status)

    def _issue(self, name: str, *words: str) -> None:
        how = [word for word in words if word in {"outside", "public", *TEXTS, *ISSUE_WORDS, "strange"}]
        tickets = [self.items[word] for word in words if word not in how and word != "for"]
        text = next((TEXTS[word] for word in how if word in TEXTS), "{}")
        status = next((word for word in how if word in ISSUE_WORDS or word == "strange"), "open")
        self.items[name] = self.pair.issue(
            *tickets,
            status=status,
            by=Author.OUTSIDE if "outside" in how else Author.TEAM,
            audience=Audience.PUBLIC if "public" in how else Audience.PRIVATE,
            text=text,
        )

    def _cut(self, ticket: str, issue: str) -> None:
        self.pair.cut(self.items[ticket], self.items[issue])

    def _join(self, ticket: str, issue: str) -> None:
        self.pair.join(self.items[ticket], self.items[issue])

    def _pass(self) -> None:
        self.pair.pass_()

    def _walk(self) -> None:
        self.pair.reconcile()

    def _hour(self) -> None:
        self.pair.tick(3700)

    def _weeks(self) -> None:
        self.pair.tick(14 * 86400)

    def _restart(self) -> None:
        self.pair.restart()

    def _lag(self, changes: str) -> None:
        self.pair.desk.lag = self.pair.tracker.lag = int(changes)

    def _map(self, native: str, word: str) -> None:
        """A person puts a native status under a word, and syncd starts anew."""
        role = Role.HELPDESK if word in TICKET_WORDS else Role.TRACKER
        known = {w: [w] for w in (TICKET_WORDS if role is Role.HELPDESK else ISSUE_WORDS)}
        words = {w: [n for n in natives if n != native] for w, natives in known.items()}
        words[word].append(native)
        can = TICKET_WORDS if role is Role.HELPDESK else ("open", "done", "declined")
        self._remap(mapping(role, words=words, write={w: w for w in can if w != native}))

    def _remap(self, new: Mapping) -> None:
        table: Any = self.pair.work.helpdesks if new.role is Role.HELPDESK else self.pair.work.trackers
        for name, one in table.items():
            changed = {field: getattr(one, field) for field in one.__slots__ if field != "mapping"}
            changed |= {k: getattr(one, k) for k in ("name", "kind", "options", "connector")}
            table[name] = type(one)(**changed, mapping=new)

    def _act(self, entry: Entry, verb: str, *rest: str) -> None:
        pair, kinds = self.pair, {"deleted": GoneKind.DELETED, "converted": GoneKind.CONVERTED}
        verbs: dict[str, Callable[[], None]] = {
            "reply": lambda: pair.reply(entry),
            "mail": lambda: pair.reply(entry, reopens=False),
            "answer": lambda: pair.answer(entry),
            "names": lambda: pair.say(entry, pair.url(self.items[rest[0]]), Author.TEAM, internal=True),
            "restored": lambda: pair.restore(entry),
            "leads": lambda: pair.lead(entry, leads=not rest),
        }
        if verb.startswith("/"):
            named = [pair.url(self.items[name]) for name in rest]
            pair.say(entry, " ".join([verb, *named]), Author.TEAM, internal=True)
        elif verb in verbs:
            verbs[verb]()
        elif verb in kinds:
            pair.remove(entry, kinds[verb])
        elif verb == "transferred":
            self.items[rest[0]] = pair.transfer(entry)
        elif verb == "of":
            entry.duplicate_of = self.items[rest[0]].number
            pair.move(entry, "duplicate")
        elif verb == "labels":
            pair.label(entry, *rest)
        elif verb in {"released", "unreleased"}:  # its milestone is closed, or opened: that is no change of its own
            entry.released = verb == "released"
        elif verb == "archived":
            entry.final = True
            pair.move(entry, "closed")
        else:
            pair.move(entry, verb, outside="outside" in rest)

    # --- what the books say ---

    def seen(self, expect: str) -> str:
        """The books, in the words of what is expected."""
        return "; ".join(self._seen(one.strip()) for one in expect.split(";"))

    def _seen(self, said: str) -> str:
        subject = said.partition(" ")[0]
        if subject in self.items:
            entry = self.items[subject]
            notes = " ".join("carried" if "\n> " in note else note.split("\n")[0] for note in self.pair.notes(entry))
            return f"{subject} {entry.status}" + (f": {notes}" if notes else "")
        if "-" in subject:
            link = self.pair.link(*(self.items[name] for name in subject.split("-")))
            return f"{subject} {link.standing if link.state is LinkState.LIVE else link.state}"
        if subject == "writes":
            return f"writes {self.pair.writes()}"
        if subject == "parked":
            reasons = "; ".join(self.pair.parked())
            return said if said.removeprefix("parked").strip() in reasons and reasons else f"parked {reasons}"
        assert said == "none"
        return "none" if not self.pair.links() else f"{len(self.pair.links())} links"


def play(row: Row, *, plain: bool) -> None:
    """Tell the story, compare the books, and see that quiet stays quiet."""
    teller = Teller(row, plain=plain)
    teller.tell(row.story)
    books = teller.seen(row.expect)
    assert books == row.expect, f"the books say: {books}"
    if row.restless:
        return
    pair = teller.pair
    for system in pair.books.values():
        system.lag = 0
    pair.settle()
    pair.reconcile()
    books = teller.seen(row.expect)
    assert books == row.expect, f"in the quiet afterwards the books say: {books}"
    assert not any(system.closed_upon or system.written_though_final for system in pair.books.values())
    written = [marker for system in pair.books.values() for e in system.entries.values() for marker in e.markers]
    assert len(written) == len(set(written))


__all__ = ["Row", "Status", "Teller", "play"]
