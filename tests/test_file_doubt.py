"""A filing of which nobody knows whether it was done: what people are told meanwhile."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from syncd.cli import filings
from syncd.cli.show import when
from syncd.issues import create
from syncd.model import Ref, Status
from syncd.sync import reconcile
from tests.filings import AFTER, Desk
from tests.ledger import Bench


class _Dies(BaseException):
    """A kill."""


def test_status_says_what_is_waited_for_after_a_stop_in_the_midst_of_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    desk = Desk(tmp_path / "syncd.db")
    ticket = desk.escalated()
    desk.pass_()
    desk.tick(AFTER)

    def die(_draft: Any) -> Any:
        raise _Dies

    desk.work.connectors["tracker"].create = die  # type: ignore[method-assign,assignment]
    with pytest.raises(_Dies):
        desk.pass_()
    desk.restart()
    desk.pass_()
    found = filings.gather(desk.store)
    (told,) = found["doubtful_filings"]
    due = desk.row(ticket).due
    assert (told["ticket"], told["tracker"], told["place"]) == (desk.ref(ticket).human, "tracker", "BUG")
    assert (told["reason"], told["due"]) == ("syncd stopped while it was filed", due)
    filings.tell(found)
    shown = " ".join(capsys.readouterr().out.split())
    assert f"tracker:BUG may hold an issue for {told['ticket']}" in shown
    assert f"looked for from {when(due)} on, and filed if it isn't there" in shown
    desk.go(4)
    assert (len(desk.filed()), filings.gather(desk.store)["doubtful_filings"]) == (1, [])
    assert desk.row(ticket).reason == ""


def test_status_says_what_is_waited_for_after_an_answer_was_lost() -> None:
    desk = Desk()
    desk.escalated()
    desk.pass_()
    desk.tick(AFTER)
    desk.tracker.faults.append(("lost_answer", True))
    desk.pass_()
    assert [one["reason"] for one in filings.gather(desk.store)["doubtful_filings"]] == ["the answer was lost"]


class _Searched(Bench):
    """A tracker of which only a search index can be asked, which is late."""

    capabilities = replace(Bench.capabilities, probe="search")
    late = 1

    def find(self, marker: str, where: Ref | str, since: datetime) -> str | None:
        self.late -= 1
        return super().find(marker, where, since) if self.late < 0 else None


def test_an_issue_that_a_search_does_not_show_at_once_is_looked_for_again() -> None:
    desk = Desk(connectors={"tracker": _Searched})
    ticket = desk.escalated()
    desk.pass_()
    desk.tick(AFTER)
    desk.tracker.faults.append(("lost_answer", True))
    desk.go(8)
    (issue,) = desk.filed()
    assert (desk.row(ticket).issue, desk.states(ticket)) == (desk.ref(issue), ["filed"])


@pytest.mark.parametrize("met", ["closed", "open"])
def test_an_issue_that_was_closed_before_its_answer_was_found_resolves_its_ticket(met: str) -> None:
    """The tracker's feed shows it by its text, before it is known whose it is: as one that was closed all along."""
    desk = Desk()
    ticket = desk.escalated()
    desk.pass_()
    desk.tick(AFTER)
    desk.tracker.faults.append(("lost_answer", True))
    desk.work.connectors["tracker"].settle = 3 * AFTER
    desk.pass_()
    (issue,) = desk.filed()
    assert desk.states(ticket) == ["doubt"]
    if met == "open":
        desk.tick(5)
        desk.pass_()
    desk.move(issue, "done")
    desk.go(6)
    assert (desk.states(ticket), ticket.status) == (["filed"], Status("resolved"))
    assert desk.notes(ticket)[-1:] == ["resolved"]
    desk.move(ticket, "open")
    desk.go()
    assert ticket.status == Status("open"), "the closing speaks once"


def test_an_issue_that_is_found_while_its_link_is_being_adopted_resolves_its_ticket(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Two lanes: one has decided of a link that it met by the issue's text, the other learns whose the issue is."""
    desk = Desk()
    ticket = desk.escalated()
    desk.pass_()
    desk.tick(AFTER)
    desk.tracker.faults.append(("lost_answer", True))
    desk.work.connectors["tracker"].settle = 3 * AFTER
    desk.pass_()
    (issue,) = desk.filed()
    desk.move(issue, "done")
    carried = reconcile._carried

    def late(work: Any, row: Any, plan: Any) -> bool:
        if desk.states(ticket) == ["doubt"]:
            create.look(work, desk.row(ticket))
        return carried(work, row, plan)

    monkeypatch.setattr(reconcile, "_carried", late)
    desk.tick()
    desk.pass_()
    assert desk.states(ticket) == ["filed"]
    desk.go()
    assert (ticket.status, desk.notes(ticket)[-1:]) == (Status("resolved"), ["resolved"])
