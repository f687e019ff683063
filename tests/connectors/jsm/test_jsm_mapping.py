"""The shipped mapping reads what the templates bring, and what it writes is reached from wherever a request stands."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from importlib.resources import files

import pytest

from connectors.jira.sandbox.workflows import STATUSES, WORKFLOWS, Transition, Workflow
from connectors.jsm.sandbox.world import JsmWorld
from syncd.actions import Action
from syncd.mapping import Mapping
from syncd.model import FINISHED_TICKET, Status, Word

MAPPING = Mapping.parse("jsm", tomllib.loads(files("mappings").joinpath("jsm.toml").read_text("utf-8")))
SERVICE = {name: Status(f"{STATUSES[name].category}/{name}") for name in WORKFLOWS["service"].statuses}
MOVES = [
    (start, word)
    for start, status in SERVICE.items()
    for word in (Word.OPEN, Word.PENDING, Word.RESOLVED)
    if MAPPING.word(status) is not word and not {MAPPING.word(status), word} <= FINISHED_TICKET
]
"""All that syncd may be asked for: a name of a status, and the word to write."""


@pytest.mark.parametrize(
    ("native", "word"),
    [
        ("new/Open", Word.OPEN),
        ("new/Reopened", Word.OPEN),
        ("indeterminate/Waiting for support", Word.OPEN),
        ("indeterminate/Work in progress", Word.OPEN),
        ("indeterminate/Escalated", Word.OPEN),
        ("indeterminate/A name of our own", Word.OPEN),
        ("indeterminate/Pending", Word.PENDING),
        ("indeterminate/Waiting for customer", Word.PENDING),
        ("new/Waiting for customer", Word.PENDING),
        ("done/Resolved", Word.RESOLVED),
        ("done/Done", Word.RESOLVED),
        ("done/A name of our own", Word.RESOLVED),
        ("done/Closed", Word.CLOSED),
        ("done/Canceled", Word.CLOSED),
        ("undefined/Open", Word.UNKNOWN),
        ("Open", Word.UNKNOWN),
    ],
)
def test_statuses_are_read_by_name_and_else_by_category(native: str, word: Word) -> None:
    assert MAPPING.word(Status(native)) is word
    assert MAPPING.word(Status(native, "Won't Do")) is word
    assert not MAPPING.is_final(Status(native))


@pytest.fixture
def world() -> Iterator[JsmWorld]:
    world = JsmWorld()
    yield world
    world.close()


def write(world: JsmWorld, start: str, word: Word) -> tuple[Status, int]:
    """What is shown after a word was written to a request that stood at ``start``, and by how many transitions."""
    ref = world.add()
    world.people.set_status(ref.id, start)
    wanted = MAPPING.write[word]
    (outcome,) = world.connect().apply([Action(ref, wanted, world.status(ref), way=MAPPING.way(wanted))])
    assert outcome.error is None, outcome.error
    assert outcome.status == world.status(ref)
    assert MAPPING.is_written(wanted, world.status(ref))
    return world.status(ref), world.status_writes(ref)


@pytest.mark.parametrize(("start", "word"), MOVES)
def test_each_word_is_reached_from_each_status_of_the_template(world: JsmWorld, start: str, word: Word) -> None:
    status, writes = write(world, start, word)
    assert MAPPING.word(status) is word
    assert writes <= 2
    assert status.reason == ("Done" if word is Word.RESOLVED else "")


def test_a_project_of_another_make_is_served_by_category(world: JsmWorld) -> None:
    project = world.sandbox.books.project("SUP")
    assert project is not None
    names = ("To Do", "In Progress", "Done")
    ways = tuple(Transition(number, "go", name) for number, name in enumerate(names, 1))
    project.workflow = Workflow("own", names, ways)
    assert write(world, "In Progress", Word.RESOLVED)[0].native == "done/Done"
    assert write(world, "Done", Word.OPEN)[0].native == "new/To Do"
