"""A document tree as Markdown: what Jira Cloud keeps, and its REST API v3 shows.

A node of a kind that isn't known gives the text in it.

Source: Jira Cloud REST API v3, "Atlassian document format".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

Node = Mapping[str, Any]

DEEPEST = 60
"""Levels; what lies deeper is left out: Jira's own documents have about ten."""

_LITERAL = re.compile(r"[\\`*\[\]<>]|(?<![^\W_])_|_(?![^\W_])|^(?:[#>+-]|\d+[.)]|~{3}|=)", re.MULTILINE)
_ADDRESS = re.compile(r"https?://[^\s<>\[\]{}|\\^\"`]+")


def to_markdown(document: Node) -> str:
    """What the document says; empty where it is none."""
    return re.sub(r"\n{3,}", "\n\n", _blocks(_children(document), 0)).strip("\n")


def _children(node: Node) -> Sequence[Node]:
    content = node.get("content")
    return [one for one in content if isinstance(one, dict)] if isinstance(content, list) else []


def _attribute(node: Node, *names: str) -> str:
    attributes = node.get("attrs")
    found = [attributes.get(name) for name in names] if isinstance(attributes, dict) else []
    return next((str(one) for one in found if isinstance(one, (str, int)) and one != ""), "")


def _blocks(nodes: Sequence[Node], deep: int) -> str:
    if deep > DEEPEST:
        return ""
    parts: list[str] = []
    run: list[Node] = []
    for node in [*nodes, None]:
        if node is not None and (str(node.get("type")) in _INLINE or "text" in node):
            run.append(node)
            continue
        if run:
            parts.append(_inline(run, deep))
            run = []
        if node is not None:
            parts.append(_BLOCKS.get(str(node.get("type")), _inside)(node, deep))
    return "\n\n".join(part for part in parts if part)


def _inside(node: Node, deep: int) -> str:
    return _blocks(_children(node), deep + 1)


def _heading(node: Node, deep: int) -> str:
    level = _attribute(node, "level")
    said = " ".join(_inside(node, deep).split("\n"))
    return f"{'#' * (int(level) if level in '123456' and level else 1)} {said}"


def _quote(node: Node, deep: int) -> str:
    return "\n".join(f"> {line}".rstrip() for line in _inside(node, deep).split("\n"))


def _code(node: Node, deep: int) -> str:
    del deep
    text = "".join(str(one.get("text", "")) for one in _children(node))
    fence = "`" * (max((len(run) for run in re.findall(r"`{3,}", text)), default=2) + 1)
    language = re.sub(r"[^A-Za-z0-9+#-]", "", _attribute(node, "language"))
    return f"{fence}{language}\n{text}\n{fence}"


def _list(node: Node, deep: int) -> str:
    """Each item under its mark, and what belongs to it indented."""
    lines: list[str] = []
    for number, item in enumerate(_children(node), 1):
        mark = f"{number}." if node.get("type") == "orderedList" else "-"
        box = {"DONE": "[x] ", "TODO": "[ ] "}.get(_attribute(item, "state"), "")
        inside = (box + _inside(item, deep + 1)).split("\n")
        indent = " " * (len(mark) + 1)
        lines += [f"{indent if i else f'{mark} '}{line}".rstrip() for i, line in enumerate(inside)]
    return "\n".join(lines)


def _table(node: Node, deep: int) -> str:
    rows: list[str] = []
    for row in _children(node):
        cells = [_inside(cell, deep + 2).replace("\n", " ").replace("|", "\\|") for cell in _children(row)]
        rows.append(f"| {' | '.join(cells)} |")
        rows += [f"|{'---|' * len(cells)}"] * (len(rows) == 1)
    return "\n".join(rows)


def _card(node: Node, deep: int) -> str:
    del deep
    address = _attribute(node, "url")
    return address if _ADDRESS.fullmatch(address) else ""


def _inline(nodes: Sequence[Node], deep: int) -> str:
    if deep > DEEPEST:
        return ""
    return "".join(_INLINE.get(str(node.get("type")), _text)(node, deep) for node in nodes)


def _text(node: Node, deep: int) -> str:
    del deep
    said = str(node.get("text", ""))
    marks = node.get("marks")
    kinds = {str(one.get("type")): one for one in marks if isinstance(one, dict)} if isinstance(marks, list) else {}
    if "code" in kinds:
        return f"`{said}`" if "`" not in said else literal(said)
    shown = literal(said)
    if "link" in kinds:
        href = _attribute(kinds["link"], "href")
        if _ADDRESS.fullmatch(href):
            href = href.replace("(", "%28").replace(")", "%29")
            shown = href if said.strip() == _attribute(kinds["link"], "href") else f"[{shown}]({href})"
    return f"**{shown}**" if "strong" in kinds and shown.strip() == shown and shown else shown


def literal(text: str) -> str:
    """Text in which nothing is markup, and addresses are whole."""
    parts: list[str] = []
    end = 0
    for found in _ADDRESS.finditer(text):
        parts += [_LITERAL.sub(_escape, text[end : found.start()]), found[0]]
        end = found.end()
    return "".join([*parts, _LITERAL.sub(_escape, text[end:])])


def _escape(found: re.Match[str]) -> str:
    # Of "1." the point is what makes it a list.
    return f"{found[0][:-1]}\\{found[0][-1]}" if found[0][0].isdigit() else f"\\{found[0]}"


_INLINE: Mapping[str, Callable[[Node, int], str]] = {
    "text": _text,
    "hardBreak": lambda _node, _deep: "\n",
    "mention": lambda node, _: literal(_attribute(node, "text").removeprefix("@")),
    "emoji": lambda node, _: literal(_attribute(node, "text", "shortName")),
    "status": lambda node, _: literal(_attribute(node, "text")),
    "inlineCard": _card,
}
_BLOCKS: Mapping[str, Callable[[Node, int], str]] = {
    "heading": _heading,
    "blockquote": _quote,
    "codeBlock": _code,
    "bulletList": _list,
    "orderedList": _list,
    "taskList": _list,
    "decisionList": _list,
    "table": _table,
    "rule": lambda _node, _deep: "***",
    "blockCard": _card,
    "embedCard": _card,
}
