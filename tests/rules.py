"""Mappings and playbooks that say as little as the tests of the core need."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from syncd.mapping import Mapping
from syncd.model import Role
from syncd.playbook import Playbook
from syncd.texts import Kind

TICKET_WORDS = ("new", "open", "pending", "on_hold", "resolved", "closed")
ISSUE_WORDS = ("open", "in_progress", "done", "declined", "duplicate")
TEXTS = [kind.value for kind in Kind if not kind.startswith("message")]


def mapping(role: Role, **over: Any) -> Mapping:
    """Every word is its own native status; ``strange`` is one that the mapping doesn't know."""
    words = TICKET_WORDS if role is Role.HELPDESK else ISSUE_WORDS
    write = words if role is Role.HELPDESK else ("open", "done", "declined")
    final = over.get("final", [])
    data = {"words": {w: [w] for w in words}, "write": {w: w for w in write if w not in final}} | over
    return Mapping.parse("test", {"role": str(role)} | data)


def playbook(**over: Any) -> Playbook:
    """The default playbook, with texts short enough to compare; issues show links where that is asked for."""
    return _playbook(json.dumps(over, default=str))


@cache
def _playbook(over: str) -> Playbook:
    rules = json.loads(over)
    return Playbook.parse(
        "test", {"issue_links": False, "texts": {kind: kind for kind in TEXTS} | rules.pop("texts", {})} | rules
    )
