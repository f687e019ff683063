"""What an escalated ticket says: frozen values for filing. Never stored, never logged; a ``repr`` shows none of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from syncd.model import Attachment, Item, Ref


@dataclass(frozen=True, slots=True)
class Company:
    """The customer behind a ticket: a Freshdesk company, a Zendesk or Jira Service Management organization.

    Attributes:
        fields: the company's own fields as text, by the system's name (Freshdesk's ``account_tier`` among them).
        tags: those that the team gave it.
    """

    name: str = field(repr=False)
    fields: Mapping[str, str] = field(default_factory=dict, repr=False)
    tags: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Person:
    """Who asks.

    Attributes:
        email: empty where the system keeps it to itself.
        locale: such as ``en`` or ``pt-BR``; empty where the system doesn't tell.
        fields: custom fields as text, by the system's name.
        companies: all that this person belongs to, the main one first.
        leads: whether the helpdesk lets this person see all tickets of the company that the ticket is for, or of the
            main one where it is for none.
    """

    name: str = field(repr=False)
    email: str = field(default="", repr=False)
    locale: str = field(default="", repr=False)
    tags: tuple[str, ...] = field(default=(), repr=False)
    fields: Mapping[str, str] = field(default_factory=dict, repr=False)
    companies: tuple[Company, ...] = field(default=(), repr=False)
    leads: bool = field(default=False, repr=False)


@dataclass(frozen=True, slots=True)
class Detail:
    """A ticket with all that filing it needs, from one fresh read.

    Attributes:
        item: as ``Connector.fetch`` tells it; its ``tags`` are the ticket's.
        description: what the requester wrote first, as Markdown.
        requester: None where the ticket has none, or it was deleted.
        company: the one that the ticket is for; None where it is for none, or it was deleted.
        group: the name of the helpdesk's group that has the ticket; empty without one.
        kind: the ticket's type, as agents see it (``Incident``; in Jira Service Management the request type).
        priority: as agents see it.
        fields: every custom field that holds something, as text, by its id and by its name; several values with a
            comma and a space between them, yes and no as ``true`` and ``false``.
        answered: whether a member of the team has written publicly; an automatic answer doesn't count.
        answered_at: when that was first, by the system's own clock, aware, UTC; None where it doesn't tell.
        representatives: who of the company may start tickets, as far as the helpdesk says it of people by itself
            (``Person.leads``); empty where that would take more than a call or two.
        attachments: those of the description, then those of what was said publicly, then those of internal notes.
    """

    item: Item = field(repr=False)
    subject: str = field(repr=False)
    description: str = field(repr=False)
    requester: Person | None = field(default=None, repr=False)
    company: Company | None = field(default=None, repr=False)
    group: str = field(default="", repr=False)
    kind: str = field(default="", repr=False)
    priority: str = field(default="", repr=False)
    fields: Mapping[str, str] = field(default_factory=dict, repr=False)
    answered: bool = False
    answered_at: datetime | None = None
    representatives: tuple[Person, ...] = field(default=(), repr=False)
    attachments: tuple[Attachment, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Spent:
    """Working time that the team has noted on a ticket within a span; ``company``: whose it is, as Detail has it."""

    ticket: Ref
    seconds: float
    company: Company | None = field(default=None, repr=False)


__all__ = ["Attachment", "Company", "Detail", "Person", "Spent"]
