"""What ``syncd report --open`` tells: issues that tickets wait for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from syncd.cli.show import as_csv, as_json, say, table
from syncd.config import Config, Helpdesk
from syncd.model import FINISHED_ISSUE, Word
from syncd.report import Request, Row, in_order, requests, rows
from syncd.store import Store

COLUMNS = ("opened_at", "issue", "url", "tickets", "kind", "area", "team", "priority", "company", "rank", "age_days")
"""Of the CSV, and the keys of the JSON."""
DAY = 86400


def gather(config: Config, store: Store, desks: Sequence[Helpdesk], *, ordered: bool) -> list[Request]:
    """Open requests of some helpdesks, as they were opened or by the order of the first playbook that has one."""
    waiting = [
        row
        for desk in desks
        for row in rows(store.tickets.handed(desk.name), desk.playbook, desk.mapping)
        if row.pair.linked and _is_open(config, desk, row)
    ]
    ranks = next((desk.playbook.report.order for desk in desks if desk.playbook.report.order), ())
    found = requests(waiting, ranks)
    return in_order(found) if ordered else found


def _is_open(config: Config, desk: Helpdesk, row: Row) -> bool:
    """Whether an issue is unfinished by the playbook; one whose status the mapping doesn't know counts as such."""
    pair, tracker = row.pair, config.trackers.get(row.pair.issue.connector)
    if tracker is None or not pair.issue_status.native:
        return False
    met = desk.playbook.met(pair.labels, pair.issue_released)
    word = desk.playbook.counts(tracker.mapping.word(pair.issue_status), met)
    return word not in {*FINISHED_ISSUE, Word.DUPLICATE}


def tell(found: Sequence[Request], *, as_data: bool, for_sheets: bool) -> None:
    """Print them."""
    now = datetime.now(UTC)
    data = [_row(one, now) for one in found]
    if as_data:
        as_json({"requests": data})
    elif for_sheets:
        as_csv(COLUMNS, ([_joined(row[name]) for name in COLUMNS] for row in data))
    elif not data:
        say("No ticket waits for an issue.")
    else:
        _tell(data)


def _row(one: Request, now: datetime) -> dict[str, Any]:
    told = {"opened_at": one.opened_at, "issue": one.issue.human, "url": one.url}
    facts = {name: getattr(one, name) for name in ("kind", "area", "team", "priority", "company", "rank")}
    return {**told, "tickets": [ref.human for ref in one.tickets], **facts, "age_days": int(one.age(now) // DAY)}


def _joined(value: Any) -> Any:
    return " ".join(value) if isinstance(value, list) else value


def _tell(data: Sequence[Mapping[str, Any]]) -> None:
    """A table without the columns of which nothing is known, and without addresses."""
    known = [name for name in COLUMNS if name != "url" and any(row[name] not in ("", []) for row in data)]
    cells = [{**row, "opened_at": row["opened_at"][:10], "age_days": f"{row['age_days']:,}"} for row in data]
    heads = {"opened_at": "opened", "age_days": "days", "rank": "order"}
    table([heads.get(name, name) for name in known], [[str(_joined(row[name])) for name in known] for row in cells])
