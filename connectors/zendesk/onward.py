"""How to ask for what comes after an answer: by cursor, as lists are asked for, or as the list goes on by itself.

Zendesk API docs, Pagination: asked with ``page[size]``, a list says in ``meta`` whether there is more. A list that
knows no cursors is numbered, with the address of what follows in ``next_page``; one that isn't paginated has neither
(as of an archived ticket), nor do the reference's own examples, and then it holds less than a full page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import parse_qsl, urlsplit

from connectors.zendesk.answers import Row

PER_PAGE = 100
"""The largest page of a list, and the most ids that one call may name."""

Params = dict[str, str | int]


def onward(found: Row, rows: Sequence[Row], asked: Mapping[str, str | int]) -> Params | None:
    """What to ask for next; None at the end.

    Args:
        found: the answer.
        rows: what it lists.
        asked: what was asked for.

    Raises:
        ValueError: it doesn't tell whether there is more, or how to get it.
    """
    following: Params | None = None
    if "meta" in found:
        following = _by_cursor(found["meta"], asked)
    elif "next_page" in found:
        following = _by_number(found["next_page"])
    elif len(rows) >= PER_PAGE:
        raise ValueError("no word of further pages")
    if following == dict(asked):
        raise ValueError("pages without end")
    return following


def _by_cursor(meta: object, asked: Mapping[str, str | int]) -> Params | None:
    told = meta if isinstance(meta, dict) else {}
    more, after = told.get("has_more"), told.get("after_cursor")
    if more is False:
        return None
    if more is not True or not isinstance(after, str) or not after:
        raise ValueError("no word of further pages")
    return {**asked, "page[after]": after}


def _by_number(address: object) -> Params | None:
    """Of the address only what it asks for is taken: its host may be another than the one that is called."""
    if address is None:
        return None
    following: Params = dict(parse_qsl(urlsplit(address).query)) if isinstance(address, str) else {}
    if not following:
        raise ValueError("no address of the next page")
    return following
