"""Which commands does a ticket hold? Only an agent can give one, and only where customers can't write or read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.commands import commands
from syncd.model import Author, Item, Mention, Place, Ref, Status, Text
from syncd.records import Command, Verb

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


def reader(text: str) -> Sequence[Mention]:
    return [
        Mention(f"{one[1]}#{one[2]}", one.start(), one.end())
        for one in re.finditer(r"https://hub\.example/([\w./_-]+)/issues/(\d+)", text)
    ]


def ticket(*texts: Text, tags: tuple[str, ...] = ()) -> Item:
    ref = Ref("desk", "7", "7")
    return Item(ref, "https://desk.example/7", Status("2"), "2026-01-05T09:00:00Z", NOW, texts=texts, tags=tags)


def note(body: str, author: Author = Author.TEAM, place: Place = Place.NOTE) -> Text:
    return Text(body, author, place, "41", NOW)


def found(*texts: Text, tags: tuple[str, ...] = (), prefix: str = "syncd") -> tuple[Command, ...]:
    return commands(ticket(*texts, tags=tags), {"hub": reader}, prefix)


def said(body: str) -> list[tuple[str, str]]:
    return [(one.verb.value, one.argument or one.fault) for one in found(note(body))]


NO_KEY = "that is no address or key of an issue of hub"
NO_TRACKER = "that names none of this helpdesk's trackers: hub"


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ("/link https://hub.example/acme/app/issues/4", [("link", "hub:acme/app#4")]),
        ("/link <https://hub.example/acme/app/issues/4>", [("link", "hub:acme/app#4")]),
        ("/link [that one](https://hub.example/acme/my_app_2/issues/4)", [("link", "hub:acme/my_app_2#4")]),
        ("/link https://hub.example/acme/app/issues/4#comment-9.", [("link", "hub:acme/app#4")]),
        ("/link acme/app#4", [("link", "acme/app#4")]),
        ("/LINK  hub:acme/app#4  ", [("link", "hub:acme/app#4")]),
        ("/link ENG\\-7", [("link", "ENG-7")]),
        ("/unlink acme/__app__#4", [("unlink", "acme/__app__#4")]),
        ("/unlink", [("unlink", "")]),
        ("Seen it.\r\n/mute\r\nThanks", [("mute", "")]),
        ("Seen it.\\\n/mute  \nThanks", [("mute", "")]),
        ("/unmute\n\n/reopen", [("unmute", ""), ("reopen", "")]),
        ("/link", [("link", "the address or key of an issue is missing")]),
        ("/link the one from yesterday", [("link", NO_KEY)]),
        ("/link https://elsewhere.example/issues/4", [("link", NO_TRACKER)]),
        ("/link acme/app#4 acme/app#5", [("link", NO_KEY)]),
        (
            "/link https://hub.example/a/b/issues/4,https://hub.example/a/b/issues/5",
            [("link", NO_KEY)],
        ),
        ("/link bob@example.com", [("link", NO_KEY)]),
        ("/link `acme/app#4`", [("link", NO_KEY)]),
        ("/link other:ENG-7", [("link", NO_TRACKER)]),
        ("/mute for a week", [("mute", "it takes nothing behind it")]),
        ("/reopen acme/app#4", [("reopen", "it takes nothing behind it")]),
        # What isn't ours, or doesn't stand on a line of its own.
        ("/assign bob\n/links\n/muted\n/mute/x\n//mute", []),
        ("please /mute", []),
        ("- /mute", []),
        ("> /mute", []),
        ("> as you said\n/mute", []),
        ("`/mute`", []),
        ("`a\n/mute\nb`", []),
        ("```\n/mute\n```", []),
        ("    /mute", []),
        ("# /mute", []),
        ("/mute\n===", []),
        ("**/mute**", []),
        ("<!-- \n/mute\n-->", []),
        ("see <!-- \n/mute\n--> here", []),
        ("--- Original message ---\n/mute", []),
        ("x" * 200_001 + "\n\n/mute", []),
    ],
)
def test_what_a_note_of_an_agent_commands(body: str, what: list[tuple[str, str]]) -> None:
    assert said(body) == what


def test_a_command_tells_where_and_when_it_was_given() -> None:
    assert found(note("/mute")) == (Command(Verb.MUTE, "note:41", at=NOW),)


def test_a_key_keeps_no_other_word_of_a_note() -> None:
    (one,) = found(note("/link Mrs Miller, +49 30 1234"))
    assert one.argument == ""
    assert "Miller" not in one.fault


@pytest.mark.parametrize("author", Author)
@pytest.mark.parametrize("place", Place)
def test_only_a_member_of_the_team_commands_and_only_in_an_internal_note(author: Author, place: Place) -> None:
    assert bool(found(note("/mute", author, place))) == (author is Author.TEAM and place is Place.NOTE)


def test_a_note_of_an_automation_may_repeat_a_customer_s_words_and_commands_nothing() -> None:
    assert found(replace(note("/mute"), automatic=True)) == ()


def test_a_note_that_has_no_id_could_not_be_known_again() -> None:
    assert found(Text("/mute", Author.TEAM, Place.NOTE)) == ()


LINES = st.sampled_from(
    ["/link", "/unlink", "/mute", "/unmute", "/reopen", "/file", "/link https://hub.example/a/b/issues/4"]
)
WILD = st.lists(st.one_of(LINES, st.text(max_size=40)), max_size=6).map("\n".join)
UNTRUSTED = [(a, p) for a in Author for p in Place if (a, p) != (Author.TEAM, Place.NOTE)]


@given(st.lists(st.tuples(WILD, st.sampled_from(UNTRUSTED)), max_size=5))
def test_nothing_that_a_customer_or_syncd_itself_writes_is_ever_a_command(
    texts: list[tuple[str, tuple[Author, Place]]],
) -> None:
    assert found(*(note(body, *whose) for body, whose in texts)) == ()


@given(WILD, WILD)
def test_nothing_that_an_agent_quotes_is_a_command(quoted: str, own: str) -> None:
    quotation = "\n".join(f"> {line}" for line in re.split(r"[\r\n]", quoted))
    assert found(note(quotation)) == ()
    fence = "~" * 60
    assert found(note(f"{fence}\n{own}\n{fence}")) == () or "~" * 60 in own


def test_tags_command_what_needs_no_argument() -> None:
    tags = (
        "VIP",
        "Syncd_Mute",
        "syncd_link",
        "syncd_reopen",
        "syncd_unlink",
        "syncd_unmute",
        "syncd_file",
        "other_mute",
    )
    assert [(one.verb, one.source) for one in found(tags=tags)] == [
        (Verb.UNLINK, "tag:syncd_unlink"),
        (Verb.MUTE, "tag:Syncd_Mute"),
        (Verb.UNMUTE, "tag:syncd_unmute"),
        (Verb.REOPEN, "tag:syncd_reopen"),
        (Verb.FILE, "tag:syncd_file"),
    ]


def test_tags_begin_as_configured_or_command_nothing() -> None:
    assert [one.verb for one in found(tags=("bot_mute", "syncd_mute"), prefix="bot")] == [Verb.MUTE]
    assert found(tags=("syncd_mute", "_mute", "mute"), prefix="") == ()


@pytest.mark.parametrize(
    ("text", "is_order"),
    [
        (note("/file"), True),
        (note("Looked at it.\r\n/FILE \r\nThanks"), True),
        (note("please /file it"), False),
        (note("> /file"), False),
        (note("`/file`"), False),
        (note("/filed"), False),
        (note("/file", author=Author.OUTSIDE), False),
        (note("/file", author=Author.SELF), False),
        (note("/file", place=Place.COMMENT), False),
        (note("/file", place=Place.BODY), False),
    ],
)
def test_an_agent_s_note_orders_an_issue_and_nothing_else_does(text: Text, is_order: bool) -> None:
    assert [one.verb for one in found(text)] == [Verb.FILE] * is_order
