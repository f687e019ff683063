"""Play the main jobs on stand-ins and print what each cost. Times are of this machine, now: compare ratios."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.office import REPOSITORY
from syncd.cli.show import table

CONFIG = {
    "syncd.toml": 'state = "syncd.db"\n',
    "connectors/freshdesk.toml": 'connector = "freshdesk"\nurl = "{freshdesk}"\napi_key = "env:BENCH_DESK"\n[sync]\n',
    "connectors/github.toml": 'connector = "github"\nurl = "{github}"\ntoken = "env:BENCH_HUB"\n'
    f'[[repositories]]\nname = "{REPOSITORY}"\n',
}
SECRETS = {"BENCH_DESK": "sandbox-key", "BENCH_HUB": "test-token"}


class Bench:
    """One office and one config folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.office = subprocess.Popen(  # stand-ins in a process of their own
            [sys.executable, "-m", "bench.office"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        urls = self._answer()
        for name, text in CONFIG.items():
            path = folder / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text.replace("{freshdesk}", urls["freshdesk"]).replace("{github}", urls["github"]))
        self.rows: list[tuple[str, ...]] = []

    def _answer(self) -> Any:
        assert self.office.stdout is not None
        return json.loads(self.office.stdout.readline())

    def do(self, line: str) -> Any:
        """Let the office do something."""
        assert self.office.stdin is not None
        self.office.stdin.write(f"{line}\n")
        self.office.stdin.flush()
        return self._answer()

    def reconcile(self, what: str, per: int, unit: str) -> dict[str, Any]:
        """Run ``syncd reconcile`` and keep what it cost, per ``per`` things."""
        calls, writes, began = self.do("calls"), self.do("writes"), time.monotonic()
        command = [sys.executable, "-c", "from syncd.cli import main; main()", "--config", str(self.folder)]
        run = subprocess.Popen(
            [*command, "reconcile", "--json"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **SECRETS},
        )
        assert run.stdout is not None
        report: dict[str, Any] = json.loads(run.stdout.read())
        _, _, usage = os.wait4(run.pid, 0)
        run.returncode = 0
        seconds = time.monotonic() - began
        after = {name: count - calls[name] for name, count in self.do("calls").items()}
        total = sum(after.values())
        self.rows.append(
            (
                what,
                f"{after['freshdesk']} + {after['github']}",
                f"{total / per:.3f} per {unit}",
                str(self.do("writes") - writes),
                f"{seconds:.1f} s",
                f"{usage.ru_maxrss / 1024:.0f} MiB",
            )
        )
        return report

    def close(self) -> None:
        """Send the office home."""
        assert self.office.stdin is not None
        self.office.stdin.close()
        self.office.wait(timeout=10)


def changes(links: int, closed: int) -> Bench:
    """Some of many issues are closed."""
    bench = Bench(Path(tempfile.mkdtemp(prefix="syncd-bench-")))
    bench.do(f"pairs {links}")
    bench.reconcile(f"first sight of {links:,} pairs", links, "pair")
    bench.do(f"close {closed}")
    bench.reconcile(f"{closed} of {links:,} issues closed", closed, "change")
    assert bench.do("resolved") == closed, "every ticket of a closed issue is resolved, by the books"
    bench.reconcile("the next run", links, "pair")
    return bench


def unchanged(pairs: int, strangers: int) -> tuple[Bench, dict[str, Any]]:
    """Many pairs that stay as they are."""
    bench = Bench(Path(tempfile.mkdtemp(prefix="syncd-bench-")))
    bench.do(f"pairs {pairs}")
    bench.do(f"strangers {strangers}")
    first = bench.reconcile(f"empty state, {pairs:,} pairs, {strangers} strangers' issues", pairs, "pair")
    bench.reconcile(f"{pairs:,} unchanged pairs", pairs, "pair")
    return bench, first


def main() -> None:
    """Print one table."""
    small = changes(1000, 100)
    large, first = unchanged(5000, 50)
    for bench in (small, large):
        bench.close()
    table(("job", "calls: Freshdesk + GitHub", "calls", "writes", "time", "memory"), [*small.rows, *large.rows])
    print(
        f"From the empty state: {first['links_found']:,} links found, {first['links_proposed']} proposed, "
        f"{first['links_adopted']:,} adopted, {first['status_writes'] + first['notes_written']} writes"
    )


if __name__ == "__main__":
    main()
