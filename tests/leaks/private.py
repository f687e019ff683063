"""What is private: tickets with a canary in every field that nobody outside may see, and how one is heard again.

A canary tells whose it is and from which field: of ``kanari000017qs`` ticket 17 and its subject. It is letters and
digits, so that no slug, mark-up or encoding breaks it; what is heard is decoded first (:func:`heard`).
"""

from __future__ import annotations

import base64
import binascii
import json
import quopri
import random
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus

from tests.test_guard import SCRAPS

FIELDS = {
    "s": "subject", "d": "description", "f": "field", "r": "requester", "e": "e-mail", "c": "company",
    "h": "field of the company", "g": "group", "t": "tag", "x": "file's name", "u": "file's address",
    "p": "public reply", "n": "internal note", "w": "words of a service",
}  # fmt: skip
"""What a canary's last letter stands for."""
UNSEEN = ("\u200b", "\u00ad", "\u2060")
SONG = re.compile(r"kanari(\d{0,6})q?([a-z]?)")
LOOKALIKES = {ord("\u0430"): "a", ord("\u043a"): "k", ord("\u0456"): "i", ord("\u0440"): "p"}
_UNSEEN: dict[int, str | None] = {
    code: None for code in range(0x11_0000) if unicodedata.category(chr(code)) in {"Cf", "Mn"}
} | LOOKALIKES  # fmt: skip
NASTY = (
    "<!channel>",
    "<!here>", "@here", "@channel", "<@U0SOMEBODY>", "<!subteam^S0AAAAAA1>", "fixes #1", "closes acme/product#1",
    "\r\nBcc: everybody@example.com\r\n\r\n", "Subject: x", "{{ subject }}", "{% if subject %}", "{field:cf_team}",
    "\u200b", "\u2066", "\u202e", "\u0430", "\ue000", "\ue001", "\x00", "\ufeff", "\u00ad", "'; DROP TABLE links; --",
    "/file", "/unlink", "/customers", "https://desk.example.com/a/tickets/1", "${subject}", "%s", "%(subject)s",
)  # fmt: skip


def canary(number: int, field: str) -> str:
    """The canary of a ticket's field."""
    return f"Kanari{number:06d}q{field}"


@dataclass(frozen=True, slots=True)
class Song:
    """A canary that was heard. ``ticket`` 0: what is left of it doesn't tell."""

    ticket: int
    field: str


class Pen:
    """Writes what customers and agents write, between scraps that could bring something to life."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)  # noqa: S311  # a test's chance is to be repeatable

    def scraps(self, most: int) -> str:
        """Anything but words of a ticket's own."""
        many = range(self.chance.randrange(most))
        return "".join(self.chance.choice(self.chance.choice((SCRAPS, NASTY))) for _ in many)

    def text(self, number: int, field: str, most: int = 6) -> str:
        """Text of a field, with its canary in it."""
        name = canary(number, field)
        if self.chance.random() < 0.1:  # parted by what nobody sees
            name = f"{name[:4]}{self.chance.choice(UNSEEN)}{name[4:]}"
        if self.chance.random() < 0.05:  # another alphabet's letter
            name = name.replace("a", "\u0430", 1)
        return f"{self.scraps(most)} {name}{self.scraps(3)}"

    def line(self, number: int, field: str, most: int = 4) -> str:
        """The same as one line, as systems keep names and subjects."""
        return " ".join("".join(one if one.isprintable() else " " for one in self.text(number, field, most)).split())


def heard(raw: bytes | str) -> set[Song]:
    """The canaries in what was sent, however it is written there."""
    text = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else raw
    return {_song(one) for form in _forms(text) for one in SONG.finditer(_plain(form))}


def _song(found: re.Match[str]) -> Song:
    return Song(int(found[1]) if len(found[1]) == 6 else 0, found[2])


def _plain(text: str) -> str:
    """Without what nobody sees, in small letters of one alphabet."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKC", text).casefold().translate(_UNSEEN)


def _forms(text: str) -> Iterator[str]:
    """A text as it stands, and as whoever reads it decodes it."""
    yield text
    if "%" in text or "+" in text:
        yield unquote_plus(text)
    if "=" in text:
        yield quopri.decodestring(text.encode("utf-8", "replace")).decode("utf-8", "replace")
    for found in re.finditer(r"[A-Za-z0-9+/_-]{24,}={0,2}", text):
        yield _unpacked(found[0])
    try:
        data = json.loads(text)
    except ValueError:
        return
    words = list(_words(data))
    yield "\n".join(word for word, _ in words)
    yield "".join(word for word, key in words if not key)  # a document's text stands in many nodes
    for word, _ in words:
        if word.startswith(("{", "[")):
            yield from _forms(word)


def _unpacked(text: str) -> str:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_").decode("utf-8", "ignore")
    except (ValueError, binascii.Error):
        return ""


def _words(data: Any) -> Iterator[tuple[str, bool]]:
    """Each text, and whether it is the name of another."""
    if isinstance(data, str):
        yield data, False
    elif isinstance(data, dict):
        for key, value in data.items():
            yield str(key), True
            yield from _words(value)
    elif isinstance(data, list):
        for one in data:
            yield from _words(one)
