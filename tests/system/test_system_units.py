"""The units under a real systemd: it starts, watches, reloads, restarts and stops syncd as they say."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from machine import ROOT, Machine, why_not
from office import DESK_KEY, PENDING, REPOSITORY, Office

from connectors.github.sandbox import TOKEN

REASON = why_not()
pytestmark = [
    pytest.mark.skipif(bool(REASON), reason=REASON or "there is a systemd"),
    pytest.mark.xdist_group("machine"),  # one is enough
]
SECRETS = {"freshdesk": DESK_KEY, "github": TOKEN}
STATE = "/var/lib/syncd/syncd.db"


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    dist = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(dist), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)
    (wheel,) = dist.glob("*.whl")
    one = Machine(tmp_path_factory.mktemp("machine"), wheel)
    yield one
    one.close()


class Site:
    """The machine with syncd set up on it, and an office that it serves."""

    def __init__(self, machine: Machine, office: Office) -> None:
        self.machine, self.office = machine, office
        office.config = machine.config
        for place in (machine.config, *machine.units.glob("*.d")):
            shutil.rmtree(place)
        for path in machine.log.glob("syncd*"):
            path.write_text("")
        machine.prepare()
        machine.run("systemctl", "daemon-reload")
        self.main()
        more = 'poll_interval = "1s"\nsettle = "1s"\n'
        desk = f'url = "{office.freshdesk.url}"\napi_key = "credential:freshdesk"\n'
        office.write("connectors/freshdesk.toml", f'connector = "freshdesk"\n{desk}{more}[sync]\n')
        hub = f'url = "{office.github.url}"\ntoken = "credential:github"\n'
        repository = f'[[repositories]]\nname = "{REPOSITORY}"\n'
        office.write("connectors/github.toml", f'connector = "github"\n{hub}{more}{repository}')
        self.credentials()

    def main(self, mode: str = "live") -> None:
        self.office.write("syncd.toml", f'state = "{STATE}"\nlisten = "127.0.0.1:0"\nmode = "{mode}"\n')

    def credentials(self) -> None:
        """As docs/service.md says: root alone can read them."""
        folder = self.machine.config / "credentials"
        folder.mkdir(mode=0o700)
        for name, secret in SECRETS.items():
            self.office.write(f"credentials/{name}", f"{secret}\n").chmod(0o600)

    def change(self, text: str, unit: str = "syncd.service") -> None:
        """Add a drop-in."""
        self.machine.drop_in(unit, "own", f"[Service]\n{text}\n")
        self.machine.run("systemctl", "daemon-reload")

    def start(self) -> None:
        self.machine.run("systemctl", "start", "syncd")

    def state(self) -> str:
        return self.machine.show("syncd", "ActiveState")

    def pid(self) -> int:
        """0 if there is no process."""
        return int(self.machine.show("syncd", "MainPID"))

    def events(self, name: str) -> list[dict[str, Any]]:
        lines = [json.loads(line) for line in self.machine.said("syncd").splitlines() if line.startswith("{")]
        return [line for line in lines if line["event"] == name]

    def until(self, what: Callable[[], bool]) -> None:
        self.machine.until(what)

    def serves(self) -> None:
        """It takes a new ticket through the whole way."""
        self.until(
            lambda: {line["connector"] for line in self.events("connector") if line["state"] == "ok"} == set(SECRETS)
        )
        self.office.later()
        ticket = self.office.ticket()
        self.office.issue(ticket)
        self.until(lambda: self.office.status(ticket) == PENDING)

    def close(self) -> None:
        self.machine.run("systemctl", "stop", "syncd.service", "syncd-reconcile.timer", "syncd-reconcile.service")
        self.machine.run("systemctl", "reset-failed")
        self.machine.run("rm", "-rf", "/var/lib/private/syncd", "/var/lib/syncd")
        said = "".join(path.read_text() for path in self.machine.log.glob("syncd*"))
        assert not any(secret in said for secret in SECRETS.values())
        assert "Traceback" not in said


@pytest.fixture
def site(machine: Machine, build: Callable[..., Office]) -> Iterator[Site]:
    one = Site(machine, build())
    yield one
    one.close()


def test_it_is_active_only_once_it_is_ready_and_its_end_is_clean(site: Site) -> None:
    """Until then whatever is ordered after it waits, and `systemctl start` does."""
    late = "until [ -e /etc/syncd/gate ]; do sleep 0.05; done; exec /opt/syncd/bin/syncd run --config /etc/syncd"
    site.change(f"ExecStart=\nExecStart=/bin/sh -c '{late}'")
    site.machine.run("systemctl", "start", "--no-block", "syncd")
    site.until(lambda: site.pid() > 0)
    assert site.state() == "activating"
    site.office.write("gate", "")
    site.until(lambda: site.state() == "active")
    assert site.machine.show("syncd", "StatusText") == "2 connectors, live"
    site.machine.run("systemctl", "stop", "syncd")
    assert (site.state(), site.machine.show("syncd", "Result")) == ("inactive", "success")
    assert [line["in_flight"] for line in site.events("stopped")] == [0]


def test_it_serves_with_nothing_but_what_it_needs(site: Site) -> None:
    """Its credentials come from systemd, since nobody but root can read their files."""
    site.start()
    site.serves()
    status = Path(f"/proc/{site.machine.outside(site.pid())}/status").read_text(encoding="ascii")
    told = dict(line.split(":\t", 1) for line in status.splitlines())
    assert (told["CapBnd"], told["CapPrm"]) == ("0" * 16, "0" * 16)
    assert (told["NoNewPrivs"], told["Seccomp"]) == ("1", "2")
    assert told["Uid"].split("\t")[0] != "0"
    assert (site.machine.config / "credentials/github").stat().st_mode & 0o777 == 0o600


def test_its_state_is_its_own(site: Site) -> None:
    site.start()
    listed = site.machine.run("find", "/var/lib/private/syncd", "-printf", "%y %m %U %f\\n").splitlines()
    assert {line.rsplit(" ", 1)[1] for line in listed} >= {"syncd", "syncd.db", "syncd.db.lock", "syncd.db.marker_key"}
    assert {line.rsplit(" ", 2)[0] for line in listed} == {"d 700", "f 600"}
    assert len({line.split(" ")[2] for line in listed} - {"0"}) == 1
    assert site.machine.run("stat", "--format=%a", "/var/lib/private").strip() == "700"


def test_a_reload_takes_the_new_configuration_or_keeps_the_old(site: Site) -> None:
    site.start()
    pid = site.pid()
    site.main(mode="observe")
    site.machine.run("systemctl", "reload", "syncd")
    site.until(lambda: site.machine.show("syncd", "StatusText") == "2 connectors, observe")
    site.main(mode="sideways")
    site.machine.run("systemctl", "reload", "syncd")
    site.until(lambda: "the old one holds" in site.machine.show("syncd", "StatusText"))
    site.until(lambda: site.state() == "active")
    assert (site.pid(), site.machine.show("syncd", "NRestarts")) == (pid, "0")


def test_one_that_hangs_is_killed_and_comes_back(site: Site) -> None:
    site.change("WatchdogSec=3s")
    site.start()
    pid = site.pid()
    site.machine.run("systemctl", "kill", "--kill-who=main", "--signal=STOP", "syncd")
    site.until(lambda: site.pid() not in {0, pid} and site.state() == "active")
    assert site.machine.show("syncd", "NRestarts") == "1"
    site.serves()


def test_one_that_is_killed_comes_back_and_does_nothing_twice(site: Site) -> None:
    site.start()
    site.serves()
    site.machine.run("systemctl", "kill", "--kill-who=main", "--signal=KILL", "syncd")
    site.until(lambda: site.machine.show("syncd", "NRestarts") == "1" and site.state() == "active")
    writes = site.office.writes()
    site.serves()
    assert site.office.writes() == writes + 2  # a note and a status, for the new ticket alone


def test_a_configuration_that_is_wrong_is_told_once(site: Site) -> None:
    """Only a person can mend it: a restart every ten seconds would bury what it says."""
    shutil.rmtree(site.machine.config / "credentials")
    site.machine.run("systemctl", "start", "syncd", check=False)
    assert (site.state(), site.machine.show("syncd", "SubState")) == ("failed", "failed")
    assert (site.machine.show("syncd", "ExecMainStatus"), site.machine.show("syncd", "NRestarts")) == ("78", "0")
    assert "systemd did not hand over a credential freshdesk" in site.machine.said("syncd")
    site.credentials()
    site.start()
    site.serves()


def test_one_that_waits_for_another_process_starts_when_that_has_ended(site: Site) -> None:
    site.start()
    site.machine.run("systemctl", "stop", "syncd")
    (site.machine.units / "holder.service").write_text(f"[Service]\nExecStart=flock {STATE}.lock sleep 300\n")
    site.machine.run("systemctl", "daemon-reload")
    site.machine.run("systemctl", "start", "holder")
    site.until(lambda: site.machine.run("flock", "-n", f"{STATE}.lock", "echo", "free", check=False) == "")
    site.machine.run("systemctl", "start", "--no-block", "syncd")
    site.until(lambda: site.machine.show("syncd", "ExecMainStatus") == "75")
    site.machine.run("systemctl", "stop", "holder")
    site.until(lambda: site.state() == "active")


@pytest.mark.parametrize("begun", [False, True])
def test_what_root_did_before_the_first_start_is_the_service_s(site: Site, begun: bool) -> None:
    """With and without the folder that a first start has left, although it failed."""
    if begun:
        shutil.rmtree(site.machine.config / "credentials")
        site.machine.run("systemctl", "start", "syncd", check=False)
        site.credentials()
    site.office.issue(site.office.pending())
    site.machine.run("syncd", "reconcile")
    site.start()
    site.serves()
    assert len(json.loads(site.machine.run("syncd", "links", "list", "--json"))) == 2


def test_the_nightly_run_mends_what_was_missed(site: Site) -> None:
    site.office.issue(site.office.pending())
    site.machine.run("systemctl", "start", "syncd-reconcile")
    site.office.later()
    ticket = site.office.ticket()
    site.office.issue(ticket)
    site.machine.run("systemctl", "start", "syncd-reconcile")
    assert site.office.status(ticket) == PENDING
    assert site.machine.show("syncd-reconcile", "Result") == "success"
    site.start()
    site.serves()
    assert len(json.loads(site.machine.run("syncd", "links", "list", "--json"))) == 3


def test_the_nightly_run_asks_the_service_while_that_runs(site: Site) -> None:
    """It can: same user, and a socket that nobody else but root can reach. It leaves the socket where it was."""
    site.start()
    site.serves()
    for _ in range(2):
        site.machine.run("systemctl", "start", "syncd-reconcile")
    assert [(line["verb"], line["exit"]) for line in site.events("command")] == [("reconcile", 0)] * 2
    assert site.machine.said("syncd-reconcile").count("1 group looked at") == 2
    socket, folder = site.machine.run("stat", "--format=%a %F %u", "/run/syncd/control.sock", "/run/syncd").splitlines()
    assert socket.startswith("600 socket ")
    assert folder.startswith("700 directory ")
    assert site.pid() > 0


def test_the_timer_comes_and_goes_with_the_service(site: Site) -> None:
    site.machine.run("systemctl", "enable", "syncd.service", "syncd-reconcile.timer")
    site.start()
    assert site.machine.show("syncd-reconcile.timer", "ActiveState") == "active"
    assert site.machine.show("syncd-reconcile.timer", "NextElapseUSecRealtime")
    assert site.machine.show("syncd-reconcile.service", "ActiveState") == "inactive"
    site.machine.run("systemctl", "stop", "syncd")
    assert site.machine.show("syncd-reconcile.timer", "ActiveState") == "inactive"
    site.machine.run("systemctl", "disable", "syncd.service", "syncd-reconcile.timer")


def test_it_serves_behind_the_egress_proxy_drop_in(site: Site) -> None:
    """Nothing but this machine may be reached, which is where the stand-ins are."""
    shipped = site.machine.place / "opt/syncd/share/syncd/systemd/egress-proxy.conf"
    site.change(shipped.read_text().partition("[Service]")[2])
    site.start()
    assert set(site.machine.show("syncd", "IPAddressDeny").split()) == {"::/0", "0.0.0.0/0"}
    site.serves()


def test_an_encrypted_credential_is_taken_by_its_own_name(site: Site) -> None:
    shutil.rmtree(site.machine.config / "credentials")
    loads = []
    for name, secret in SECRETS.items():
        path = f"/etc/syncd/{name}.cred"
        encrypt = f"printf %s {secret} | systemd-creds encrypt --with-key=host --name={name} - {path}"
        site.machine.run("sh", "-c", f"mkdir -p /var/lib/systemd && {encrypt}")
        loads.append(f"LoadCredentialEncrypted={name}:{path}")
    site.change("\n".join(loads))
    site.start()
    site.serves()
