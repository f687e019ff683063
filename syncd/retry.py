"""The one retry policy: seconds in place for reads, minutes to hours for the queue (rule 13).

In place (:func:`reads`): a read that met a ``Transient`` is tried 4 times in all, after waits drawn evenly from
0..1, 0..2 and 0..4 s (full jitter: a herd of clients spreads out). A ``RateLimited`` is waited out exactly as the
service asked, plus at most 1 s, and does not use up a try, as long as all waits of one read stay within 900 s.
Everything else is raised at once, and so is whatever may have been a write.

By queue (:func:`delay`): 15 s, then half as long again each time, up to 50 min, each 20 % more or less; after 14 times,
two hours and a half, the row is parked. So what is mended works within half the time that it was broken.
What a connector as a whole suffers doesn't count: its groups wait for it, and are due when it works again.
"""

from __future__ import annotations

import random

from tenacity import RetryCallState, Retrying

from syncd.clock import Clock
from syncd.errors import ConnectorError, Interrupted, RateLimited, Transient

ATTEMPTS = 4
PATIENCE = 900.0
FIRST_WAIT = 1.0
LIMIT_WAIT = 60.0
"""Seconds to wait where the service limits without saying for how long."""
LIMIT_JITTER = 1.0

QUEUE_FIRST = 15.0
QUEUE_GROWTH = 1.5
QUEUE_REPEATS = 14
QUEUE_SPREAD = 0.2

_ANY = random.SystemRandom()


def reads(clock: Clock, *, attempts: int = ATTEMPTS, patience: float = PATIENCE, rng: random.Random = _ANY) -> Retrying:
    """The policy for reads, to call them through or to loop over.

    ``reads(clock)(connector.fetch, refs)``, or ``for attempt in reads(clock):`` with ``with attempt:`` inside.

    Args:
        clock: sleeps through it, so that a stop ends every wait.
        attempts: tries in all that may end in Transient.
        patience: seconds that one read may wait in all; more, and the error is raised instead of waiting.
        rng: where the jitter comes from.

    Raises (from the call): Interrupted if syncd is to stop; else the last error itself.
    """
    policy = _Policy(attempts, patience, rng)

    def sleep(seconds: float) -> None:
        if clock.sleep(seconds):
            raise Interrupted("stopped while waiting to read again")

    return Retrying(
        sleep=sleep, retry=policy.repeats, wait=policy.wait, stop=policy.gives_up, before=policy.begins, reraise=True
    )


class _Policy:
    """One read at a time: how many of its tries ended in Transient so far."""

    def __init__(self, attempts: int, patience: float, rng: random.Random) -> None:
        self._attempts, self._patience, self._rng = attempts, patience, rng
        self._failed = 0

    def begins(self, state: RetryCallState) -> None:
        if state.attempt_number == 1:
            self._failed = 0

    def repeats(self, state: RetryCallState) -> bool:
        error = _error(state)
        # An answer in doubt belongs to a write: repeating it here is how one issue becomes eleven.
        return isinstance(error, (Transient, RateLimited)) and not error.doubt

    def wait(self, state: RetryCallState) -> float:
        error = _error(state)
        asked = error.retry_after if isinstance(error, ConnectorError) else None
        if isinstance(error, RateLimited):
            return (LIMIT_WAIT if asked is None else asked) + self._rng.uniform(0, LIMIT_JITTER)
        self._failed += 1
        return max(self._rng.uniform(0, FIRST_WAIT * 2.0 ** (self._failed - 1)), asked or 0.0)

    def gives_up(self, state: RetryCallState) -> bool:
        return self._failed >= self._attempts or state.idle_for + state.upcoming_sleep > self._patience


def _error(state: RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome is not None else None


def delay(attempts: int, rng: random.Random = _ANY) -> float | None:
    """Seconds until a queue row is tried again, or None: park it.

    Args:
        attempts: how often it has failed by now, this time included; 1 after the first failure.
        rng: where the jitter comes from.

    Raises:
        ValueError: it has not failed yet.
    """
    if attempts < 1:
        raise ValueError("a row that has not failed has no delay")
    if attempts > QUEUE_REPEATS:
        return None
    return QUEUE_FIRST * QUEUE_GROWTH ** (attempts - 1) * rng.uniform(1 - QUEUE_SPREAD, 1 + QUEUE_SPREAD)
