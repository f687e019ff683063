"""``syncd undo``."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from syncd.cli.app import config_option, json_option
from syncd.cli.moments import Moment
from syncd.cli.plans import fresh, made, told_where, write_plan
from syncd.cli.running import configured, reading
from syncd.cli.sentences import sentence
from syncd.cli.show import as_json, plural, say, when
from syncd.clock import precise
from syncd.jobs.undo import Undo, undo


@click.command("undo")
@click.option("--since", type=Moment(), required=True, help="Of what was written since then.", metavar="WHEN")
@click.argument("file", metavar="[FILE]", required=False, type=click.Path(path_type=Path))
@json_option
@config_option
def command(file: Path | None, folder: Path | None, *, since: datetime, as_data: bool) -> int:
    """Make a plan file that puts back the statuses that syncd has written. Asks no service, and writes to none.

    FILE must not exist; without it a new one is made in the current folder. Read it, and take out what you don't want
    put back; `syncd reconcile --apply FILE` carries it out. What somebody has changed since is left as it is, and so
    are notes: they can't be taken back.
    """
    path = file or Path(f"undo-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.json")
    config = configured(folder)
    fresh(path)
    store = reading(config)
    try:
        every = {**config.trackers, **config.helpdesks}
        found = undo(store, {name: one.mapping for name, one in every.items()}, precise(since))
    finally:
        store.close()
    report = _report(found)
    if found.groups:
        report |= write_plan(path, made("undo", found.groups))
    if as_data:
        as_json(report)
    else:
        _tell(report, since)
    return 0


def _report(found: Undo) -> dict[str, Any]:
    return {
        "put_back": [
            {
                "item": one.target.human,
                "from": one.word.value,
                "to": one.back_to.value,
                "rule": one.rule,
                "written_at": one.at,
            }
            for one in found.back
        ],
        "left": [{"item": ref.human, "why": why} for ref, why in found.left],
    }


def _tell(report: dict[str, Any], since: datetime) -> None:
    if not report["put_back"]:
        say(f"There is nothing to put back of what was written since {when(precise(since))}.")
    for rule in dict.fromkeys(row["rule"] for row in report["put_back"]):
        rows = [row for row in report["put_back"] if row["rule"] == rule]
        words, what = sentence(rule, status=True, count=len(rows))
        say(f"To be put back: {plural(len(rows), what)} {words}:")
        for row in rows:
            say(f"  {row['item']:<28} {row['from']} -> {row['to']}  (written {when(row['written_at'])})")
    for why in dict.fromkeys(row["why"] for row in report["left"]):
        items = [row["item"] for row in report["left"] if row["why"] == why]
        say(f"Left as {'it is' if len(items) == 1 else 'they are'}, {why}: {', '.join(items)}")
    if report["put_back"]:
        say("Notes that were written stay: they can't be taken back.")
        told_where(report)
