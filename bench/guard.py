"""How much of what is private reached a public place: generated tickets, real connectors, visibilities that change."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from syncd.cli.show import table
from tests.leaks.shift import run
from tests.leaks.teams import teams
from tests.leaks.watch import Watch

OFFICES = 5
"""Of each team, each with other mishaps."""
BATCH = 40
MEMORY = Path("/dev/shm")  # noqa: S108  # where there is such a thing, no disk is waited for


def office(team: int, seed: int, tickets: int) -> Watch:
    """What was seen of one."""
    folder = Path(tempfile.mkdtemp(prefix="syncd-guard-", dir=MEMORY if MEMORY.is_dir() else None))
    try:
        return run(folder / "office", list(teams())[team], tickets, seed, batch=BATCH)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main(args: Sequence[str] | None = None) -> int:
    """Print one table; 1 if anything private was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tickets", type=int, default=10_000)
    parser.add_argument("--processes", type=int, default=2)
    given = parser.parse_args(args)
    names, began, seen = [team.name for team in teams()], time.monotonic(), Watch()
    jobs = [(team, seed) for seed in range(OFFICES) for team in range(len(names))]
    each, rest = divmod(given.tickets, len(jobs))
    with ProcessPoolExecutor(given.processes) as pool:
        found = [pool.submit(office, team, 1_000 + seed, each + (at < rest)) for at, (team, seed) in enumerate(jobs)]
        for one in found:
            seen.take(one.result())
    leaks = {kind: sum(leak.place.kind == kind for leak in seen.leaks) for kind in seen.requests}
    rows: list[tuple[str, ...]] = [
        (kind, f"{count:,}", f"{seen.public[kind]:,}", f"{seen.sung[kind]:,}", f"{leaks[kind]:,}")
        for kind, count in sorted(seen.requests.items())
    ]
    rows.append(("in all", *(f"{sum(one.values()):,}" for one in (seen.requests, seen.public, seen.sung, leaks))))
    table(("place", "looked at", "public", "private, with canaries", "canaries in public"), rows)
    took = (time.monotonic() - began) / 60
    print(f"{given.tickets:,} tickets of {len(names)} teams, {seen.flips:,} changed visibilities, {took:.0f} minutes.")
    print(f"{seen.unknowable:,} requests came just as their place was opened, after the last answer that told of it.")
    for leak in seen.leaks[:20]:
        print(leak)
    return int(bool(seen.leaks))


if __name__ == "__main__":
    sys.exit(main())
