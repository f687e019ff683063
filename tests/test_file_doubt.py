"""A filing of which nobody knows whether it was done: what people are told meanwhile."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from syncd.cli import filings
from syncd.cli.show import when
from tests.filings import AFTER, Desk


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
