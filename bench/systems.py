"""Every system that a connector comes along for, each as a world of people and the lines that configure it."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from syncd.model import Ref, Role, Word
from syncd.testing import World


@dataclass(frozen=True, slots=True)
class Kind:
    """How to make a world of a kind, and to write its file; ``{site}`` stands for where people open its items."""

    world: str
    """Module and class."""
    lines: str
    secrets: Mapping[str, str]
    """What the lines name as ``env:NAME``."""


KINDS: dict[str, Kind] = {
    "freshdesk": Kind(
        "connectors.freshdesk.sandbox.world:FreshdeskWorld",
        'api_key = "env:SYNCD_DESK_KEY"',
        {"SYNCD_DESK_KEY": "sandbox-key"},
    ),
    "github": Kind(
        "connectors.github.sandbox.world:GitHubWorld",
        'token = "env:SYNCD_HUB_TOKEN"\n[[repositories]]\nname = "acme/widgets"',
        {"SYNCD_HUB_TOKEN": "test-token"},
    ),
    "jira": Kind(
        "connectors.jira.sandbox.world:JiraWorld",
        'email = "syncd@example.com"\napi_token = "env:SYNCD_JIRA_TOKEN"\nprojects = ["ENG"]\nweb_url = "{site}"',
        {"SYNCD_JIRA_TOKEN": "sandbox-token"},
    ),
    "jsm": Kind(
        "connectors.jsm.sandbox.world:JsmWorld",
        'email = "syncd@example.com"\napi_token = "env:SYNCD_JIRA_TOKEN"\nprojects = ["SUP"]\nweb_url = "{site}"',
        {"SYNCD_JIRA_TOKEN": "sandbox-token"},
    ),
    "zendesk": Kind(
        "connectors.zendesk.sandbox.world:ZendeskWorld",
        'client_id = "syncd"\nclient_secret = "env:SYNCD_ZENDESK_SECRET"',
        {"SYNCD_ZENDESK_SECRET": "sandbox-secret"},
    ),
}


class System:
    """One configured connector's world, with the real time.

    Args:
        kind: one of ``KINDS``.
        name: the configured connector's name; the kind, if it isn't given.
    """

    def __init__(self, kind: str, name: str = "") -> None:
        self.kind, self.name, self._known = kind, name or kind, KINDS[kind]
        module, _, made = self._known.world.partition(":")
        self.world: World = getattr(importlib.import_module(module), made)()
        self.stand_in: Any = self.world.sandbox
        self.stand_in.thaw()

    @property
    def role(self) -> Role:
        """The part that it plays."""
        return self.world.role

    @property
    def secrets(self) -> Mapping[str, str]:
        """The environment that its file needs."""
        return self._known.secrets

    def toml(self, more: str = "", sync: str = "") -> str:
        """``connectors/NAME.toml``. ``more``: lines of its own; ``sync``: lines of ``[sync]``, of a helpdesk."""
        head = f'connector = "{self.kind}"\nurl = "{self.stand_in.url}"\nsettle = "1s"\n{more}\n'
        table = f"\n[sync]\n{sync}\n" if self.role is Role.HELPDESK else ""
        return f"{head}{self._known.lines.format(site=getattr(self.stand_in, 'site', ''))}\n{table}"

    def at(self, moment: datetime | None) -> None:
        """Stop its clock at a moment; None lets it run again."""
        if moment is None:
            self.stand_in.thaw()
        else:
            self.stand_in.freeze(moment)

    def waiting(self) -> Ref:
        """A ticket that waits for an issue already."""
        ref = self.world.add("Help")
        self.world.set_status(ref, Word.PENDING)
        return ref

    def says(self, ref: Ref) -> str:
        """The item's status in the books."""
        return str(self.world.status(ref))

    def close(self) -> None:
        """Stop the stand-in."""
        self.world.close()
