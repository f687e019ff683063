"""What became of escalated tickets, for ``status``, ``explain``, ``queue`` and the report of a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from syncd.cli.show import plural, say, some, when
from syncd.clock import precise
from syncd.model import Ref
from syncd.store import FilingRow, FilingState, Store
from syncd.work import Work

STATES = {
    FilingState.OLD: "escalated before the watch began: left to people",
    FilingState.WAITING: "to be filed",
    FilingState.UNFILED: "without an issue as things stand",
    FilingState.SENT: "being filed",
    FilingState.DOUBT: "the answer was lost: the issue is looked for",
    FilingState.FILED: "filed",
    FilingState.ADOPTED: "a person's issue was taken over",
    FilingState.REFUSED: "refused",
    FilingState.WITHDRAWN: "escalated no more",
}
UNFILED = {
    "nothing_filed": "the playbook files nothing any more",
    "not_escalated": "read afresh, the ticket shows no trigger",
    "finished": "the ticket is finished",
    "not_authorised": "the requester may not start an issue, and nobody who may has approved",
    "no_company": "the ticket is for no company, so nobody can be its representative",
    "not_answered": "no person has answered the requester yet",
    "no_issue": "its kind, priority or area needs none",
    "no_place": "nobody has said which repository or project that is",
}
"""The rules of :class:`syncd.filing.Unfiled` without what names people; `syncd explain --ticket` says more."""


EXAMPLES = 3
"""So many of a kind are named that end by themselves."""
TO_ANSWER = frozenset({"not_authorised", "no_company", "not_answered", "no_place"})
"""What people can do something about before an issue is filed."""
FOR_PEOPLE = ("refused_filings", "refused_boards", "two_issues", "exposed")
"""Of what is gathered, what needs a person."""


def gather(store: Store) -> dict[str, Any]:
    """All of them together, as data."""
    counts, rules = Counter[str](), Counter[str]()
    for _, state, rule, number in store.filings.counts():
        counts[state] += number
        if state is FilingState.UNFILED:
            rules[rule] += number
    open_ = store.filings.open()
    held = store.filings.unfiled(TO_ANSWER)
    refused = [row for row in open_ if row.state is FilingState.REFUSED]
    doubtful = [row for row in open_ if row.state is FilingState.DOUBT]
    return {
        "filings": dict(counts),
        "unfiled": dict(rules),
        "unfiled_tickets": [{"ticket": row.ticket.human, "rule": row.rule, "since": row.seen_at} for row in held],
        "doubtful_filings": [
            {"ticket": row.ticket.human, **{name: getattr(row, name) for name in ("tracker", "place", "reason", "due")}}
            for row in doubtful
        ],
        "two_issues": [
            {"ticket": row.ticket.human, "issue": _issue(row), "beside": row.beside} for row in store.filings.flagged()
        ],
        "exposed": [ref.human for ref in store.accepted.exposed()],
        "refused_filings": [{"ticket": row.ticket.human, "reason": row.reason} for row in refused],
        "refused_boards": [
            {"ticket": row.ticket.human, "issue": _issue(row), "reason": row.board_reason}
            for row in store.boards.refused()
        ],
    }


def _issue(row: FilingRow) -> str:
    return row.issue.human if row.issue else ""


def tell(found: Mapping[str, Any]) -> None:
    """For people."""
    counts: Mapping[str, int] = found["filings"]
    under_way = [state for state in FilingState if counts.get(state) and state is not FilingState.OLD]
    if under_way:
        several = ", ".join(f"{counts[state]:,} {STATES[state]}" for state in under_way)
        say(f"Escalated tickets: {several}")
    for rule, number in sorted(found["unfiled"].items()):
        say(f"  {number:>6,}  not filed: {UNFILED.get(rule, rule)}")
        _tell_which([row["ticket"] for row in found["unfiled_tickets"] if row["rule"] == rule])
    if counts.get(FilingState.OLD):
        many = plural(counts[FilingState.OLD], "ticket")
        were = _were(counts[FilingState.OLD])
        say(
            f"{many} without an issue {were} escalated before syncd's first look, and left to people; "
            "`syncd reconcile --file-since WHEN` files those made or changed since then"
        )
    _tell_doubtful(found["doubtful_filings"])
    _tell_flagged(found)
    for row in some(found["refused_filings"], "issues that were refused"):
        say(f"Refused: an issue for {row['ticket']}: {row['reason']}. {_cure(row['ticket'])}")
    for row in some(found["refused_boards"], "boards that were refused"):
        name, ticket = row["issue"], row["ticket"]
        say(f"Refused: a board for {name}, which was filed for {ticket}: {row['reason']}. {_cure(name)}")


def _tell_which(tickets: Sequence[str]) -> None:
    """Tickets that wait for a person, the oldest first."""
    if tickets:
        more = (
            f" and {len(tickets) - EXAMPLES:,} more, which `syncd status --json` names"
            if len(tickets) > EXAMPLES
            else ""
        )
        say(f"          {', '.join(tickets[:EXAMPLES])}{more}: `syncd explain --ticket REF` says what it takes")


def _tell_doubtful(rows: Sequence[Mapping[str, Any]]) -> None:
    for row in rows[:EXAMPLES]:
        place, then = f"{row['tracker']}:{row['place']}", f"from {when(row['due'])} on, and filed if it isn't there"
        say(f"In doubt: {place} may hold an issue for {row['ticket']}: {row['reason']}. It is looked for {then}")
    if len(rows) > EXAMPLES:
        say(f"  and {len(rows) - EXAMPLES:,} more: `syncd queue list` names them")


def _tell_flagged(found: Mapping[str, Any]) -> None:
    for row in some(found["two_issues"], "tickets with two issues"):
        cure = f"Close one as a duplicate of the other, `/unlink` it, or {_accept(row['ticket'])}"
        say(
            f"Two issues: {row['issue']} and {row['beside']} were filed for {row['ticket']} at about the same time. "
            f"{cure}"
        )
    for issue in some(found["exposed"], "issues that everybody can read"):
        cure = f"Make the place private again, or take out what the customer wrote and {_accept(issue)}"
        say(f"Exposed: what syncd wrote on {issue} was for the team alone, and everybody can read it now. {cure}")


def _accept(name: str) -> str:
    return f"`syncd queue drop {name}` if it may stay so"


def _were(count: int) -> str:
    return "was" if count == 1 else "were"


def _cure(name: str) -> str:
    return f"Mend that; `syncd queue retry {name}` tries it again, `syncd queue drop {name}` gives it up"


# --- one ticket, or one issue ---


def history(store: Store, ref: Ref) -> list[dict[str, Any]]:
    """Those of a ticket, or the one that an issue came of."""
    rows = store.filings.of(ref) or [row for row in store.filings.all() if row.issue == ref]
    return [_data(row) for row in rows]


def _data(row: FilingRow) -> dict[str, Any]:
    told = (
        "occasion",
        "trigger",
        "rule",
        "reason",
        "board_reason",
        "tracker",
        "place",
        "audience",
        "kind",
        "area",
        "team",
        "priority",
    )
    times = ("seen_at", "due", "began_at", "filed_at")
    return {
        "ticket": row.ticket.human,
        "issue": row.issue.human if row.issue else None,
        "state": row.state.value,
        "ordered": row.ordered,
        **{name: getattr(row, name) or None for name in (*told, *times)},
    }


def tell_history(found: Sequence[Mapping[str, Any]]) -> None:
    """For people."""
    for one in found:
        say(f"{one['ticket']} escalated, seen {when(one['seen_at'])}: {one['trigger']}")
        say(f"  {_how(one)}")
        if one["issue"] and one["state"] == FilingState.FILED:
            what = [f"{name} {one[name]}" for name in ("kind", "priority", "area", "team") if one[name]]
            where = f"{one['tracker']}:{one['place']}, written for a {one['audience']} place"
            say(f"  in {'; '.join([where, *what])}")


def _how(one: Mapping[str, Any]) -> str:
    state = FilingState(one["state"])
    if one["issue"]:
        missing = "; ".join(one[name] for name in ("reason", "board_reason") if one[name])
        lacks = f". It lacks something: {missing}" if missing else ""
        return f"{STATES[state]}: {one['issue']}, {when(one['filed_at'])}{lacks}"
    if state is FilingState.UNFILED:
        return f"not filed: {UNFILED.get(one['rule'], one['rule'])}; `syncd explain --ticket {one['ticket']}` says more"
    if state is FilingState.REFUSED:
        return f"refused: {one['reason']}. {_cure(one['ticket'])}"
    due = f" from {when(one['due'])} on" if state in {FilingState.WAITING, FilingState.DOUBT} else ""
    why = f" ({one['reason']})" if one["reason"] else ""
    return f"{STATES[state]}{due}{why}"


# --- what waits ---


def queued(store: Store) -> list[dict[str, Any]]:
    """What is to be filed or put on a board, as ``syncd queue list`` shows what waits."""
    return [_queued(row) for row in store.filings.open()] + [_on_board(row) for row in store.boards.failed()]


def flagged(store: Store) -> list[tuple[str, ...]]:
    """What a person may accept as it is: the ticket and issue beside which another stands, and exposed issues."""
    several = [(row.ticket.human, _issue(row)) for row in store.filings.flagged()]
    return [*several, *((ref.human,) for ref in store.accepted.exposed())]


def _on_board(row: FilingRow) -> dict[str, Any]:
    parked, name = not row.board_due, _issue(row)
    return {
        "group": name,
        "items": [row.ticket.human, name],
        "since": row.filed_at,
        "why": row.board_reason,
        "tries": row.board_tries,
        "parked": parked,
        "held_by": {},
        "due": row.board_due or None,
        "next": _next(name, row.board_due),
    }


def _queued(row: FilingRow) -> dict[str, Any]:
    refused, name = row.state is FilingState.REFUSED, row.ticket.human
    return {
        "group": name,
        "items": [name],
        "since": row.seen_at,
        "why": row.reason or f"{STATES[row.state]}, because of this: {row.trigger}",
        "tries": row.tries,
        "parked": refused,
        "held_by": {},
        "due": None if refused else row.due,
        "next": _next(name, "" if refused else row.due),
    }


def _next(name: str, due: str) -> str:
    """When it is tried next; empty: never by itself."""
    if not due:
        return f"parked: mend that; `syncd queue retry {name}` tries it again, `syncd queue drop {name}` gives it up"
    return "due now" if due <= precise(datetime.now(UTC)) else f"next try at {when(due)}"


# --- a run ---


def of_run(work: Work, filed: int) -> dict[str, Any]:
    """What a run has filed, or would file."""
    would = [
        {"ticket": one.ticket.human, "tracker": one.tracker, "place": one.place, "kind": one.kind, "labels": one.labels}
        for one in work.would_file.values()
    ]
    waiting = sum(row.state is not FilingState.REFUSED for row in work.store.filings.open())
    return {"issues_filed": filed, "would_file": would, "still_to_file": waiting}


def tell_run(report: Mapping[str, Any]) -> None:
    """For people."""
    if report["would_file"]:
        say(f"{plural(len(report['would_file']), 'issue')} would be filed:")
        for one in report["would_file"]:
            labels = f", labels {', '.join(one['labels'])}" if one["labels"] else ""
            say(f"  for {one['ticket']} in {one['tracker']}:{one['place']}: {one['kind']}{labels}")
        say("`syncd explain --ticket REF` shows one of them whole.")
    if report["issues_filed"]:
        say(f"{plural(report['issues_filed'], 'issue')} filed")
    left = report["still_to_file"] - len(report["would_file"])
    if left > 0:
        say(f"{plural(left, 'escalated ticket')} still to be filed, or looked for: the next run does that")
