"""``syncd check``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path

import click

from syncd.cli.announced import channels
from syncd.cli.app import config_option, json_option
from syncd.cli.ends import EXITS
from syncd.cli.filing import LATER, filing_problems, ticket_fields
from syncd.cli.local import local_problems
from syncd.cli.running import add_to_mapping
from syncd.cli.show import as_json, plural, say
from syncd.clock import SystemClock, precise
from syncd.config import Config, Configured, Helpdesk, find_folder, load
from syncd.config.unread import unread
from syncd.connector import Connector
from syncd.errors import ConfigError, ConnectorError, Problem
from syncd.notify import Message, SinkError, open_sink

CLOCKS_DIFFER = timedelta(minutes=2)
"""More than this is told: journal and health show times that mislead, and a message may count as late."""


@click.command("check")
@json_option
@click.option("--notify", "send", is_flag=True, help="Send a test message to each [notify.NAME], too.")
@config_option
def command(folder: Path | None, *, send: bool, as_data: bool) -> int:
    """Test the configuration, this machine, then each account and each sink. Changes nothing.

    Of this machine: the state's folder and file, the disk, the marker key, the address to listen on. Of each account:
    credential, rights, statuses, repositories, the clock, and whether what a playbook files could be filed. Of each
    sink: credential and host; nothing is sent unless you ask for it. Lists every problem with its cure.
    """
    place = find_folder(folder)
    try:
        config = load(place)
    except ConfigError as error:
        if not as_data:
            raise
        as_json({"folder": str(place), "problems": [_data(problem) for problem in error.problems]})
        return EXITS[ConfigError]
    sinks = list(_sinks(config, send=send))
    found = [*config.warnings, *unread(config), *local_problems(config), *_accounts(config), *sinks, *channels(config)]
    filing = list(filing_problems(config, found))
    grave = {problem.what for problem in filing if not problem.warning}
    # What is only worth knowing of a place is a problem where a playbook files issues in it.
    found = [*(one for one in found if not (one.warning and one.what in grave)), *filing]
    if as_data:
        as_json({"folder": str(config.folder), "problems": [_data(problem) for problem in found]})
        return _status(found)
    desks, trackers = plural(len(config.helpdesks), "helpdesk"), plural(len(config.trackers), "tracker")
    say(f"Configuration in {config.folder}: {desks}, {trackers}")
    for problem in found:
        say(f"- {'worth knowing: ' if problem.warning else ''}{problem}")
    count = sum(not problem.warning for problem in found)
    if send and config.notify and not _status(sinks):
        say(f"A test message went to {', '.join(f'notify.{name}' for name in config.notify)}")
    say(plural(count, "problem") if count else "No problems found")
    if not count and config.mode == "observe":
        say("Observe mode: `syncd reconcile --dry-run` says what would change; nothing is written to any service.")
    return _status(found)


def _status(found: list[Problem]) -> int:
    return int(any(not problem.warning for problem in found))


def _accounts(config: Config) -> Iterator[Problem]:
    """Every account, one after the other; one that fails hides nothing of the others."""
    for one in (*config.trackers.values(), *config.helpdesks.values()):
        connector = one.connect(SystemClock())
        yield from _start(one)
        try:
            found = list(connector.check())
            yield from found
            if config.mode == "live":
                yield from connector.check_writing()
            if not _status(found):
                yield from _fields(config, one, connector)
                yield from _mapping(config, one, connector.statuses())
                yield from _status_note(config, one)
                if isinstance(one, Helpdesk):
                    yield from ticket_fields(one, connector)
                yield from _clock(one.name, connector.ahead)
        except ConnectorError as error:
            yield Problem(one.name, error.what, LATER)
        finally:
            connector.close()


def _start(one: Configured) -> Iterator[Problem]:
    """Where the first walk begins."""
    begin = one.options.start_from
    if begin is not None and begin > SystemClock().now():
        what = f"start_from is {begin:%Y-%m-%d}, which is still to come: nothing that exists is read"
        yield Problem(f"connectors/{one.name}.toml", what, "Write a day that is past, or leave it out")


def _status_note(config: Config, one: Configured) -> Iterator[Problem]:
    """That none stands where our notes can't be edited."""
    desks = [desk for desk in config.helpdesks.values() if one.name in {desk.name, *desk.trackers}]
    wanted = any(desk.playbook.conversation.status_note for desk in desks)
    if wanted and not one.connector.capabilities.edits_notes:
        what = "notes can't be edited there, so status_note leaves none, and each move is told by a note as ever"
        yield Problem(one.name, what, "Nothing needs to be done", warning=True)


def _sinks(config: Config, *, send: bool) -> Iterator[Problem]:
    """Where people are told what needs them; of the test messages, those that weren't taken."""
    for name, sink in config.notify.items():
        notifier = open_sink(name, sink)
        try:
            found = list(notifier.check())
            yield from found
            if send and not _status(found):
                notifier.send(Message(precise(SystemClock().now())), "")
        except SinkError as error:
            what = f"the test message didn't arrive, as far as is known: {error.what}"
            yield Problem(f"notify.{name}", what, "Look at its service, and at what stands in syncd.toml")
        finally:
            notifier.close()


def _clock(name: str, ahead: timedelta | None) -> Iterator[Problem]:
    """Ours, against the service's."""
    if ahead is not None and abs(ahead) > CLOCKS_DIFFER:
        minutes, way = round(abs(ahead) / timedelta(minutes=1)), "behind" if ahead > timedelta() else "ahead of"
        what = f"this machine's clock is {plural(minutes, 'minute')} {way} the service's"
        yield Problem(name, what, "Set it by a time service, such as systemd-timesyncd or chrony", warning=True)


def _mapping(config: Config, one: Configured, statuses: Mapping[str, str]) -> Iterator[Problem]:
    """Statuses that the account has and the mapping doesn't, and the reverse."""
    where = f"mappings/{one.mapping.name}.toml"
    for status in one.mapping.unmapped(statuses):
        what = f"the account has a status that this mapping doesn't know: {status}"
        yield Problem(where, what, add_to_mapping(config, one.mapping.name))
    known = {name for status in statuses for name in (status, *_broader(status))}
    for word, native in one.mapping.write.items():
        choices = (native, *one.mapping.way(native).instead)
        if not any(str(choice) in known or choice.native in known for choice in choices):
            what = f"it writes {' or '.join(map(str, choices))} for {word}, and the account has no such status"
            yield Problem(where, what, "Mend [write]")
    if isinstance(one, Helpdesk) and one.mapping.native(one.playbook.filed) is None:
        yield Problem(where, f"it can't write {one.playbook.filed}, which the playbook needs", "Add it to [write]")


def _fields(config: Config, one: Configured, connector: Connector) -> Iterator[Problem]:
    """Fields that a configuration names and the account hasn't."""
    named: list[tuple[str, Iterable[str]]] = [
        (f"[set.{word}] in the mapping", way.fields) for word, way in one.mapping.ways.items()
    ]
    if isinstance(one, Helpdesk):
        named += [("ticket_fields", one.playbook.ticket_fields), ("issue_field", [one.issue_field or ""])]
    elif connector.capabilities.sets_fields:
        desks = [desk for desk in config.helpdesks.values() if one.name in desk.trackers]
        named += [(f"issue_fields of {desk.name}", desk.playbook.issue_fields) for desk in desks]
    for key, names in named:
        for name in connector.lacks([name for name in names if name]):
            cure = f"Mend {key}: write the name or id of a field as the account has it"
            yield Problem(one.name, f"the account has no field {name!r}, which {key} names", cure)


def _broader(status: str) -> tuple[str, str]:
    """A status without its reason, and its kind."""
    native = status.partition(":")[0]
    return native, native.partition("/")[0]


def _data(problem: Problem) -> dict[str, str | bool]:
    return {"where": problem.where, "what": problem.what, "cure": problem.cure, "warning": problem.warning}
