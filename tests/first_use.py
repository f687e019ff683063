"""docs/first-use.md, made by doing what it tells: ``python tests/first_use.py`` writes it anew.

Two stand-ins serve, the program runs as processes of its own, and what it prints is put down. Only what differs from
one machine and moment to the next is replaced: ports, the folder, times, how long it took.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from connectors.freshdesk.sandbox import FreshdeskSandbox
from connectors.github.sandbox import TOKEN, GitHubSandbox

PAGE = Path(__file__).parent.parent / "docs" / "first-use.md"
REPOSITORY = "acme/infrastructure"
KEY = "sandbox-key"
PATIENCE = 60.0
HEAD = """# First use

From nothing to a running service, as it looked on the stand-ins (`syncd sandbox freshdesk --port 8001`, `syncd sandbox
github --port 8002`); with your own accounts the addresses are others. This page is made by `tests/first_use.py`, which
does all of it and puts down what is printed; a test sees to it that it stays true.

Two tickets and two issues are there. The first ticket waits for its issue already; the second is open, though its
issue was closed long ago.
"""


class Teller:
    """Does things, and puts down what came of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.desk, self.hub = FreshdeskSandbox(key=KEY).start(), GitHubSandbox().start()
        for code in (6, 7):
            del self.desk.statuses[code]
        self.lines = [HEAD]
        self._replaced = [(self.desk.url, "http://127.0.0.1:8001"), (self.hub.url, "http://127.0.0.1:8002")]

    def tell(self, text: str) -> None:
        """A paragraph."""
        self.lines.append(text.strip() + "\n")

    def run(self, *args: str, said: str = "", shown: str = "") -> None:
        """A command with its output; ``shown``: how a reader would type it."""
        done = subprocess.run(
            self._command(*args),
            input=said,
            text=True,
            capture_output=True,
            check=False,
            env=self._env(),
            cwd=self.folder,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        self._block(shown or "syncd " + " ".join(args), done.stdout + done.stderr)

    def serve(self, event: str, act: Callable[[], object], until: Callable[[], bool]) -> None:
        """The service, while somebody acts; of its log, the lines of one event."""
        log = self.folder / "log"
        with log.open("w", encoding="utf-8") as out:
            service = subprocess.Popen(self._command("run"), stdout=out, stderr=out, env=self._env(), cwd=self.folder)
        try:
            end = time.monotonic() + PATIENCE
            self._wait(lambda: log.read_text(encoding="utf-8").count('"state": "ok"') >= 2, end, log)
            act()
            self._wait(lambda: f'"{event}"' in log.read_text(encoding="utf-8") and until(), end, log)
        finally:
            service.terminate()
            service.wait(30)
        lines = [line for line in log.read_text(encoding="utf-8").splitlines() if json.loads(line)["event"] == event]
        self._block(f"syncd run | grep '{event}'", "\n".join(dict.fromkeys(lines)))

    def write(self, name: str, old: str, new: str) -> None:
        """Edit a file."""
        path = self.folder / name
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1
        path.write_text(text.replace(old, new), encoding="utf-8")

    def page(self) -> str:
        """All of it."""
        return "\n".join(self.lines)

    def close(self) -> None:
        """End the stand-ins."""
        self.desk.stop()
        self.hub.stop()

    def _command(self, *args: str) -> list[str]:
        return [sys.executable, "-m", "syncd.cli", *args]

    def _env(self) -> dict[str, str]:
        kept = {key: text for key, text in os.environ.items() if not key.startswith(("SYNCD", "CREDENTIALS_"))}
        return kept | {"SYNCD_CONFIG": str(self.folder)}

    def _wait(self, what: Callable[[], bool], end: float, log: Path) -> None:
        while not what():
            assert time.monotonic() < end, log.read_text(encoding="utf-8")
            time.sleep(0.05)

    def _block(self, command: str, printed: str) -> None:
        text = f"$ {command}\n{printed.strip()}"
        for old, new in (*self._replaced, (str(self.folder), "/home/me/syncd")):
            text = text.replace(old, new)
        text = re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "2026-01-05T09:00:00Z", text)
        text = re.sub(r"\b\d+\.\d s\b", "0.1 s", text)
        self.lines.append(f"```text\n{text}\n```\n")


def told(folder: Path) -> str:
    """The page, by doing it in a new folder."""
    teller = Teller(folder)
    try:
        _play(teller)
        return teller.page()
    finally:
        teller.close()


def _play(teller: Teller) -> None:
    desk, hub = teller.desk.people, teller.hub.people
    hub.make_repo(REPOSITORY)
    hub.make_label(REPOSITORY, "support")
    waiting, old = desk.make_ticket("The hub is slow"), desk.make_ticket("Image build fails")
    desk.set_status(waiting, 3)
    _file(teller, waiting)
    hub.close(_file(teller, old))

    teller.tell("""## Make the configuration

On a terminal `syncd init` asks for each of these, and says where the credentials come from and which rights they need.
Here every answer is an option, and the two secrets come from standard input:""")
    answers = ["--helpdesk", "freshdesk", "--tracker", "github"]
    answers += ["--freshdesk-url", teller.desk.url, "--freshdesk-api-key", "-", "--github-url", teller.hub.url]
    answers += ["--github-repository", REPOSITORY, "--github-token", "-", "--playbook", "2i2c"]
    teller.run(
        "init",
        str(teller.folder),
        *answers,
        said=f"{KEY}\n{TOKEN}\n",
        shown=" ".join(["syncd init", str(teller.folder), *answers]),
    )
    teller.write("syncd.toml", '# listen = "127.0.0.1:8787"', 'listen = "127.0.0.1:0"')
    for name in ("freshdesk", "github"):
        teller.write(f"connectors/{name}.toml", '# poll_interval = "30s"', 'poll_interval = "1s"')

    teller.tell("""## Test it

(`$SYNCD_CONFIG` names the folder from here on.)""")
    teller.run("check")

    teller.tell("""## Look at what would happen

Pairs that exist are adopted as they stand, so nothing would be written:""")
    teller.run("reconcile", "--dry-run")

    teller.tell("""## Let it run, and only look

In observe mode the service does everything but write. A customer writes, and an agent files an issue from the form:""")
    new = desk.make_ticket("Quota")
    teller.desk.advance(60)
    teller.hub.advance(60)
    teller.serve("would write", lambda: _file(teller, new), lambda: True)
    assert teller.desk.books.tickets[new].row["status"] == 2

    teller.tell("""## Go live

`mode = "live"` in `syncd.toml`. What the service would have written it writes now:""")
    teller.write("syncd.toml", 'mode = "observe"', 'mode = "live"')
    teller.serve("wrote", lambda: None, lambda: teller.desk.books.tickets[new].row["status"] == 3)
    teller.run("links", "list")


def _file(teller: Teller, ticket: int) -> str:
    body = f"### The Freshdesk ticket link\n\n{teller.desk.url}/a/tickets/{ticket}\n"
    key: str = teller.hub.people.make_issue(REPOSITORY, f"Ticket {ticket}", body)
    return key


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="syncd-first-use-") as name:
        PAGE.write_text(told(Path(name)), encoding="utf-8")
