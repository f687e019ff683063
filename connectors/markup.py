"""Helpdesks write and read HTML, syncd Markdown: both ways, with nothing that a stranger could smuggle in."""

from __future__ import annotations

import re
from typing import Any

from markdown_it import MarkdownIt
from markdownify import MarkdownConverter

MAX_NOTE = 50_000
"""Longest note we send, in characters of Markdown; the marker comes after it and is never cut."""

MAX_READ = 200_000
"""Longest HTML that is read as such; the reader's time can grow with the square of it."""
MAX_UNCLOSED = 100
"""So many tags may be left open at ``<``; what a helpdesk serialised has none, and the parser is slow with many."""

_SPACES = re.compile(r"[ \t\r\f\v\xa0]{2,}")
_LINES = re.compile(r"\n[\s]*\n")
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

    ``plain`` is the same without markup. It is used where there is no HTML, and where the HTML can't be read (too
    long, too broken, nested too deep); then all of it is given as a quotation, since it can't be told what was quoted.
    """
    if not isinstance(html, str) or not html.strip():
        return _plain(plain).strip()
    if len(html) > MAX_READ or html.count("<") > html.count(">") + MAX_UNCLOSED:
        return _quoted(plain)
    converter = _Converter(
        heading_style="ATX", autolinks=False, escape_asterisks=False, escape_underscores=False, escape_misc=False
    )
    try:
        found: str = converter.convert(_LINES.sub("\n\n", _SPACES.sub(" ", _uncommented(clean(html)))))
    except RecursionError:
        return _quoted(plain)
    return re.sub(r"\n{3,}", "\n\n", found).strip()


def _uncommented(html: str) -> str:
    """Without comments, and in linear time: the parser's own way with unclosed ones is quadratic."""
    first, *rest = html.split("<!--")
    return first + "".join(part.partition("-->")[2] for part in rest)


def _plain(text: object) -> str:
    return clean(text) if isinstance(text, str) else ""


def _quoted(plain: object) -> str:
    return "\n".join(f"> {line}" for line in _plain(plain).splitlines())


def to_html(body: str, marker: str) -> str:
    """A note for a helpdesk: Markdown rendered with any HTML in it shown as text, and the marker as last paragraph.

    The marker is visible text, because it isn't known whether hidden comments survive in a note.
    """
    text = clean(body)
    if len(text) > MAX_NOTE:
        text = text[:MAX_NOTE] + "…"
    html = str(_MARKDOWN.render(text))
    return f"{html}<p><small>{marker}</small></p>" if marker else html
