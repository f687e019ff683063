"""What `syncd check` finds of filing: what a playbook asks of its trackers, and of the fields of tickets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace

from syncd import guard
from syncd.cli.examples import examples
from syncd.clock import SystemClock
from syncd.config import Config, Helpdesk
from syncd.connector import Connector
from syncd.errors import ConnectorError, Gone, Problem, Refused, Transient
from syncd.filing import Use, spots, uses
from syncd.model import Audience
from syncd.playbook import Playbook
from syncd.texts import used

LATER = "Look at the service's status page, and run `syncd check` again"


def filing_problems(config: Config, told: Sequence[Problem]) -> Iterator[Problem]:
    """For every helpdesk whose playbook files issues; nothing is filed.

    Args:
        config: the configuration.
        told: what was found before; what is wrong for certain isn't told again.
    """
    known = {problem.what for problem in told if not problem.warning}
    wrong = {one for one in config.trackers if any(_is_of(problem, one) for problem in told)}
    for desk in config.helpdesks.values():
        if not desk.playbook.file.when:
            continue
        found = [
            *_unnamed(desk),
            *examples(config, desk.playbook),
            *(one for name in desk.trackers if name not in wrong for one in _in_tracker(config, desk, name)),
        ]
        yield from (one for one in found if one.what not in known)
        known |= {one.what for one in found}


def _is_of(problem: Problem, tracker: str) -> bool:
    """Whether something is wrong with an account as such: then nothing more is asked of it."""
    file = f"connectors/{tracker}.toml"
    return not problem.warning and problem.where in {tracker, f"{file}: url", f"{file}: token", f"{file}: api_token"}


def ticket_fields(desk: Helpdesk, connector: Connector) -> Iterator[Problem]:
    """Fields of tickets that filing looks at and that the account hasn't: what rests on them never holds."""
    playbook = desk.playbook
    if not playbook.file.when:
        return
    for key, names, most in _fields_of(playbook):
        lacking = connector.lacks(names, read=True)
        if len(lacking) > most:
            what = f"the account has no field {' or '.join(map(repr, lacking))}, which {key} looks at"
            cure = "Write the name or id of a field as the account has it, or take it out"
            yield Problem(desk.where(key), what, cure, warning=True)


def _fields_of(playbook: Playbook) -> Iterator[tuple[str, list[str], int]]:
    """Keys of a playbook, the fields that each names, and how many of these may be missing: one will do for a table."""
    file, table = playbook.file, playbook.priorities
    for key, conditions in (("file.when", file.when), ("file.approved", file.approved)):
        yield key, [one.field for one in conditions if one.field is not None], 0
    yield "file.fields", list(file.fields.values()), 0
    for key, told in (("priorities.severity", table.severity), ("priorities.tier", table.tier)):
        names = [one.field for one in told.told_by if one.field is not None]
        if names and len(names) == len(told.told_by):
            yield key, names, len(names) - 1


def _unnamed(desk: Helpdesk) -> Iterator[Problem]:
    """Places that a shipped playbook leaves to the helpdesk's own file."""
    for name, spot in spots(desk.playbook).items():
        if not spot:
            what = f"nobody has said yet which repository or project {name!r} is: what belongs there isn't filed"
            cure = f'Write {name} = "OWNER/REPOSITORY", or a project\'s key'
            yield Problem(f"connectors/{desk.name}.toml: sync.routing.places.{name}", what, cure, warning=True)


def _in_tracker(config: Config, desk: Helpdesk, name: str) -> Iterator[Problem]:
    """What the playbook asks of one of its trackers."""
    mine = {spot: _place(desk, spot)[1] for spot in spots(desk.playbook).values() if _place(desk, spot)[0] == name}
    if not mine:
        return
    with closing(config.trackers[name].connect(SystemClock())) as connector:
        try:
            audiences = {spot: _audience(connector, place) for spot, place in mine.items()}
            asked = [
                replace(one, draft=replace(one.draft, place=mine[one.draft.place]))
                for one in uses(desk.playbook, audiences)
            ]
            yield from _asked(desk, connector, asked)
        except ConnectorError as error:
            yield Problem(name, error.what, LATER)
            return
    for spot, audience in audiences.items():
        yield from _public(desk, spot, audience)


def _place(desk: Helpdesk, spot: str) -> tuple[str, str]:
    """The tracker that a place is in, and what it is called there."""
    tracker, colon, place = spot.partition(":")
    return (tracker, place) if colon else (desk.trackers[0] if spot else "", spot)


def _audience(connector: Connector, place: str) -> Audience | None:
    """None also where it can't be seen, for now or for good: what stands in the way there is told as such."""
    try:
        return connector.audience(place)
    except (Refused, Gone, Transient):
        return None


def _asked(desk: Helpdesk, connector: Connector, asked: Sequence[Use]) -> Iterator[Problem]:
    """Everything at once; where something is wrong, key by key."""
    boards = [board for one in asked for board in one.boards]
    if not connector.check_filing([one.draft for one in asked], boards):
        return
    told: set[str] = set()
    for one in asked:
        for problem in connector.check_filing([one.draft], one.boards):
            if problem.what not in told:
                told.add(problem.what)
                yield replace(problem, where=desk.where(one.key))


def _public(desk: Helpdesk, spot: str, audience: Audience | None) -> Iterator[Problem]:
    """What an issue's text says that stays out of a place that everybody reads."""
    if guard.of(audience) is Audience.PRIVATE:
        return
    names, texts = desk.playbook.file.template, desk.playbook.issue_texts
    shown = {one for name in (names.title, names.body) for one in used(texts.get(name, ""))}
    hidden = sorted(one for one in shown if not guard.may_see(one, audience))
    if hidden:
        empty = ", ".join(f"{{{{ {one} }}}}" for one in hidden)
        what = f"everybody can read in {spot}, or nobody tells who can, so in its issues' text stays empty: {empty}"
        cure = "Name a private place, if engineers are to read them there"
        yield Problem(desk.where("issue_texts"), what, cure, warning=True)
