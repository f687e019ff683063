"""Replies: a message to a customer as it leaves, in the requester's language and with the requester's name.

Neither is in the state: an effect holds the message in every language, with a sign in the place of the name, and what
fits is chosen on a fresh read of the ticket. Here it also shows whether a message may go out (rule 14): what may not is
left as a draft, an internal note that says why; what is only too early waits for the end of the quiet hours.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlsplit

from syncd.details import Detail
from syncd.errors import Gone, Refused
from syncd.filing import kind_of
from syncd.model import UNFINISHED, Audience, Item, Ref
from syncd.playbook import Playbook
from syncd.records import Effect, Wording
from syncd.retry import reads
from syncd.store import EffectRow
from syncd.tables import lint
from syncd.tables.hours import quiet_until
from syncd.texts import REQUESTER, UPDATE, Kind, inert
from syncd.work import IN_PLACE, Work

CLOSINGS = frozenset(
    {Kind.MESSAGE_RESOLVED, Kind.MESSAGE_DECLINED, Kind.MESSAGE_INCIDENT_RESOLVED, Kind.MESSAGE_SPRINT_OVER}
)
"""After these nothing more is said of the matter."""
COPIED = frozenset({Kind.MESSAGE_APPROVAL_NEEDED, Kind.MESSAGE_ASSIGNED})
"""These are for a company's representatives, too."""
FOR_ANY = COPIED | {Kind.MESSAGE_INCIDENT_RESOLVED, Kind.MESSAGE_INCIDENT_UPDATE}
"""Said of incidents alone, or of whatever a ticket is."""
DRAFT = "Suggested reply to the customer (not sent{})"
_URL = re.compile(r"https?://[^\s<>()\[\]\"'`|]+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of an effect now.

    Attributes:
        note: as it is to be written; None if it isn't.
        draft: it was to go out, and the team alone sees it.
        until: when it may go out.
        over: why it isn't said any more.
    """

    note: EffectRow | None = None
    draft: bool = False
    until: datetime | None = None
    over: str = ""


def asks_for_detail(work: Work, effects: Iterable[Effect | EffectRow]) -> bool:
    """Whether what these say depends on what the ticket is, or whom it is from."""
    return any(_is_asked_for(work, one) for one in effects)


def _is_asked_for(work: Work, one: Effect | EffectRow) -> bool:
    desk = work.helpdesks.get(one.target.connector)
    if desk is None:
        return False
    incident = bool(one.wordings) and "incident" in desk.playbook.kinds
    return incident or not one.internal or bool(one.source) or _several(one.wordings)


def _several(wordings: Sequence[Wording]) -> bool:
    return len(wordings) > 1 or any(one.named != one.plain for one in wordings)


def detail_of(work: Work, ticket: Ref, effects: Iterable[Effect | EffectRow]) -> Detail | None:
    """What a ticket says, if these effects need it; None where its system doesn't tell.

    Raises:
        ConnectorError: it could not be read now.
    """
    if not asks_for_detail(work, effects) or not work.connectors[ticket.connector].capabilities.details:
        return None
    try:
        return reads(work.clock, patience=IN_PLACE)(work.connectors[ticket.connector].detail, ticket)
    except (Gone, Refused) as error:
        work.say(f"{ticket.human}: whom it is from could not be read: {error.what}")
        return None


def judge(work: Work, row: EffectRow, detail: Detail | None, update: str = "") -> Verdict:
    """An effect as it may leave now; ``update``: the words that it passes on."""
    desk = work.helpdesks.get(row.target.connector)
    if desk is None:
        return Verdict(row)
    incident = _is_incident(desk.playbook, row, detail)
    text = worded([one for one in row.wordings if one.incident is incident], detail).replace(UPDATE, update)
    if row.source and not update:
        return Verdict(over="what it passes on isn't there any more")
    if row.wordings and not row.body and not text:
        return Verdict(over="there is no message for an incident" if incident else "there is no such message")
    how = _how(desk.playbook, row, incident=incident)
    over = "nothing is to be said on this occasion" if how == "off" else _over(work, row, detail)
    if row.wordings and not row.body and over:
        return Verdict(over=over)
    if row.internal:
        return Verdict(replace(row, body=_with_draft(row.body, text, "") + _copied(row, detail)))
    return _outward(work, desk.playbook, row, detail, (text, how))


def _outward(work: Work, playbook: Playbook, row: EffectRow, detail: Detail | None, said: tuple[str, str]) -> Verdict:
    """What customers are to see: now, later, or as a draft. ``said``: the message, and what is to become of it."""
    text, how = said
    whole = "\n\n".join(one for one in (row.body, text) if one)
    why = _why_not(work, playbook, row, detail) or _unfit(work, row, whole)
    if why or how != "public":
        body = _with_draft(row.body, text, f", because {why}" if why else "") if row.wordings else row.body
        return Verdict(replace(row, body=body + _copied(row, detail), internal=True), draft=True)
    until = quiet_until(playbook.replies.quiet_hours, playbook.replies.time_zone, work.clock.now())
    if row.source:  # an engineer has just written it for them: an outage knows no quiet hours
        until = None
    return Verdict(until=until) if until else Verdict(replace(row, body=whole, copies=_copies(row, detail)))


def _copies(row: EffectRow, detail: Detail | None) -> tuple[str, ...]:
    """The representatives' addresses, where they are to know; the requester has the message anyway."""
    if detail is None or row.kind not in COPIED:
        return ()
    own = detail.requester.email.casefold() if detail.requester else ""
    found = {one.email.casefold(): one.email for one in detail.representatives if one.email}
    return tuple(email for small, email in found.items() if small != own)


def _copied(row: EffectRow, detail: Detail | None) -> str:
    """Under a draft: who is to get a copy of it, for the agent who sends it. Nothing of it is stored."""
    copies = _copies(row, detail)
    return f"\n\nTo be sent with a copy to: {', '.join(copies)}" if copies else ""


def _how(playbook: Playbook, row: EffectRow, *, incident: bool) -> str:
    """What becomes of a message on this occasion, by the playbook as it is now."""
    if not row.wordings or not row.kind.startswith("message_"):
        return "public"
    return playbook.how("incident_resolved" if incident else row.kind.removeprefix("message_"))


def _is_incident(playbook: Playbook, row: EffectRow, detail: Detail | None) -> bool:
    """Whether a ticket turns out to be an incident, which never gets what is said of anything else."""
    if row.kind in FOR_ANY or not row.wordings or detail is None:
        return False
    return "incident" in playbook.kinds and kind_of(detail, playbook).value == "incident"


def worded(wordings: Sequence[Wording], detail: Detail | None) -> str:
    """A message in the requester's language, by name."""
    if not wordings:
        return ""
    person = detail.requester if detail else None
    locale = person.locale.replace("_", "-").casefold() if person else ""
    known = {one.locale.casefold(): one for one in wordings}
    found = known.get(locale) or known.get(locale.partition("-")[0]) or known.get("")
    if found is None:
        return ""
    name = person.name.strip() if person else ""
    if not name or "@" in name:  # a helpdesk that knows no name shows the address
        return found.plain
    return found.named.replace(REQUESTER, inert("", name[:100]))


def _with_draft(body: str, text: str, why: str) -> str:
    """A note's text, and under it what an agent may want to send."""
    if not text:
        return body
    quoted = "\n".join(f"> {line}".rstrip() for line in text.splitlines())
    return f"{body}\n\n{DRAFT.format(why)}:\n\n{quoted}".strip()


def _over(work: Work, row: EffectRow, detail: Detail | None) -> str:
    """Why a message on its own is true no more."""
    if row.source and not _may_pass_on(work, row, detail):
        return "the ticket is of a kind whose customers get no updates"
    base, link = work.store.links.base(row.link), work.store.links.get(row.link)
    issue = work.store.snapshots.get(link.issue) if link else None
    if row.kind in CLOSINGS and base is not None and base.turn > row.turn + 1:
        return "its issue has moved since"
    if row.kind == Kind.MESSAGE_FILED and isinstance(issue, Item):
        word = work.issue_word(row.target.connector, issue)
        return "" if word in UNFINISHED else "its issue is finished already"
    return "the customer is told something newer" if row.wordings and work.store.effects.overtaken(row) else ""


def _may_pass_on(work: Work, row: EffectRow, detail: Detail | None) -> bool:
    """Whether its issue, or else the ticket, is of a kind whose customers are told what engineers write for them."""
    link, playbook = work.store.links.get(row.link), work.helpdesks[row.target.connector].playbook
    kinds = work.store.filings.kinds(work.store.groups.of(row.target) or "") if link else {}
    kind = kinds.get(link.issue, "") if link else ""
    return (kind or (kind_of(detail, playbook).value if detail else "")) in playbook.replies.updates_of


def _why_not(work: Work, playbook: Playbook, row: EffectRow, detail: Detail | None) -> str:
    """Why a message may not go out to this customer, or not any more."""
    answered = detail.answered if detail else None
    if playbook.replies.answered_first and not answered:
        return "no agent has answered yet" if detail else "nothing tells whether an agent has answered yet"
    if row.until is not None and work.clock.now() > row.until:
        return "what it is about was too long ago"
    if row.kind == Kind.MESSAGE_APPROVAL_NEEDED and not _copies(row, detail):
        return "nobody is known who could approve it"
    if detail is None:
        return ""
    if row.kind in CLOSINGS and detail.item.waiting:
        return "the requester has written meanwhile"
    return ""


def _unfit(work: Work, row: EffectRow, text: str) -> str:
    """Why a text may not be seen by customers, whatever it is made of."""
    if _leads_to_private(work, row, text):
        return "it leads to what not everybody may see"
    return lint.fault(text) if row.wordings else ""


def _leads_to_private(work: Work, row: EffectRow, text: str) -> bool:
    """Whether a text names an issue that isn't known to be public, or an address beside one."""
    link = work.store.links.get(row.link)
    issue = work.store.snapshots.get(link.issue) if link else None
    hosts = {urlsplit(issue.url).netloc.casefold()} if isinstance(issue, Item) else set()
    for name in work.helpdesks[row.target.connector].trackers:
        connector = work.connectors.get(name)
        for mention in reversed(list(connector.parse_url(text)) if connector else []):
            ref = work.store.snapshots.by_key(name, mention.key)
            item = work.store.snapshots.get(ref) if ref else None
            if not isinstance(item, Item) or item.audience is not Audience.PUBLIC:
                return True
            text = f"{text[: mention.start]} {text[mention.end :]}"
    if any(urlsplit(url).netloc.casefold() in hosts for url in _URL.findall(text)):
        return True
    if not isinstance(issue, Item) or issue.audience is Audience.PUBLIC or not issue.ref.key:
        return False
    return re.search(rf"(?<!\w){re.escape(issue.ref.key)}(?!\w)", text) is not None


def ready(work: Work, row: EffectRow, detail: Detail | None, update: str = "") -> EffectRow | None:
    """An effect as it is to be written now, or None: what else becomes of it is kept. Inside a transaction."""
    verdict = judge(work, row, detail, update)
    effects, now = work.store.effects, work.clock.now()
    if verdict.over:
        effects.leave_out(row.id, verdict.over)
    elif verdict.until is not None:
        effects.hold(row.id, verdict.until, "held until the quiet hours are over", now)
    elif verdict.draft:
        effects.draft(row.id)
    return verdict.note
