"""``syncd check``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import click

from syncd.cli.app import config_option, json_option
from syncd.cli.running import add_to_mapping, configured
from syncd.cli.show import as_json, plural, say
from syncd.clock import SystemClock
from syncd.config import Config, Configured, Helpdesk
from syncd.errors import ConnectorError, Problem


@click.command("check")
@json_option
@config_option
def command(folder: Path | None, *, as_data: bool) -> int:
    """Test the configuration, then each account: credential, rights, statuses, repositories. Changes nothing."""
    config = configured(folder)
    found = [*config.warnings, *_accounts(config)]
    if as_data:
        as_json({"folder": str(config.folder), "problems": [_data(problem) for problem in found]})
        return _status(found)
    desks, trackers = plural(len(config.helpdesks), "helpdesk"), plural(len(config.trackers), "tracker")
    say(f"Configuration in {config.folder}: {desks}, {trackers}")
    for problem in found:
        say(f"- {'worth knowing: ' if problem.warning else ''}{problem}")
    grave = sum(not problem.warning for problem in found)
    say(plural(grave, "problem") if grave else "No problems found")
    return _status(found)


def _status(found: list[Problem]) -> int:
    return int(any(not problem.warning for problem in found))


def _accounts(config: Config) -> Iterator[Problem]:
    """Every account, one after the other; one that fails hides nothing of the others."""
    for one in (*config.trackers.values(), *config.helpdesks.values()):
        connector = one.connect(SystemClock())
        try:
            found = list(connector.check())
            yield from found
            if not _status(found):
                yield from _mapping(config, one, connector.statuses())
        except ConnectorError as error:
            cure = "Look at the service's status page, and run `syncd check` again"
            yield Problem(one.name, error.what, cure)
        finally:
            connector.close()


def _mapping(config: Config, one: Configured, statuses: Mapping[str, str]) -> Iterator[Problem]:
    """Statuses that the account has and the mapping doesn't, and the reverse."""
    where = f"mappings/{one.mapping.name}.toml"
    for status in one.mapping.unmapped(statuses):
        what = f"the account has a status that this mapping doesn't know: {status}"
        yield Problem(where, what, add_to_mapping(config, one.mapping.name))
    for word, native in one.mapping.write.items():
        if str(native) not in statuses and native.native not in statuses:
            what = f"it writes {native} for {word}, and the account has no such status"
            yield Problem(where, what, "Mend [write]")
    if isinstance(one, Helpdesk) and one.mapping.native(one.playbook.filed) is None:
        yield Problem(where, f"it can't write {one.playbook.filed}, which the playbook needs", "Add it to [write]")


def _data(problem: Problem) -> dict[str, str | bool]:
    return {"where": problem.where, "what": problem.what, "cure": problem.cure, "warning": problem.warning}
