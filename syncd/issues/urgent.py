"""Urgent: of several tickets of a helpdesk that wait for their issues, the most urgent one is filed first.

A brake, a limit or an outage lets only some of them through. How urgent each is shows only when it is read, so that is
done beforehand, once for each version of a ticket; where only one waits, not at all.
"""

from __future__ import annotations

from collections.abc import Sequence

from syncd.config import Helpdesk
from syncd.defects import of_one_item
from syncd.errors import ConnectorError, Interrupted, RateLimited, Unauthorized
from syncd.filing import known, priority
from syncd.issues.already import already
from syncd.retry import reads
from syncd.store import FilingRow, FilingState
from syncd.work import IN_PLACE, Work


def most_urgent_first(work: Work, desk: Helpdesk, rows: Sequence[FilingRow]) -> Sequence[FilingRow]:
    """These rows, which are due: issues that are looked for, then those to be filed; as due where nothing tells.

    Raises:
        Interrupted: syncd is to stop; between two tickets.
    """
    levels, waiting = desk.playbook.priorities.levels, [row for row in rows if row.state is not FilingState.DOUBT]
    if desk.playbook.file.order != "urgent" or not levels or len(waiting) < 2:  # nothing to choose
        return rows
    before = work.urgency.get(desk.name, {})
    ranks = {row.id: before[row.id] for row in waiting if before.get(row.id, ("", 0))[0] == row.version}
    for row in waiting:
        if work.clock.sleep(0):
            raise Interrupted("stopped between two tickets")
        if row.id in ranks or already(work, row) is not None:
            continue
        try:
            ranks[row.id] = row.version, _rank(work, desk, row)
        except (RateLimited, Unauthorized):  # no other can be read now, either
            break
        except ConnectorError:  # told when its turn comes
            continue
    work.urgency[desk.name] = ranks
    unknown = "", len(levels)
    looked_for = [row for row in rows if row.state is FilingState.DOUBT]
    return looked_for + sorted(waiting, key=lambda row: ranks.get(row.id, unknown)[1])


def _rank(work: Work, desk: Helpdesk, row: FilingRow) -> int:
    """Where a ticket's priority stands in the playbook's list of them; after all of them where it has none."""
    levels = desk.playbook.priorities.levels
    try:
        detail = reads(work.clock, patience=IN_PLACE)(work.connectors[desk.name].detail, row.ticket)
        level = priority(known(detail, desk.playbook), desk.playbook.priorities).value
    except Exception as error:
        if isinstance(error, ConnectorError) or not of_one_item(error):
            raise
        return len(levels)
    return levels.index(level) if level in levels else len(levels)


__all__ = ["most_urgent_first"]
