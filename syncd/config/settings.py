"""The frozen values that the config folder becomes, and the shapes of ``syncd.toml``; see :mod:`syncd.config`."""

from __future__ import annotations

import hashlib
import re
from collections import abc
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field

from syncd.clock import Clock
from syncd.config.notify import AnySink
from syncd.connector import Connector, ConnectorOptions, Secret
from syncd.errors import Problem
from syncd.mapping import Mapping
from syncd.model import Role
from syncd.playbook import Playbook
from syncd.schema import Table, Wrong


def _address(value: object) -> tuple[str, int]:
    """``127.0.0.1:8787`` or ``[::1]:8787`` as host and port."""
    host, colon, port = value.rpartition(":") if isinstance(value, str) else ("", "", "")
    name = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    named = re.fullmatch(r"[A-Za-z0-9._-]+", name) or (name != host and re.fullmatch(r"[0-9A-Fa-f:.]+", name))
    if not (colon and named and re.fullmatch(r"[0-9]{1,5}", port) and int(port) <= 65535):
        raise Wrong("this is no address to listen on", "Write it as HOST:PORT, such as 127.0.0.1:8787 or [::1]:8787")
    return name, int(port)


class Log(Table):
    """How syncd logs, to standard output."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["json", "text"] = "json"


class Brake(Table):
    """When syncd stops itself (rule 16): per connector and hour, more than max(max_changes, share of its links)."""

    max_changes: int = Field(default=20, ge=0)
    share: float = Field(default=0.1, ge=0, le=1, allow_inf_nan=False)
    max_messages: int = Field(default=50, ge=0)
    """Messages to customers."""


class Main(Table):
    """The shape of ``syncd.toml``."""

    state: Annotated[str, Field(min_length=1)] = "/var/lib/syncd/syncd.db"
    listen: Annotated[tuple[str, int], BeforeValidator(_address)] = ("127.0.0.1", 8787)
    mode: Literal["live", "observe"] = "live"
    marker_key: Secret | None = None
    log: Log = Log()
    brake: Brake = Brake()
    notify: dict[str, Any] = Field(default={})
    """Its tables are read by :mod:`syncd.config.notify`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Configured:
    """A configured connector.

    Attributes:
        name: the file's name, the first half of its refs.
        kind: what it speaks to: the entry point's name.
        options: its validated file, an instance of ``connector.Options``.
        mapping: its status words.
        connector: the class; see :meth:`connect`.
    """

    role: ClassVar[Role]

    name: str
    kind: str
    options: ConnectorOptions
    mapping: Mapping
    connector: type[Connector] = field(repr=False)

    def connect(self, clock: Clock) -> Connector:
        """The connector itself; opens nothing yet."""
        return self.connector(self.name, self.options, clock)

    @property
    def fingerprint(self) -> str:
        """Changes when the mapping does (rule 16)."""
        return self.mapping.fingerprint


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracker(Configured):
    """A configured connector in the role of a tracker."""

    role: ClassVar[Role] = Role.TRACKER


@dataclass(frozen=True, slots=True, kw_only=True)
class Helpdesk(Configured):
    """A configured connector in the role of a helpdesk.

    Attributes:
        trackers: names of the trackers that its tickets may be linked to; the first is the default.
        playbook: how its team works, this helpdesk's own settings included.
        issue_field: the helpdesk's own name or id of the ticket field that holds the issue's URL.
        read_notes: whether links are looked for in internal notes too.
        commands: whether agents can command from a ticket, by a line of an internal note or by a tag.
        command_tags: how such tags begin, before a ``_``; empty: none is a command.
        over: what of the playbook its own file sets.
    """

    role: ClassVar[Role] = Role.HELPDESK

    trackers: tuple[str, ...]
    playbook: Playbook
    issue_field: str | None = None
    read_notes: bool = True
    commands: bool = True
    command_tags: str = "syncd"
    over: abc.Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    def where(self, key: str) -> str:
        """The file in which a key of the playbook stands, and the key; of a table that both set it is the playbook."""
        at: Any = self.over
        for step in key.partition(",")[0].split("."):
            if not isinstance(at, abc.Mapping) or step not in at:
                break
            at = at[step]
        if at is self.over or isinstance(at, abc.Mapping):
            return f"mappings/playbooks/{self.playbook.name}.toml: {key}"
        return f"connectors/{self.name}.toml: sync.{key}"

    @property
    def fingerprint(self) -> str:
        """Changes when the mapping or the playbook does (rule 16)."""
        return hashlib.sha256(f"{self.mapping.fingerprint}{self.playbook.fingerprint}".encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """All that a run of syncd is told.

    Attributes:
        folder: the config folder, absolute.
        state: the state file, absolute.
        listen: host and port of the health endpoint; port 0 = any free one.
        mode: ``observe`` does everything but write to remotes.
        warnings: what is dangerous, though it works: to be told at every start.
        marker_key: what markers are signed with (rule 12); None: syncd makes one and keeps it beside the state.
        digest: of the folder's files, see :func:`syncd.config.digest`.
        notify: where what needs a person is told, by name.
    """

    folder: Path
    digest: str
    state: Path
    listen: tuple[str, int]
    mode: Literal["live", "observe"]
    marker_key: bytes | None = field(repr=False)
    log_level: str
    log_format: str
    brake: Brake
    notify: abc.Mapping[str, AnySink]
    warnings: tuple[Problem, ...]
    helpdesks: abc.Mapping[str, Helpdesk]
    trackers: abc.Mapping[str, Tracker]
