"""People do one thing at a time, and everything is quiet in between: then most is known of what must come of it."""

from __future__ import annotations

import random

import pytest

from tests.properties.rules import Rules
from tests.properties.world import ISSUE_MOVES, POLICIES, TICKET_MOVES, World

ON_TICKETS = ["move"] * 4 + ["reply", "reopen", "answer", "answer"]
ON_ISSUES = ["move"] * 4 + ["stranger", "delete", "restore", "restore", "transfer", "duplicate", "name"]
ACTS = 8


def stroll(seed: int) -> None:
    """A short history; the same for the same number."""
    choose = random.Random(seed).choice  # noqa: S311  # no secret
    world, story = World(), list[tuple[object, ...]]()
    rules = Rules(**{name: choose(values) for name, values in POLICIES.items()})  # type: ignore[arg-type]
    world.begin(rules, plain=choose([False, True]), final=choose([False, True]))
    world.file(choose([1, 1, 2, 3]), choose([1, 1, 2]))
    try:
        world.quiet()
        for _ in range(ACTS):
            if choose([True, False]):
                story.append((choose(ON_TICKETS), choose(range(6)), choose(TICKET_MOVES)))
                world.touch_ticket(*story[-1])  # type: ignore[arg-type]
            else:
                story.append((choose(ON_ISSUES), choose(range(6)), choose(ISSUE_MOVES), choose(range(6))))
                world.touch_issue(*story[-1])  # type: ignore[arg-type]
            world.quiet()
    except AssertionError as error:
        error.add_note(f"stroll {seed}: {rules}, {story}")
        raise


def test_what_one_person_does_comes_of_it_what_must() -> None:
    for seed in range(60):
        stroll(seed)


@pytest.mark.torture
@pytest.mark.parametrize("part", range(10))
def test_the_same_for_long(part: int) -> None:
    for seed in range(1000 * (part + 1), 1000 * (part + 1) + 500):
        stroll(seed)
