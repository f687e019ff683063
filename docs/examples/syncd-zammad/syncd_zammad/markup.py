"""Zammad reads and writes HTML, syncd Markdown: both ways, with nothing that a stranger could smuggle in."""

from __future__ import annotations

from typing import Any

from markdown_it import MarkdownIt
from markdownify import markdownify

MAX_NOTE = 50_000
"""Longest note we send, in characters of Markdown; the marker comes after it and is never cut."""
MAX_READ = 200_000
"""Longest HTML that is read as such: the reader's time can grow with the square of it."""
MAX_UNCLOSED = 100
"""So many tags may be left open at ``<``; what Zammad keeps was made whole by it, and has none."""

_MARKDOWN = MarkdownIt("commonmark", {"html": False, "breaks": True}).disable("image")


def to_markdown(article: dict[str, Any]) -> str:
    """An article's body as Markdown; one that can't be read is given as a quotation, in which no link counts."""
    body = article.get("body")
    if not isinstance(body, str):
        return ""
    if article.get("content_type") != "text/html":
        return body.strip()
    if len(body) > MAX_READ or body.count("<") > body.count(">") + MAX_UNCLOSED:
        return _quoted(body)
    try:
        return markdownify(
            body, heading_style="ATX", strip=["img"], escape_asterisks=False, escape_underscores=False
        ).strip()  # fmt: skip
    except RecursionError:
        return _quoted(body)


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}" for line in text.splitlines())


def to_html(body: str, marker: str) -> str:
    """A note: Markdown rendered with any HTML in it shown as text, and the marker as last paragraph.

    The marker is visible text: Zammad cleans what it keeps, and comments don't survive that.
    """
    text = body if len(body) <= MAX_NOTE else body[:MAX_NOTE] + "…"
    html = str(_MARKDOWN.render(text))
    return f"{html}<p><small>{marker}</small></p>" if marker else html
