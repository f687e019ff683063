"""Jira keeps rich text as wiki text (REST v2) or as a document tree (REST v3), syncd as Markdown.

Written is wiki text only (:func:`to_wiki`): markdown-it reads the Markdown, and every character of a text that wiki
text would take for markup is escaped, since most of what syncd carries was written by somebody else. What mistletoe's
Jira renderer makes of the same joins lines, breaks addresses and lets a text close the quotation it stands in.

Read are both (:func:`to_markdown`).

Source: Jira's own help page "Text formatting notation"; Jira Cloud REST API v3, "Atlassian document format".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from urllib.parse import quote

from markdown_it import MarkdownIt
from markdown_it.token import Token

from connectors.jira import trees, wiki

LONGEST = 32_000
"""Characters of wiki text that we send; a field holds 32,767 unless an administrator says otherwise."""

_SURROGATE = re.compile("[\ud800-\udfff]")
_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")

# What wiki text knows and a programmer may name; Jira Data Center shows an error for any other.
_LANGUAGES = re.compile(
    r"bash|c#|cpp|css|diff|erl|go|groovy|haskell|html|java|js|json|lua|objc|perl|php|powershell|python|r|ruby|scala|sh|"
    r"sql|swift|vb|xml|yaml"
)
_MARKS = frozenset("*_+^~-")
"""Marks of phrases, unless they stand between two letters or between two spaces."""
_SPECIAL = re.compile(
    r"""(?P<url>https?://[^\s<>\[\]{}|\\^"`]+)
    | [{}\[\]|*_+^~-]
    | !(?=\S) | \?(?=\?)  # pictures, citations
    | \((?=(?:[yn/x!?+i*-]|on|off|\*[rgby]|flag(?:off)?)\)) | [:;](?=[()DPp])  # what becomes a small picture
    """,
    re.VERBOSE,
)
_ENTITY = re.compile(r"&(?=#?\w{1,32};)")
_BACKSLASH = re.compile(r"\\(?![^\W_])")
_LINE_START = re.compile(r"^([ \t]*)(?:(h[1-6]|bq)\.|([#*-])(?=[#*-]*[ \t]|-))", re.MULTILINE)
_LISTS = {"bullet_list_open": "*", "ordered_list_open": "#"}
_CELLS = {"th_open": "||", "td_open": "|"}
_IN_HREF = "/:?#@!$&'()*+,;=%~-._"


def clean(text: str) -> str:
    """Text that can be encoded: a lone surrogate, which JSON may hold, becomes the replacement character."""
    return _SURROGATE.sub("\ufffd", text)


def to_markdown(text: object) -> str:
    """What a description or comment says, as Markdown: addresses kept, quotations as ``> ``, code in fences.

    ``text`` is wiki text, a document tree, or nothing.
    """
    if isinstance(text, dict):
        return clean(trees.to_markdown(text))
    return wiki.to_markdown(clean(text)) if isinstance(text, str) else ""


def to_wiki(body: str, marker: str = "") -> str:
    """Wiki text that shows what the Markdown shows, the marker as its last line, together not too long for a field.

    The marker is visible text: wiki text has no comments.
    """
    tail = f"{{{{{marker}}}}}" if marker else ""
    # What is longer can't fit, and the parser's time grows with the square of some texts.
    text = clean(body) if len(body) <= LONGEST else clean(body[:LONGEST]) + "…"
    found = _rendered(text)
    while len(found) + len(tail) > LONGEST:
        text = text[: len(text) * LONGEST // (len(found) + len(tail) + 100)]
        found = _rendered(text + "…")
    return f"{found}\n\n{tail}".strip()


def _rendered(text: str) -> str:
    return _Blocks().render(_MARKDOWN.parse(text))


class _Blocks:
    """One walk over the block tokens of a text."""

    def __init__(self) -> None:
        self._out: list[str] = []
        self._lists: list[str] = []
        self._quotes = 0
        self._bar = ""
        """What parts the cells of the row that we are in."""
        self._lead = ""
        """What the next line of text begins with."""

    def render(self, tokens: Sequence[Token]) -> str:
        for token in tokens:
            self._block(token)
        return re.sub(r"\n{3,}", "\n\n", "".join(self._out)).strip("\n")

    def _block(self, token: Token) -> None:
        kind = token.type
        if kind == "inline":
            self._text(token)
        elif kind in ("fence", "code_block"):
            self._code(token)
        elif kind in ("blockquote_open", "blockquote_close"):
            self._quote(opens=kind == "blockquote_open")
        elif kind == "heading_open":
            self._lead = f"{token.tag}. "
        elif kind == "list_item_open":
            self._lead = f"{''.join(self._lists)} "
        elif kind in _LISTS:
            self._lists.append(_LISTS[kind])
        elif kind in ("bullet_list_close", "ordered_list_close"):
            self._lists.pop()
            self._out.append("" if self._lists else "\n")
        else:
            self._table(kind)

    def _table(self, kind: str) -> None:
        if kind in _CELLS:
            self._bar = _CELLS[kind]
            self._out.append(self._bar)
        elif kind == "tr_close":
            self._out.append(f"{self._bar}\n")
        elif kind == "table_close":
            self._bar = ""
            self._out.append("\n")
        elif kind == "hr":
            self._out.append("\n----\n\n")

    def _text(self, token: Token) -> None:
        text = "".join(_inline(token.children or ()))
        if self._bar:
            self._out.append(text or " ")
            return
        lead, self._lead = self._lead, ""
        deeper = ">" * (self._quotes - 1)
        # Wiki text has no quotation in a quotation: the inner one keeps its signs.
        shown = "\n".join(f"{deeper} {line}" for line in text.split("\n")) if deeper else text
        self._out.append(f"{lead}{shown}")
        self._end()

    def _end(self) -> None:
        """A blank line ends a paragraph; in a list it would end the list."""
        self._out.append("\n" if self._lists else "\n\n")

    def _quote(self, *, opens: bool) -> None:
        self._quotes += 1 if opens else -1
        if self._quotes == int(opens):
            if not opens:
                self._out[-1] = self._out[-1].rstrip("\n") + "\n"
            self._out.append("\n{quote}\n" if opens else "{quote}\n\n")

    def _code(self, token: Token) -> None:
        language = _LANGUAGES.fullmatch(token.info.split(" ")[0].lower())
        text = token.content.rstrip("\n")
        macro = "code" if language or "{noformat" in text else "noformat"
        # A word joiner shows nothing, and keeps a text from ending the block it stands in.
        text = text.replace(f"{{{macro}", f"{{\u2060{macro}")
        begin = f"{macro}:{language[0]}" if language else macro
        self._out.append(f"\n{{{begin}}}\n{text}\n{{{macro}}}\n\n")


def _inline(tokens: Sequence[Token]) -> Iterator[str]:
    """The inline tokens of one block, as wiki text."""
    run = ""
    fresh = True  # at the start of a line
    link: tuple[str, list[str]] | None = None
    for token in tokens:
        kind = token.type
        if kind == "text":
            run = _escaped(token.content, line_start=fresh)
        elif kind == "code_inline":
            run = f"{{{{{_escaped(token.content, line_start=False)}}}}}" if token.content.strip() else ""
        elif kind in ("softbreak", "hardbreak"):
            run = "\n"
        elif kind in ("strong_open", "strong_close"):
            run = "*"
        elif kind in ("em_open", "em_close"):
            run = "_"
        elif kind == "link_open":
            link, run = (str(token.attrGet("href") or ""), []), ""
        elif kind == "link_close" and link is not None:
            run, link = _link(*link), None
        else:
            run = ""
        fresh = run.endswith("\n") if run and not kind.endswith("_open") else fresh
        if link is not None:
            link[1].append(token.content if kind in ("text", "code_inline") else "")
        else:
            yield run


def _link(href: str, said: list[str]) -> str:
    """``[text|address]``, or ``[address]`` where it shows only itself. What is no address for people stays text."""
    text = "".join(said).strip()
    if not href.lower().startswith(("http://", "https://", "mailto:")):
        return _escaped(f"{text} ({href})", line_start=False)
    target = quote(href, safe=_IN_HREF).replace("!", "%21")
    if text in (href, target) or not text:
        return f"[{target}]"
    shown = _escaped(text.translate(str.maketrans("|[]", "/()")), line_start=False)
    return f"[{shown}|{target}]"


def _escaped(text: str, *, line_start: bool) -> str:
    """Text that shows as it is: nothing in it is markup, and addresses are whole."""
    # Before a letter a backslash is one; else it can't be escaped by another (two are a line break), nor can an entity.
    text = _BACKSLASH.sub("&#92;", _ENTITY.sub("&amp;", text))
    lead = ""
    if line_start and (found := _LINE_START.match(text)):
        lead = f"{found[1]}{found[2]}&#46;" if found[2] else f"{found[1]}\\{found[3]}"
        text = text[found.end() :]
    return lead + _SPECIAL.sub(_mark, text)


def _mark(found: re.Match[str]) -> str:
    if found["url"]:
        return found[0].replace("!", "%21")  # or it could be the end of a picture
    text, at = found.string, found.start()
    around = (text[at - 1 : at], text[at + 1 : at + 2])
    plain = all(one.isalnum() for one in around) or all(one.isspace() for one in around)
    return found[0] if found[0] in _MARKS and plain else f"\\{found[0]}"
