"""What is known of a ticket's company: what the helpdesk tells, and what the playbook tells of it besides."""

from __future__ import annotations

from dataclasses import replace

from syncd.details import Company, Detail
from syncd.filing.urgency import slug
from syncd.playbook import Playbook


def customer(company: Company | None, playbook: Playbook) -> str:
    """A customer as labels have it; empty where there is none, or the name has no Latin letter."""
    field = playbook.customer.field
    if company is None:
        return ""
    return slug((company.fields.get(field, "") if field else "") or company.name)


def known(detail: Detail, playbook: Playbook) -> Detail:
    """A ticket with all fields of its company; what the helpdesk itself tells goes first."""
    company = detail.company
    more = playbook.customer.fields.get(customer(company, playbook), {})
    if company is None or not more:
        return detail
    told = {name: value for name, value in company.fields.items() if value}
    return replace(detail, company=replace(company, fields={**more, **told}))
