"""What may be wrong on this machine: state, disk, marker key, the address to listen on."""

from __future__ import annotations

import errno
import ipaddress
import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

from syncd.cli.running import SHORTEST_KEY, own_key_path
from syncd.config import Config
from syncd.errors import Problem, StateError
from syncd.store import Store
from syncd.store.file import is_held

LITTLE_ROOM = 200 * 1024 * 1024
"""Bytes; the state of ten thousand links takes less than a tenth of it, an upgrade keeps a copy."""
NO_ROOM = 20 * 1024 * 1024


def local_problems(config: Config) -> Iterator[Problem]:
    """Everything that is wrong here. Writes nothing."""
    yield from _state(config.state)
    if config.marker_key is None:
        yield from _own_key(own_key_path(config.state))
    yield from _address(config)


def _state(state: Path) -> Iterator[Problem]:
    where = "syncd.toml: state"
    there = next(path for path in state.parents if path.exists())
    try:
        with tempfile.TemporaryFile(dir=there):  # it has no name, so nothing is left
            pass
    except OSError as error:
        what = f"{there} can't be written by this account ({error.strerror})"
        cure = (
            f"Run `syncd check` as the account that runs syncd; if it is that one: chown it, or mend `state` ({state})"
        )
        yield Problem(where, what, cure)
        return
    free = shutil.disk_usage(there).free
    if free < LITTLE_ROOM:
        what = f"the disk that holds {there} has {free // 1024 // 1024} MB left"
        yield Problem(where, what, "Make room: when it is full, syncd stops", warning=free >= NO_ROOM)
    if state.exists():
        try:
            Store.read(state, whole=True).close()
        except StateError as error:
            yield Problem(error.path, error.what, error.cure)


def _own_key(path: Path) -> Iterator[Problem]:
    """The marker key that syncd makes itself where none is configured; before the first run there is none."""
    try:
        key = path.read_bytes().strip()
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        yield Problem(str(path), f"the marker key can't be read ({error.strerror})", "Mend its rights")
        return
    if len(key) < SHORTEST_KEY:
        yield Problem(str(path), "the marker key is empty or cut", "Restore it from a copy")


def _address(config: Config) -> Iterator[Problem]:
    """Whether the health endpoint can listen there; that a running syncd does so already is no trouble."""
    where, (host, port) = "syncd.toml: listen", config.listen
    try:
        family, kind, proto, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, proto) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        if error.errno == errno.EADDRINUSE and is_held(config.state):
            return
        other = f"127.0.0.1:{port + 1 if 1024 <= port < 65535 else 8787}"
        cure = f"Write an address of this machine and a free port, such as {other}"
        yield Problem(where, f"syncd can't listen on {host}:{port} ({error.strerror})", cure)
        return
    if not ipaddress.ip_address(str(address[0]).partition("%")[0]).is_loopback:
        what = f"{host}:{port} can be reached from other machines, and the health endpoint asks for no password"
        yield Problem(where, what, "Write 127.0.0.1, or guard it by a firewall or a proxy", warning=True)
