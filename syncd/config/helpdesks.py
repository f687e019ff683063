"""The ``[sync]`` table of a helpdesk: its trackers, its playbook, and its own settings over that playbook."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from collections.abc import Mapping as Table
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError

from syncd.config.accounts import Account
from syncd.config.files import Shelf
from syncd.errors import ConfigError, Problem
from syncd.mapping import Mapping
from syncd.model import Role, Word
from syncd.playbook import KEYS, Playbook
from syncd.schema import Table as Section
from syncd.schema import Wrong, problem, problems, unknown_key

MISSING = "Say which status to write for it"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


def _field_name(value: object) -> object:
    """A ticket field by its name, or by its id, which some helpdesks write as a number."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _tag_start(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_-]*", text):
        raise Wrong("a tag can't begin so", "Use letters, digits, - and _ only")
    return text


class Sync(Section):
    """The keys of ``[sync]`` that aren't a playbook's."""

    trackers: Annotated[list[str], Field(min_length=1)] | None = None
    playbook: str = "default"
    issue_field: Annotated[str, Field(min_length=1), BeforeValidator(_field_name)] | None = None
    read_notes: bool = True
    commands: bool = True
    command_tags: Annotated[str, AfterValidator(_tag_start)] = "syncd"


def helpdesk(account: Account, mapping: Mapping | None, accounts: Table[str, Account], shelf: Shelf) -> dict[str, Any]:
    """What ``[sync]`` says: ``trackers``, ``playbook``, ``issue_field``, ``read_notes``, ``commands`` and so on.

    Args:
        account: the helpdesk.
        mapping: its mapping, None if that is wrong.
        accounts: every configured connector by name; one with an unknown role is taken for whatever is needed.
        shelf: where playbooks are.

    Raises:
        ConfigError: with all that is wrong.
    """
    table, where = account.sync or {}, account.where
    known = Sync.model_fields.keys() | KEYS
    unknown = table.keys() - known
    found = [problem(where, f"sync.{key}", *unknown_key(key, known)) for key in sorted(unknown)]
    sync = Sync()
    try:
        sync = Sync.model_validate({key: table[key] for key in table if key in Sync.model_fields})
    except ValidationError as error:
        found += problems(error, f"{where}: sync", Sync, known)
    trackers = _trackers(sync.trackers, account, accounts, found)
    try:
        playbook = _playbook(sync.playbook, account, shelf)
    except ConfigError as error:
        raise ConfigError([*found, *error.problems]) from None
    found += _unwritable(playbook, mapping)
    found += _unshowable(playbook, account, [accounts[name] for name in trackers if name in accounts])
    found += _unplaced(playbook, account, trackers)
    if found:
        raise ConfigError(found)
    return {
        "trackers": trackers,
        "playbook": playbook,
        "issue_field": sync.issue_field,
        "read_notes": sync.read_notes,
        "commands": sync.commands,
        "command_tags": sync.command_tags,
        "over": {key: table[key] for key in table if key in KEYS},
    }


def _trackers(
    named: list[str] | None, account: Account, accounts: Table[str, Account], found: list[Problem]
) -> tuple[str, ...]:
    """The helpdesk's trackers; without a list, the only one there is."""
    may = sorted(name for name, one in accounts.items() if one.role is not Role.HELPDESK)
    where = f"{account.where}: sync.trackers"
    if named is None:
        if len(may) > 1 and "trackers" not in (account.sync or {}):
            what = "this key is missing, and there are several trackers"
            found.append(Problem(where, what, f"Name those that this helpdesk uses, of: {', '.join(may)}"))
        return tuple(may)
    for name in dict.fromkeys(named):
        if name not in may:
            what = f"{name!r} is no configured tracker"
            found.append(
                Problem(where, what, f"Use some of: {', '.join(may)}" if may else f"Add connectors/{name}.toml")
            )
    if len(set(named)) < len(named):
        found.append(Problem(where, "a tracker is named twice", "Name each once; the first is the default"))
    return tuple(named)


def _playbook(name: str, account: Account, shelf: Shelf) -> Playbook:
    """The playbook of that name with the helpdesk's own settings over it and the shipped default under it."""
    default = shelf.shipped("playbooks", "default.toml") or {}
    over = {key: value for key, value in (account.sync or {}).items() if key in KEYS}
    data, found = None, list[Problem]()
    if _NAME.fullmatch(name):
        try:
            data = shelf.own("playbooks", f"{name}.toml")
            data = shelf.shipped("playbooks", f"{name}.toml") if data is None else data
        except ConfigError as error:
            found, data = list(error.problems), {}
    if data is None:
        cure = f"Use one of: {', '.join(shelf.names('playbooks'))}, or write mappings/playbooks/NAME.toml"
        found = [problem(account.where, "sync.playbook", "there is no such playbook", cure)]
    try:
        playbook = Playbook.parse(name, data or {}, under=default, over=over, over_where=f"{account.where}: sync")
    except ConfigError as error:
        raise ConfigError([*found, *error.problems]) from None
    if found:
        raise ConfigError(found)
    return playbook


def _unwritable(playbook: Playbook, mapping: Mapping | None) -> Iterator[Problem]:
    """Words that the playbook would write and the mapping can't."""
    if mapping is None:
        return
    needed = {Word.OPEN, playbook.filed, *playbook.write.values()}
    needed |= {Word.CLOSED} if playbook.closed_when or playbook.close_after else set()
    for word in sorted(needed - mapping.write.keys()):
        what = f"the playbook {playbook.name!r} writes '{word}', and this mapping can't"
        own = word is Word.CLOSED and mapping.final
        cure = "Leave closed_when and close_after out: that helpdesk closes by itself" if own else MISSING
        yield problem(f"mappings/{mapping.name}.toml", f"write.{word}", what, cure)


def _unshowable(playbook: Playbook, account: Account, trackers: Sequence[Account]) -> Iterator[Problem]:
    """Fields and tags that nobody there can set."""
    wanted = {
        "ticket_fields": (playbook.ticket_fields, "sets_fields", [account]),
        "ticket_tag": (playbook.ticket_tag, "sets_tags", [account]),
        "issue_fields": (playbook.issue_fields, "sets_fields", trackers),
        "issue_tag": (playbook.issue_tag, "sets_tags", trackers),
    }
    for key, (value, capability, accounts) in wanted.items():
        able = [getattr(one.connector.capabilities, capability) for one in accounts if one.connector]
        if value and able and not any(able):
            kinds = ", ".join(sorted({one.kind for one in accounts if one.kind}))
            what = f"{kinds} can't set {'fields' if capability == 'sets_fields' else 'tags or labels'}"
            yield problem(f"{account.where}: sync", key, what, "Leave it out, here or in the playbook")


def _unplaced(playbook: Playbook, account: Account, trackers: Sequence[str]) -> Iterator[Problem]:
    """Places in a tracker that this helpdesk doesn't use."""
    for name, spot in playbook.routing.places.items():
        tracker, colon, _ = spot.partition(":")
        if colon and tracker not in trackers:
            what = f"{tracker!r} is none of this helpdesk's trackers"
            cure = f"Use one of: {', '.join(trackers)}"
            yield problem(f"{account.where}: sync", f"routing.places.{name}", what, cure)
