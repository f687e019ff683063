"""A machine with a systemd of its own, for tests of the units: namespaces, no image, nothing outside is changed.

PID 1 of the machine is the real systemd; it sees the real root with its own ``/etc``, ``/opt``, ``/run``, ``/var/lib``
and ``/tmp`` over it (``boot.sh``), and shares the network, so that stand-ins of a test are at hand. syncd is installed
there from its wheel, as docs/service.md says; the libraries are those of the Python that runs the test.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
SYSTEMD = Path("/lib/systemd/systemd")
NAMESPACES = ("--mount", "--pid", "--fork", "--cgroup", "--uts", "--ipc", "--mount-proc", "--kill-child")
MOUNTS = "mount -t tmpfs x /run && umount -R /sys/fs/cgroup && mount -t cgroup2 x /sys/fs/cgroup"
PATIENCE = 40.0
"""Seconds that a test waits at most for what should come sooner; no test measures speed."""
ETC = {
    "passwd": "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n",
    "group": "root:x:0:\nnogroup:x:65534:\n",
    "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
    "hosts": "127.0.0.1 localhost\n::1 localhost\n",
    "machine-id": "0123456789abcdef0123456789abcdef\n",
}
TARGETS = ("basic", "sysinit", "shutdown", "default", "multi-user", "network-online", "timers")
# There is no journal in the machine. A Python outside /usr may look for its library where the machine hides it.
DROP_IN = """[Service]
StandardOutput=append:/opt/log/%N
StandardError=inherit
Environment=LD_LIBRARY_PATH=/opt/python/lib
RestartSec=1s
"""


def why_not() -> str:
    """Why there can be no such machine here; empty if there can."""
    missing = [tool for tool in ("unshare", "nsenter", "systemctl", "systemd-analyze") if not shutil.which(tool)]
    if missing or not SYSTEMD.exists():
        return "no systemd here (Debian: apt install systemd)"
    tried = subprocess.run(["unshare", *NAMESPACES, "sh", "-c", MOUNTS], capture_output=True, text=True, check=False)
    return f"no machine can be made here, root and namespaces are needed: {tried.stderr}" if tried.returncode else ""


class Machine:
    """See the module; closed, it is gone with every process in it.

    Args:
        place: an empty folder for its disk.
        wheel: syncd, as users get it.
    """

    def __init__(self, place: Path, wheel: Path) -> None:
        self.place = place
        self.units, self.config, self.log = (place / one for one in ("etc/systemd/system", "etc/syncd", "opt/log"))
        for folder in (self.units, self.config, self.log, place / "opt/python", place / "opt/libraries"):
            folder.mkdir(parents=True)
        for name, text in ETC.items():
            (place / "etc" / name).write_text(text)
        for name in TARGETS:
            (self.units / f"{name}.target").write_text(f"[Unit]\nDescription={name}\n")
        self._install(wheel)
        self._boot()

    def _install(self, wheel: Path) -> None:
        """syncd at ``/opt/syncd``, and its units where docs/service.md says to copy them."""
        home = self.place / "opt/syncd"
        python = home / "bin/python"
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(home)], check=True)
        # --python, so that pip looks at this environment alone: else it would uninstall the syncd that runs the test.
        pip = (sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check")
        subprocess.run([*pip, "install", "--quiet", "--no-index", "--no-deps", str(wheel)], check=True)
        (packages,) = home.glob("lib/python3*/site-packages")
        (packages / "libraries.pth").write_text("/opt/libraries\n")
        script = home / "bin/syncd"
        script.write_text("#!/opt/syncd/bin/python\n" + script.read_text().partition("\n")[2])
        python.unlink()
        python.symlink_to(f"/opt/python/bin/python3.{sys.version_info.minor}")
        (home / "pyvenv.cfg").write_text("home = /opt/python/bin\n")
        for kind in ("service", "timer"):
            for unit in (home / "share/syncd/systemd").glob(f"syncd*.{kind}"):
                shutil.copy(unit, self.units)
        self.prepare()

    def prepare(self) -> None:
        """The units as they are shipped, but for what a test needs of each."""
        for service in self.units.glob("syncd*.service"):
            self.drop_in(service.name, "test", DROP_IN)

    def drop_in(self, unit: str, name: str, text: str) -> None:
        """As ``systemctl edit`` makes one."""
        folder = self.units / f"{unit}.d"
        folder.mkdir(exist_ok=True)
        (folder / f"{name}.conf").write_text(text)

    def _boot(self) -> None:
        said = (self.log / "systemd").open("wb")
        script = Path(__file__).with_name("boot.sh")
        where = (str(self.place), sys.base_prefix, sysconfig.get_path("purelib"), str(SYSTEMD))
        self._process = subprocess.Popen(
            ["unshare", *NAMESPACES, "sh", str(script), *where], stdin=subprocess.DEVNULL, stdout=said, stderr=said
        )
        said.close()
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        self.until(lambda: bool(self._process.poll() is not None or children.read_text().strip()))
        self._first = children.read_text().strip()
        self.until(lambda: self.run("systemctl", "is-system-running", check=False).strip() == "running")

    # --- in the machine ---

    def run(self, *command: str, check: bool = True) -> str:
        """What a command, run by root, says."""
        inside = ("nsenter", "--target", self._first, "--mount", "--pid", "--cgroup", "--uts", "--ipc", "--wd=/")
        env = {"PATH": "/opt/syncd/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LD_LIBRARY_PATH": "/opt/python/lib"}
        done = subprocess.run([*inside, *command], env=env, capture_output=True, text=True, check=False, timeout=60)
        assert not check or done.returncode == 0, f"{command} left with {done.returncode}:\n{done.stdout}{done.stderr}"
        return done.stdout

    def outside(self, pid: int) -> int:
        """What a process of the machine is called outside of it."""
        for path in Path("/proc").glob("[0-9]*/status"):
            with suppress(OSError):
                told = dict(line.split(":", 1) for line in path.read_text().splitlines())
                inside = told["NSpid"].split()
                if len(inside) > 1 and inside[-1] == str(pid) and self._is_here(path.parent):
                    return int(path.parent.name)
        raise AssertionError(f"there is no process {pid}")

    def _is_here(self, process: Path) -> bool:
        return (process / "ns/pid").readlink() == Path(f"/proc/{self._first}/ns/pid").readlink()

    def show(self, unit: str, name: str) -> str:
        """A property of a unit."""
        return self.run("systemctl", "show", unit, "--value", "--property", name).strip()

    def said(self, unit: str) -> str:
        """What a unit has logged."""
        path = self.log / unit
        return path.read_text() if path.exists() else ""

    def until(self, what: Callable[[], bool], seconds: float = PATIENCE) -> None:
        """Wait until something is so."""
        end = time.monotonic() + seconds
        while not what():
            assert time.monotonic() < end, "\n".join(f"{one.name}: {one.read_text()}" for one in self.log.iterdir())
            time.sleep(0.05)

    def close(self) -> None:
        """Switch it off."""
        self._process.kill()
        self._process.wait(30)
