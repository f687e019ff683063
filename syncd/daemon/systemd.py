"""What a service tells systemd: ready, reloading, stopping, alive (sd_notify(3)). Without systemd it says nothing."""

from __future__ import annotations

import os
import socket
import time


def notify(*lines: str) -> bool:
    """Send one message; False if nobody listens."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return False
    path = "\0" + address[1:] if address.startswith("@") else address
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as one:
            one.settimeout(1.0)
            one.sendto("\n".join(lines).encode(), path)
    except OSError:
        return False
    return True


def reloading() -> None:
    """A reload has begun; READY=1 ends it. From systemd 253 on the time must be told with it."""
    notify("RELOADING=1", f"MONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}")


def watchdog_seconds() -> float | None:
    """How often a sign of life is due, at a third of what systemd allows; None if it isn't asked for."""
    asked, pid = os.environ.get("WATCHDOG_USEC", ""), os.environ.get("WATCHDOG_PID", "")
    if not asked.isdecimal() or (pid and pid != str(os.getpid())):
        return None
    return int(asked) / 1_000_000 / 3
