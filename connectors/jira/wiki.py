"""Wiki text as Markdown, in linear time, whatever stands in it.

What matters most is that :mod:`syncd.links` judges an address as a reader of the page would: alone on its line, in a
sentence, in a quotation, in code. What is opened and never closed counts as open to the end.

Source: Jira's own help page "Text formatting notation".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

LONGEST = 200_000
"""Characters; a text longer than this is a log, and all of it is given as a quotation."""

_MACRO = re.compile(r"(?<!\\)\{(quote|noformat|code|panel|color|anchor)((?::|=)[^{}\n]{0,500})?\}")
_TITLE = re.compile(r"title=([^|}\n]{1,200})")
_LANGUAGE = re.compile(r"^:([A-Za-z+#]{1,20})(?:\||$)")

_HEADING = re.compile(r"h([1-6])\.\s+(.*)")
_LIST = re.compile(r"([*#]{1,9}|-)\s+(?=\S)")
_RULE = re.compile(r"-{4,5}\s*$")
_UNDERLINE = re.compile(r"(?:-{1,3}|=+)\s*$")
_FENCE = re.compile(r"(?:`{3}|~{3})")
_BOX = re.compile(r"^\\\[([ xX])\\\]\s")
_CELL = re.compile(r"(?<!\\)\|{1,2}")
_BREAK = re.compile(r"\\\\(?:[ \t]*\n|(?=\s|$))")

_INLINE = re.compile(
    r"""
      (?P<entity>&\#(?:92|46);)
    | \\(?P<escaped>[!-/:-@\[-`{-~])
    | (?<!\\)\[(?P<link>(?:\\.|[^\[\]\\\n]){1,3000})\]
    | (?<![\w\\])!(?P<picture>[^\s!|][^!|\n]{0,300}\.\w{2,5})(?:\|[^!\n]{0,200})?!(?!\w)
    | \{\{(?P<mono>(?:\\.|[^{}\\\n]){1,1000})\}\}
    | (?P<url>https?://[^\s<>\[\]{}|\\^"`]+)
    | (?<![\w*])\*(?=\S)(?P<bold>(?:\\.|[^*\\\n]){1,1000})(?<=\S)\*(?![\w*])
    | (?P<star>\*)
    | (?P<tag><(?=[A-Za-z/!?])(?!https?://))
    | (?P<tick>`)
    """,
    re.VERBOSE,
)
_BARE = frozenset("{}?^:;(+-!")
"""Escaped in wiki text, but nothing in Markdown unless a line begins with it."""
_DEEP = 3
_SHOWN, _TO_ESCAPE = re.compile(r"(?<!\\)[`<>]"), r"\\\g<0>"


def to_markdown(text: str) -> str:
    """Wiki text as Markdown."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if len(text) > LONGEST:
        return "\n".join(f"> {line}" for line in text.split("\n"))
    lines: list[str] = []
    block: list[str] | None = None  # what stands in the quotation that is open
    for kind, part in _parts(text):
        if kind == "quote":
            lines += [""] if block is None else [*_quoted(block), ""]
            block = [] if block is None else None
        else:
            made = [part, ""] if kind == "made" else _lines(part)
            (lines if block is None else block).extend(made)
    if block is not None:
        lines += _quoted(block)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")


def _quoted(lines: list[str]) -> list[str]:
    """Each line as a quotation, with nothing empty around it."""
    inside = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")
    return [f"> {line}".rstrip() for line in inside.split("\n")]


def _parts(text: str) -> Iterator[tuple[str, str]]:
    """``text`` to be read line by line, ``made`` Markdown, and each beginning or end of a ``quote``."""
    kept: list[str] = []
    end = 0
    while found := _MACRO.search(text, end):
        name, said = found[1], found[2] or ""
        kept.append(text[end : found.start()])
        end = found.end()
        if name in ("color", "anchor"):
            continue
        yield "text", "".join(kept)
        kept = []
        if name == "quote":
            yield "quote", ""
        elif name == "panel":
            title = _TITLE.search(said)
            yield "made", f"**{_inline(title[1])}**" if title else ""
        else:
            close = text.find(f"{{{name}}}", end)
            inside = text[end:] if close < 0 else text[end:close]
            end = len(text) if close < 0 else close + len(name) + 2
            yield "made", _fenced(inside, said)
    yield "text", "".join([*kept, text[end:]])


def _fenced(inside: str, said: str) -> str:
    """A code block whose fence is longer than any in it."""
    language = _LANGUAGE.match(said)
    longest = max((len(run) for run in re.findall(r"`{3,}", inside)), default=2)
    fence = "`" * (longest + 1)
    return f"\n{fence}{language[1] if language else ''}\n{inside.strip(chr(10))}\n{fence}\n"


def _lines(text: str) -> list[str]:
    """Lines without block macros."""
    made: list[str] = []
    depth, quoting = 0, False
    for line in _BREAK.sub("\n", text).split("\n"):
        line = line.strip()  # noqa: PLW2901  # wiki text knows no indentation
        if quoting and not line:
            quoting = False
            made.append("")
        listed = _LIST.match(line)
        depth = min(len(listed[1]), depth + 1) if listed else 0
        if line.startswith("bq. "):
            quoting, line = True, line[4:]  # noqa: PLW2901
            made.append("")
        if quoting:
            made.append(f"> {_text(line)}")
        elif listed:
            mark = "1." if listed[1].endswith("#") else "-"
            said = _BOX.sub(r"[\1] ", _text(line[listed.end() :]))
            made.append(f"{' ' * (3 * (depth - 1))}{mark} {said}")
        elif _RULE.match(line):
            made += ["", "***", ""]
        elif heading := _HEADING.match(line):
            made += ["", f"{'#' * int(heading[1])} {_inline(heading[2])}", ""]
        elif line.startswith("|"):
            made += _row(line)
        else:
            made.append(_text(line))
    return [*made, ""] if quoting else made


def _row(line: str) -> list[str]:
    """A row of a table; a row of headings brings the line below it."""
    cells = [cell.strip() for cell in _CELL.split(_inline(line.strip("|")))]
    row = f"| {' | '.join(cells)} |"
    return ["", row, f"|{'---|' * len(cells)}"] if line.startswith("||") else [row]


def _text(line: str) -> str:
    """A line of text, so that it begins no block in Markdown that it doesn't begin in wiki text."""
    made = _inline(line)
    return f"\\{made}" if _UNDERLINE.match(made) or _FENCE.match(made) else made


def _inline(text: str, deep: int = 0) -> str:
    """What stands in one line. Addresses and code are left as they are."""

    def made(found: re.Match[str]) -> str:
        kind = found.lastgroup or ""
        said = found[kind]
        if kind == "escaped":
            return said if said in _BARE and found.start() and text[found.end() : found.end() + 1] != "[" else found[0]
        if kind == "bold":
            return f"**{_inline(said, deep + 1)}**" if deep < _DEEP else found[0]
        return _ELEMENTS[kind](said)

    return _INLINE.sub(made, text)


def _link(said: str) -> str:
    """``text|address``, ``address``, ``~person``, ``^attachment``, or no link at all."""
    text, *rest = (one.strip() for one in re.split(r"(?<!\\)\|", said))
    address = rest[0] if rest else text
    if address.lower().startswith(("http://", "https://", "mailto:")) and not re.search(r"[\s<>]", address):
        if not rest or text in (address, ""):
            return f"<{address}>"
        target = address.replace("(", "%28").replace(")", "%29")
        return f"[{_SHOWN.sub(_TO_ESCAPE, text)}]({target})"
    if text.startswith(("~", "^")):
        return text[1:].removeprefix("accountid:")
    return text if rest and text else f"\\[{said}\\]"


def _code(said: str) -> str:
    bare = re.sub(r"\\(.)", r"\1", said)
    ticks = "`" * (max((len(run) for run in re.findall(r"`+", bare)), default=0) + 1)
    return f"{ticks}{bare}{ticks}" if len(ticks) == 1 else f"{ticks} {bare} {ticks}"


_ELEMENTS: Mapping[str, Callable[[str], str]] = {
    "entity": lambda said: "\\\\" if said == "&#92;" else ".",
    "link": _link,
    "picture": lambda _: "",
    "mono": _code,
    "url": str,
    "star": lambda _: "\\*",
    "tag": lambda _: "\\<",
    "tick": lambda _: "\\`",
}
