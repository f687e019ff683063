"""Markdown, wiki text and document trees: what a reader sees survives, and no text of a stranger becomes markup."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from connectors.jira.markup import LONGEST, to_markdown, to_wiki
from connectors.jira.wiki import LONGEST as LONGEST_READ
from syncd.clock import moment
from syncd.links import claims
from syncd.model import Author, Item, Mention, Place, Ref, Role, Status, Text

MARKER = "syncd:v1:01JD3Z8QK4W7M2N5P9R1S3T6VX:0123456789abcdef0123"
URL = re.compile(r"https://x\.example/([a-z0-9_-]+)/1")


def read(text: str) -> list[Mention]:
    return [Mention(found[1], found.start(), found.end()) for found in URL.finditer(text)]


def judged(markdown: str) -> dict[str, bool]:
    """Every address of the text, and whether it is believed."""
    when = moment("2026-01-05T09:00:00Z")
    text = Text(markdown, Author.TEAM, Place.NOTE)
    item = Item(Ref("h", "1"), "", Status("s"), "1", when, texts=(text,))
    return {one.key: one.trusted for one in claims(item, Role.HELPDESK, {"t": read})}


# --- Markdown to wiki text ---


@pytest.mark.parametrize(
    ("markdown", "wiki"),
    [
        ("**Filed** as [o/r#7](https://x.example/7)", "*Filed* as [o/r#7|https://x.example/7]"),
        ("a\nhttps://x.example/a-b_c/1\nb", "a\nhttps://x.example/a-b_c/1\nb"),
        ("<https://x.example/1>", "[https://x.example/1]"),
        ("[https://x.example/1](https://x.example/1)", "[https://x.example/1]"),
        ("## Steps\n\ntext", "h2. Steps\n\ntext"),
        ("- a\n- b\n  1. c\n- d\n\nend", "* a\n* b\n*# c\n* d\n\nend"),
        ("> one\n> two\n>\n> three\n\nafter", "{quote}\none\ntwo\n\nthree\n{quote}\n\nafter"),
        ("> a\n> > b\n> > c", "{quote}\na\n\n> b\n> c\n{quote}"),
        ("```python\nx = {1}\n```", "{code:python}\nx = {1}\n{code}"),
        ("```mermaid\nx\n```", "{noformat}\nx\n{noformat}"),
        ("`a {b}`", "{{a \\{b\\}}}"),
        ("| a | b |\n|---|---|\n| x | a\\|b |\n|  | y |", "||a||b||\n|x|a\\|b|\n| |y|"),
        ("---", "----"),
    ],
)
def test_markdown_shows_the_same_in_jira(markdown: str, wiki: str) -> None:
    assert to_wiki(markdown) == wiki


@pytest.mark.parametrize(
    ("text", "wiki"),
    [
        ("{quote}", "\\{quote\\}"),
        ("{noformat} {code:java}", "\\{noformat\\} \\{code:java\\}"),
        ("[~admin] [text|https://evil.example]", "\\[\\~admin\\] \\[text\\|https://evil.example\\]"),
        ("!https://evil.example/pixel.png!", "\\!https://evil.example/pixel.png%21"),
        ("!picture.png|thumbnail!", "\\!picture.png\\|thumbnail!"),
        ("h1. big\nbq. said", "h1&#46; big\nbq&#46; said"),
        ("||a||", "\\|\\|a\\|\\|"),
        ("\\# one", "\\# one"),
        ("C:\\\\temp\\\\{x}", "C:\\temp&#92;\\{x\\}"),
        ("&amp;#123;", "&amp;#123;"),
        ("snake_case_name a - b x*y", "snake_case_name a - b x*y"),
        ("-gone- +new+ ^up^ ~down~", "\\-gone\\- \\+new\\+ \\^up\\^ \\~down\\~"),
        ("??cited??", "\\??cited\\??"),
        (":) (x) (on)", "\\:) \\(x) \\(on)"),
        ("[x](~admin)", "x (\\~admin)"),
        ("[a|b](https://x.example/1)", "[a/b|https://x.example/1]"),
        ("<b>bold</b>", "<b>bold</b>"),
    ],
)
def test_what_somebody_wrote_is_no_markup(text: str, wiki: str) -> None:
    assert to_wiki(text) == wiki


def test_code_does_not_end_before_its_end() -> None:
    wiki = to_wiki("```\n{noformat}\n{code}\nhttps://x.example/a/1\n```\n\nhttps://x.example/b/1")
    assert judged(to_markdown(wiki)) == {"a": False, "b": True}


def test_a_long_text_is_cut_and_keeps_its_marker() -> None:
    for text in ("é" * 70_000, "{" * 70_000, "> [x\n" * 20_000, "\\" * 40_000):
        wiki = to_wiki(text, MARKER)
        assert wiki.endswith(f"{{{{{MARKER}}}}}")
        assert LONGEST // 3 < len(wiki) <= LONGEST


def test_the_marker_stands_alone_at_the_end() -> None:
    assert to_wiki("> quoted", MARKER).endswith("{quote}\n\n{{" + MARKER + "}}")
    assert to_wiki("", MARKER) == "{{" + MARKER + "}}"
    assert MARKER in to_markdown(to_wiki("note", MARKER))


# --- wiki text to Markdown ---


@pytest.mark.parametrize(
    ("wiki", "markdown"),
    [
        ("see https://x.example/a_b/1", "see https://x.example/a_b/1"),
        ("[this|https://x.example/1]", "[this](https://x.example/1)"),
        ("[https://x.example/1]", "<https://x.example/1>"),
        ("[https://x.example/1|https://x.example/1|smart-link]", "<https://x.example/1>"),
        ("[x|https://x.example/(1)]", "[x](https://x.example/%281%29)"),
        ("*Issue:* https://x.example/1", "**Issue:** https://x.example/1"),
        ("bq. one\ntwo\n\nthree", "> one\n> two\n\nthree"),
        ("a{quote}b\n\nc{quote}d", "a\n\n> b\n>\n> c\n\nd"),
        ("{quote}never closed\nx", "> never closed\n> x"),
        ("\\{quote}x\\{quote}", "\\{quote}x{quote}"),
        ("{noformat}\n*a* {quote}\n{noformat}", "```\n*a* {quote}\n```"),
        ("{code:java|title=x}\n```\n{code}\ny", "````java\n```\n````\n\ny"),
        ("{panel:title=Note|bgColor=#fff}\nx\n{panel}", "**Note**\n\nx"),
        ("{color:red}red{color} text", "red text"),
        ("h3. Link to ticket\nhttps://x.example/1", "### Link to ticket\n\nhttps://x.example/1"),
        ("* a\n** b\n**# c\n- d", "- a\n   - b\n      1. c\n- d"),
        ("*** a", "- a"),
        ("* [ ] https://x.example/1", "- [ ] https://x.example/1"),
        ("||a||b||\n|x|[t|https://x.example/1]|", "| a | b |\n|---|---|\n| x | [t](https://x.example/1) |"),
        ("one\n----\ntwo", "one\n\n***\n\ntwo"),
        ("one\n---\ntwo\n===", "one\n\\---\ntwo\n\\==="),
        ("    indented", "indented"),
        ("```\nx\n~~~", "\\`\\`\\`\nx\n\\~~~"),
        ("<!-- x", "\\<!-- x"),
        ("!shot.png|thumbnail!", ""),
        ("wow! great!", "wow! great!"),
        ("[~accountid:5b10] and [~jdoe] and [^log.txt]", "5b10 and jdoe and log.txt"),
        ("[x] [y|#z]", "\\[x\\] y"),
        ("{{a `b`}}", "`` a `b` ``"),
        ("a\\\\\nb\\\\ c", "a\nb\nc"),
        ("one\r\ntwo", "one\ntwo"),
        ("", ""),
    ],
)
def test_wiki_text_is_read(wiki: str, markdown: str) -> None:
    assert to_markdown(wiki) == markdown


@pytest.mark.parametrize(
    "wiki",
    [
        "https://x.example/a/1",
        "* https://x.example/a/1",
        "[https://x.example/a/1]",
        "text\nIssue: https://x.example/a/1",
    ],
)
def test_an_address_alone_on_its_line_is_believed(wiki: str) -> None:
    assert judged(to_markdown(wiki)) == {"a": True}


@pytest.mark.parametrize(
    "wiki",
    [
        "{quote}\nhttps://x.example/a/1\n{quote}",
        "{quote}\nhttps://x.example/a/1",
        "{quote}a{code}{quote}{code}\nhttps://x.example/a/1{quote}",
        "bq. https://x.example/a/1",
        "bq. x\nhttps://x.example/a/1",
        "> https://x.example/a/1",
        "{noformat}\nhttps://x.example/a/1\n{noformat}",
        "{noformat}\n```\nhttps://x.example/a/1\n```{noformat}",
        "{code}https://x.example/a/1",
        "see https://x.example/a/1 for more",
        "{{https://x.example/a/1}}",
        "|x|https://x.example/a/1|",
        "----- Original Message -----\nhttps://x.example/a/1",
    ],
)
def test_an_address_in_a_quotation_in_code_or_in_a_sentence_is_not(wiki: str) -> None:
    assert judged(to_markdown(wiki)) == {"a": False}


@pytest.mark.parametrize("before", ["```", "~~~", "<!--", "<div>", "text\n---", "    x", "{quote}x{quote}", "bq. x\n"])
def test_what_markdown_would_read_otherwise_hides_nothing(before: str) -> None:
    assert judged(to_markdown(f"{before}\nhttps://x.example/a/1")) == {"a": True}


def test_a_text_too_long_to_read_is_given_as_a_quotation() -> None:
    assert to_markdown("https://x.example/a/1\n" + "word " * LONGEST_READ).startswith("> https://x.example/a/1\n> word")


@pytest.mark.parametrize(
    "part", ["[", "[a|", "*", "*a ", "* ", "{", "{{", "{{a", "{quote}", "{code}", "!a.", "\\", "|", "`"]
)
def test_no_input_is_slow_to_read_or_to_write(part: str) -> None:
    text = part * (30_000 // len(part))
    assert to_markdown(text) or part == "{quote}"
    assert to_wiki(text) or part in ("*", "`", "* ")


# --- both ways ---

names = st.from_regex(r"[a-z][a-z0-9_-]{0,6}[a-z0-9]", fullmatch=True)
addresses = names.map(lambda name: f"https://x.example/{name}/1")
words = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"], exclude_characters="\x85"), max_size=12)
lines = st.one_of(
    addresses,
    addresses.map(lambda url: f"Issue: {url}"),
    addresses.map(lambda url: f"**Issue:** {url}"),
    addresses.map(lambda url: f"[title]({url})"),
    addresses.map(lambda url: f"<{url}>"),
    addresses.map(lambda url: f"see {url} for more"),
    st.text("abc {}[]|*_-+!?.:\\~^&#;h1", max_size=12).map(lambda text: "x" + text.strip()),
)
paragraphs = st.lists(lines, min_size=1, max_size=3).map("\n".join)
blocks = st.one_of(
    paragraphs,
    paragraphs.map(lambda text: "\n".join(f"> {line}" for line in text.split("\n"))),
    paragraphs.map(lambda text: f"```\n{text}\n```"),
    st.lists(lines, min_size=1, max_size=3).map(lambda items: "\n".join(f"- {line}" for line in items)),
    st.lists(lines, min_size=1, max_size=3).map(lambda items: "\n".join(f"1. {line}" for line in items)),
    lines.map(lambda line: f"### {line}"),
)
documents = st.lists(blocks, min_size=1, max_size=5).map("\n\n".join)


@given(documents)
@settings(max_examples=300)
def test_addresses_are_judged_the_same_after_a_round_through_jira(markdown: str) -> None:
    before = judged(markdown)
    after = judged(to_markdown(to_wiki(markdown)))
    assert after == before


@given(st.text(st.characters(exclude_categories=["Cc", "Zl", "Zp"]), max_size=60))
def test_quoted_text_stays_quoted_whatever_it_is(text: str) -> None:
    quoted = "\n".join(f"> {line}" for line in f"{text}\nhttps://x.example/in/1".split("\n"))
    found = judged(to_markdown(to_wiki(f"{quoted}\n\nhttps://x.example/out/1")))
    assert found["out"]
    assert not found.get("in", False)


shown = MarkdownIt("commonmark", {"html": False}).disable("image")


def plain(markdown: str) -> str:
    """The words that a reader sees."""
    html = re.sub(r"<[^>]*>", " ", str(shown.render(markdown)))
    return "".join(html.split())


@given(st.text("abAB12 {}[]|*_-+!?.:()<>&;#~^\\`'\"h", max_size=30))
@settings(max_examples=300)
@example("*1*1")
def test_a_text_s_words_survive(text: str) -> None:
    literal = "".join(f"\\{one}" if one in "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~" else one for one in text).strip()
    wiki = to_wiki(f"x{literal}")
    assert plain(to_markdown(wiki)) == plain(f"x{literal}"), wiki


@given(st.text(st.characters(exclude_categories=[]), max_size=200))
def test_any_text_is_taken_both_ways(text: str) -> None:
    to_wiki(text, MARKER).encode()
    to_markdown(text).encode()


# --- document trees ---


def doc(*content: Any) -> dict[str, Any]:
    return {"type": "doc", "version": 1, "content": list(content)}


def node(kind: str, *content: Any, **attrs: Any) -> dict[str, Any]:
    return {"type": kind, "attrs": attrs, "content": list(content)}


def text(said: str, *marks: Any) -> dict[str, Any]:
    return {"type": "text", "text": said, "marks": list(marks)}


LINK = {"type": "link", "attrs": {"href": "https://x.example/a/1"}}


@pytest.mark.parametrize(
    ("document", "markdown"),
    [
        (doc(node("paragraph", text("a"), {"type": "hardBreak"}, text("b"))), "a\nb"),
        (doc(node("paragraph", text("x", {"type": "strong"}), text(" *y*"))), "**x** \\*y\\*"),
        (doc(node("paragraph", text("this", LINK))), "[this](https://x.example/a/1)"),
        (doc(node("paragraph", text("https://x.example/a/1", LINK))), "https://x.example/a/1"),
        (doc(node("paragraph", node("inlineCard", url="https://x.example/a/1"))), "https://x.example/a/1"),
        (doc(node("blockCard", url="https://x.example/a/1")), "https://x.example/a/1"),
        (doc(node("heading", text("Steps"), level=2)), "## Steps"),
        (doc(node("blockquote", node("paragraph", text("a")), node("paragraph", text("b")))), "> a\n>\n> b"),
        (doc(node("codeBlock", {"type": "text", "text": "a\n```"}, language="py")), "````py\na\n```\n````"),
        (
            doc(
                node(
                    "bulletList",
                    node(
                        "listItem",
                        node("paragraph", text("a")),
                        node("bulletList", node("listItem", node("paragraph", text("b")))),
                    ),
                ),
            ),
            "- a\n\n  - b",
        ),
        (doc(node("taskList", node("taskItem", text("a"), state="DONE"))), "- [x] a"),
        (doc(node("orderedList", node("listItem", node("paragraph", text("a"))))), "1. a"),
        (
            doc(
                node(
                    "table",
                    node(
                        "tableRow",
                        node("tableHeader", node("paragraph", text("a"))),
                        node("tableCell", node("paragraph", text("b|c"))),
                    ),
                )
            ),
            "| a | b\\|c |\n|---|---|",
        ),
        (doc(node("paragraph", node("mention", text="@Ann"), text(" "), node("emoji", shortName=":x:"))), "Ann :x:"),
        (doc(node("newThing", node("paragraph", text("kept")))), "kept"),
        (doc(node("paragraph", node("newInline", text("kept")))), "kept"),
        (doc(node("rule")), "***"),
        (doc(node("paragraph", text("- no list"))), "\\- no list"),
        ({"type": "doc", "content": None}, ""),
        ({}, ""),
    ],
)
def test_a_document_tree_is_read(document: dict[str, Any], markdown: str) -> None:
    assert to_markdown(document) == markdown


def test_a_tree_too_deep_is_read_as_far_as_it_goes() -> None:
    tree = node("paragraph", text("deep"))
    for _ in range(5000):
        tree = node("blockquote", tree)
    assert to_markdown(doc(node("paragraph", text("top")), tree)).startswith("top")


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["type", "content", "text", "attrs", "marks", "url", "level"]), inner, max_size=5
        )
    ),
    max_leaves=20,
)


@given(st.dictionaries(st.sampled_from(["type", "content", "text", "attrs"]), json))
def test_any_tree_is_taken(tree: dict[str, Any]) -> None:
    to_markdown(tree).encode()


def test_nothing_is_read_as_nothing() -> None:
    assert to_markdown(None) == ""
    assert to_markdown(7) == ""
