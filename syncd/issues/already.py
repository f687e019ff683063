"""Already: whether a ticket has by now what is to be filed for it (rule 17). Asks nobody.

An escalated ticket that has an issue gets no second one. One that is to be promoted has an issue, and gets one in
another place unless it has one there; of a ticket that has lost its issue there is nothing to promote.
"""

from __future__ import annotations

from dataclasses import replace

from syncd.model import Audience, Item, Ref
from syncd.records import Effect, Link, LinkState
from syncd.store import FilingRow, FilingState
from syncd.store.filings import PROMOTED
from syncd.texts import Kind
from syncd.work import Work


def live(work: Work, ticket: Ref) -> list[Link]:
    """The trusted links of a ticket, the oldest first."""
    links = [one for one in work.store.links.of(ticket) if one.ticket == ticket]
    return [one for one in links if one.state in {LinkState.LIVE, LinkState.FINAL}]


def already(work: Work, row: FilingRow, place: str = "") -> FilingRow | None:
    """A row as it stands from now on, if nothing is to be filed for it any more; ``place``: where that would be."""
    links = live(work, row.ticket)
    if row.occasion != PROMOTED:
        return _adopted(work, row, links[0]) if links else None
    if not links:
        return replace(row, state=FilingState.WITHDRAWN, reason="the ticket has no issue that could be promoted")
    if place and any(_is_in(work, row.ticket, link, place) for link in links):
        return replace(row, state=FilingState.WITHDRAWN, reason="the ticket has an issue there already")
    return None


def _adopted(work: Work, row: FilingRow, link: Link) -> FilingRow:
    """Its boards are owed, unless another ticket's filing has seen to them: what people do there afterwards holds."""
    found = replace(row, state=FilingState.ADOPTED, rule="", reason="")
    boards = work.helpdesks[row.ticket.connector].playbook.boards and not work.store.boards.known(link.issue, row.id)
    due = work.now if boards and work.writes else ""
    return replace(found, tracker=link.issue.connector, issue=link.issue, filed_at=work.now, board_due=due)


def _is_in(work: Work, ticket: Ref, link: Link, place: str) -> bool:
    """Whether an issue is in a place: as we filed it, else by its key (``owner/repo#4``, ``ENG-7``)."""
    ours = next((one for one in work.store.filings.of(ticket) if one.issue == link.issue and one.place), None)
    where = ours.place if ours is not None else place_of(link.issue)
    return where.casefold() == place.casefold()


def place_of(issue: Ref) -> str:
    """The repository or project that an issue is in, by its key."""
    return issue.key.partition("#")[0] if "#" in issue.key else issue.key.rpartition("-")[0]


def came_from(work: Work, row: FilingRow) -> list[tuple[str, str]]:
    """Key and address of the issues that a promoted one came from."""
    if row.occasion != PROMOTED:
        return []
    items = [work.store.snapshots.get(link.issue) for link in live(work, row.ticket)]
    return [(item.ref.key or item.ref.id, item.url) for item in items if isinstance(item, Item)]


def tell_promoted(work: Work, row: FilingRow, issue: Item, made: int) -> None:
    """The ticket, and each private issue that it came from, are told once which is the other. Inside a transaction.

    ``made``: the link of the new issue.
    """
    effects = work.store.effects
    values = {"issue_key": issue.ref.key, "issue_url": issue.url}
    body = work.helpdesks[row.ticket.connector].playbook.render(Kind.PROMOTED, **values)
    for link in live(work, row.ticket) if body else ():
        item = work.store.snapshots.get(link.issue)
        target = row.ticket if link.id == made else link.issue
        if link.id == made or (isinstance(item, Item) and item.audience is Audience.PRIVATE):
            effect = Effect(link.id, Kind.PROMOTED, effects.count(link.id, Kind.PROMOTED), target, body)
            effects.promise(effect, work.name(effect), work.clock.now())


__all__ = ["already", "came_from", "live", "place_of", "tell_promoted"]
