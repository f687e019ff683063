"""What a playbook may leave off, why, and which lines of a helpdesk's own file switch it on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from syncd.playbook import Playbook

FILES = """file.when = [{ tag = "escalate" }]
routing.place = "bugs"
routing.places.bugs = "PLACE"
issue_texts.title = "{{ subject }}"
issue_texts.body = "{{ ticket_url }}"
"""


@dataclass(frozen=True, slots=True)
class Off:
    """Something that a playbook may leave off.

    Attributes:
        what: in words for people.
        why: it isn't on.
        on: the lines below ``[sync]`` that switch it on, of this playbook.
        is_off: whether a playbook leaves it off.
    """

    what: str
    why: str
    on: str | Callable[[Playbook], str]
    is_off: Callable[[Playbook], bool]

    def lines(self, book: Playbook) -> str:
        """What switches it on."""
        return self.on if isinstance(self.on, str) else self.on(book)


def _places(book: Playbook) -> str:
    open_ = (name for name, spot in book.routing.places.items() if not spot)
    return "\n".join(f'routing.places.{name} = "PLACE"' for name in open_)


def _sinks(book: Playbook) -> str:
    return "\n".join(f'announce.sinks.{name} = "NAME"' for name in book.announce.unmapped)


def _mentions(book: Playbook) -> str:
    open_ = (name for name, id_ in book.announce.mentions.items() if not id_)
    return "\n".join(f'announce.mentions.{name} = "S0123456789"' for name in open_)


def has_messages(book: Playbook) -> bool:
    """Whether it has anything to say to customers."""
    return any(text for kind, text in book.texts.items() if kind.startswith("message_"))


def _replies(occasion: str) -> Callable[[Playbook], bool]:
    return lambda book: book.how(occasion) == "off"


OFF: Sequence[Off] = (
    Off(
        "Issues for escalated tickets",
        "which tickets those are differs from team to team",
        FILES,
        lambda book: not book.file.when,
    ),
    Off(
        "A place for its issues: until it is named, none is filed",
        "nobody but you knows your repository or project",
        _places,
        lambda book: bool(book.file.when) and not all(book.routing.places.values()),
    ),
    Off(
        "Messages to customers; they are drafts in internal notes",
        "an agent reads each before a customer does",
        'messages = "public"',
        lambda book: (
            book.messages != "public" and any(kind.startswith("message_") for kind in book.texts if book.texts[kind])
        ),
    ),
    Off(
        "The message that the ticket has an agent",
        "helpdesks send one of their own",
        'replies.assigned = "draft"',
        _replies("assigned"),
    ),
    Off(
        "Updates for an incident's customers, from comments marked for them",
        "it costs a read of the issue's comments",
        'replies.incident_update = "draft"',
        _replies("incident_update"),
    ),
    Off(
        "Hours in which no customer is written to",
        "nothing goes out by itself",
        'replies.quiet_hours = ["18:00-08:00", "sat", "sun"]',
        lambda book: not book.replies.quiet_hours and has_messages(book),
    ),
    Off(
        "Messages in the customer's language",
        "the texts are yours to write",
        'replies.texts.de.message_resolved = "Fertig!"',
        lambda book: not book.replies.texts and has_messages(book),
    ),
    Off(
        "A ticket is resolved when its issue has missed a sprint",
        "only a team that works in sprints says so, by a label",
        'replies.sprint_label = "sprint-expired"',
        lambda book: not book.replies.sprint_label,
    ),
    Off(
        "Closed instead of Resolved",
        "Resolved lets the helpdesk ask the customer how it was",
        'closed_when = [{ tag = "no-survey" }]',
        lambda book: not book.closed_when,
    ),
    Off(
        "A resolved ticket is closed once nobody has done anything on it for long",
        "a person knows whether the requester is content; Zendesk closes by itself",
        'close_after = "14d"',
        lambda book: book.close_after is None,
    ),
    Off(
        "The link to the issue in a public reply",
        "the team talks there",
        'link_note = "public"',
        lambda book: book.link_note == "internal",
    ),
    Off(
        "A ticket's end closes its issue",
        "that one customer is content doesn't finish the work",
        'on_ticket_resolved = "close"',
        lambda book: book.on_ticket_resolved != "close",
    ),
    Off(
        "A customer's new reply opens the issue again",
        "it may be another question; engineers are told in a private issue",
        'on_requester_reopen = "reopen"',
        lambda book: book.on_requester_reopen != "reopen",
    ),
    Off(
        "Tickets that would be resolved along with another one",
        "they are of other customers; a person looks first",
        'on_cascade = "resolve"',
        lambda book: book.on_cascade != "resolve",
    ),
    Off(
        "What is said on the ticket, in the issue",
        "it costs calls, and a public issue never gets any of it",
        'conversation.to_issue = "public"',
        lambda book: book.conversation.to_issue == "off",
    ),
    Off(
        "What is said on the issue, on the ticket, as internal notes",
        "it costs calls, and whoever wants to know follows the link",
        'conversation.to_ticket = "notes"',
        lambda book: book.conversation.to_ticket == "off",
    ),
    Off(
        "One note that is kept up to date instead of one for each move",
        "an edited note notifies nobody",
        "conversation.status_note = true",
        lambda book: not book.conversation.status_note,
    ),
    Off(
        "Issues on a board",
        "a board's own automation puts them there, and two would be one too many",
        'boards = [{ board = "acme/4" }]',
        lambda book: not book.boards,
    ),
    Off(
        "What is critical is assigned to the ticket's agent",
        "who an agent is in the tracker, only you know",
        'routing.agents.1070000001 = "@login"',
        lambda book: bool(book.routing.agent_takes) and not book.routing.agents,
    ),
    Off(
        "Announcements: the channels are named, and have no sink",
        "which of your `[notify.NAME]` a channel is, only you know",
        _sinks,
        lambda book: bool(book.announce.unmapped),
    ),
    Off(
        "Announcements: nobody is told of anything",
        "the playbook files nothing",
        'announce.sinks.team = "NAME"\nannounce.routes = [{ name = "all", to = [{ sink = "team" }] }]',
        lambda book: not book.announce.routes,
    ),
    Off(
        "Groups are called in Slack, not only named",
        "their ids are your workspace's",
        _mentions,
        lambda book: bool(book.announce.mentions) and not all(book.announce.mentions.values()),
    ),
    Off(
        "Reactions on announcements: eyes and a check mark",
        "it takes a bot with a right of its own; a webhook has none",
        "announce.reactions = true",
        lambda book: not book.announce.reactions,
    ),
    Off(
        "Fields and tags that show a ticket's issue",
        "which field, your helpdesk says; automations may act on tags",
        'ticket_tag = "issue"',
        lambda book: not (book.ticket_tag or book.ticket_fields),
    ),
    Off(
        "A label or field that shows how many tickets wait for an issue",
        "in a public place that is a figure for everybody",
        'issue_tag = "tickets"',
        lambda book: not (book.issue_tag or book.issue_fields),
    ),
    Off(
        "The tracker's own type of issue",
        "types differ from project to project; the tracker's default holds",
        'file.type = "Bug"',
        lambda book: not book.file.type and not any(row.type for row in book.kinds.values()),
    ),
    Off(
        "An issue waits for a person's answer to the customer",
        "an escalation may be urgent",
        "file.answered_first = true",
        lambda book: bool(book.file.when) and not book.file.answered_first,
    ),
    Off(
        "Only representatives of a customer start what becomes an issue",
        "most helpdesks know no representatives",
        'file.authorised = "representatives"',
        lambda book: bool(book.file.when) and book.file.authorised == "anyone",
    ),
    Off(
        "A private issue is closed along with the public one that it was promoted to",
        "what one customer needs may take more",
        "file.close_promoted = true",
        lambda book: not book.file.close_promoted and any(tag.place for tag in book.routing.tags.values()),
    ),
    Off(
        "An alarm when no agent has answered in time",
        "the limit is your promise to customers",
        'timers.acknowledge = "1d"',
        lambda book: book.timers.acknowledge is None,
    ),
    Off(
        "An alarm when an escalated ticket has no issue in time",
        "the same",
        'timers.evaluate = "1d"',
        lambda book: book.timers.evaluate is None,
    ),
    Off(
        "An alarm when nobody has an issue",
        "many teams assign late",
        'timers.ownerless = "2d"',
        lambda book: book.timers.ownerless is None,
    ),
    Off(
        "An alarm when a ticket waits for long",
        "how long is long depends on the work",
        'timers.old_link = "30d"',
        lambda book: book.timers.old_link is None,
    ),
    Off(
        "An alarm when an issue has missed its sprint",
        "not every team has sprints",
        'timers.sprint_limit = 1\ntimers.sprint.start = 2026-01-05\ntimers.sprint.length = "14d"',
        lambda book: book.timers.sprint_limit is None,
    ),
    Off(
        "Whose an issue is, kept for the report",
        "without need the state holds no customer's name",
        "report.companies = true",
        lambda book: not book.report.companies,
    ),
    Off(
        "A goal for the share of tickets that need engineering",
        "it is a promise of the team's own",
        "report.goal = 0.1",
        lambda book: book.report.goal is None,
    ),
    Off(
        "Hours against a budget",
        "budgets are a contract's",
        'report.companies = true\nreport.budget.example-college = "40h"',
        lambda book: not book.report.budget,
    ),
    Off(
        "Closing is enough: no release and no label is waited for",
        "customers of a service have what is closed",
        'resolve_when = "released"',
        lambda book: book.resolve_when == "closed",
    ),
)
