"""Teams that work by each shipped playbook: as it is shipped, and by one that shows all it can wherever it can."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from syncd.tables import FORM_FIELDS
from syncd.texts import ISSUE_VARIABLES, VARIABLES, Kind

REPOSITORIES = {"acme/customer": True, "acme/product": False, "acme/infrastructure": False}
"""Of these teams, and whether each is private at first."""
PRIVATE_BOARD, PUBLIC_BOARD = "acme/4", "acme/5"
FIELD = "Field"
"""Of a board, and of Jira."""
EVERYWHERE = {
    "private": "acme/customer",
    "public": "acme/product",
    "secret": "jira:BUG",
    "open": "open:OPEN",
}
"""Places that a hostile team's tags name."""


@dataclass(frozen=True)
class Team:
    """One team.

    Attributes:
        playbook: by which it works.
        places: the playbook's places.
        sinks: which sinks its channels are.
        hostile: its texts and boards show whatever can be named.
        fields: that its issues are given.
    """

    playbook: str
    places: Mapping[str, str]
    channels: tuple[str, ...]
    hostile: bool = False
    fields: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """As figures name it."""
        return f"{self.playbook}{', hostile' if self.hostile else ''}{', fields' if self.fields else ''}"

    @property
    def sync(self) -> dict[str, Any]:
        """The ``[sync]`` of the helpdesk's file."""
        sinks = {name: ("hook", "inner", "chat", "post")[at % 4] for at, name in enumerate(self.channels)}
        own = {
            "playbook": self.playbook,
            "trackers": ["github", "jira", "open"],
            "file_after": "0s",
            "routing": {"places": dict(self.places)},
            "announce": {"sinks": sinks},
            "report": {"companies": False},
        }
        own |= OWN.get(self.playbook, {})
        own = _merged(own, HOSTILE) if self.hostile else own
        return _merged(own, {"boards": [], "file": {"set": self.fields}}) if self.fields else own


def teams() -> Iterator[Team]:
    """Nine of them."""
    private = {"customer": "acme/customer", "public": "acme/product"}
    shipped = (
        Team("2i2c", {"infrastructure": "acme/infrastructure"}, ("support",)),
        Team("sourcegraph-support", private, ("teammates", "engineering", "support", "core-application", "search")),
        Team("sourcegraph-ce", private, ("teammates", "engineering", "support")),
        Team("criticality", {"bugs": "open:OPEN"}, ("support", "product", "delivery")),
    )
    for team in shipped:
        yield team
        places = EVERYWHERE | dict(team.places) | ({"bugs": "acme/customer"} if "bugs" in team.places else {})
        yield Team(team.playbook, places, team.channels, hostile=True)
    fields = {FIELD: "{field:criticality}", "Words": "{field:form_logs} {field:cf_many}", "Kind": "{kind}"}
    yield Team("criticality", EVERYWHERE | {"bugs": "jira:BUG"}, ("support",), hostile=True, fields=fields)


_WAITING = {"fits": ["new", "open", "pending", "on_hold"], "write": "pending"}
OWN: dict[str, Any] = {
    "sourcegraph-support": {"filed": "pending", "fit": {"open": _WAITING, "in_progress": _WAITING}},
}
"""What a playbook needs with a helpdesk that has no status on hold."""


def _all(names: tuple[str, ...], joint: str) -> str:
    return joint.join(f"{{{{ {name} }}}}" for name in names)


_SHOUTED = " ".join(f"{{{{ {name} | upper }}}} {{{{ {name} | title | trim }}}}" for name in ISSUE_VARIABLES)
_PRIVATE = {"update", "requester", "assignee", "since"}
_MESSAGE = ("count", "issue_word", "requester", "ticket_key", "ticket_word")
"""What a message to customers may name."""


def _text(kind: Kind) -> str:
    """A text with all that it may name."""
    if kind is Kind.STANDING_NOTE:
        return _all(tuple(one for one in VARIABLES if one not in {"update", "requester"}), " ")
    if kind.value.startswith("message_"):
        return f"{kind}: {_all(_MESSAGE, ' ')} {{{{ update }}}}"
    return f"{kind}: {_all(tuple(one for one in VARIABLES if one not in _PRIVATE), ' ')}"


HOSTILE: dict[str, Any] = {
    "messages": "public",
    "link_note": "public",
    "conversation": {"to_issue": "all", "to_ticket": "notes", "status_note": True, "attachments": "links"},
    "file": {
        "when": [{"tag": "escalate"}, {"tag": "engineering"}, {"command": "/file"}],
        "authorised": "anyone",
        "answered_first": False,
        "fields": {name: f"form_{name}" for name in FORM_FIELDS},
    },
    "routing": {"tags": {f"to_{name}": {"place": name} for name in EVERYWHERE}},
    "priorities": {"no_issue": {}},
    "customer": {"label": "customer/", "crm_field": "crm_url"},
    "issue_texts": {
        "title": f"{{{{ subject }}}} {_all(ISSUE_VARIABLES, ' ')}",
        "body": f"{_all(ISSUE_VARIABLES, chr(10) * 2)}\n\n<!-- {_SHOUTED} -->",
    },
    "texts": {kind.value: _text(kind) for kind in Kind},
    "boards": [
        {"board": PRIVATE_BOARD, "fields": {"Note": "{field:form_logs}"}},
        {"board": PUBLIC_BOARD, "fields": {"Note": "{field:form_logs}", FIELD: "{field:criticality}"}},
    ],
}


def _merged(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    both = {**one, **other}
    for name in one.keys() & other.keys():
        if isinstance(one[name], Mapping) and isinstance(other[name], Mapping):
            both[name] = _merged(one[name], other[name])
    return both


def toml(table: Mapping[str, Any], name: str) -> str:
    """A table as TOML."""
    flat = [f"{json.dumps(key)} = {_value(value)}" for key, value in table.items() if not isinstance(value, Mapping)]
    inner = [toml(value, f"{name}.{json.dumps(key)}") for key, value in table.items() if isinstance(value, Mapping)]
    return "\n".join([f"[{name}]", *flat, *inner])


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{json.dumps(key)} = {_value(one)}" for key, one in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(_value(one) for one in value)}]"
    return json.dumps(value, ensure_ascii=False)
