"""The service's side of the control socket: a thread that listens to everybody, and a thread for each command.

The listening thread never waits for anybody: it hears requests, wishes to stop, and that somebody has gone. Whatever a
command says goes out from its own thread, and if nobody takes it within ``PATIENCE``, the command is stopped as if its
sender had gone. Commands end with the lanes (:attr:`.Shared.guests`), so nobody holds up the service's end.
"""

from __future__ import annotations

import json
import os
import select
import selectors
import socket
import stat
import struct
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from syncd import __version__, defects
from syncd.control.protocol import LONGEST_PATH, REQUEST, Lines, TooMuch, encode, pieces, place
from syncd.daemon.lanes import Shared
from syncd.errors import StateBusy, StateError

SLICE = 0.25
"""Seconds after which whoever waits looks round."""
PATIENCE = 5.0
"""Seconds for a request to be whole, and for an answer to be taken."""
MOST = 16
"""Commands and unfinished requests at once."""
LAST_WORDS = 1.0
"""Seconds for an answer to be taken once the service is to stop."""


class Caller:
    """Somebody who has asked for something; also the clock of the thread that does it."""

    def __init__(self, sock: socket.socket, shared: Shared) -> None:
        self.sock, self.heard, self.since = sock, Lines(REQUEST), time.monotonic()
        self.stop = threading.Event()
        self.working = self.over = False
        self.clock = shared.clock

    def now(self) -> datetime:
        """See :class:`syncd.clock.Clock`."""
        return self.clock.now()

    def monotonic(self) -> float:
        """See :class:`syncd.clock.Clock`."""
        return self.clock.monotonic()

    def sleep(self, seconds: float) -> bool:
        """See :class:`syncd.clock.Clock`; cut short by the caller, too."""
        until = self.monotonic() + seconds
        while not self.stop.is_set():
            left = until - self.monotonic()
            if self.clock.sleep(max(0.0, min(left, SLICE))):
                return True
            if left <= SLICE:
                return self.stop.is_set()
        return True

    def tell(self, **what: Any) -> None:
        """Say something; to somebody who doesn't listen any more, nothing."""
        data, until = encode(**what), time.monotonic() + PATIENCE
        while data and not self.over:
            if self.clock.stop.is_set():
                until = min(until, time.monotonic() + LAST_WORDS)
            try:
                data = data[self.sock.send(data) :]
            except BlockingIOError:
                with suppress(ValueError):  # closed, since a moment ago
                    select.select([], [self.sock], [], SLICE)
                if time.monotonic() > until:
                    self.gone()
            except OSError:
                self.gone()

    def output(self, text: str, *, err: bool) -> None:
        """Text that is fit to print as it is."""
        for piece in pieces(text):
            self.tell(**{"err" if err else "out": piece})

    def say(self, line: str) -> None:
        """A wait or a failure, as it happens."""
        self.tell(say=line)

    def progress(self, what: str, done: int, total: float | None) -> None:
        """As :class:`syncd.work.Work` tells it."""
        self.tell(progress=[what, done, total])

    def gone(self) -> None:
        """Nobody listens any more: what was asked for stops between two steps."""
        self.over = True
        self.stop.set()


Perform = Callable[[Shared, Caller, str, Mapping[str, Any]], int]
"""Does what was asked for; its exit status. Raises nothing."""


class Control:
    """The control socket, as a :class:`syncd.daemon.service.Front`.

    Args:
        perform: does what is asked for.
        verbs: what may be asked for.
    """

    def __init__(self, perform: Perform, verbs: frozenset[str]) -> None:
        self._perform, self._verbs = perform, verbs
        self._path: Path | None = None
        self._thread: threading.Thread | None = None
        self._closing = threading.Event()

    def begin(self, shared: Shared) -> None:
        """See :class:`syncd.daemon.service.Front`.

        Raises:
            StateBusy: another service listens there.
            StateError: there is something else, or the folder can't be written.
        """
        self._shared = shared
        if self._thread is not None:
            return
        path = place(shared.config.state)
        if len(os.fsencode(path)) > LONGEST_PATH:
            cure = "Commands can't reach the service; give it a shorter `state`, or a RuntimeDirectory="
            shared.log.error(
                "control", path=str(path), why=f"longer than the {LONGEST_PATH} bytes of a socket", cure=cure
            )
            return
        listening = _listen(path)
        self._path = path
        shared.store.note(json.dumps({"pid": os.getpid(), "control": str(path)}))
        self._thread = threading.Thread(target=self._run, args=[listening], name="control", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """See :class:`syncd.daemon.service.Front`."""
        self._closing.set()
        if self._thread is not None:
            self._thread.join(2.0)
        if self._path is not None:
            self._path.unlink(missing_ok=True)

    # --- the listening thread ---

    def _run(self, listening: socket.socket) -> None:
        with selectors.DefaultSelector() as round_, listening:
            round_.register(listening, selectors.EVENT_READ)
            while not self._closing.is_set():
                ready = [key.data for key, _ in round_.select(SLICE)]
                try:
                    self._serve(listening, round_, ready)
                except Exception as error:  # noqa: BLE001  # one defect must not leave commands without an answer
                    self._shared.log.error("defect", lane="control", what=defects.told(error))  # noqa: TRY400
                    time.sleep(SLICE)

    def _serve(self, listening: socket.socket, round_: selectors.BaseSelector, ready: list[Caller | None]) -> None:
        for caller in ready:
            if caller is None:
                self._accept(listening, round_)
            else:
                self._hear(caller)
        self._dismiss(round_)

    def _accept(self, listening: socket.socket, round_: selectors.BaseSelector) -> None:
        with suppress(OSError):
            sock, _ = listening.accept()
            sock.settimeout(0)
            if _uid(sock) not in {0, os.geteuid()}:
                sock.close()
                return
            caller = Caller(sock, self._shared)
            if max(len(round_.get_map()) - 1, len(self._shared.guests)) >= MOST:
                _refuse(caller, 75, "The service is busy with other commands. Wait for one of them to end")
                sock.close()
                return
            round_.register(sock, selectors.EVENT_READ, caller)

    def _hear(self, caller: Caller) -> None:
        try:
            data = caller.sock.recv(65536)
            for one in caller.heard.feed(data):
                if caller.working and one.get("stop"):
                    caller.stop.set()
                elif not caller.working:
                    caller.working = True
                    self._begin(caller, one)
        except BlockingIOError:
            return
        except (OSError, ValueError, TooMuch):
            data = b""
        if not data:
            caller.gone()

    def _dismiss(self, round_: selectors.BaseSelector) -> None:
        """Whoever is done, has gone, or doesn't get to the end of a request."""
        callers = [key.data for key in list(round_.get_map().values()) if key.data is not None]
        for caller in callers:
            late = not caller.working and time.monotonic() - caller.since > PATIENCE
            if caller.over or late:
                caller.over = True
                round_.unregister(caller.sock)
                caller.sock.close()

    def _begin(self, caller: Caller, request: Mapping[str, Any]) -> None:
        shared = self._shared
        if self._refused(caller, shared, request):
            caller.over = True
            return
        caller.clock = shared.clock
        name = f"control {request['verb']}"
        threading.Thread(target=self._work, args=[shared, caller, request], name=name, daemon=True).start()

    def _refused(self, caller: Caller, shared: Shared, request: Mapping[str, Any]) -> bool:
        """Whether this can't be done here; it is said why."""
        config, restart = shared.config, "Restart the service, and run the command again"
        if request.get("state") != str(config.state):
            caller.tell(elsewhere=str(config.state))
        elif request.get("version") != __version__:
            _refuse(caller, 75, f"The service runs syncd {__version__}, this is {request.get('version')}. {restart}")
        elif request.get("digest") != config.digest:
            what = f"The service (process {os.getpid()}) works by {config.folder} as it was when it was read last"
            cure = "Run `syncd check`, then reload it (systemctl reload syncd); or name that folder with --config"
            _refuse(caller, 78, f"{what}; this command's configuration is another. {cure}, and run the command again")
        elif request.get("verb") not in self._verbs or not isinstance(request.get("told"), dict):
            _refuse(caller, 2, "The service doesn't know this command")
        else:
            return False
        return True

    # --- a command's own thread ---

    def _work(self, shared: Shared, caller: Caller, request: Mapping[str, Any]) -> None:
        me, verb, began = threading.current_thread(), request["verb"], time.monotonic()
        shared.guests.add(me)
        try:
            if shared.clock.stop.is_set():
                _refuse(caller, 75, "The service is about to stop, or to read its configuration anew. Run this again")
                return
            caller.tell(began=True)
            status = self._perform(shared, caller, verb, request["told"])
            shared.log.info("command", verb=verb, exit=status, seconds=round(time.monotonic() - began, 2))
            caller.tell(exit=status)
        finally:
            caller.over = True
            shared.guests.discard(me)


def _refuse(caller: Caller, status: int, why: str) -> None:
    caller.tell(refused=[status, why])


def _uid(sock: socket.socket) -> int:
    """Who is at the other end: as the kernel says, not they (unix(7), SO_PEERCRED)."""
    _pid, uid, _gid = struct.unpack("3i", sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    return int(uid)


def _listen(path: Path) -> socket.socket:
    """A socket at this path that nobody but its owner can reach; one that a killed service left there is replaced."""
    try:
        if os.path.lexists(path):
            _make_room(path)
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        sock.bind(str(path))
        path.chmod(0o600)
        sock.listen(MOST)
        sock.settimeout(0)
    except OSError as error:
        what = f"the control socket can't be made there ({error.strerror})"
        raise StateError(str(path), what, "Mend the folder's rights") from error
    return sock


def _make_room(path: Path) -> None:
    if not stat.S_ISSOCK(path.lstat().st_mode):
        raise StateError(
            str(path), "there is something that is no socket", "Move it away: the control socket is to be there"
        )
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as other:
        other.settimeout(1.0)
        try:
            other.connect(str(path))
        except (ConnectionRefusedError, FileNotFoundError):
            path.unlink(missing_ok=True)
            return
    raise StateBusy(f"another syncd listens at {path}. Give this one a RuntimeDirectory= of its own")
