"""A comment's text in the forms that Zendesk keeps of it: as it was sent, as HTML, and as plain text."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bs4 import BeautifulSoup


@dataclass(frozen=True, slots=True)
class Said:
    """A comment to add."""

    html: str
    by: int
    public: bool
    body: str | None = None
    """The plain text, where that is what was sent."""


def said(given: Mapping[str, Any], by: int, *, public: bool) -> Said:
    """A comment as it was sent: as HTML, or as plain text, which is then shown in paragraphs."""
    if given.get("html_body"):
        return Said(given["html_body"], by, public)
    paragraphs = html.escape(given["body"], quote=False).split("\n\n")
    shown = "".join(f'<p dir="auto">{one}</p>'.replace("\n", "<br>") for one in paragraphs)
    return Said(shown, by, public, given["body"])


def sanitised(text: str) -> str:
    """What is left of markup in a comment: HTML comments and scripts are dropped."""
    return re.sub(r"<!--.*?-->|<script.*?</script>", "", text, flags=re.DOTALL | re.IGNORECASE)


def plain(clean: str) -> str:
    """A comment's words without its markup."""
    if "<" not in clean:
        return html.unescape(clean)
    return re.sub(r"[ \t]+", " ", BeautifulSoup(clean, "html.parser").get_text(" ")).strip()
