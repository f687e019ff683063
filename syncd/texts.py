"""The texts that syncd writes: which kinds there are, what a template may hold, and how it is rendered.

Templates are Jinja2, cut down to what a short text needs: the variables below, ``if``, comparisons, and a few filters.
That is checked when a playbook is loaded, so no template can fail, loop, call or look inside a value when it is used.
The values come from outside and are only ever text: one line, no active Markdown, nothing that mentions anybody.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from enum import StrEnum
from functools import lru_cache
from typing import Annotated

import jinja2
from jinja2 import meta, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment
from pydantic import AfterValidator, BeforeValidator

from syncd.schema import Wrong, unknown_key


class Kind(StrEnum):
    """The occasions to write, by where the text goes."""

    # Internal notes on the ticket.
    LINK_NOTE = "link_note"
    """The ticket's issue was filed (rule 4); public if the playbook says so."""
    RESOLVED = "resolved"
    DECLINED = "declined"
    ISSUE_REOPENED = "issue_reopened"
    """The issue was reopened, and the ticket went back to waiting."""
    WAITS_FOR_AGENT = "waits_for_agent"
    """The issue is finished, but the requester wrote last (rule 7)."""
    CASCADE = "cascade"
    """The issue is finished, but resolving the ticket would resolve other customers' tickets with it."""
    CONFLICT = "conflict"
    DRIFT = "drift"
    CLOSED_OUTSIDE = "closed_outside"
    """The issue was closed by an author from outside the team (rule 5)."""
    LOST_ISSUE = "lost_issue"
    """The last live issue of a waiting ticket is gone (rule 10)."""
    DUPLICATE = "duplicate"
    """The issue was closed as a duplicate, and of what isn't known (rule 2)."""
    SPRINT_OVER = "sprint_over"
    """A sprint went by without the issue being done; the ticket is resolved, the issue stays open."""
    NOBODY_OBJECTS = "nobody_objects"
    """The ticket was resolved long ago, and nobody has done anything on it since: it is closed."""
    COMMAND_FAILED = "command_failed"
    """What an agent commanded can't be done."""
    TWO_ISSUES = "two_issues"
    """A person has filed an issue at about the same time as syncd (rule 17)."""
    NO_ISSUE = "no_issue"
    """The ticket was escalated, and the playbook files none for its kind, priority or area: what happens instead."""

    STANDING_NOTE = "standing_note"
    """How the other end stands: on the ticket of the issue, on the issue of the ticket; edited in place."""

    # Comments on the issue.
    FINAL_REOPENED = "final_reopened"
    """The issue was reopened, but its ticket can't be written any more (rule 9)."""
    TICKET_RESOLVED = "ticket_resolved"
    TICKET_REOPENED = "ticket_reopened"
    TICKET_LINKED = "ticket_linked"
    """A ticket was linked to an issue that doesn't name it."""
    PROMOTED = "promoted"
    """The ticket's issue stands in another place, too; told on the ticket as well."""
    PROMOTED_CLOSED = "promoted_closed"
    """The issue's public counterpart is finished, and the playbook has it closed with that."""
    COMMAND = "command"
    """It is reopened because an agent commanded it."""

    # Messages to the customer; a playbook may have more of them, for the reasons of a closing.
    MESSAGE_FILED = "message_filed"
    MESSAGE_RESOLVED = "message_resolved"
    MESSAGE_DECLINED = "message_declined"
    MESSAGE_INCIDENT_RESOLVED = "message_incident_resolved"
    """In the place of the two above, where the issue is an incident."""
    MESSAGE_SPRINT_OVER = "message_sprint_over"
    MESSAGE_INCIDENT_UPDATE = "message_incident_update"
    """What an engineer wrote on the issue for customers."""
    MESSAGE_APPROVAL_NEEDED = "message_approval_needed"
    """Of a ticket that isn't filed because no representative has asked for it; they get a copy."""
    MESSAGE_ASSIGNED = "message_assigned"
    """The ticket has an agent; the representatives get a copy."""


VARIABLES = (
    "issue_url",
    "issue_key",
    "issue_word",
    "issue_reason",
    "ticket_key",
    "ticket_url",
    "ticket_word",
    "count",
    "who",
    "label",
    "release",
    "command",
    "reason",
    "assignee",
    "since",
    "requester",
    "update",
)
"""What a template may show. Each is text and may be empty; words are those that were seen when it was written.

``requester``: the name of who asked, in messages to customers alone; ``update``: what an engineer wrote for them, in
``message_incident_update`` alone. ``label``: the one by which the issue is done for
the ticket, or would be; ``release``: ``released``, where that makes it so. Both are empty where its status alone does.
``assignee``, ``since``: of the other end, in ``standing_note`` alone, which names either the issue or the ticket.
"""

ISSUE_VARIABLES = (
    "ticket_key",
    "ticket_url",
    "kind",
    "kind_name",
    "priority",
    "proposed",
    "assumed",
    "area",
    "team",
    "mention",
    "others",
    "note",
    "subject",
    "description_quoted",
    "requester",
    "company",
    "crm_url",
    "attachments",
    "environment",
    "steps",
    "logs",
    "changes",
    "affected",
    "urgency",
    "expected",
    "actual",
    "success",
)
"""What the title and body of an issue may show. What the place may not see is empty (:mod:`syncd.guard`)."""

REQUESTER = "\ue000"
"""Stands for the requester's name in a message that is stored: the name itself is only put in when it is sent."""

UPDATE = "\ue001"
"""The same for what an engineer wrote."""
_SIGNS = {"requester": REQUESTER, "update": UPDATE}

FILTERS = ("capitalize", "lower", "replace", "title", "trim", "upper")

_OWN = re.compile(r"message_[a-z0-9_]+")

_ALLOWED = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Name,
    nodes.Const,
    nodes.If,
    nodes.CondExpr,
    nodes.Compare,
    nodes.Operand,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.Concat,
    nodes.Filter,
)

_ENVIRONMENT = ImmutableSandboxedEnvironment(
    undefined=jinja2.StrictUndefined,
    autoescape=False,  # Markdown, not HTML; the connector turns it into the system's own markup
    trim_blocks=True,
    lstrip_blocks=True,
)


def kind_of(value: object) -> str:
    """A text by its name in a playbook file: a kind, or a message of the team's own (``message_wont_do``).

    Raises:
        ValueError: it is neither.
    """
    names = [kind.value for kind in Kind]
    if isinstance(value, str) and value in names:
        return Kind(value)
    if isinstance(value, str) and _OWN.fullmatch(value):
        return value
    raise Wrong(*unknown_key(str(value), names))


def shown_in(source: str) -> frozenset[str]:
    """The variables that a proven template names."""
    return frozenset(node.name for node in _ENVIRONMENT.parse(source).find_all(nodes.Name))


def said_in(source: str) -> str:
    """What a proven template says by itself, without its variables and conditions."""
    return " ".join(node.data for node in _ENVIRONMENT.parse(source).find_all(nodes.TemplateData))


def used(source: str) -> frozenset[str]:
    """The variables that a template names."""
    return frozenset(meta.find_undeclared_variables(_ENVIRONMENT.parse(source)))


def proven(source: str, variables: Collection[str] = VARIABLES) -> str:
    """The template itself, if it is one that can't fail.

    Args:
        source: Jinja2, as a playbook has it.
        variables: what it may show.

    Raises:
        ValueError: it doesn't compile, or holds more than a text needs.
    """
    try:
        tree = _ENVIRONMENT.parse(source)
        faults = list(_faults(tree, variables))
        if not faults:
            _compiled(source)
    except jinja2.TemplateError as error:
        line = getattr(error, "lineno", None)
        raise Wrong(
            f"the template can't be read{f' (its line {line})' if line else ''}", "Check its braces and its filters"
        ) from None
    if faults:
        raise Wrong(*faults[0])
    return source


KindName = Annotated[str, BeforeValidator(kind_of)]
Template = Annotated[str, AfterValidator(proven)]
"""The source of a template that is proven to render."""


def render(source: str, values: dict[str, str]) -> str:
    """A template with its values, stripped. A variable without a value is empty.

    Raises:
        TypeError: a value that isn't text, or has no place in a template: a defect of the caller.
    """
    for name, value in values.items():
        if name not in VARIABLES or not isinstance(value, str):
            raise TypeError(f"a template takes text for {', '.join(VARIABLES)}; {name!r} is not that")
    return _compiled(source).render({name: inert(name, values.get(name, "")) for name in VARIABLES}).strip()


def render_issue(source: str, values: Mapping[str, str]) -> str:
    """A title or body with its values, stripped. They are as :mod:`syncd.guard` made them for the place.

    Raises:
        KeyError: a value that is missing: a defect of the caller.
    """
    return _compiled(source).render({name: values[name] for name in ISSUE_VARIABLES}).strip()


@lru_cache(maxsize=256)
def _compiled(source: str) -> jinja2.Template:
    return _ENVIRONMENT.from_string(source)


def _faults(tree: nodes.Template, variables: Collection[str]) -> Iterator[tuple[str, str]]:
    """What in a template could fail, or is more than a text needs: what, cure.

    A filter that replaces could make live again what was made inert in an issue's text.
    """
    filters = FILTERS if variables is VARIABLES else tuple(name for name in FILTERS if name != "replace")
    for node in tree.find_all(nodes.Node):
        if isinstance(node, nodes.Name) and node.name not in variables:
            yield f"the template uses {node.name!r}, which is no variable", f"Use some of: {', '.join(variables)}"
        elif isinstance(node, nodes.Filter) and not (node.name in filters and _plain(node)):
            yield f"the template uses {node.name!r} in a way that may fail", f"Use only: {', '.join(filters)}"
        elif isinstance(node, nodes.CondExpr) and node.expr2 is None:
            yield "the template has an inline if without else", 'Add else ""'
        elif isinstance(node, nodes.Const) and not isinstance(node.value, str):
            yield "the template uses a value that isn't text", "Compare with text in quotes"
        elif not isinstance(node, _ALLOWED):
            what = type(node).__name__.lower()
            yield f"the template uses {what!r}, which texts can't", "Use variables, if, comparisons and filters only"


def _plain(node: nodes.Filter) -> bool:
    """A known filter with as many arguments as it takes, so that it can't fail."""
    takes = 2 if node.name == "replace" else 0
    return (
        node.name in FILTERS
        and len(node.args) == takes
        and not (node.kwargs or node.dyn_args or node.dyn_kwargs)
        and all(isinstance(arg, nodes.Const) for arg in node.args)
    )


def inert(name: str, value: str) -> str:
    """A value from outside as one line of harmless text; a URL as one that can't end its Markdown link early."""
    if value and value == _SIGNS.get(name):
        return value
    line = " ".join(re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ue000\ue001]", " ", value).split())
    if name.endswith("_url"):
        return re.sub(r'[\s()<>\[\]"\\`]', lambda found: f"%{ord(found[0]):02X}", line)
    return re.sub(r"([\\`*\[\]<>|~])", r"\\\1", line.replace("@", ""))
