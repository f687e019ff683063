"""Updates: what an engineer writes on an issue for customers, and marks as that, is passed on to them, once.

A comment that is marked becomes an effect without its words: these are read afresh when it is sent, so that none of
them are in the state, and what was taken back by then isn't said. An edit afterwards is not sent again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from syncd import guard
from syncd.clock import moment, stamp
from syncd.errors import Gone, Refused, Transient
from syncd.model import Author, Item, Place, Text
from syncd.plan.notes import wordings
from syncd.playbook import Playbook
from syncd.records import Effect, Link, LinkState
from syncd.retry import reads
from syncd.store import EffectRow, Looked
from syncd.texts import UPDATE, Kind
from syncd.work import IN_PLACE, Work

KIND = Kind.MESSAGE_INCIDENT_UPDATE
LONG_LINKED = timedelta(hours=1)
"""What was said on the issue of an older link, before its comments were looked at, is history."""
SAME_SECOND = timedelta(seconds=5)
"""More may be said so soon after a change without a new version of the issue: it is looked at once more."""
MOST = 4_000
"""Characters of a comment."""


def look(work: Work, group: str) -> datetime | None:
    """Promise whatever the issues of a group say to customers by now; when to look again, if anything may be missing.

    Raises:
        ConnectorError: the comments could not be read, and are to be tried again.
    """
    if work.approved is not None or not work.writes:
        return None
    links, again = work.store.links.group(group)[0], list[datetime]()
    kinds = work.store.filings.kinds(group) if links else {}
    for link in links:
        desk, issue = work.helpdesks.get(link.ticket.connector), work.store.snapshots.get(link.issue)
        if desk is None or link.state is not LinkState.LIVE or not isinstance(issue, Item):
            continue
        wanted = may_pass_on(desk.playbook, kinds.get(link.issue, ""))
        if wanted and not work.store.commands.muted_since(link.ticket) and not _look_at(work, link, issue):
            again.append(work.clock.now() + SAME_SECOND)
    return min(again, default=None)


def may_say_more(work: Work, issue: Item) -> bool:
    """Whether an issue changed so lately that more can be said on it without a new version."""
    ahead = work.connectors[issue.ref.connector].ahead or timedelta()
    return moment(issue.version) + SAME_SECOND > work.clock.now() + ahead


def may_pass_on(playbook: Playbook, kind: str) -> bool:
    """Whether an issue of a kind may speak to customers; where the kind isn't known, the ticket tells it later."""
    if playbook.how("incident_update") == "off" or not playbook.texts.get(KIND):
        return False
    mine = set(playbook.replies.updates_of)
    return kind in mine if kind else bool(mine & playbook.kinds.keys())


def is_passed_on(work: Work, text: Text, link: Link) -> bool:
    """Whether customers are told a comment, so that it needn't be carried as well."""
    playbook = work.helpdesks[link.ticket.connector].playbook
    kind = work.store.filings.kinds(work.store.groups.of(link.ticket) or "").get(link.issue, "")
    return may_pass_on(playbook, kind) and _is_for_customers(text, playbook)


def _is_for_customers(text: Text, playbook: Playbook) -> bool:
    by_engineer = text.author is Author.TEAM and text.place is not Place.BODY and not text.automatic
    return by_engineer and bool(text.id) and bool(playbook.replies.update(text.body))


def _look_at(work: Work, link: Link, issue: Item) -> bool:
    """One link's issue; False: more may be there already."""
    looked = work.store.updates.of(link.id) or Looked(stamp(_since(work, link)))
    if looked.version >= issue.version:
        return True
    said, playbook = _comments(work, link, looked), work.helpdesks[link.ticket.connector].playbook
    fresh = may_say_more(work, issue)
    with work.store.write():
        known = work.store.effects.passes_on(link.id, KIND)
        for text in said:
            new = text.id not in known and text.at is not None and stamp(text.at) >= looked.since
            if new and _is_for_customers(text, playbook):
                _promise(work, link, text, playbook)
        work.store.updates.put(link.id, looked if fresh else Looked(looked.since, issue.version))
    return not fresh


def _since(work: Work, link: Link) -> datetime:
    """From when on what is said on an issue counts: since it was linked, or since somebody looks at all."""
    now, linked = work.clock.now(), moment(link.live_at) if link.live_at else None
    since = linked if linked is not None and now - linked < LONG_LINKED else now
    return since + _ahead(work, link)


def _ahead(work: Work, link: Link) -> timedelta:
    return work.connectors[link.issue.connector].ahead or timedelta()


def _comments(work: Work, link: Link, looked: Looked) -> Sequence[Text]:
    """What was said on an issue; nothing where it isn't there, or may not be read.

    Raises:
        ConnectorError: it could not be read now.
    """
    left = work.paused_for(link.issue.connector)
    if left:
        raise Transient(link.issue.connector, work.paused[link.issue.connector][1], retry_after=left)
    try:
        connector = work.connectors[link.issue.connector]
        return reads(work.clock, patience=IN_PLACE)(connector.comments, link.issue, moment(looked.since))
    except (Gone, Refused) as error:
        work.say(f"{link.issue.human}: what was said there could not be read: {error.what}")
        return ()


def _promise(work: Work, link: Link, text: Text, playbook: Playbook) -> None:
    """A comment is to be passed on. Inside a transaction."""
    now, ticket = work.clock.now(), link.ticket
    until = (text.at or now) - _ahead(work, link) + timedelta(seconds=playbook.late_after)
    said = wordings(playbook, KIND, {"ticket_key": ticket.key or ticket.id, "update": UPDATE})
    internal, turn = playbook.how("incident_update") != "public", work.store.effects.next_turn(link.id, KIND)
    effect = Effect(link.id, KIND, turn, ticket, "", internal=internal, wordings=said, until=until, source=text.id)
    work.store.effects.promise(effect, work.name(effect), now)


def words(work: Work, row: EffectRow) -> str:
    """What a message passes on, as its comment says it now: harmless text. Empty if it isn't there any more.

    Raises:
        ConnectorError: it could not be read now.
    """
    link, looked = work.store.links.get(row.link), work.store.updates.of(row.link)
    if not row.source or link is None or looked is None or link.issue.connector not in work.connectors:
        return ""
    playbook = work.helpdesks[link.ticket.connector].playbook
    for text in _comments(work, link, looked):
        if text.id == row.source and _is_for_customers(text, playbook):
            return guard.cut(guard.neutralised(playbook.replies.update(text.body)).strip(), MOST)
    return ""
