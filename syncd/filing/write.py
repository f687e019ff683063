"""The issue in words, as the place may see it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from syncd import guard
from syncd.details import Detail
from syncd.filing.given import boards_of, fields_of, type_of
from syncd.filing.known import customer, known
from syncd.filing.urgency import ASSUMED
from syncd.filing.values import Choice, Decision, Filing
from syncd.model import Audience
from syncd.playbook import Playbook
from syncd.texts import render_issue

HIDDEN = "not shown in a public place"
_ODD = re.compile(r"[^\w./#-]")
"""What stands in no key."""


def write(
    decision: Decision,
    detail: Detail,
    playbook: Playbook,
    audience: Audience | None,
    came_from: Sequence[tuple[str, str]] = (),
) -> Filing:
    """The issue that is filed.

    Args:
        decision: of the same ticket and playbook.
        detail: the ticket.
        playbook: of its helpdesk.
        audience: who can read what is written in the place, now; None where that can't be told.
        came_from: key and address of the ticket's other issues, which a promoted one names; no secret anywhere.
    """
    detail = known(detail, playbook)
    names, texts = playbook.file.template, playbook.issue_texts
    facts = _facts(decision, detail, playbook)
    plain = guard.shown(facts, detail.attachments, audience, title=True)
    rich = guard.shown(facts, detail.attachments, audience)
    title = " ".join(render_issue(texts[names.title], plain).split()) or plain["ticket_key"]
    body = render_issue(texts[names.body], rich)
    label = _customer(detail, playbook, audience)
    rule = decision.rule
    team = Choice(rule.team if rule else "", decision.area.why)
    return Filing(
        decision=decision,
        audience=_seen_by(audience),
        labels=(*decision.labels, *([label] if label.value else [])),
        team=team,
        mention=_mention(decision, audience),
        assignee=_assignee(decision, detail, playbook, audience),
        title=Choice(guard.cut(title, guard.TITLE), f"the text {names.title!r} of the playbook"),
        body=Choice(guard.cut(body, guard.BODY) + _origins(came_from), f"the text {names.body!r} of the playbook"),
        type=type_of(decision, playbook),
        fields=fields_of(decision, detail, playbook, audience),
        boards=boards_of(decision, detail, playbook, audience),
        new_labels=(label.value,) if label.value else (),
    )


def _origins(came_from: Sequence[tuple[str, str]]) -> str:
    """A line that names the issues that a promoted one came from."""
    links = [f"[{_ODD.sub('', key)}]({guard.address(url)})" for key, url in came_from]
    return f"\n\nCame from: {', '.join(links)}" if links else ""


def _facts(decision: Decision, detail: Detail, playbook: Playbook) -> dict[str, str]:
    """Raw values by variable; the guard makes of them what the place may see."""
    item, rule = detail.item, decision.rule
    row = playbook.kinds.get(decision.kind.value)
    company = detail.company
    crm = playbook.customer.crm_field
    return {
        "ticket_key": item.ref.key or item.ref.id,
        "ticket_url": item.url,
        "kind": decision.kind.value,
        "kind_name": (row.shown if row else "") or decision.kind.value,
        "priority": decision.priority.value,
        "proposed": decision.proposed.value,
        "assumed": decision.priority.why if ASSUMED in decision.priority.why else "",
        "area": decision.area.value,
        "team": rule.team if rule else "",
        "mention": rule.mention if rule else "",
        "others": ", ".join(decision.others),
        "note": rule.note if rule else "",
        "subject": detail.subject,
        "description_quoted": detail.description,
        "requester": detail.requester.name if detail.requester else "",
        "company": company.name if company else "",
        "crm_url": company.fields.get(crm, "") if company and crm else "",
    } | {name: detail.fields.get(field, "") for name, field in playbook.file.fields.items()}


def _seen_by(audience: Audience | None) -> Choice:
    if audience is None:
        return Choice(Audience.PUBLIC, "nothing tells who can read there, so everybody counts as able to")
    return Choice(guard.of(audience), "as the tracker says now")


def _customer(detail: Detail, playbook: Playbook, audience: Audience | None) -> Choice:
    name = customer(detail.company, playbook)
    if not playbook.customer.label or not name:
        return Choice("", "the ticket is for no company with a name for labels")
    if not guard.may_see("company", audience):
        return Choice("", HIDDEN)
    return Choice(f"{playbook.customer.label}{name}", "the customer; only private places have this label")


def _mention(decision: Decision, audience: Audience | None) -> Choice:
    handle = decision.rule.mention if decision.rule else ""
    if handle and not guard.may_see("mention", audience):
        return Choice("", HIDDEN)
    return Choice(handle, decision.area.why if handle else "no area with a team to mention")


def _assignee(decision: Decision, detail: Detail, playbook: Playbook, audience: Audience | None) -> Choice:
    """The ticket's agent, if they get it; else the customer's own engineer, where that may be seen, else the area's."""
    agent, why = _agent(decision, detail, playbook)
    if agent:
        return Choice(agent.removeprefix("@"), why)
    own = playbook.customer.engineers.get(customer(detail.company, playbook), "")
    if own and guard.may_see("company", audience):
        return Choice(own.removeprefix("@"), "the customer's own engineer")
    handle = decision.rule.assignee if decision.rule else ""
    return Choice(handle.removeprefix("@"), decision.area.why if handle else why or "the playbook names nobody")


def _agent(decision: Decision, detail: Detail, playbook: Playbook) -> tuple[str, str]:
    """Who has the ticket, as the tracker knows them, and why they get its issue; or why they don't."""
    routing, level = playbook.routing, decision.priority.value
    if level not in routing.agent_takes or not routing.agents:
        return "", ""
    for agent in detail.item.assignees or ():
        if agent in routing.agents:
            return routing.agents[agent], f"the ticket's agent has what is {level}"
    who = ", ".join(detail.item.assignees or ())
    return "", f"the ticket's agent, {who}, isn't in routing.agents" if who else "the ticket has no agent"
