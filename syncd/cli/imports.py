"""``syncd links import``: links from a list that people have, or a lost state anew from our own notes."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from syncd.cli.app import config_option, json_option
from syncd.cli.hosts import Alone, Host, through
from syncd.cli.linking import pair
from syncd.cli.running import configured, working
from syncd.cli.show import as_json, complain, plural, say
from syncd.config import Config
from syncd.errors import ConnectorError, Gone, Refused, UnknownRef
from syncd.jobs.backfill import drain_and_wait
from syncd.jobs.rebuild import rebuild
from syncd.model import Item, Ref, Removed
from syncd.records import BY_PERSON
from syncd.retry import reads
from syncd.sync.tie import take_over
from syncd.work import Work

COLUMNS = ("ticket", "issue", "kind")
LARGEST = 20 * 1024 * 1024
MOST_TOLD = 200_000
"""Characters that a running service is told at once; for a longer list it has to be stopped."""
SHOWN = 80
"""Characters of a cell that a message repeats."""


@dataclass
class Row:
    """A line of the list: what it says, what that names, and why it can't be taken."""

    line: int
    cells: tuple[str, str, str]
    ends: list[Ref] = field(default_factory=list)
    why: str = ""


@click.command("import", short_help="Take over links from a list.")
@click.argument("file", metavar="[FILE]", required=False, type=click.Path(path_type=Path, allow_dash=True))
@click.option("--from-markers", is_flag=True, help="Build the links of a lost state anew, from syncd's own notes.")
@click.option("--dry-run", is_flag=True, help="Say what would be taken; write nothing, neither there nor here.")
@json_option
@config_option
def command(file: Path | None, folder: Path | None, *, from_markers: bool, dry_run: bool, as_data: bool) -> int:
    """Take over links from FILE: CSV with the header ticket,issue,kind (kind stays empty: it follows from the issue).

    Every pair is taken as it stands: nothing is written to a ticket or an issue until one of them changes. Either all
    lines are taken or none: a line that can't be is listed with its number and the reason. Imported once more, nothing
    changes; a link that a person removed stays removed.

    --from-markers is for a state that was lost, and needs the service to be stopped.
    """
    if (file is None) is not from_markers:
        raise click.UsageError("name a FILE, or --from-markers")
    if file is None:
        with working(configured(folder), dry=dry_run) as work:
            return _from_markers(work, as_data=as_data, dry=dry_run)
    lines = [[row.line, *row.cells] for row in _read(file)]
    if len(json.dumps(lines)) > MOST_TOLD:
        return do_import(Alone(configured(folder)), lines=lines, dry_run=dry_run, as_data=as_data)
    return through(folder, "links import", lines=lines, dry_run=dry_run, as_data=as_data)


def do_import(host: Host, *, lines: Sequence[Sequence[Any]], dry_run: bool, as_data: bool) -> int:
    """The work of it."""
    rows = [Row(line, (ticket, issue, kind)) for line, ticket, issue, kind in lines]
    with host.working(dry=dry_run) as work:
        return _import(host.config, work, rows, as_data=as_data, dry=dry_run)


# --- a list ---


def _read(file: Path) -> Iterator[Row]:
    """The lines of a list; empty ones are left out.

    Raises:
        UsageError: it isn't one.
    """
    try:
        with click.open_file(str(file), "rb") as stream:
            data = stream.read(LARGEST + 1)
        text = data.decode("utf-8-sig")
    except OSError as error:
        raise click.UsageError(f"{file} can't be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise click.UsageError(f"{file} is not UTF-8: save it as CSV UTF-8") from error
    if len(data) > LARGEST:
        raise click.UsageError(f"{file} is too large for a list of links: split it")
    first = text.split("\n", 1)[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=";" if ";" in first else ",", strict=True)
    try:
        header = [cell.strip().casefold() for cell in next(reader, [])]
        if not {"ticket", "issue"} <= set(header) or len(set(header)) < len(header):
            raise click.UsageError(f"{file}: the first line must be {','.join(COLUMNS)}")
        for cells in reader:
            named = dict(zip(header, (cell.strip() for cell in cells), strict=False))
            if any(named.values()):
                ticket, issue, kind = (named.get(name, "") for name in COLUMNS)
                yield Row(reader.line_num, (ticket, issue, kind))
    except csv.Error as error:
        raise click.UsageError(f"{file}, line {reader.line_num}: this is no CSV ({error})") from error


def _import(config: Config, work: Work, rows: Sequence[Row], *, as_data: bool, dry: bool) -> int:
    for row in rows:
        _name_ends(config, work, row)
    items = _items(work, rows)
    bad = [row for row in rows if row.why]
    done: Counter[str] = Counter()
    if not bad:
        done = _take(work, rows, items)
    report = {
        "dry_run": dry,
        "lines": len(rows),
        "taken": done["taken"],
        "known": done["known"],
        "removed_by_a_person": done["removed"],
        "bad": [{"line": row.line, "ticket": row.cells[0], "issue": row.cells[1], "why": row.why} for row in bad],
    }
    if as_data:
        as_json(report)
    else:
        _tell(report)
    return int(bool(bad))


def _name_ends(config: Config, work: Work, row: Row) -> None:
    """Ticket and issue of a line; asks a service only for keys that it never met."""
    ticket, issue, kind = row.cells
    if not ticket or not issue:
        row.why = f"the {'issue' if ticket else 'ticket'} is missing"
        return
    if kind:
        row.why = "the kind follows from the issue, by its label or its filing: leave the column empty"
        return
    try:
        row.ends = list(pair(config, _named(work, ticket), _named(work, issue)))
    except UnknownRef as error:
        row.why = str(error)
    except (Refused, Gone) as error:
        row.why = error.what


def _named(work: Work, text: str) -> Ref:
    """The item that a cell names, whether it is there or not.

    Raises:
        UnknownRef: it names none.
        ConnectorError: its system can't be asked.
    """
    for connector in work.connectors.values():
        found = connector.parse_url(text)
        if len(found) == 1 and (found[0].start, found[0].end) == (0, len(text)):
            name, key = connector.name, found[0].key
            break
    else:
        name, _, key = text.partition(":")
    if name not in work.connectors or not key:
        names = ", ".join(sorted(work.connectors))
        raise UnknownRef(f"{text[:SHOWN]!r} is no URL of a ticket or issue, and no NAME:KEY with NAME one of {names}")
    known = work.store.snapshots.get(Ref(name, key))
    ref = known.ref if known is not None else work.store.snapshots.by_key(name, key)
    ref = ref or reads(work.clock)(work.connectors[name].resolve, key)
    if ref is None:
        raise UnknownRef(f"{name} has no {key[:SHOWN]!r}, or hides it from us")
    return ref


def _items(work: Work, rows: Sequence[Row]) -> dict[Ref, Item]:
    """Every item of the list as it is now, read in bulk; a line with one that isn't there is no good one."""
    found: dict[Ref, Item] = {}
    for name, connector in work.connectors.items():
        refs = [ref for ref in dict.fromkeys(ref for row in rows for ref in row.ends) if ref.connector == name]
        size = max(1, connector.capabilities.fetch_batch)
        for start in range(0, len(refs), size):
            work.progress(f"reading {name}", start, len(refs))
            part = reads(work.clock)(connector.fetch, refs[start : start + size])
            for ref, answer in part.items():
                if isinstance(answer, Item):
                    found[ref] = answer
                    continue
                for row in rows:
                    if ref in row.ends:
                        row.why = row.why or _absent(ref, answer)
    return found


def _absent(ref: Ref, answer: Removed | ConnectorError) -> str:
    return f"{ref.human}: {answer.what}" if isinstance(answer, ConnectorError) else f"{ref.human} is not there"


def _take(work: Work, rows: Sequence[Row], items: dict[Ref, Item]) -> Counter[str]:
    """All lines, in one transaction; then what the new links need, which is no write."""
    done: Counter[str] = Counter()
    keys = set()
    with work.store.write():
        for ticket, issue in dict.fromkeys((items[row.ends[0]].ref, items[row.ends[1]].ref) for row in rows):
            link = work.store.links.pair(ticket, issue)
            if link is not None and link.reason == BY_PERSON:
                done["removed"] += 1
                continue
            taken = take_over(work, ticket, issue)
            done["taken" if taken else "known"] += 1
            if taken:
                for ref in (ticket, issue):
                    if work.store.snapshots.get(ref) is None:
                        work.keep(items[ref])
                work.ask(ticket, "imported")
                keys.add(work.store.groups.of(ticket) or "")
    if keys:
        drain_and_wait(work, frozenset(keys))
    return done


def _tell(report: dict[str, Any]) -> None:
    for bad in report["bad"]:
        complain(f"line {bad['line']}: {bad['why']}")
    if report["bad"]:
        number = len(report["bad"])
        say(f"Nothing was taken: {plural(number, 'line')} of {report['lines']:,} can't be. Mend them, and run it again")
        return
    would = "would be " if report["dry_run"] else ""
    say(f"{plural(report['taken'], 'link')} {would}taken over as they stand, {report['known']:,} known already")
    if report["removed_by_a_person"]:
        count = plural(report["removed_by_a_person"], "link")
        say(f"{count} left out, because a person removed them; `syncd links add TICKET ISSUE` brings one back")


# --- our own notes ---


def _from_markers(work: Work, *, as_data: bool, dry: bool) -> int:
    say_it = (lambda _line: None) if as_data else say
    say_it("Reading every ticket and issue, and the notes of tickets that are done: a call or two for each of those")
    failures = rebuild(work)
    counts = work.store.links.counts()
    report = {
        "dry_run": dry,
        "links": sum(n for (state, _), n in counts.items() if state == "live"),
        "notes": work.tally["recalled"],
        "notes_of_unknown_links": work.tally["unknown marks"],
        "notes_of_another_key": work.tally["foreign marks"],
        "not_read": {name: error.what for name, error in failures.items()},
    }
    if as_data:
        as_json(report)
    else:
        _tell_recalled(report)
    return int(bool(failures or work.tally["foreign marks"]))


def _tell_recalled(report: dict[str, Any]) -> None:
    notes, links = plural(report["notes"], "note"), plural(report["links"], "live link")
    say(f"{links}; {notes} of syncd's own {'would be' if report['dry_run'] else ''} recalled".replace("  ", " "))
    if report["notes_of_unknown_links"]:
        count = plural(report["notes_of_unknown_links"], "note")
        say(f"{count} of syncd's own belong to links that nothing else tells of: those were left out")
    if report["notes_of_another_key"]:
        count = plural(report["notes_of_another_key"], "note")
        complain(f"{count} of our account were signed with another marker key: put that key back, and run this again")
    for name, what in report["not_read"].items():
        complain(f"{name} could not be read to its end: {what}. Run this again later")
    if not report["not_read"]:
        say("Next: `syncd reconcile --dry-run` says what would be caught up; links that a person had removed are back")
