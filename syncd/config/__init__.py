"""The config folder -> one frozen :class:`Config`, or every problem at once.

::

    syncd.toml               the daemon: state, listen, mode, marker_key, [log], [brake], [notify.NAME]
    connectors/NAME.toml     one per helpdesk or tracker account; NAME is its name in every ref
    mappings/                optional: replaces shipped mappings and playbooks of the same name
    credentials/             optional: where credential:NAME is looked for when systemd gives none

Nothing is written, nothing is asked of the network, and no problem repeats a value that could be a secret.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError

from syncd.config.accounts import Account, read
from syncd.config.credentials import SecretReader
from syncd.config.files import Shelf, digest, toml
from syncd.config.helpdesks import helpdesk
from syncd.config.notify import sinks
from syncd.config.settings import Brake, Config, Configured, Helpdesk, Log, Main, Tracker
from syncd.config.unread import misnamed
from syncd.errors import ConfigError, Problem
from syncd.model import Role
from syncd.schema import problem, problems

SYSTEM_FOLDER = Path("/etc/syncd")
MARKER_KEY = "credential:marker_key"
MARKER_KEY_LENGTH = 8
"""The shortest that is taken; the one that the cure makes has 64 characters."""


def find_folder(
    given: str | os.PathLike[str] | None = None,
    environ: Mapping[str, str] | None = None,
    *,
    system: Path = SYSTEM_FOLDER,
    here: Path | None = None,
) -> Path:
    """The config folder, absolute: ``--config``, ``$SYNCD_CONFIG``, ``/etc/syncd``, ``./``; never merged.

    The first two are taken at their word, so that a slip in one of them never starts syncd on other accounts; the
    last two only where they hold a ``syncd.toml`` or ``connectors/``.

    Raises:
        ConfigError: what was named is no folder, or there is no configuration anywhere.
    """
    environ = os.environ if environ is None else environ
    for name, value in (("--config", given), ("$SYNCD_CONFIG", environ.get("SYNCD_CONFIG"))):
        if value:
            folder = Path(value).absolute()
            if folder.is_dir():
                return folder
            raise ConfigError([Problem(name, f"{folder} is no folder", "Name the folder that holds syncd.toml")])
    for folder in (system, here or Path()):
        if (folder / "syncd.toml").is_file() or (folder / "connectors").is_dir():
            return folder.absolute()
    what = f"there is none in {system} or {(here or Path()).absolute()}"
    raise ConfigError([Problem("configuration", what, "Make one with `syncd init`, or name its folder with --config")])


def load(folder: Path, environ: Mapping[str, str] | None = None) -> Config:
    """Read and prove a config folder.

    Args:
        folder: see :func:`find_folder`.
        environ: where ``env:NAME`` and ``$CREDENTIALS_DIRECTORY`` are looked for; the process's own if not given.

    Raises:
        ConfigError: with everything that is wrong in any of its files.
    """
    folder = folder.absolute()
    before = digest(folder)
    secrets = SecretReader(folder, os.environ if environ is None else environ)
    found: list[Problem] = []
    main = _main(folder, secrets, found)
    told = sinks(main.notify, secrets, found) if main else {}
    accounts = _accounts(folder, secrets, found)
    shelf = Shelf(folder)
    made = [_made(account, accounts, shelf, found) for account in accounts.values()]
    _both_roles(accounts, found)
    found += _unsunk(accounts, made, main.notify) if main else ()
    if found or main is None:
        found += secrets.warnings()
        raise ConfigError([_masked(one, secrets) for one in dict.fromkeys(found)])
    return Config(
        folder=folder,
        digest=before,
        state=folder / main.state,
        listen=main.listen,
        mode=main.mode,
        marker_key=main.marker_key.get_secret_value().encode() if main.marker_key else None,
        log_level=main.log.level,
        log_format=main.log.format,
        brake=main.brake,
        notify=MappingProxyType(told),
        warnings=tuple(secrets.warnings()),
        helpdesks=MappingProxyType({one.name: one for one in made if isinstance(one, Helpdesk)}),
        trackers=MappingProxyType({one.name: one for one in made if isinstance(one, Tracker)}),
    )


def state_of(folder: Path) -> Path | None:
    """Where a config folder has its state; None if that can't be said: :func:`load` tells why."""
    path = folder.absolute() / "syncd.toml"
    try:
        state = toml(path, path.name).get("state") if os.path.lexists(path) else None
    except ConfigError:
        return None
    if state is None:
        state = Main.model_fields["state"].default
    return folder.absolute() / state if isinstance(state, str) and state else None


def _main(folder: Path, secrets: SecretReader, found: list[Problem]) -> Main | None:
    """``syncd.toml``; a folder without one has every default."""
    path, where = folder / "syncd.toml", "syncd.toml"
    try:
        data = toml(path, where) if os.path.lexists(path) else {}
    except ConfigError as error:
        found += error.problems
        return None
    other = misnamed(folder) if not os.path.lexists(path) else ""
    if other:
        found.append(Problem(where, f"there is none, but there is {other}", "Rename that one: nothing else is read"))
        return None
    try:
        given = {"marker_key": MARKER_KEY} if secrets.has_credential("marker_key") else {}
        main = Main.model_validate(given | data, context={"secret": secrets})
    except ValidationError as error:
        found += [_key_cure(one, folder) for one in problems(error, where, Main)]
        return None
    if main.marker_key is not None and len(main.marker_key.get_secret_value()) < MARKER_KEY_LENGTH:
        found.append(_key_cure(problem(where, "marker_key", "the key is too short to protect anything", ""), folder))
    return main


def _key_cure(one: Problem, folder: Path) -> Problem:
    """A missing marker key is the one secret that people make up themselves, so they are told how."""
    if one.where != "syncd.toml: marker_key" or not one.what.endswith(("does not exist", "anything")):
        return one
    path = folder / "credentials" / "marker_key"
    return replace(one, cure=f"Make one: mkdir -p {path.parent} && openssl rand -hex 32 > {path} && chmod 600 {path}")


def _accounts(folder: Path, secrets: SecretReader, found: list[Problem]) -> dict[str, Account]:
    """Every file in ``connectors/`` by its name, sound or not: others may refer to it."""
    place = folder / "connectors"
    try:
        paths = sorted(path for path in place.iterdir() if path.suffix == ".toml" and not path.name.startswith("."))
    except OSError as error:
        what = (
            "there is no such folder"
            if isinstance(error, FileNotFoundError)
            else f"it can't be read ({error.strerror})"
        )
        found.append(Problem("connectors/", what, "Add one file per helpdesk and tracker account there"))
        return {}
    accounts = {}
    for path in paths:
        account, wrong = read(path, secrets)
        found += wrong
        accounts[path.stem] = account
    return accounts


def _made(account: Account, accounts: Mapping[str, Account], shelf: Shelf, found: list[Problem]) -> Configured | None:
    """A configured connector, as far as its files are sound."""
    try:
        mapping = account.mapping(shelf)
    except ConfigError as error:
        found += error.problems
        mapping = None
    common: dict[str, Any] = {
        "name": account.name,
        "kind": account.kind,
        "options": account.options,
        "mapping": mapping,
        "connector": account.connector,
    }
    sound = account.connector is not None and account.options is not None and mapping is not None
    if account.role is Role.HELPDESK:
        try:
            own = helpdesk(account, mapping, accounts, shelf)
        except ConfigError as error:
            found += error.problems
            return None
        return Helpdesk(**common, **own) if sound else None
    return Tracker(**common) if sound and account.role is Role.TRACKER else None


def _both_roles(accounts: Mapping[str, Account], found: list[Problem]) -> None:
    roles = {account.role for account in accounts.values()}
    for role in Role:
        if role not in roles and None not in roles:  # a file that can't be read may be the one
            cure = f"Add a file for your {role} there; the shipped connectors have an example.toml each"
            found.append(Problem("connectors/", f"there is no {role}", cure))


def _unsunk(
    accounts: Mapping[str, Account], made: Iterable[Configured | None], sinks: Mapping[str, Any]
) -> Iterator[Problem]:
    """Channels that stand for a sink that isn't there."""
    for desk in (one for one in made if isinstance(one, Helpdesk)):
        for channel, name in desk.playbook.announce.sinks.items():
            if name and name not in sinks:
                known = f"Use one of: {', '.join(sorted(sinks))}" if sinks else f"Add [notify.{name}] to syncd.toml"
                where = f"{accounts[desk.name].where}: sync"
                yield problem(where, f"announce.sinks.{channel}", "there is no such [notify.NAME]", known)


def _masked(one: Problem, secrets: SecretReader) -> Problem:
    return Problem(secrets.masked(one.where), secrets.masked(one.what), secrets.masked(one.cure))


__all__ = ["Brake", "Config", "Configured", "Helpdesk", "Log", "Tracker", "digest", "find_folder", "load", "state_of"]
