"""One file of ``connectors/``: which connector it is for, its role, its options, its mapping."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping as Table
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import ValidationError

from syncd.config.credentials import SecretReader
from syncd.config.files import Shelf, toml
from syncd.connector import Connector, ConnectorOptions, installed, load
from syncd.errors import ConfigError, Problem
from syncd.mapping import Mapping
from syncd.model import Role
from syncd.schema import Wrong, problem, problems, unknown_key

NAME = re.compile(r"[a-z][a-z0-9_-]*")
URL_KEYS = ("url", "web_url")


@dataclass(slots=True)
class Account:
    """A connector file as far as it could be read; None is what could not.

    Attributes:
        where: how problems call it: ``connectors/NAME.toml``.
        sync: the ``[sync]`` table; None if there is none.
    """

    name: str
    where: str
    kind: str | None = None
    connector: type[Connector] | None = None
    role: Role | None = None
    options: ConnectorOptions | None = None
    sync: Table[str, Any] | None = None

    def mapping(self, shelf: Shelf) -> Mapping | None:
        """The mapping for this account: the config folder's own for its name or its kind, else what its kind brings.

        Raises:
            ConfigError: there is none, it is wrong, or it is for the other role.
        """
        if self.connector is None or self.kind is None:
            return None
        for name, data in (
            (self.name, shelf.own(f"{self.name}.toml")),
            (self.kind, shelf.own(f"{self.kind}.toml")),
            (self.kind, shelf.brought(self.kind)),
        ):
            if data is not None:
                found = Mapping.parse(name, data)
                if self.role is not None and found.role is not self.role:
                    what = f"this mapping is for a {found.role}, but {self.where} is a {self.role}"
                    raise ConfigError([problem(f"mappings/{name}.toml", "role", what, self._role_cure(found.role))])
                return found
        what = f"there is no mapping for {self.kind!r}"
        raise ConfigError([problem(self.where, "connector", what, f"Write mappings/{self.kind}.toml")])

    def _role_cure(self, mapped: Role) -> str:
        if mapped is Role.HELPDESK:
            return f"Add [sync] to {self.where} if it is your helpdesk, or write a mapping for a tracker"
        return f"Remove [sync] from {self.where} if it is your tracker, or write a mapping for a helpdesk"


def read(path: Path, secrets: SecretReader) -> tuple[Account, list[Problem]]:
    """A file of ``connectors/``, and all that is wrong with it but for its mapping and its ``[sync]``."""
    account = Account(path.stem, f"connectors/{path.name}")
    found: list[Problem] = []
    if not NAME.fullmatch(account.name):
        cure = "Rename it: lower-case letters, digits, - and _, a letter first"
        found.append(Problem(account.where, "the file's name can't be a connector's name", cure))
    try:
        data = toml(path, account.where)
    except ConfigError as error:
        return account, found + list(error.problems)
    sync = data.pop("sync", None)
    if isinstance(sync, dict):
        account.sync = sync
    elif sync is not None:
        found.append(problem(account.where, "sync", "a table is expected", "Write it as a [sync] section of its own"))
    try:
        account.kind, account.connector = _connector(data)
    except Wrong as wrong:
        return account, [*found, problem(account.where, "connector", wrong.what, wrong.cure)]
    account.role = _role(account, found)
    account.options = _options(account, data, secrets, found)
    return account, found


def _connector(data: Table[str, Any]) -> tuple[str, type[Connector]]:
    """Which connector a file is for, loaded."""
    kind, kinds = data.get("connector"), installed()
    choice = f"Write one of: {', '.join(sorted(kinds))}"
    if kind is None:
        raise Wrong("this key is missing", choice)
    if not isinstance(kind, str):
        raise Wrong("a text is expected", choice)
    if kind not in kinds:
        near = unknown_key(kind, kinds)[1]
        raise Wrong("no such connector is installed", near if near.endswith("?") else choice)
    try:
        return kind, load(kind)
    except (ImportError, AttributeError, TypeError) as error:
        what = f"the connector {kind!r} is installed, but can't be loaded ({type(error).__name__})"
        raise Wrong(what, "Install its package again, in a version that fits this syncd") from error


def _role(account: Account, found: list[Problem]) -> Role | None:
    """The part it plays: what it can play decides, and for one that can play both whether it has ``[sync]``."""
    roles = account.connector.capabilities.roles if account.connector else frozenset()
    wanted = Role.TRACKER if account.sync is None else Role.HELPDESK
    if wanted in roles or len(roles) != 1:
        return wanted
    if wanted is Role.HELPDESK:
        what = f"only helpdesks have this table, and {account.kind} is a tracker"
        found.append(problem(account.where, "sync", what, "Move it to the file of your helpdesk"))
    return next(iter(roles))


def _options(
    account: Account, data: dict[str, Any], secrets: SecretReader, found: list[Problem]
) -> ConnectorOptions | None:
    """The file, validated by the connector's own model; URLs are checked here, for every connector alike."""
    if account.connector is None:
        return None
    bad_urls = set()
    for key in URL_KEYS:
        if isinstance(data.get(key), str):
            try:
                data[key] = origin(data[key])
            except Wrong as wrong:
                bad_urls.add(key)
                found.append(problem(account.where, key, wrong.what, wrong.cure))
    model = account.connector.Options
    try:
        options = model.model_validate(data, context={"secret": secrets})
    except ValidationError as error:
        said = problems(error, account.where, model, [*model.model_fields, "sync"])
        found += [one for one in said if one.where not in {f"{account.where}: {key}" for key in bad_urls}]
        return None
    return None if bad_urls else options


def origin(text: str) -> str:
    """A URL that credentials may be sent to, without a slash at its end.

    Raises:
        Wrong: it isn't https (or http to this machine), or has more than host, port and path. The URL isn't repeated:
            people leave passwords in them.
    """
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port, parts = None, 0, urlsplit("")
    if not host or port == 0 or not text.isprintable() or set(text) & set(' \\"<>'):
        raise Wrong("this is no URL", "Write it as https://HOST, with a path if there is one")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(host)):
        raise Wrong("it would send the credential unprotected", "Use https; http only to this machine (127.0.0.1)")
    if parts.username is not None or parts.password is not None:
        raise Wrong("it holds a user name or a password", "Remove what stands before the @")
    if "?" in text or "#" in text:
        raise Wrong("it holds a query or a fragment", "Remove the ? or # and what follows")
    return text.rstrip("/")


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
