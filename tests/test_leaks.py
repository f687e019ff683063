"""No canary in any request to a public place: the real connectors over HTTP, and visibilities that change in mid-run.

Every private field of every ticket has a canary in it (:mod:`tests.leaks.private`). Teams work by the shipped
playbooks, and by such as name everything wherever they can. Who can read a repository or a board changes between any
two requests, answers are lost or quote what was sent, and the service dies. Then every request of the stand-ins and
sinks is looked at, decoded, by who could read there when it came; so are logs, health, metrics and the state.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.leaks.private import Song, canary, heard
from tests.leaks.shift import run
from tests.leaks.teams import Team, teams

TEAMS = list(teams())
SPREAD = 5
"""So many offices per team in the long run, with other mishaps in each."""


@pytest.mark.parametrize("team", TEAMS, ids=lambda team: team.name)
def test_no_request_to_a_public_place_holds_anything_private(tmp_path: Path, team: Team) -> None:
    seen = run(tmp_path / "office", team, 14, seed=TEAMS.index(team), batch=14)
    assert seen.leaks == []
    assert seen.flips
    assert sum(seen.public.values()) > 50


def test_the_canaries_do_sing_where_they_may(tmp_path: Path) -> None:
    """In each kind of place that is private now and then; else silence would say nothing."""
    found = [run(tmp_path / str(at), TEAMS[at], 12, seed=at, batch=12, calm=True).sung for at in (3, 8)]
    sung = sum(found[1:], found[0])
    for kind in ("GitHub repository", "GitHub board", "Jira project", "webhook", "helpdesk"):
        assert sung[kind], kind


@pytest.mark.torture
@pytest.mark.parametrize("seed", range(SPREAD))
@pytest.mark.parametrize("team", TEAMS, ids=lambda team: team.name)
def test_no_request_of_many_to_a_public_place_holds_anything_private(tmp_path: Path, team: Team, seed: int) -> None:
    """10,000 tickets in all."""
    seen = run(tmp_path / "office", team, -(-10_000 // (SPREAD * len(TEAMS))), seed=100 + seed, batch=40)
    assert seen.leaks == []


@pytest.mark.parametrize(
    "raw",
    [
        b"x Kanari000017qs y",
        "x Ka\u200bnari000017qs",
        "x K\u0430nari000017qs".encode(),
        '{"a": ["\\u004banari000017qs"]}',
        '{"x": [{"text": "Kanari"}, {"text": "000017qs"}]}',
        "a=%4Banari000017qs",
        "customer/kanari000017qs",
        "KANARI000017QS",
        "xx S2FuYXJpMDAwMDE3cXMgaXN0IGRh",
        b"=4Banari0000=\n17qs",
        '{"payload": "{\\"x\\": \\"\\\\u004banari000017qs\\"}"}',
    ],
)
def test_a_canary_is_heard_however_it_is_written(raw: bytes | str) -> None:
    assert Song(17, "s") in heard(raw)
    assert canary(17, "s") == "Kanari000017qs"


def test_what_is_left_of_a_canary_is_heard_too() -> None:
    assert heard("kanari0000") == {Song(0, "")}
    assert heard("a canary") == set()
