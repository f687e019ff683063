"""Decide, for one group, what to do. Pure: the same group gives the same plan, on any day and any machine.

The question for each ticket is always the same (rule 3). *Does the ticket's word fit its issues' word?* If not,
*which end moved* since the base? Only the end that moved speaks. Nothing here compares clocks or remembers events.

Rules a step can name: ``filed``, ``issue_finished``, ``issue_reopened``, ``issue_moved`` (neither of the two: work
began on it, and the playbook tells that apart), ``sprint_over``, ``customer_waits``, ``closed_outside``, ``cascade``,
``ticket_resolved``, ``ticket_reopened``, ``conflict``, ``drift``, ``duplicate``, ``issue_gone``,
``final_reopened``, ``nobody_objects`` (:mod:`syncd.plan.quiet`);
``promoted_closed`` (:mod:`syncd.plan.promoted`); ``shown`` (:mod:`syncd.plan.shown`);
``ticket_linked`` (:mod:`syncd.plan.added`);
``command`` (an agent orders an issue to be reopened); ``undone``, which :mod:`syncd.plan.undone` makes; ``carried``,
which :mod:`syncd.sync.talk` does; and what
:mod:`syncd.sync.obey` does: ``command_link``, ``command_unlink``, ``command_mute``, ``command_unmute``; and what
:mod:`syncd.issues.file` does: ``issue_filed``.
"""

from __future__ import annotations

from dataclasses import replace

from syncd.model import FINISHED_ISSUE, FINISHED_TICKET, UNFINISHED, Audience, Ref, Removed, Word
from syncd.plan import lost
from syncd.plan.added import name_added
from syncd.plan.asks import Ask, Outline, answer_all, step_or_records
from syncd.plan.group import Group, is_new, is_undecided
from syncd.plan.notes import (
    Message,
    closing_notes,
    is_incident,
    issue_note,
    some,
    sprint_notes,
    ticket_note,
    values_of,
    with_message,
)
from syncd.plan.promoted import closes
from syncd.plan.quiet import is_quiet
from syncd.plan.shown import show
from syncd.plan.ticket import Ticket, ids, issue_word, view
from syncd.records import GONE, Effect, Link, LinkState, Origin, Plan, Record, Standing, Step, Why


def decide(group: Group) -> Plan:
    """The plan for a group: what each ticket needs, then what their asks add up to for each issue."""
    missing = tuple(
        sorted({ref for link in group.links for ref in (link.ticket, link.issue) if ref not in group.items}, key=str)
    )
    links = tuple(link.id for link in group.links)
    if missing:
        return Plan(group.key, missing=missing, links=links)
    outline = Outline(group)
    for ref in sorted({link.ticket for link in group.links}, key=str):
        _decide_ticket(outline, ref, [link for link in group.links if link.ticket == ref])
    answer_all(outline)
    name_added(outline)
    show(outline)
    news = tuple(record for record in outline.records if _is_news(group, record))
    return Plan(group.key, tuple(outline.steps), news, tuple(outline.before), tuple(outline.stuck), links=links)


def _is_news(group: Group, record: Record) -> bool:
    """Whether a record says anything that isn't known: an unchanged group is not written anew."""
    link = next(link for link in group.links if link.id == record.link)
    known = record.base is None or record.base == group.bases.get(record.link)
    return not known or record.standing is not link.standing or record.state not in (None, link.state)


def _decide_ticket(outline: Outline, ref: Ref, links: list[Link]) -> None:
    """First what ends a link, then what begins one, then rule 3."""
    group = outline.group
    item = group.items[ref]
    if isinstance(item, Removed):  # the ticket is gone: its links end, nobody is told (rule 10)
        outline.records += [lost.end(link, f"{GONE}the ticket is {item.kind}") for link in links]
        return
    if ref in group.muted:  # an agent wants nothing written: what has happened is looked at once it is unmuted
        return
    every, (links, gone) = links, lost.apart(group, links)
    if gone and (not links or lost.waited_only_for(group, item, gone, every)):
        lost.end_last(outline, item, gone, links)
        return
    outline.records += [lost.end(link, lost.how(group, link)) for link in gone]
    ticket = view(group, item, links)
    outline.asks += closes(ticket)
    if item.final or group.mappings[ref.connector].is_final(item.status):
        _final(outline, ticket)
        return
    ordered = [ticket.issue(link) for link in links if link.ordered]
    ordered = [issue for issue in ordered if group.word(issue.ref, issue.status) in FINISHED_ISSUE]
    if ordered:  # an agent's word goes before every policy
        outline.asks += [Ask(ticket, issue, "reopen", "command") for issue in ordered]
        return
    fresh = [link for link in links if is_undecided(group, link)]
    if fresh and _begin(outline, ticket, fresh):
        return
    _compare(outline, ticket)


def _final(outline: Outline, ticket: Ticket) -> None:
    """Never written again; if an issue reopens, engineering is told once (rule 9)."""
    turned = ticket.issue_turned and ticket.issues_word in UNFINISHED
    records = tuple(replace(record, state=LinkState.FINAL) for record in ticket.records(Standing.AGREED))
    note = issue_note(ticket, ticket.mover, "final_reopened") if turned else None
    if note is None:
        outline.records += records
        return
    why = Why("final_reopened", "issue", ticket.mover.moved_by, ticket.issues_base, ticket.issues_word)
    outline.steps.append(Step(ticket.mover.ref, ids(ticket), why, effects=(note,), records=records))


def _begin(outline: Outline, ticket: Ticket, fresh: list[Link]) -> bool:
    """New links: a filed one makes its ticket Pending, any other is adopted (rule 4). True if that is all for now."""
    filed = [link for link in fresh if is_filed(ticket, link)]
    if filed and ticket.word in (Word.NEW, Word.OPEN) and ticket.issues_word in UNFINISHED:
        _file(outline, ticket, filed)
        return True
    if len(fresh) < len(ticket.links):  # it joins older links: what they waited for is still to be decided
        return False
    if Word.UNKNOWN in (ticket.word, ticket.issues_word):  # without a base it begins once the status is known
        outline.records += [Record(link.id, Standing.UNKNOWN) for link in fresh]
        return True
    fits = ticket.fits(ticket.issues_word, ticket.word)
    outline.records += ticket.records(Standing.AGREED if fits else Standing.ADOPTED, agreed=fits)
    return True


def is_filed(ticket: Ticket, link: Link) -> bool:
    """An unfinished issue that syncd or ``links add`` tied, or made after both its ticket and the start mark."""
    return link.filed and issue_word(ticket, link) in UNFINISHED and is_new(ticket.group, link)


def _file(outline: Outline, ticket: Ticket, filed: list[Link]) -> None:
    """The filed word and one link note per filed issue, once."""
    word = ticket.playbook.filed
    if not ticket.fits(ticket.issues_word, word):  # work has begun on it, and the playbook tells that apart
        word = ticket.playbook.write.get(ticket.issues_word, word)
    native = ticket.mapping.native(word)
    if native is None:
        outline.stuck += [(link.id, _no_native(ticket, word)) for link in filed]
        return
    effects: list[Effect] = []
    for link in filed:
        issue = ticket.issue(link)
        effects += _filed_notes(ticket, link, values_of(ticket, issue, word=word, count=len(filed)))
    why = Why("filed", "issue", before=ticket.word, after=word)
    records = ticket.records(Standing.AGREED, ticket=native)
    written = None if ticket.mapping.is_written(native, ticket.item.status) else native
    outline.steps.append(Step(ticket.item.ref, ids(ticket), why, written, ticket.item.status, tuple(effects), records))


def _filed_notes(ticket: Ticket, link: Link, values: dict[str, str]) -> tuple[Effect, ...]:
    """The link note, and what the customer is told; nothing of an incident, which isn't put into anybody's planning."""
    issue, body = ticket.issue(link), ticket.playbook.render("link_note", **values)
    public = ticket.playbook.link_note == "public" and issue.audience is Audience.PUBLIC
    note = Effect(link.id, "link_note", 0, ticket.item.ref, body, internal=not public)
    if is_incident(ticket, issue):
        return (note,) if body else ()
    about = ticket.group.now if link.origin is Origin.PERSON else ticket.group.by_our_clock(issue.created_at, issue.ref)
    return with_message(ticket, note, Message("filed", "message_filed", values, about))


def _compare(outline: Outline, ticket: Ticket) -> None:
    """Rule 3."""
    if Word.UNKNOWN in (ticket.word, ticket.issues_word):  # reported, takes no part, never written over
        outline.records += ticket.hold(Standing.UNKNOWN)
    elif ticket.sprint_over and not any(is_incident(ticket, ticket.issue(link)) for link in ticket.links):
        _finish(outline, ticket, Word.DONE, "sprint_over")
    elif not ticket.playbook.fits[ticket.issues_word]:  # a duplicate of nobody knows what: a person decides
        _wait_for_person(outline, ticket)
    elif is_quiet(ticket):
        _write(outline, ticket, Word.CLOSED, "nobody_objects")
    elif ticket.fits(ticket.issues_word, ticket.word):
        outline.records += ticket.records(Standing.AGREED, exempt=ticket.exempt and not ticket.adopted)
    elif ticket.exempt:  # told once already; every ticket word fits until the issue moves
        standing = Standing.ADOPTED if ticket.adopted else Standing.TOLD
        outline.records += ticket.records(standing, exempt=True)
    elif ticket.issue_moved and not ticket.ticket_moved:
        _follow_issue(outline, ticket)
    elif ticket.ticket_moved and not ticket.issue_moved:
        _follow_ticket(outline, ticket)
    elif ticket.only_told and ticket.agreed and not ticket.ticket_moved:
        outline.records += ticket.hold(Standing.TOLD)
    else:
        _disagree(outline, ticket)


def _wait_for_person(outline: Outline, ticket: Ticket) -> None:
    """No ticket word goes with the issue's; an old pair that is so already is left as it stands."""
    if not ticket.issue_turned:
        outline.records += ticket.hold(Standing.WAITS_FOR_PERSON if ticket.agreed else Standing.ADOPTED)
    elif ticket.issues_word is Word.DUPLICATE:
        _say(outline, ticket, "duplicate", Standing.WAITS_FOR_PERSON)
    else:
        outline.records += ticket.hold(Standing.WAITS_FOR_PERSON)


def _follow_issue(outline: Outline, ticket: Ticket) -> None:
    """The issue moved: write the ticket word that its playbook names, unless a customer waits or an outsider closed."""
    finished = ticket.issues_word in FINISHED_ISSUE
    if ticket.only_told:  # not followed (rule 5); once the team closes it, it is
        _say(outline, ticket, "closed_outside", Standing.TOLD, ticket.records(Standing.TOLD))
        return
    if finished:
        _finish(outline, ticket, ticket.issues_word, "issue_finished")
        return
    rule = "issue_reopened" if ticket.issues_base in FINISHED_ISSUE else "issue_moved"
    _write(outline, ticket, ticket.playbook.write[ticket.issues_word], rule)


def _finish(outline: Outline, ticket: Ticket, issue: Word, rule: str) -> None:
    """Write what goes with a finished issue, unless somebody would be closed upon."""
    if ticket.item.waiting:  # a customer who is waiting isn't closed upon (rule 7)
        _say(outline, ticket, "waits_for_agent", Standing.WAITS_FOR_AGENT)
        return
    word = ticket.playbook.write[issue]
    if word is Word.RESOLVED and ticket.playbook.closes(ticket.item.tags):
        word = Word.CLOSED
    if word in FINISHED_TICKET and ticket.item.cascades and ticket.playbook.on_cascade == "tell":
        _say(outline, ticket, "cascade", Standing.CASCADES)  # other customers' tickets would be resolved with it
        return
    _write(outline, ticket, word, rule)


def _write(outline: Outline, ticket: Ticket, word: Word, rule: str) -> None:
    """A ticket's word, and what is said of it."""
    native = ticket.mapping.native(word)
    if native is None:
        outline.stuck += [(link.id, _no_native(ticket, word)) for link in ticket.links]
        return
    records, effects, who = ticket.records(Standing.AGREED, ticket=native), tuple[Effect, ...](), ""
    if rule == "issue_finished":
        effects, who = closing_notes(ticket), ticket.mover.moved_by
    elif rule in {"issue_reopened", "nobody_objects"}:
        effects = some(ticket_note(ticket, rule))
    elif rule == "sprint_over":  # from now on every ticket word fits, until the issue moves
        effects = sprint_notes(ticket)
        records = tuple(_one_turn_on(record) for record in ticket.records(Standing.TOLD, ticket=native, exempt=True))
    why = Why(rule, "neither" if rule == "nobody_objects" else "issue", who, ticket.word, word)
    outline.steps.append(Step(ticket.item.ref, ids(ticket), why, native, ticket.item.status, effects, records))


def _one_turn_on(record: Record) -> Record:
    """A sprint that is over is told once, the next one anew."""
    return record if record.base is None else replace(record, base=replace(record.base, turn=record.base.turn + 1))


def _follow_ticket(outline: Outline, ticket: Ticket) -> None:
    """The ticket moved: tell the issue, or close or reopen it, as the playbook says (rule 6)."""
    want: str
    if ticket.word in FINISHED_TICKET:
        want, rule = ticket.playbook.on_ticket_resolved, "ticket_resolved"
        wanted = [link for link in ticket.links if issue_word(ticket, link) in UNFINISHED]
    else:
        want, rule = ticket.playbook.on_requester_reopen, "ticket_reopened"
        wanted = [link for link in ticket.links if issue_word(ticket, link) in FINISHED_ISSUE][:1]
    if want == "ignore" or not wanted:
        outline.records += ticket.records(Standing.TOLD, exempt=True)
        return
    outline.asks += [Ask(ticket, ticket.issue(link), want, rule) for link in wanted]


def _disagree(outline: Outline, ticket: Ticket) -> None:
    """Both moved (conflict) or neither did (drift): the playbook's policy, by default to hold and say so."""
    both = ticket.issue_moved and ticket.ticket_moved
    policy = ticket.playbook.on_conflict
    if not ticket.agreed and not both:  # an old pair, adopted as it stood: no word of ours until an end moves
        outline.records += ticket.hold(Standing.ADOPTED)
    elif ticket.joined and not both:  # an old issue joins a ticket that goes with its others: the same (rule 4)
        outline.records += ticket.records(Standing.ADOPTED, exempt=True)
    elif policy == "tracker":
        _follow_issue(outline, ticket)
    elif policy == "helpdesk" and _enforce_ticket(outline, ticket):
        return
    else:
        kind = "conflict" if both else "drift"
        _say(outline, ticket, kind, Standing.CONFLICT if both else Standing.DRIFT)


def _enforce_ticket(outline: Outline, ticket: Ticket) -> bool:
    """The helpdesk wins: the issues are made to fit the ticket. False if closing or reopening them wouldn't help."""
    finished = ticket.word in FINISHED_TICKET
    want, rule = ("close", "ticket_resolved") if finished else ("reopen", "ticket_reopened")
    among = UNFINISHED if finished else FINISHED_ISSUE
    wanted = [link for link in ticket.links if issue_word(ticket, link) in among]
    outline.asks += [Ask(ticket, ticket.issue(link), want, rule) for link in wanted]
    return bool(wanted)


def _say(
    outline: Outline, ticket: Ticket, kind: str, standing: Standing, records: tuple[Record, ...] | None = None
) -> None:
    """One internal note per turn, and no status."""
    records = ticket.hold(standing) if records is None else records
    effect = ticket_note(ticket, kind) if ticket.agreed or kind not in {"conflict", "drift"} else None
    moved = {"drift": "neither", "conflict": "both"}.get(kind, "issue")
    rule = "customer_waits" if kind == "waits_for_agent" else kind
    why = Why(rule, moved, ticket.mover.moved_by, ticket.word, ticket.word)
    step_or_records(outline, Step(ticket.item.ref, ids(ticket), why, effects=some(effect), records=records))


def _no_native(ticket: Ticket, word: Word) -> str:
    return f"the mapping of {ticket.item.ref.connector} has no status to write for {word}"
