"""What `syncd check` finds of a shipped playbook's examples: handles and addresses that are nobody's."""

from __future__ import annotations

import re
from collections.abc import Iterator

from syncd.config import Config
from syncd.errors import Problem
from syncd.playbook import Playbook

EXAMPLE = re.compile(r"(?<![\w./-])@?acme/|\bexample\.com\b", re.IGNORECASE)
SHOWN = 3
"""So many keys are named."""


def examples(config: Config, playbook: Playbook) -> Iterator[Problem]:
    """Values that stand as they were shipped, in one line."""
    keys = [key for key, value in _values(playbook) if EXAMPLE.search(value)]
    if not keys:
        return
    where = f"mappings/playbooks/{playbook.name}.toml"
    more = f" and {len(keys) - SHOWN} more" if len(keys) > SHOWN else ""
    what = f"the examples of {'; '.join(keys[:SHOWN])}{more} stand there still"
    own = (config.folder / where).is_file()
    cure = "Write your own" if own else "Copy the file to mappings/playbooks/ and write your own"
    yield Problem(where, what, cure, warning=True)


def _values(playbook: Playbook) -> Iterator[tuple[str, str]]:
    """What people read or are called by, key by key."""
    for rule in playbook.routing.rules:
        key = f"routing.rules, {rule.area}"
        yield f"{key}: mention", rule.mention
        yield f"{key}: assignee", rule.assignee
        yield f"{key}: no_issue", rule.no_issue
    yield from ((f"priorities.no_issue.{level}", why) for level, why in playbook.priorities.no_issue.items())
    yield from ((f"kinds.{kind}.no_issue", row.no_issue) for kind, row in playbook.kinds.items())
    yield from ((f"texts.{name}", text) for name, text in playbook.texts.items())
    yield from ((f"issue_texts.{name}", text) for name, text in playbook.issue_texts.items())
    for locale, texts in playbook.replies.texts.items():
        yield from ((f"replies.texts.{locale}.{name}", text) for name, text in texts.items())
