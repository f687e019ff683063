"""``syncd report``: how many tickets needed engineering, from the state alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import click

from syncd.cli import requests, worked
from syncd.cli.app import config_option, json_option
from syncd.cli.moments import Moment
from syncd.cli.running import configured, reading
from syncd.cli.show import as_csv, as_json, lasting, plural, say, table
from syncd.config import Helpdesk
from syncd.report import By, Known, figures, rows, usual
from syncd.store import BEGINNING, Store

COLUMNS = ("helpdesk", "section", "name", "since", "until", "figure", "value")
"""Of the CSV: a row for each figure."""
NOT_FIGURES = {"name", "since", "until", "company"}


@click.command("report")
@click.option("--since", type=Moment(), metavar="WHEN", help="Tickets made since a date or time; else six periods.")
@click.option("--until", type=Moment(), metavar="WHEN", help="Tickets made before a date or time; else until now.")
@click.option("--by", type=click.Choice(get_args(By)), help="Length of a period; else a month.")
@click.option("--open", "open_", is_flag=True, help="List the issues that tickets wait for, as they were opened.")
@click.option("--order", "ordered", is_flag=True, help="List them in the playbook's own order.")
@click.option("--helpdesk", "only", metavar="NAME", help="Only tickets of this helpdesk.")
@click.option("--hours", "with_hours", is_flag=True, help="Ask the helpdesk what time was worked, by company.")
@click.option("--csv", "for_sheets", is_flag=True, help="Print CSV, a row for each figure.")
@json_option
@config_option
def command(folder: Path | None, *, only: str | None, **how: Any) -> int:
    """Show how many tickets needed engineering, by period, kind, team, area, priority and company.

    Asks no service, but for --hours. Times are UTC; a ticket belongs to the period in which it was made.
    """
    listed, span = how["open_"] or how["ordered"], [how.pop(name) for name in ("since", "until", "by")]
    _refuse(listed, span, **how)
    config = configured(folder)
    if only is not None and only not in config.helpdesks:
        raise click.BadParameter(f"no helpdesk of that name; there is: {', '.join(config.helpdesks)}")
    desks = [desk for desk in config.helpdesks.values() if only in (None, desk.name)]
    if how["ordered"] and not any(desk.playbook.report.order for desk in desks):
        raise click.UsageError("No playbook has an order: add [[report.order]] to it, or use --open.")
    store = reading(config)
    try:
        if listed:
            found = requests.gather(config, store, desks, ordered=how["ordered"])
            requests.tell(found, as_data=how["as_data"], for_sheets=how["for_sheets"])
        else:
            return _figures(store, desks, _span(*span), **how)
    finally:
        store.close()
    return 0


def _refuse(listed: bool, span: Sequence[Any], *, with_hours: bool, as_data: bool, for_sheets: bool, **_: bool) -> None:
    """What doesn't go together."""
    if for_sheets and as_data:
        raise click.UsageError("Choose --csv or --json, not both.")
    if listed and (with_hours or any(one is not None for one in span)):
        raise click.UsageError("What is open now has no period: leave out --since, --until, --by and --hours.")


def _figures(
    store: Store,
    desks: Sequence[Helpdesk],
    span: tuple[datetime, datetime, By],
    *,
    with_hours: bool,
    as_data: bool,
    for_sheets: bool,
    **_: bool,
) -> int:
    """The report, desk by desk; 1 where a helpdesk was asked for hours and told none."""
    asked = {desk.name: worked.ask(desk, *span[:2]) if with_hours else None for desk in desks}
    found = [{**figures(known(store, desk), *span), "hours": asked[desk.name]} for desk in desks]
    if as_data:
        as_json({"helpdesks": found})
    elif for_sheets:
        as_csv(COLUMNS, (cells for one in found for cells in _cells(one)))
    else:
        for one in found:
            _tell(one)
    return int(with_hours and None in asked.values())


def _span(since: datetime | None, until: datetime | None, by: By | None) -> tuple[datetime, datetime, By]:
    until, by = until or datetime.now(UTC), by or "month"
    since = since or usual(until, by)
    if since >= until:
        raise click.UsageError("--since has to be before --until.")
    return since, until, by


def known(store: Store, desk: Helpdesk) -> Known:
    """What the state knows of a helpdesk."""
    tickets, reach = store.tickets, store.tickets.reach(desk.name)
    found = rows(tickets.handed(desk.name), desk.playbook, desk.mapping)
    since = "" if reach == BEGINNING else reach
    return Known(desk.name, desk.playbook, tickets.made(desk.name), found, walked=bool(reach), reach=since)


def _cells(found: Mapping[str, Any]) -> Iterator[Sequence[Any]]:
    """A helpdesk's figures, a row each."""
    whole = found["whole"]
    took = [{"name": name, **one} for name, one in found["times"].items()]
    spent = [{"name": one["company"], **one} for one in (found["hours"] or {}).get("companies", ())]
    sections = {found["by"]: found["periods"], "whole": [whole], **found["groups"], "time": took, "hours": spent}
    for section, parts in sections.items():
        for part in parts:
            span = part.get("since", whole["since"]), part.get("until", whole["until"])
            for figure in (key for key in part if key not in NOT_FIGURES):
                yield found["helpdesk"], section, part["name"], *span, figure, _plain(part[figure])


def _plain(value: Any) -> Any:
    """Yes and no as JSON has them; nothing for what isn't known."""
    return str(value).lower() if isinstance(value, bool) else value


def _tell(found: Mapping[str, Any]) -> None:
    whole, goal = found["whole"], found["goal"]
    kinds = " or ".join(found["counted_kinds"])
    aim = f", at most {100 * goal:g} % as the goal" if goal is not None else ""
    say(f"{found['helpdesk']}: tickets that needed engineering (an issue of the kind {kinds}){aim}\n")
    _tell_periods(found)
    shown = {what: parts for what, parts in found["groups"].items() if any(part["name"] for part in parts)}
    for what, parts in shown.items():
        _tell_group(what, parts)
    if shown:
        first, last, cut = (found["before"][name] for name in ("since", "until", "cut"))
        doubt = "; tickets were not counted all that time" if cut else ""
        say(f"\nBefore: as long a time before, {first[:10]} to {last[:10]}{doubt}.")
    _tell_times(found["times"])
    if found["hours"] is not None:
        worked.tell(found["hours"])
    if whole["unknown_kind"]:
        many = plural(whole["unknown_kind"], "ticket has an issue", "tickets have issues")
        say(f"\n{many} of which no label tells the kind: not counted.")
    say(f"\n{_counted_since(found)}")


def _tell_periods(found: Mapping[str, Any]) -> None:
    parts = [*found["periods"], {**found["whole"], "name": "in all"}]
    heads = (found["by"], "tickets", "with an issue", "needed engineering", "share", "before", "goal")
    table(heads, [_row(part) for part in parts])
    cut = [part["name"] for part in parts if part["cut"]]
    if cut:
        say(f"Not whole, since tickets were not counted all the time: {', '.join(cut)}")


def _row(part: Mapping[str, Any]) -> Sequence[str]:
    kept = {None: "", True: "kept", False: "missed"}[part["within_goal"]]
    numbers = (f"{part[name]:,}" for name in ("tickets", "with_issue", "counted"))
    return part["name"], *numbers, _percent(part["share"]), _percent(part["share_before"]), kept


def _tell_group(what: str, parts: Sequence[Mapping[str, Any]]) -> None:
    say()
    heads = (what, "with an issue", "before", "needed engineering", "before", "share of all")
    names = ("with_issue", "with_issue_before", "counted", "counted_before")
    table(
        heads,
        [(one["name"] or "unknown", *(f"{one[name]:,}" for name in names), _percent(one["share"])) for one in parts],
    )


TIMES = {
    "to_file": "escalated to filed",
    "assigned_to_file": "assigned to filed",
    "to_answer": "made to first answer",
    "to_resolve": "filed to resolved",
}
"""What the times of ``--json`` are called for people."""


def _tell_times(times: Mapping[str, Mapping[str, Any]]) -> None:
    """How long it took, as far as it is known of any ticket; working time only where there is any."""
    if not any(one["tickets"] for one in times.values()):
        return
    heads = {"tickets": "tickets", "median": "median", "p90": "90 % within"}
    working = {"working_median": "working time", "working_p90": "90 % within"}
    if any(one["working_p90"] is not None for one in times.values()):
        heads |= working
    heads |= {"pending": "to come", "unknown": "not known"}
    counts = {"tickets", "pending", "unknown"}
    cells = [
        [TIMES[name], *(f"{one[key]:,}" if key in counts else lasting(one[key]) for key in heads)]
        for name, one in times.items()
        if one["tickets"]
    ]
    say()
    table(("tickets with an issue", *heads.values()), cells)


def _percent(value: float | None) -> str:
    """Nothing where there were no tickets."""
    return "" if value is None else f"{100 * value:.1f} %"


def _counted_since(found: Mapping[str, Any]) -> str:
    if not found["first_walk_done"]:
        return "The first walk of its tickets isn't finished: there are more of them than are counted here."
    since = found["tickets_counted_since"]
    if not since:
        return "No ticket was met yet."
    return f"Tickets are counted by when they were made (UTC), since {since[:10]}."
