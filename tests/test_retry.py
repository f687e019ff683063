from __future__ import annotations

import random
import threading
from collections.abc import Callable

import pytest

from syncd import retry
from syncd.clock import ManualClock, SystemClock
from syncd.errors import Gone, Interrupted, RateLimited, Refused, SyncdError, Transient, Unauthorized
from syncd.retry import delay, reads

RNG = random.Random(7)  # noqa: S311  # a seed makes a failing run repeatable


class Longest(random.Random):
    def uniform(self, a: float, b: float) -> float:
        return max(a, b)


class Middle(random.Random):
    def uniform(self, a: float, b: float) -> float:
        return (a + b) / 2


class Service:
    """Fails as scripted, then answers; keeps the moments at which it was called."""

    def __init__(self, clock: ManualClock, *failures: BaseException) -> None:
        self.clock, self.failures, self.called = clock, list(failures), list[float]()

    def __call__(self) -> str:
        self.called.append(self.clock.monotonic())
        if self.failures:
            raise self.failures.pop(0)
        return "answer"


def transient() -> Transient:
    return Transient("github", "502")


def limited(seconds: float | None) -> RateLimited:
    return RateLimited("github", "asked to wait", retry_after=seconds)


def test_a_read_that_works_is_not_repeated() -> None:
    clock = ManualClock()
    service = Service(clock)
    assert reads(clock)(service) == "answer"
    assert service.called == [0]


def test_waits_for_transient_errors_grow_within_their_caps() -> None:
    seen = []
    for seed in range(200):
        clock = ManualClock()
        rng = random.Random(seed)  # noqa: S311  # a seed makes a failing run repeatable
        assert reads(clock, rng=rng)(Service(clock, transient(), transient(), transient())) == "answer"
        seen.append(clock.slept)
    for cap, waits in zip((1, 2, 4), zip(*seen, strict=True), strict=True):
        assert all(0 <= wait <= cap for wait in waits)
        assert min(waits) < cap * 0.1, "full jitter starts at zero"
        assert max(waits) > cap * 0.9


def test_after_the_last_try_the_error_itself_is_raised() -> None:
    clock = ManualClock()
    last = transient()
    service = Service(clock, transient(), transient(), transient(), last, transient())
    with pytest.raises(Transient) as caught:
        reads(clock, rng=RNG)(service)
    assert caught.value is last
    assert len(service.called) == 4
    assert len(clock.slept) == 3, "nobody waits after the last try"


@pytest.mark.trap("freshdesk", 4)
@pytest.mark.parametrize(
    "error", [Unauthorized("x", "401"), Refused("x", "422"), Gone("x", "404"), SyncdError("no"), ValueError("bug")]
)
def test_what_a_repeat_can_not_mend_is_raised_at_once(error: Exception) -> None:
    clock = ManualClock()
    service = Service(clock, error)
    with pytest.raises(type(error)) as caught:
        reads(clock)(service)
    assert caught.value is error
    assert service.called == [0]


@pytest.mark.parametrize("kind", [Transient, RateLimited])
def test_what_may_have_been_a_write_is_never_repeated(kind: type[Transient | RateLimited]) -> None:
    clock = ManualClock()
    service = Service(clock, kind("x", "lost answer", doubt=True))
    with pytest.raises(kind):
        reads(clock)(service)
    assert len(service.called) == 1


@pytest.mark.parametrize("asked", [1.0, 30.0, 60.5, 400.0])
def test_a_rate_limit_is_waited_out_to_the_second(asked: float) -> None:
    clock = ManualClock()
    service = Service(clock, limited(asked), limited(asked))
    reads(clock, rng=RNG)(service)
    for before, after in zip(service.called, service.called[1:], strict=False):
        assert asked <= after - before <= asked + 1, "no call inside the window, none a second late"


def test_a_rate_limit_without_a_figure_waits_a_minute() -> None:
    clock = ManualClock()
    reads(clock, rng=RNG)(Service(clock, limited(None)))
    assert 60 <= clock.slept[0] <= 61


def test_rate_limits_use_patience_not_tries() -> None:
    clock = ManualClock()
    service = Service(clock, *[limited(100) for _ in range(8)], transient(), transient(), transient())
    assert reads(clock, rng=RNG)(service) == "answer"


def test_patience_ends_before_the_wait_not_after_it() -> None:
    clock = ManualClock()
    service = Service(clock, limited(500), limited(500))
    with pytest.raises(RateLimited):
        reads(clock, rng=RNG)(service)
    assert len(service.called) == 2
    assert clock.monotonic() < 502, "the second wait would have passed 900 s, so it was not begun"


def test_a_wait_longer_than_all_patience_is_not_begun() -> None:
    clock = ManualClock()
    with pytest.raises(RateLimited):
        reads(clock, patience=900)(Service(clock, limited(3600)))
    assert clock.slept == []


def test_a_transient_error_with_a_figure_waits_at_least_that_long() -> None:
    clock = ManualClock()
    reads(clock, rng=RNG)(Service(clock, Transient("x", "503", retry_after=20)))
    assert clock.slept == [20]


def test_a_policy_starts_anew_with_each_read() -> None:
    clock = ManualClock()
    policy = reads(clock, rng=RNG)
    for _ in range(3):
        assert policy(Service(clock, transient(), transient(), transient())) == "answer"


def test_it_works_as_a_loop_too() -> None:
    clock = ManualClock()
    service = Service(clock, transient(), limited(5))
    answers = []
    for attempt in reads(clock, rng=RNG):
        with attempt:
            answers.append(service())
    assert answers == ["answer"]
    assert len(service.called) == 3


@pytest.mark.parametrize("error", [transient, lambda: limited(600)])
def test_a_stop_ends_the_wait(error: Callable[[], Exception]) -> None:
    clock = SystemClock()
    calls = []

    def service() -> None:
        calls.append(1)
        threading.Timer(0.05, clock.stop.set).start()
        raise error()

    with pytest.raises(Interrupted):
        reads(clock, rng=Longest())(service)
    assert calls == [1]


def test_the_queue_waits_a_quarter_of_a_minute_to_most_of_an_hour_then_parks() -> None:
    waits = [delay(attempts, Middle()) for attempts in range(1, 15)]
    assert [round(wait or 0) for wait in waits] == [15, 22, 34, 51, 76, 114, 171, 256, 384, 577, 865, 1297, 1946, 2919]
    assert delay(15) is delay(16) is None


def test_what_is_mended_works_within_half_the_time_that_it_was_broken() -> None:
    broken = 0.0
    for attempts in range(1, 15):
        wait = delay(attempts, Middle()) or 0
        assert wait <= max(15, 0.5 * broken + 15)
        broken += wait


def test_the_queue_spreads_its_waits() -> None:
    waits = [delay(1, RNG) or 0 for _ in range(300)]
    assert 0.8 * 15 <= min(waits) < 0.85 * 15
    assert 1.15 * 15 < max(waits) <= 1.2 * 15


def test_a_row_that_never_failed_has_no_delay() -> None:
    with pytest.raises(ValueError, match="not failed"):
        delay(0)


def test_the_numbers_in_the_docstring_hold() -> None:
    assert (retry.ATTEMPTS, retry.PATIENCE, retry.QUEUE_REPEATS) == (4, 900, 14)
