"""A connector in a package of its own is found, configured and used, with no line of syncd changed.

The package is the example of docs/new-connector.md. It is built as a wheel of its own, and installed into a folder of
its own; processes find it there, and syncd where it is.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from connectors.github.sandbox import TOKEN, GitHubSandbox
from syncd_zammad.sandbox import ZammadSandbox
from syncd_zammad.sandbox.people import People
from tests.wheels import build, install

ROOT = Path(__file__).parent.parent
EXAMPLE = ROOT / "docs" / "examples" / "syncd-zammad"
REPOSITORY = "acme/infrastructure"
CANARY = "KanarienvogelAusDemTicket"
FORM = "### The Zammad ticket link\n\n{link}\n"
pytestmark = pytest.mark.xdist_group("third party")  # one wheel is enough


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(EXAMPLE, tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install(wheel, tmp_path_factory.mktemp("site"))


class Desk:
    """A Zammad and a GitHub with people in them, and the program with the wheel in reach."""

    def __init__(self, place: Path, folder: Path) -> None:
        self.place, self.folder = place, folder
        self.zammad, self.github = ZammadSandbox().start(), GitHubSandbox().start()
        self.people: People = self.zammad.people
        self.github.people.make_repo(REPOSITORY)

    def run(self, *args: str, typed: str = "", bare: bool = False) -> subprocess.CompletedProcess[str]:
        """``syncd``; ``bare``: without the wheel."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("SYNCD", "PYTHONPATH"))}
        paths = (*(() if bare else (str(self.place),)), os.environ.get("PYTHONPATH", ""))
        env = kept | {"PYTHONPATH": os.pathsep.join(filter(None, paths)), "SYNCD_CONFIG": str(self.folder)}
        command = [sys.executable, "-m", "syncd.cli", *args]
        done = subprocess.run(
            command,
            cwd=self.place.parent,
            env=env,
            capture_output=True,
            text=True,
            input=typed,
            timeout=60,
            check=False,
        )
        assert CANARY not in done.stdout + done.stderr
        return done

    def init(self) -> None:
        """The config folder, from answers; live."""
        answers = ["--helpdesk", "zammad", "--tracker", "github", "--github-repository", REPOSITORY]
        urls = ["--zammad-url", self.zammad.url, "--github-url", self.github.url]
        secrets = ["--zammad-token", "-", "--github-token", "-"]
        typed = f"{self.zammad.token}\n{TOKEN}\n"
        done = self.run("init", str(self.folder), *answers, *urls, *secrets, typed=typed)
        assert done.returncode == 0, done.stdout + done.stderr
        main = self.folder / "syncd.toml"
        text = main.read_text(encoding="utf-8").replace('mode = "observe"', 'mode = "live"')
        main.write_text(text.replace('# listen = "127.0.0.1:8787"', 'listen = "127.0.0.1:0"'), encoding="utf-8")

    def reconcile(self) -> str:
        """One run, some minutes later."""
        done = self.run("reconcile")
        assert done.returncode == 0, done.stdout + done.stderr
        self.zammad.advance(600)
        self.github.advance(600)
        return done.stdout

    def issue(self, ticket: int) -> str:
        """An agent files an issue for it; its key."""
        body = FORM.format(link=f"{self.zammad.url}/#ticket/zoom/{ticket}")
        return str(self.github.people.make_issue(REPOSITORY, "An issue", body, association="MEMBER", by="dev"))

    def state(self, ticket: int) -> str:
        """A ticket's state."""
        return self.zammad.books.tickets[ticket].state

    def notes(self, ticket: int) -> list[bool]:
        """For each note of syncd's whether it is internal."""
        return [one["internal"] for one in self.zammad.books.tickets[ticket].articles if "syncd:v1:" in one["body"]]

    def close(self) -> None:
        self.zammad.stop()
        self.github.stop()


@pytest.fixture
def desk(installed: Path, tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(installed, tmp_path / "config")
    yield desk
    desk.close()


def test_the_wheel_is_the_connector_and_nothing_of_syncd_s(wheel: Path) -> None:
    inside = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert {name.split("/")[0] for name in inside} == {"syncd_zammad"}
    assert {"syncd_zammad/mapping.toml", "syncd_zammad/example.toml", "syncd_zammad/questions.toml"} <= inside


def test_it_is_found_by_its_entry_point_alone(desk: Desk) -> None:
    desk.init()
    done = desk.run("check")
    assert (done.returncode, "No problems found" in done.stdout) == (0, True), done.stdout + done.stderr
    done = desk.run("check", bare=True)
    assert done.returncode == 78
    assert "connectors/zammad.toml: connector: no such connector is installed" in done.stderr


def test_a_ticket_waits_for_its_issue_and_is_closed_with_it(desk: Desk) -> None:
    desk.init()
    old = desk.people.make_ticket(CANARY, CANARY)
    desk.github.people.close(desk.issue(old))
    desk.reconcile()
    assert (desk.state(old), desk.notes(old)) == ("new", [])
    ticket = desk.people.make_ticket(CANARY, CANARY)
    key = desk.issue(ticket)
    assert "1 ticket set to waiting, because its issue is open" in desk.reconcile()
    assert (desk.state(ticket), desk.notes(ticket)) == ("pending reminder", [True])
    desk.github.people.close(key)
    assert "1 ticket resolved, because its issue is finished" in desk.reconcile()
    assert (desk.state(ticket), desk.notes(ticket)) == ("closed", [True, True])
    assert desk.zammad.books.tickets[ticket].status_writes == 2
    desk.reconcile()
    assert (desk.notes(ticket), desk.zammad.books.tickets[ticket].status_writes) == ([True, True], 2)


def test_what_the_page_has_people_do_moves_the_ticket(desk: Desk) -> None:
    """Step 7 of docs/new-connector.md, with other ports."""
    page = (ROOT / "docs" / "new-connector.md").read_text(encoding="utf-8")
    typed = re.findall(r"^curl -s http://127\.0\.0\.1:(800\d)(/_sandbox/act) -d '([^']*)'", page, re.MULTILINE)
    urls = {"8001": desk.zammad.url, "8002": desk.github.url}
    repository, *acts = [
        (urls[port] + path, body.replace("http://127.0.0.1:8001", urls["8001"])) for port, path, body in typed
    ]
    assert REPOSITORY in repository[1]
    desk.init()
    desk.reconcile()
    states = []
    for url, body in acts:
        answer = requests.post(url, data=body, timeout=30)
        assert answer.status_code == 200, answer.text
        desk.reconcile()
        states.append(desk.state(1))
    assert states == ["new", "pending reminder", "closed"]


def test_a_stand_in_that_can_not_be_loaded_is_told_with_its_cure(tmp_path: Path) -> None:
    broken = tmp_path / "broken-1.dist-info"
    broken.mkdir()
    (broken / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1\n", encoding="utf-8")
    (broken / "entry_points.txt").write_text("[syncd.sandboxes]\nbroken = syncd_zammad.no_such:It\n", encoding="utf-8")
    env = os.environ | {"PYTHONPATH": os.pathsep.join((str(tmp_path), os.environ.get("PYTHONPATH", "")))}
    command = [sys.executable, "-m", "syncd.cli", "sandbox", "broken"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert "the stand-in for 'broken' is installed, but can't be loaded (ModuleNotFoundError)" in done.stderr


def test_a_status_that_nobody_mapped_is_told_with_the_package_s_own_mapping_to_copy(desk: Desk) -> None:
    desk.init()
    desk.zammad.states.append("removed")
    done = desk.run("check")
    assert done.returncode == 1
    assert f"Copy {desk.place / 'syncd_zammad' / 'mapping.toml'} to {desk.folder / 'mappings' / 'zammad.toml'}" in (
        done.stdout + done.stderr
    )
