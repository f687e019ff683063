"""Freshdesk writes and reads HTML, syncd Markdown: both ways, with nothing that a stranger could smuggle in."""

from __future__ import annotations

import re
from typing import Any

from markdown_it import MarkdownIt
from markdownify import MarkdownConverter

MAX_NOTE = 50_000
"""Longest note we send, in characters of Markdown; the marker comes after it and is never cut."""

_SURROGATE = re.compile("[\ud800-\udfff]")
_MARKDOWN = MarkdownIt("commonmark", {"html": False, "breaks": True}).disable("image")


def clean(text: str) -> str:
    """Text that can be encoded: a lone surrogate, which JSON may hold, becomes the replacement character."""
    return _SURROGATE.sub("\ufffd", text)


class _Converter(MarkdownConverter):
    """Keeps every address; a link that shows its own address stays a bare address."""

    def convert_a(self, el: Any, text: str, parent_tags: Any) -> str:
        href = str(el.get("href") or "").strip()
        if href and text.strip().rstrip("/") == href.rstrip("/"):
            return href
        found: str = super().convert_a(el, text, parent_tags)  # type: ignore[misc]  # made on the fly
        return found

    def convert_img(self, el: Any, text: str, parent_tags: Any) -> str:
        del el, text, parent_tags
        return ""


def to_markdown(html: object, plain: object = "") -> str:
    """A note, reply or description as Markdown: addresses kept, quotations as ``> ``.

    ``plain`` is the same without markup. It is used where there is no HTML, and where the HTML can't be read (nested
    too deep); then all of it is given as a quotation, since a quoted line can't be told from a written one.
    """
    if not isinstance(html, str) or not html.strip():
        return clean(plain).strip() if isinstance(plain, str) else ""
    converter = _Converter(
        heading_style="ATX", autolinks=False, escape_asterisks=False, escape_underscores=False, escape_misc=False
    )
    try:
        found: str = converter.convert(clean(html))
    except RecursionError:
        text = clean(plain) if isinstance(plain, str) else ""
        return "\n".join(f"> {line}" for line in text.splitlines())
    return re.sub(r"\n{3,}", "\n\n", found).strip()


def to_html(body: str, marker: str) -> str:
    """A note for Freshdesk: Markdown rendered with any HTML in it shown as text, and the marker as last paragraph.

    The marker is visible text, because it isn't known whether hidden comments survive in a note.
    """
    text = clean(body)
    if len(text) > MAX_NOTE:
        text = text[:MAX_NOTE] + "…"
    html = str(_MARKDOWN.render(text))
    return f"{html}<p><small>{marker}</small></p>" if marker else html
