"""Markers: how an effect is recognised at the other end after its answer was lost (rule 12).

A marker is ``syncd:v1:<effect-ulid>:<mac>``. The MAC is made with the installation's ``marker_key``, so that nobody
who can paste text into a ticket can forge one; it holds no name of a ticket or customer.
"""

from __future__ import annotations

import hashlib
import hmac
import re

PATTERN = re.compile(r"syncd:v1:(?P<ulid>[0-9A-HJKMNP-TV-Z]{26}):(?P<mac>[0-9a-f]{20})")


def make(key: bytes, ulid: str) -> str:
    """The marker of one effect."""
    return f"syncd:v1:{ulid}:{_mac(key, ulid)}"


def read(key: bytes, text: str) -> tuple[str, ...]:
    """The effects whose genuine markers stand in ``text``. The caller knows that our own account wrote it."""
    return tuple(
        found["ulid"] for found in PATTERN.finditer(text) if hmac.compare_digest(found["mac"], _mac(key, found["ulid"]))
    )


def neutralise(text: str) -> str:
    """Text from elsewhere, with everything that looks like a marker made inert."""
    return text.replace("syncd:v1:", "syncd\u200b:v1:").replace("<!--", "<\u200b!--")


def _mac(key: bytes, ulid: str) -> str:
    return hmac.new(key, f"syncd:v1:{ulid}".encode(), hashlib.sha256).hexdigest()[:20]
