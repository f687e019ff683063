"""``syncd init``: a first config folder, from questions or options."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from syncd.cli.app import config_option
from syncd.cli.asking import Asker
from syncd.cli.folder import make
from syncd.cli.questions import Answer, Choice, Kind, Question, kinds, put, toml
from syncd.cli.show import plural, say
from syncd.config import SYSTEM_FOLDER, find_folder, load
from syncd.config.files import Shelf
from syncd.errors import ConfigError, Problem
from syncd.model import Role
from syncd.schema import Wrong

MAIN = """\
# syncd's own settings, made by `syncd init`. One file per account stands in connectors/.

# Where links and all else that syncd remembers are kept: one SQLite file. `syncd backup FILE` copies it.
state = {state}

# "observe": syncd reads both services, says what it would write, and writes nothing there.
# To go live: run `syncd reconcile --dry-run`, read what would change, write "live" here, and start `syncd run` anew.
mode = "observe"

# Where the health endpoint listens; on this machine only.
# listen = "127.0.0.1:8787"

# What syncd signs its notes with, to know them again: credentials/marker_key. It isn't in the state: keep a copy in a
# safe place.
# marker_key = "credential:marker_key"

# [log]
# level = "info"                        # debug, info, warning, error
# format = "json"                       # json, text

# When syncd stops a connector by itself: within an hour more changes than the larger of the two, or more messages to
# customers. `syncd brake release NAME` lets it go on.
# [brake]
# max_changes = 20
# share = 0.1
# max_messages = 50

# Where what needs a person is told, while `syncd run` runs. `syncd check --notify` sends a test message there.
# [notify.team]
# kind = "slack"                        # slack, mail, webhook: docs/operations.md tells what each needs
# token = "credential:slack"            # a bot's
# channel = "C0123456789"               # the channel's id
"""
PLACES = """\
# Where issues are filed for escalated tickets: the playbook's names of places, each a repository or project of the
# tracker. What belongs in a place without one isn't filed."""
PLAYBOOK = Question(
    key="playbook",
    ask="How the team works, a playbook",
    default="default",
    help="What follows when an issue is filed, closed or reopened, and what is said then.",
)
TRACKERS = Question(key="trackers", ask="", many=True)
STATE = Question(
    key="state",
    ask="The file for the state",
    help="Links and all else that syncd remembers. Whoever runs syncd must be able to write in its folder.",
)


class Init(click.Command):
    """A command with an option for each question of each installed connector."""

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Its own options, and the connectors'."""
        params = super().get_params(ctx)
        for kind in kinds().values():
            for question in kind.questions:
                title = f"{kind.title}, {question.only}" if question.only else kind.title
                ask = f"{title}. {question.ask}."
                meta = "REFERENCE" if question.secret else "TEXT"
                option = click.Option([kind.flag(question)], help=ask, metavar=meta, multiple=question.many)
                params.insert(-1, option)
        return params


@click.command("init", cls=Init)
@click.argument("target", metavar="[DIR]", required=False, type=click.Path(path_type=Path))
@click.option("--helpdesk", metavar="KIND", help="The kind of helpdesk.")
@click.option("--tracker", metavar="KIND", help="The kind of tracker.")
@click.option("--playbook", metavar="NAME", help=f"{PLAYBOOK.ask}.")
@click.option("--state", metavar="PATH", help=f"{STATE.ask}.")
@click.option("--non-interactive", is_flag=True, help="Ask nothing; fail with a list of what is missing.")
@config_option
def command(target: Path | None, folder: Path | None, *, non_interactive: bool, **given: Any) -> int:
    """Make a config folder DIR: asks for your helpdesk and tracker, writes commented files.

    Every answer can be given as an option; a REFERENCE is env:NAME, file:PATH, or - to have the secret read from
    standard input, a line each. Nothing that exists is overwritten, and no service is asked.
    """
    place = _place(target, folder)
    flags = {f"--{name}".replace("_", "-"): _answer(value) for name, value in given.items() if value}
    asker = Asker(place, flags, live=not non_interactive and sys.stdin.isatty())
    known = kinds()
    if asker.live:
        say(f"This makes a config folder in {place}. Nothing is written before the last answer; Ctrl-C gives up.")
    chosen = [_kind(asker, known, role) for role in (Role.HELPDESK, Role.TRACKER)]
    _refuse_existing(place, chosen)
    made = _files(asker, place, chosen)
    if asker.lacking:
        rest = "" if non_interactive else "There is no terminal to ask on. "
        raise click.UsageError(f"{rest}Nothing was written:\n" + "\n".join(f"  {line}" for line in asker.lacking))
    make(place, made, _credentials(asker))
    load(place)
    _tell(place, made, asker)
    return 0


def _answer(value: Any) -> Answer:
    return list(value) if isinstance(value, tuple) else str(value)


def _place(target: Path | None, folder: Path | None) -> Path:
    """Where: what is named, else /etc/syncd for root and the current folder for others."""
    named = target or folder or os.environ.get("SYNCD_CONFIG")
    return Path(named or (SYSTEM_FOLDER if os.geteuid() == 0 else Path())).absolute()


def _kind(asker: Asker, known: Mapping[str, Kind], role: Role) -> Kind | None:
    """The kind of connector for a role: the only one there is, or the one that is chosen."""
    fit = {name: kind for name, kind in known.items() if role in kind.roles()}
    only = next(iter(fit)) if len(fit) == 1 else ""
    question = Question(key="kind", ask=f"Your {role} ({', '.join(fit)})", default=only)

    def judge(name: Answer, _: object) -> Answer:
        if name not in fit:
            raise Wrong(f"no such {role} is installed", f"Write one of: {', '.join(fit)}")
        return name

    answer = asker.plain(f"--{role}", question, judge)
    return fit[str(answer)] if answer else None


def _refuse_existing(place: Path, chosen: Sequence[Kind | None]) -> None:
    names = ["syncd.toml", *(f"connectors/{kind.name}.toml" for kind in chosen if kind)]
    there = [place / name for name in names if os.path.lexists(place / name)]
    if there:
        cure = f"Edit it by hand and run `syncd check`, or name another folder: syncd init {place}-2"
        raise ConfigError([Problem(str(path), "it is there already, and is left as it is", cure) for path in there])


def _files(asker: Asker, place: Path, chosen: Sequence[Kind | None]) -> dict[str, str]:
    """Path -> text of every file, as far as the answers go."""
    made, playbook = {}, ""
    desk, tracker = chosen
    for kind in chosen:
        if kind is None:
            continue
        if asker.live:
            say(f"\n--- {kind.title}")
        answers = _answers(asker, kind)
        text = kind.file(answers)
        if kind is desk and tracker is not None:
            playbook = _playbook(asker, place)
            text = put(put(text, PLAYBOOK, playbook), TRACKERS, [tracker.name])
        made[f"connectors/{kind.name}.toml"] = text
        if kind is tracker and desk is not None:
            made[f"connectors/{desk.name}.toml"] += _places(Shelf(place), playbook, kind.spots(answers))
    if asker.live:
        say("\n--- This machine")
    made["syncd.toml"] = MAIN.format(state=toml(_state(asker, place)))
    return made


def _answers(asker: Asker, kind: Kind) -> dict[str, Answer]:
    """What a connector's file will hold."""
    found = {}
    chosen = _chosen(asker, kind)
    asked = [question for question in kind.questions if question.only in {"", chosen}]
    several = sum(question.secret for question in asked) > 1
    for question in asked:
        flag = kind.flag(question)
        judge = _judge(kind, question)
        if question.secret:
            name = f"{kind.name}_{question.key}" if several else kind.name
            answer = asker.secret(flag, question, name, judge)
        else:
            answer = asker.plain(flag, question, judge)
        if answer:
            found[question.key] = answer
    return found


def _chosen(asker: Asker, kind: Kind) -> str:
    """What is chosen among a connector's ways to log in: options that belong to one tell it, else it is asked."""
    choices = {name: [kind.flag(question) for question in asked] for name, asked in kind.choices.items()}
    given = {name: asker.given(flags) for name, flags in choices.items()}
    named = [name for name, flags in given.items() if flags]
    if len(named) == 1 or kind.choice is None:
        return "".join(named)
    if asker.live:
        return _ask_choice(asker, kind.choice, list(choices))
    if named:
        *most, last = [flag for flags in given.values() for flag in flags]
        asker.lacking.append(f"{', '.join(most)} and {last} don't go together: which is it ({', '.join(named)})?")
    else:
        ways = [f"{' with '.join(flags)} ({name})" for name, flags in choices.items()]
        asker.lacking.append(f"{', or '.join(ways)}, is missing")
    return ""


def _ask_choice(asker: Asker, choice: Choice, names: Sequence[str]) -> str:
    question = Question(key="choice", ask=f"{choice.ask} ({', '.join(names)})", help=choice.help, default=names[0])

    def judge(name: Answer, _: object) -> Answer:
        if name not in names:
            raise Wrong("it is none of these", f"Write one of: {', '.join(names)}")
        return name

    return str(asker.plain("", question, judge))


def _judge(kind: Kind, question: Question) -> Any:
    return lambda answer, read: kind.judge(question, answer, read)


def _playbook(asker: Asker, place: Path) -> str:
    names = Shelf(place).names("playbooks")
    question = PLAYBOOK.model_copy(update={"ask": f"{PLAYBOOK.ask} ({', '.join(names)})"})

    def judge(name: Answer, _: object) -> Answer:
        if name not in names:
            raise Wrong("there is no such playbook", f"Write one of: {', '.join(names)}")
        return name

    return str(asker.plain("--playbook", question, judge) or PLAYBOOK.default)


def _places(shelf: Shelf, playbook: str, spots: Sequence[str]) -> str:
    """Which repository or project each place of the playbook is: lines to fill in, or what can only be meant."""
    name = f"{playbook}.toml"
    book = shelf.own("playbooks", name) or shelf.shipped("playbooks", name) or {}
    unnamed = [name for name, spot in book.get("routing", {}).get("places", {}).items() if not spot]
    if not unnamed:
        return ""
    sure = len(unnamed) == len(spots) == 1
    like = "OWNER/REPOSITORY" if any("/" in spot for spot in spots) or not spots else "PROJECT"
    lines = [f"{'' if sure else '# '}{name} = {toml(spots[0] if sure else like)}" for name in unnamed]
    return "\n".join(["", PLACES, "[sync.routing.places]", *lines, ""])


def _state(asker: Asker, place: Path) -> str:
    """Beside the configuration, but for the system's own, which belongs below /var."""
    default = "/var/lib/syncd/syncd.db" if place == SYSTEM_FOLDER else str(place / "state" / "syncd.db")

    def judge(path: Answer, _: object) -> Answer:
        full = Path(str(path)).expanduser().absolute()
        if full.is_dir():
            raise Wrong("this is a folder", "Name a file in it, such as syncd.db")
        return str(full)

    return str(asker.plain("--state", STATE.model_copy(update={"default": default}), judge) or default)


def _credentials(asker: Asker) -> dict[str, str]:
    """Name -> what to keep of it; a marker key that is there stays."""
    kept = dict(asker.secrets)
    if not os.path.lexists(asker.folder / "credentials" / "marker_key"):
        kept["marker_key"] = secrets.token_bytes(32).hex()
    return kept


def _tell(place: Path, made: Mapping[str, str], asker: Asker) -> None:
    """What there is now, and what to do next."""
    names = [*sorted(made), *(f"credentials/{name}" for name in sorted(_kept(place)))]
    say(f"\n{plural(len(names), 'file')} in {place}: {', '.join(names)}")
    if asker.secrets:
        say("Secrets stand in credentials/, for their owner only. A service that you make must run as that owner;")
        say(f"syncd.service gets those in {SYSTEM_FOLDER}/credentials from systemd")
    option = "" if _found(place) else f" --config {place}"
    say("\nsyncd starts in observe mode: it writes nothing to any service. Next, in this order:\n")
    for verb, what in (
        ("check", "tests credentials, rights and statuses; changes nothing"),
        ("reconcile --dry-run", "says what would change, and why; writes nothing"),
        ("run", "the service; it only looks until syncd.toml says live"),
    ):
        say(f"  syncd{option} {verb:<20} # {what}")


def _kept(place: Path) -> list[str]:
    return [path.name for path in (place / "credentials").iterdir()]


def _found(place: Path) -> bool:
    """Whether the folder is found without being named."""
    try:
        return find_folder() == place
    except ConfigError:
        return False
