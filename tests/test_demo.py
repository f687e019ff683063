"""`syncd demo` is the first thing that a newcomer sees: a story without a hole, and nothing that breaks into it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(sys.executable).with_name("syncd")
SCENE = re.compile(r"(\d\d:\d\d)  \S.*")


def test_the_demo_is_a_clean_story() -> None:
    done = subprocess.run([SCRIPT, "demo"], capture_output=True, text=True, check=True, timeout=120)
    assert done.stderr == ""
    paragraphs = [part.split("\n") for part in done.stdout.strip().split("\n\n")]
    scenes = paragraphs[1:-1]
    times = [match[1] for lines in scenes if (match := SCENE.fullmatch(lines[0]))]
    assert len(times) == len(scenes) > 10
    assert times == sorted(times)
    met: set[str] = set()
    for lines in scenes:
        rest = [line.removeprefix(" " * 9) for line in lines[1:]]
        assert all(line != rest[at] for at, line in enumerate(lines[1:]))
        told = [line for line in rest if line.startswith("syncd: ")]
        shown = {line.split()[0] for line in rest if not line.startswith(("syncd: ", " "))}
        assert told
        named = set(re.findall(r"(?:freshdesk|zendesk):\d+|(?:jira|jsm):[A-Z]+-\d+|github:\S+#\d+", " ".join(told)))
        assert named <= shown | met, lines[0]  # nothing is spoken of that nobody has introduced
        met |= shown
    assert {one.partition(":")[0] for one in met} == {"freshdesk", "zendesk", "jsm", "github", "jira"}
    assert re.search(r"github:\S+ says:\n +### The Freshdesk ticket link\n", done.stdout)
    assert not re.search("Ada|hurry|directory", done.stdout)
    assert not re.search(r"\b1 (notes|links|tickets|issues)\b", done.stdout)
    assert "Writes in the last run: 0. Comments by syncd in the public repository: 0." in done.stdout
