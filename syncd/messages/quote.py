"""What is said on one end, as it is written on the other: harmless, quoted, with who said it and who can read it. Pure.

Nothing of it is live: every line of what somebody wrote is quoted, so that it is no command and no link that could be
believed (rule 5), and mentions nobody. No name is shown but the key of the item on which it was said.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from syncd import guard, marker
from syncd.clock import stamp
from syncd.model import Author, Item, Place, Role, Text

LONGEST, LEAST = 12_000, 400
"""How many characters of one text are carried; with less room than that it goes into the next note."""
FRAME = 1_200
"""Room for what stands around a quotation."""
_QUOTED = re.compile(r"^[ \t]*>.*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Part:
    """One text of a note. ``edited``: it was carried before, and reads otherwise now."""

    text: Text
    edited: bool = False


def digest(key: bytes, text: Text) -> str:
    """What tells whether a text was edited, and nothing else to whoever hasn't the installation's key."""
    files = "\0".join(f"{one.name}\0{one.size}" for one in text.attachments)
    said = "\0".join((text.place, stamp(text.at) if text.at else "", text.body, files))
    return hmac.new(key, b"syncd:text:v1:" + said.encode("utf-8", "replace"), hashlib.sha256).hexdigest()[:32]


def may_carry(text: Text, *, on_ticket: bool) -> bool:
    """Whether it was said by somebody: not by an automation, nor by a syncd, this one or another.

    Whoever quotes what a syncd wrote, marker and all, has said something of their own. Mail programs don't always mark
    what they quote; but no syncd writes as a customer.

    Args:
        text: what was said.
        on_ticket: where outsiders are customers, not on an issue.
    """
    if not text.id or text.author is Author.SELF or text.automatic:
        return False
    customer = on_ticket and text.author is Author.OUTSIDE
    return customer or not marker.PATTERN.search(_QUOTED.sub("", text.body))


def note(parts: Sequence[Part], source: Item, role: Role, *, files: bool) -> tuple[str, int]:
    """The note that carries these texts, oldest first, and how many of them found room in it; at least one.

    Args:
        parts: at least one.
        source: on which they were said.
        role: whether that is a ticket or an issue.
        files: whether files are listed.
    """
    pieces: list[str] = []
    left = guard.BODY
    for part in parts:
        if pieces and left < LEAST + FRAME:
            break
        piece = _piece(part, source, role, min(LONGEST, left - FRAME), files=files)
        if pieces and len(piece) > left:
            break
        pieces.append(piece)
        left -= len(piece) + 2
    return guard.cut("\n\n".join(pieces), guard.BODY), len(pieces)


def _piece(part: Part, source: Item, role: Role, limit: int, *, files: bool) -> str:
    where = f"{'ticket' if role is Role.HELPDESK else 'issue'} {_linked(source)}"
    when = f", {part.text.at:%Y-%m-%d %H:%M} UTC" if part.text.at else ""
    edited = ", edited" if part.edited else ""
    lines = guard.quoted(part.text.body, limit, f"the {'ticket' if role is Role.HELPDESK else 'issue'}")
    listed = guard.listed(part.text.attachments) if files else ""
    shown = [lines] if lines else []
    if listed:
        shown.append("\n".join(f"> {line}" for line in ("Attachments:", "", *listed.split("\n"))))
    head = f"**{_who(part.text, role)}{edited}** ({where}{when}):"
    return f"{head}\n\n" + "\n>\n".join(shown or ["> (no text)"])


def _linked(source: Item) -> str:
    key, url = guard.line(source.ref.key or source.ref.id), guard.address(source.url)
    return f"[{key}]({url})" if url else key


def _who(text: Text, role: Role) -> str:
    if role is Role.TRACKER:
        return "Engineering wrote" if text.author is Author.TEAM else "Somebody from outside wrote"
    who = "Customer" if text.author is Author.OUTSIDE else "Agent"
    return f"{who}, internal note" if text.place is Place.NOTE else f"{who} wrote, public reply"


def fitting(texts: Iterable[Text] | None) -> dict[str, Text]:
    """Texts by their native id."""
    return {text.id: text for text in texts or () if text.id}


__all__ = ["Part", "digest", "fitting", "may_carry", "note"]
