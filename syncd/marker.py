"""Markers: how an effect is recognised at the other end after its answer was lost (rule 12).

A marker is ``syncd:v1:<effect-ulid>:<mac>``. The MAC is made with the installation's ``marker_key``, so that nobody
who can paste text into a ticket can forge one; it holds no name of a ticket or customer. The ULID is the effect's time
and, where others have chance, a second MAC over what the effect was for: a state that was lost can be built anew from
the markers, by whoever holds the key and knows what to ask for. What a MAC can't prevent is
a genuine marker that somebody copies: so text from elsewhere is made inert before our own account writes it.
"""

from __future__ import annotations

import hashlib
import hmac
import html
import re
import unicodedata
from datetime import UTC, datetime

from ulid import ULID

PATTERN = re.compile(
    r"(?<![0-9A-Za-z])syncd:v1:(?P<ulid>[0-7][0-9A-HJKMNP-TV-Z]{25}):(?P<mac>[0-9a-f]{20})(?![0-9a-f])"
)
"""What a marker looks like; whether it is genuine only :func:`read` can say."""

_ULID = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")
_START = re.compile(r"syncd\W{1,8}v1", re.IGNORECASE)


def make(key: bytes, ulid: str) -> str:
    """The marker of one effect.

    Args:
        key: the installation's marker key.
        ulid: the effect's, in ULID's own upper-case letters.

    Raises:
        ValueError: there is no key, or that is no ULID; the marker could not be found again.
    """
    if not key or not _ULID.fullmatch(ulid):
        raise ValueError("a marker takes a key and a ULID in upper case")
    return f"syncd:v1:{ulid}:{_mac(key, ulid)}"


def name(key: bytes, when: datetime, subject: str) -> str:
    """A ULID for an effect: its time, and a MAC over what it is for, which nobody can read but :func:`is_for` can try.

    Raises:
        ValueError: there is no key.
    """
    if not key:
        raise ValueError("an effect's name takes a key")
    time = int(when.timestamp() * 1000).to_bytes(6, "big")
    return str(ULID.from_bytes(time + _subject(key, time, subject)))


def is_for(key: bytes, ulid: str, subject: str) -> bool:
    """Whether an effect was for this, and was named by this installation."""
    raw = ULID.from_str(ulid).bytes
    return hmac.compare_digest(raw[6:], _subject(key, raw[:6], subject))


def made_at(ulid: str) -> datetime:
    """When an effect was stored; aware, UTC."""
    return ULID.from_str(ulid).datetime.astimezone(UTC)


def read(key: bytes, text: str) -> tuple[str, ...]:
    """The effects whose genuine markers stand in ``text``, each once, in order.

    The caller knows that our own account wrote the text: a marker that others copied proves nothing.
    """
    found = {
        one["ulid"]: None for one in PATTERN.finditer(text) if hmac.compare_digest(one["mac"], _mac(key, one["ulid"]))
    }
    return tuple(found)


def neutralise(text: str) -> str:
    """Text from elsewhere, with everything that could become a marker, or hide one, made inert.

    The change can be seen: a system that strips invisible characters must not bring the marker back. Text that hides
    a marker behind entities, backslashes or invisible characters loses these, because rendering would lose them too.
    """
    text = _START.sub("syncd-v1", text)
    bare = "".join(char for char in html.unescape(text) if char != "\\" and unicodedata.category(char) != "Cf")
    if _START.search(bare):
        text = html.escape(_START.sub("syncd-v1", bare), quote=False)
    return text.replace("<!--", "< !--")


def _subject(key: bytes, time: bytes, subject: str) -> bytes:
    return hmac.new(key, b"syncd:effect:v1:" + time + subject.encode(), hashlib.sha256).digest()[:10]


def _mac(key: bytes, ulid: str) -> str:
    return hmac.new(key, f"syncd:v1:{ulid}".encode(), hashlib.sha256).hexdigest()[:20]
