"""Turns: threads that share a connector's feed neither starve nor spoil each other."""

from __future__ import annotations

import threading

import pytest

from syncd.clock import SystemClock
from syncd.errors import Interrupted
from syncd.turns import Turns


def test_turns_are_had_in_the_order_in_which_they_were_asked_for() -> None:
    turns, clock, had = Turns(), SystemClock(), list[int]()

    def one(number: int) -> None:
        with turns.turn(clock):
            had.append(number)

    threads = [threading.Thread(target=one, args=[number]) for number in range(5)]
    with turns.turn(clock):
        for count, thread in enumerate(threads, start=2):
            thread.start()
            while len(turns._line) < count:
                pass
    for thread in threads:
        thread.join()
    assert had == [0, 1, 2, 3, 4]
    assert not turns.taken


def test_whoever_waits_can_be_stopped_and_leaves_no_gap() -> None:
    turns, clock, stopped = Turns(), SystemClock(), SystemClock()
    stopped.stop.set()
    with turns.turn(clock), pytest.raises(Interrupted), turns.turn(stopped):
        pass
    with turns.turn(clock):
        assert turns.taken
