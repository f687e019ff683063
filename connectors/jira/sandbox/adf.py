"""Atlassian's document format, as far as the stand-in reads and shows it: paragraphs of text (v3 of the API)."""

from __future__ import annotations

from typing import Any

_BLOCKS = {"paragraph", "heading", "blockquote", "panel", "codeBlock", "bulletList", "orderedList", "listItem", "rule"}


def document(text: str) -> dict[str, Any]:
    """Text as a document, a paragraph for each of its own."""
    parts = [part for part in text.split("\n\n") if part]
    return {"type": "doc", "version": 1, "content": [_paragraph(part) for part in parts]}


def is_document(value: object) -> bool:
    """Whether it can be one."""
    return (
        isinstance(value, dict)
        and value.get("type") == "doc"
        and value.get("version") == 1
        and isinstance(value.get("content"), list)
    )


def text(node: dict[str, Any]) -> str:
    """A document as text."""
    kind = node.get("type")
    if kind == "text":
        links = [mark["attrs"]["href"] for mark in node.get("marks", []) if mark.get("type") == "link"]
        said = str(node.get("text", ""))
        return f"[{said}|{links[0]}]" if links and links[0] != said else said
    if kind == "hardBreak":
        return "\n"
    if kind in {"inlineCard", "blockCard"}:
        return str(node.get("attrs", {}).get("url", ""))
    inside = node.get("content", [])
    between = "\n\n" if any(part.get("type") in _BLOCKS for part in inside) else ""
    return between.join(text(part) for part in inside)


def _paragraph(said: str) -> dict[str, Any]:
    content: list[dict[str, Any]] = []
    for line in said.split("\n"):
        content += [{"type": "hardBreak"}] if content else []
        content += [{"type": "text", "text": line}] if line else []
    return {"type": "paragraph", "content": content}
