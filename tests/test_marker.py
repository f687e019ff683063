from __future__ import annotations

import html
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from ulid import ULID

from syncd import marker

KEY = b"0123456789abcdef" * 4
ULIDS = ("01JD0000000000000000000000", "01JDZZZZZZZZZZZZZZZZZZZZZZ")
ONE, TWO = (marker.make(KEY, ulid) for ulid in ULIDS)


def test_a_marker_is_found_wherever_it_stands() -> None:
    for text in (
        ONE,
        f"<!-- {ONE} -->",
        f"note\n\n{ONE}\n",
        f'<span title="{ONE}">x</span>',
        f"({ONE})",
        f"[{ONE}]: x",
    ):
        assert marker.read(KEY, text) == (ULIDS[0],)


def test_several_are_found_in_order_and_each_once() -> None:
    assert marker.read(KEY, f"{TWO} {ONE} {TWO}") == (ULIDS[1], ULIDS[0])
    assert marker.read(KEY, "") == ()


def test_a_marker_holds_nothing_but_its_effect() -> None:
    ulid = str(ULID())
    made = marker.make(KEY, ulid)
    assert marker.PATTERN.fullmatch(made)
    assert made.startswith(f"syncd:v1:{ulid}:")
    assert len(made) == 56
    assert marker.make(KEY, ulid) == made, "the same effect has the same marker on every attempt"


@pytest.mark.parametrize(
    "forged",
    [
        ONE.replace(ULIDS[0], ULIDS[1]),
        ONE[:-1] + ("0" if ONE[-1] != "0" else "1"),
        ONE[:-1],
        ONE + "0",
        ONE.upper(),
        ONE.lower(),
        ONE.replace("v1", "v2"),
        ONE.replace(":", " "),
        "x" + ONE,
        marker.make(b"another installation", ULIDS[0]),
        f"syncd:v1:{ULIDS[0]}:{'0' * 20}",
        f"syncd:v1:{ULIDS[0]}:",
        f"syncd:v1::{ONE[-20:]}",
    ],
)
def test_what_is_not_genuine_is_not_found(forged: str) -> None:
    assert marker.read(KEY, forged) == ()


@pytest.mark.parametrize("ulid", ["", ULIDS[0].lower(), ULIDS[0][:-1], ULIDS[0] + "0", "8" + "0" * 25, "I" * 26, "a/b"])
def test_a_marker_that_could_not_be_found_again_is_not_made(ulid: str) -> None:
    with pytest.raises(ValueError, match="ULID"):
        marker.make(KEY, ulid)


def test_a_marker_without_a_key_is_not_made() -> None:
    with pytest.raises(ValueError, match="key"):
        marker.make(b"", ULIDS[0])


INVISIBLE = ("\u200b", "\u200d", "\u2060", "\ufeff", "\u00ad")


@pytest.mark.parametrize(
    "copied",
    [
        ONE,
        f"<!-- {ONE} -->",
        ONE + TWO,
        f"{ONE} {ONE.replace(':v1', '&#58;v1', 1)}",
        "syn" + ONE + "cd:v1:",
        ONE.replace("syncd", "SyncD"),
        ONE.replace(":v1", "&#58;v1", 1),
        ONE.replace(":v1", "&colon;v1", 1),
        ONE.replace("s", "&#115;", 1),
        ONE.replace(":", r"\:"),
        *[ONE.replace("yn", f"y{char}n") for char in INVISIBLE],
        *[ONE.replace("d:v1", f"d{char}:{char}v1") for char in INVISIBLE],
    ],
)
def test_a_copied_marker_stays_dead_whatever_becomes_of_the_text(copied: str) -> None:
    made = marker.neutralise(f"The customer writes: {copied}")
    rendered = html.unescape(MarkdownIt("commonmark", {"html": True}).render(made))
    for text in (made, rendered):
        stripped = "".join(char for char in text if char not in INVISIBLE)
        assert marker.read(KEY, stripped) == marker.read(KEY, text) == ()
    assert "<!--" not in made
    assert ULIDS[0] in made, "it can still be seen what stood there"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nothing special",
        "syncd is at v1 now",
        "a < b && c",
        "AT&T: \\o/",
        "<b>&lt;</b>",
        "👩\u200d💻",
        "mail: a:b:c",
    ],
)
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert marker.neutralise(text) == text


def test_making_text_inert_never_makes_markup_active() -> None:
    made = marker.neutralise(f"&lt;script&gt; {ONE.replace('s', '&#115;', 1)}")
    assert "<script>" not in made


PIECES = [*"syncd:v1 &#;5\\\u200b<!-", ONE, "syncd", ":v1:", "&#58;", "&amp;"]


@given(st.lists(st.sampled_from(PIECES), max_size=20))
def test_no_mixture_of_pieces_survives(pieces: list[str]) -> None:
    text = "".join(pieces)
    made = marker.neutralise(text)
    for seen in (made, html.unescape(made), html.unescape(made.replace("\\", "").replace("\u200b", ""))):
        assert marker.read(KEY, seen) == ()
    assert "<!--" not in made
    assert marker.neutralise(made) == made


def test_a_name_tells_its_time_and_what_it_is_for_to_whoever_asks_with_the_key() -> None:
    when = datetime(2026, 1, 5, 9, 0, 0, 123000, tzinfo=UTC)
    name = marker.name(KEY, when, "desk:1 tracker:2 resolved 3")
    assert marker.made_at(name) == when
    assert marker.read(KEY, marker.make(KEY, name)) == (name,)
    assert marker.is_for(KEY, name, "desk:1 tracker:2 resolved 3")
    assert not marker.is_for(KEY, name, "desk:1 tracker:2 resolved 4")
    assert not marker.is_for(b"another installation", name, "desk:1 tracker:2 resolved 3")
    assert marker.name(KEY, when + timedelta(milliseconds=1), "desk:1 tracker:2 resolved 3") != name
    with pytest.raises(ValueError, match="key"):
        marker.name(b"", when, "x")
