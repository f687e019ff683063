"""An issue is gone: its links end, and a ticket that waited for it alone goes back to a person (rule 10). Pure."""

from __future__ import annotations

from dataclasses import replace

from syncd.model import FINISHED_ISSUE, Item, Removed, Word
from syncd.plan.asks import Outline
from syncd.plan.group import Group
from syncd.plan.notes import lost_values, some
from syncd.plan.ticket import issue_word, view
from syncd.records import GONE, Base, Effect, Link, LinkState, Record, Standing, Step, Why

WAITING_WORDS = (Word.PENDING, Word.ON_HOLD)


def apart(group: Group, links: list[Link]) -> tuple[list[Link], list[Link]]:
    """The links whose issue is there, and those whose issue is gone."""
    lost = [link for link in links if isinstance(group.items[link.issue], Removed)]
    return [link for link in links if link not in lost], lost


def end(link: Link, reason: str, base: Base | None = None) -> Record:
    """The end of a link; its turn is counted, so that a second loss is told as well."""
    counted = replace(base, turn=base.turn + 1) if base else None
    return Record(link.id, link.standing, counted, LinkState.ENDED, reason)


def how(group: Group, link: Link) -> str:
    """What became of a link's issue, as the reason of its end."""
    gone = group.items[link.issue]
    return f"{GONE}the issue is {gone.kind}" if isinstance(gone, Removed) else ""


def waited_only_for(group: Group, item: Item, lost: list[Link], links: list[Link]) -> bool:
    """Whether nobody would know why the ticket went on waiting: all issues but the lost ones are finished."""
    ticket = view(group, item, [link for link in links if link not in lost])
    words = {link.id: issue_word(ticket, link) for link in ticket.links}
    for link in lost:
        base = group.bases.get(link.id)
        counted = ticket.playbook.counts(group.word(link.issue, base.issue), base.met) if base else Word.OPEN
        words[link.id] = counted
    waited = ticket.fold([words[link] for link in sorted(words)]) not in FINISHED_ISSUE
    return waited and ticket.issues_word in FINISHED_ISSUE


def end_last(outline: Outline, item: Item, lost: list[Link], left: list[Link]) -> None:
    """A waiting ticket that loses the last issue it waits for goes back to a person (rule 10)."""
    group = outline.group
    ended = tuple(end(link, how(group, link), group.bases.get(link.id)) for link in lost)
    mapping, playbook = group.mappings[item.ref.connector], group.playbooks[item.ref.connector]
    word = mapping.word(item.status)
    native = mapping.native(Word.OPEN)
    ticket = view(group, item, left) if left else None
    if word not in WAITING_WORDS or item.final or mapping.is_final(item.status) or native is None:
        fits = ticket is not None and ticket.fits(ticket.issues_word, word)
        rest = ticket.records(Standing.AGREED if fits else Standing.TOLD, exempt=not fits) if ticket else ()
        outline.records += ended + rest
        return
    first = min(lost, key=lambda link: link.id)
    base = group.bases.get(first.id)
    note = playbook.render("lost_issue", **lost_values(item, word, first.issue.key))
    effect = Effect(first.id, "lost_issue", base.turn if base else 0, item.ref, note, shared=True)
    why = Why("issue_gone", "issue", before=word, after=Word.OPEN)
    rest = ticket.records(Standing.TOLD, ticket=native, exempt=True) if ticket else ()
    effects, links = some(effect if note else None), tuple(link.id for link in lost + left)
    outline.steps.append(Step(item.ref, links, why, native, item.status, effects, ended + rest))
