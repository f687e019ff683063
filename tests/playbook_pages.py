"""docs/playbooks.md: what each shipped playbook files of one ticket, and what it leaves off by default."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from syncd.details import Company, Detail, Person
from syncd.filing import Filing
from syncd.model import Attachment, Audience
from syncd.playbook import Playbook
from tests.filed import filed, ticket
from tests.playbook_switches import OFF, Off
from tests.test_playbooks import HELPDESKS, MAPPINGS, shipped

PAGE = Path(__file__).parent.parent / "docs" / "playbooks.md"
HEAD = """# The playbooks

What the shipped playbooks make of one and the same ticket, and what each leaves off until somebody asks for it.
Whatever a playbook has, a helpdesk's own file overrides in `[sync]`; `syncd explain --ticket REF` shows what becomes
of a ticket of yours. This page is made by `make docs` from the playbooks themselves; a test sees to it that it is
current.

The ticket has the key 17, and is from Ada Example, who is a representative of Example College. Its subject is
"{subject}", and it says:

{text}

An agent has answered, and has escalated it with the tag that the playbook names.
"""
SUBJECT = "Docker images don't start since noon"
TEXT = "Nobody can log in since noon.\nThe profile page stays empty, see the screenshot."


@dataclass(frozen=True, slots=True)
class Example:
    """The ticket as one team has it, and who can read the place where its issue goes.

    Attributes:
        shown: above the issue.
        facts: of the ticket, as :func:`tests.filed.ticket` takes them.
        over: keys of the helpdesk's own file.
    """

    shown: str
    audience: Audience
    tags: tuple[str, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    over: Mapping[str, Any] = field(default_factory=dict)


POINTS = {
    "address": "https://data.example.com/board/7",
    "steps_to_reproduce": "Open the board",
    "expected": "A chart",
    "actual": "An empty page",
    "environment": "Version 5.2, Kubernetes",
    "affected": "Everybody but administrators",
}
"""Fields of the ticket, by the helpdesk's names; the others are empty."""
COMPANY = Company(
    "Example College",
    {
        "Tier": "Tier 1",
        "CRM profile": "https://crm.example.com/17",
        "crm_url": "https://crm.example.com/17",
        "service_level": "premium",
    },
)
REQUESTER = Person("Ada Example", leads=True)
PRIVATE, PUBLIC = Audience.PRIVATE, Audience.PUBLIC
EXAMPLES: Mapping[str, Sequence[Example]] = {
    "2i2c": (
        Example(
            "in the public repository, impact high", PUBLIC, facts={"kind": "Problem", "fields": {"impact": "high"}}
        ),
    ),
    "sourcegraph-support": (
        Example("a request for help, in the private repository", PRIVATE, ("rfh",), {"fields": POINTS}),
        Example("a general defect, in the public one", PUBLIC, ("defect", "public_issue"), {"fields": POINTS}),
    ),
    "sourcegraph-ce": (
        Example("in the private repository", PRIVATE, ("severity_serious",), {"fields": POINTS}),
        Example("in the public one", PUBLIC, ("severity_serious", "public_issue"), {"fields": POINTS}),
    ),
    "criticality": (
        Example("level 1, in a Jira project of the team", PRIVATE, ("level_1",), {"fields": POINTS}),
        Example("level 1, in a Jira project that everybody can read", PUBLIC, ("level_1",), {"fields": POINTS}),
    ),
}


@cache
def books() -> Mapping[str, Playbook]:
    """The shipped playbooks."""
    return {name: shipped(name) for name in HELPDESKS}


def example(name: str, one: Example) -> Filing:
    """The issue."""
    files = (
        (Attachment("screenshot.png", "https://desk.example.com/files/1", 48_213),) if one.audience is PRIVATE else ()
    )
    facts: dict[str, Any] = {"company": COMPANY, "requester": REQUESTER, "attachments": files, **one.facts}
    detail: Detail = ticket(SUBJECT, TEXT, tags=one.tags, **facts)
    return filed(name, detail, one.audience, **one.over)


def page() -> str:
    """All of it."""
    text = "\n".join(f"> {line}" for line in TEXT.splitlines())
    parts = [HEAD.format(subject=SUBJECT, text=text)]
    for name, book in books().items():
        parts.append(f"## {name}\n\n{_purpose(name)}\n")
        parts += [_issue(name, one) for one in EXAMPLES.get(name, ())]
        parts.append(_off(book))
    return "\n".join(parts)


def _purpose(name: str) -> str:
    """What stands at the top of its file."""
    lines = (MAPPINGS / f"playbooks/{name}.toml").read_text(encoding="utf-8").splitlines()
    first = lines[: next(at for at, line in enumerate(lines) if not line.startswith("# "))]
    return "\n".join(line.removeprefix("# ") for line in first)


def _issue(name: str, one: Example) -> str:
    issue = example(name, one)
    rows = "\n".join(f"- {what}: {value}" for what, value in _given(issue))
    return f"### An issue, {one.shown}\n\n{rows}\n\n````markdown\n{issue.body.value.strip()}\n````\n"


def _given(issue: Filing) -> Iterator[tuple[str, str]]:
    """What it has beside its text; what is empty is left out."""
    labels = ", ".join(f"`{label.value}`" for label in issue.labels)
    found = (
        ("title", issue.title.value),
        ("place", issue.decision.place.value),
        ("kind", issue.decision.kind.value),
        ("priority", issue.decision.priority.value),
        ("area", issue.decision.area.value),
        ("team", issue.team.value),
        ("mentions", f"`{issue.mention.value}`" if issue.mention.value else ""),
        ("labels", labels),
    )
    return ((what, value) for what, value in found if value)


def _off(book: Playbook) -> str:
    rows = [f"| {one.what} | {one.why} | {_switch(book, one)} |" for one in OFF if one.is_off(book)]
    return "\n".join(
        ["### What is off, and why", "", "| off | because | on, below `[sync]` |", "| --- | --- | --- |", *rows, ""]
    )


def _switch(book: Playbook, one: Off) -> str:
    """The lines that switch it on."""
    return " ".join(f"`{line}`" for line in one.lines(book).splitlines())
