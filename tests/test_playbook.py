from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import Any

import pytest
from markdown_it import MarkdownIt

from syncd.errors import ConfigError
from syncd.model import ISSUE_WORDS, TICKET_WORDS, Word
from syncd.playbook import Playbook
from syncd.texts import VARIABLES, Kind

UNFINISHED = {Word.NEW, Word.OPEN, Word.PENDING, Word.ON_HOLD}
VALUES = {
    "issue_url": "https://github.com/o/r/issues/7",
    "issue_key": "o/r#7",
    "issue_word": "in_progress",
    "issue_reason": "not_planned",
    "ticket_key": "17",
    "ticket_url": "https://desk.example/a/tickets/17",
    "ticket_word": "pending",
    "count": "2",
    "who": "alice",
}


def file(name: str) -> dict[str, Any]:
    return tomllib.loads(files("mappings").joinpath("playbooks", f"{name}.toml").read_text("utf-8"))


def shipped(name: str) -> Playbook:
    return Playbook.parse(name, file(name), under=file("default"))


def refused(data: dict[str, Any], **layers: Any) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        Playbook.parse("p", data, **layers)
    return [str(problem) for problem in caught.value.problems]


def test_the_default_is_rule_two_whether_read_or_made() -> None:
    made, read = Playbook(name="default"), shipped("default")
    for playbook in (made, read):
        assert set(playbook.fits) == set(ISSUE_WORDS)
        assert playbook.fits[Word.OPEN] == playbook.fits[Word.IN_PROGRESS] == UNFINISHED
        assert playbook.fits[Word.DONE] == playbook.fits[Word.DECLINED] == {Word.RESOLVED, Word.CLOSED}
        assert playbook.fits[Word.DUPLICATE] == set()
        assert playbook.write == {
            Word.OPEN: Word.PENDING,
            Word.IN_PROGRESS: Word.PENDING,
            Word.DONE: Word.RESOLVED,
            Word.DECLINED: Word.RESOLVED,
        }
    assert read.model_copy(update={"texts": {}}) == made, "the file says nothing that the code doesn't"
    assert (made.late_after, made.file_after) == (259200, 60)


def test_the_default_has_a_text_for_every_note_and_none_for_customers() -> None:
    playbook = shipped("default")
    for kind in Kind:
        assert bool(playbook.render(kind, **VALUES)) != kind.startswith("message_"), kind


@pytest.mark.parametrize("name", ["default", "2i2c", "sourcegraph-support", "sourcegraph-ce", "criticality"])
@pytest.mark.parametrize("without", [(), ("who", "issue_reason", "ticket_url", "count")])
def test_shipped_texts_render_as_one_tidy_paragraph(name: str, without: tuple[str, ...]) -> None:
    playbook = shipped(name)
    values = {key: value for key, value in VALUES.items() if key not in without}
    for kind in Kind:
        text = playbook.render(kind, **values)
        assert "\n" not in text
        assert "  " not in text
        assert "{" not in text


def test_the_link_note_names_the_issue() -> None:
    note = shipped("default").render("link_note", **VALUES)
    assert note == "Filed as [o/r#7](https://github.com/o/r/issues/7). The ticket waits until the issue is closed."


def test_2i2c_leaves_closed_tickets_closed_and_reopens_for_requesters() -> None:
    playbook = shipped("2i2c")
    assert playbook.filed is Word.PENDING
    assert playbook.fits[Word.OPEN] == playbook.fits[Word.IN_PROGRESS] == UNFINISHED | {Word.CLOSED}
    assert Word.RESOLVED not in playbook.fits[Word.OPEN], "a resolved ticket follows its issue back"
    assert (playbook.on_requester_reopen, playbook.messages) == ("reopen", "draft")
    assert playbook.link_headings == ("The Freshdesk ticket link",)


def test_2i2c_customers_hear_of_planning_never_of_dates_or_engineering() -> None:
    playbook = shipped("2i2c")
    filed, resolved, declined = (playbook.render(f"message_{what}") for what in ("filed", "resolved", "declined"))
    assert "outage" in filed
    assert "planning" in filed
    assert "confirm" in resolved
    assert declined
    for text in (filed, resolved, declined):
        assert not any(word in text.lower() for word in ("engineer", "week", "tomorrow", " day", "by the end"))


def test_the_helpdesk_s_own_settings_win_over_the_playbook_over_the_default() -> None:
    playbook = Playbook.parse(
        "p",
        {"on_conflict": "tracker", "late_after": "1d", "texts": {"resolved": "middle", "declined": "middle"}},
        under={"late_after": "9d", "file_after": "9s", "texts": {"conflict": "low", "declined": "low"}},
        over={
            "on_conflict": "helpdesk",
            "texts": {"declined": "high"},
            "fit": {"done": {"fits": list(TICKET_WORDS), "write": "closed"}},
        },
    )
    assert (playbook.on_conflict, playbook.late_after, playbook.file_after) == ("helpdesk", 86400, 9)
    assert [playbook.render(kind) for kind in ("conflict", "resolved", "declined")] == ["low", "middle", "high"]
    assert playbook.write[Word.DONE] is Word.CLOSED
    assert playbook.write[Word.OPEN] is Word.PENDING, "words that nobody named keep the default"


WRITES = {"write": "open"}


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"on_conflit": "hold"}, "mappings/playbooks/p.toml: on_conflit: unknown key. Did you mean 'on_conflict'?"),
        ({"name": "x"}, "name: unknown key"),
        ({"on_conflict": "coin"}, "on_conflict: this is none of the known values. Write one of 'hold', 'tracker', 'h"),
        ({"on_ticket_resolved": "reopen"}, "on_ticket_resolved: this is none of the known values"),
        ({"on_requester_reopen": "close"}, "on_requester_reopen: this is none of the known values"),
        ({"resolve_when": "shipped"}, "resolve_when: this says in no known way when an issue is done. Write"),
        ({"resolve_when": "label: "}, 'Write "closed", "released" or "label:NAME"'),
        ({"resolve_when_issues": "most"}, "resolve_when_issues: this is none"),
        ({"messages": "loud"}, "messages: this is none of the known values. Write one of 'off', 'draft', 'public'"),
        ({"link_note": True}, "link_note: this is none of the known values"),
        ({"late_after": 3}, "late_after: this is no duration. Write a whole number and a unit, such as 30s, 2m"),
        ({"late_after": "3 days"}, "late_after: this is no duration"),
        ({"link_headings": "Ticket"}, "link_headings: a list is expected"),
        ({"link_headings": [7]}, "link_headings[0]: a text is expected"),
        ({"filed": "done"}, "filed: this is no word for a ticket. Use one of: new, open, pending"),
        ({"filed": 3}, "filed: this is no word for a ticket"),
        ({"filed": "resolved"}, "filed: a ticket would be given a word that its open issue doesn't fit. Use one of: n"),
        ({"fit": []}, "fit: a table is expected"),
        (
            {"fit": {"opne": {"fits": ["open"], **WRITES}}},
            "fit.opne: this is no word for an issue. Use one of: open, i",
        ),
        ({"fit": {"resolved": {"fits": ["open"], **WRITES}}}, "fit.resolved: this is no word for an issue"),
        ({"fit": {"open": ["open"]}}, "fit.open: a table is expected"),
        ({"fit": {"open": {"fits": ["open", "done"], **WRITES}}}, "this is no word for a ticket"),
        ({"fit": {"open": {"fits": ["pending"], **WRITES}}}, "fit.open: what it writes does not fit. Write one of: pe"),
        ({"fit": {"duplicate": {"fits": [], **WRITES}}}, "fit.duplicate: what it writes does not fit. Leave write out"),
        ({"fit": {"done": {"fits": ["closed"]}}}, "fit.done: it says what fits, but not what to write. Add write, one"),
        ({"fit": {"done": {"write": "closed"}}}, "fit.done.fits: this key is missing"),
        ({"fit": {"done": {"fits": ["open"], "also": 1, **WRITES}}}, "fit.done.also: unknown key"),
        (
            {"file": {"answered_frist": True}},
            "mappings/playbooks/p.toml: file.answered_frist: unknown key. Did you mean 'answered_first'?",
        ),
        ({"file": {"when": [{"tga": "escalate"}]}}, "file.when[0].tga: unknown key. Did you mean 'tag'?"),
        ({"kinds": {"defect": {"lables": ["bug"]}}}, "kinds.defect.lables: unknown key. Did you mean 'labels'?"),
        (
            {"announce": {"routes": [{"name": "x", "to": [{"sinc": "s"}]}]}},
            "announce.routes[0].to[0].sinc: unknown key. Did you mean 'sink'?",
        ),
        (
            {"file": {"messages": "off"}},
            "file.messages: unknown key. It belongs further up: before the first [",
        ),
        (
            {"file": {"representative": "lead"}},
            "this value can't be used. Write it as a [section] of its own; or write one of 'leads'",
        ),
        ({"texts": {"linknote": ""}}, "texts.linknote: unknown key. Did you mean 'link_note'?"),
        ({"texts": {"resolved": 7}}, "texts.resolved: a text is expected"),
    ],
)
def test_a_bad_playbook_is_refused_in_words(data: dict[str, Any], said: str) -> None:
    assert any(said in message for message in refused(data)), refused(data)


def test_a_list_that_lacks_only_what_is_wrong_in_it_is_not_told_as_too_short() -> None:
    (message,) = refused({"announce": {"routes": [{"name": "x", "to": [{}]}]}})
    assert "routes[0].to[0].sink: this key is missing" in message


def test_a_slip_in_one_choice_of_a_union_is_told_alone() -> None:
    (message,) = refused({"file": {"representative": {"tags": "lead"}}})
    assert message.endswith("file.representative.tags: unknown key. Did you mean 'tag'?")


def test_a_key_under_the_wrong_heading_is_told_where_it_belongs() -> None:
    (message,) = refused({}, over={"file": {"link_note": "public"}}, over_where="connectors/desk.toml: sync")
    assert (
        message == "connectors/desk.toml: sync.file.link_note: unknown key. It belongs further up: right below [sync]"
    )


def test_problems_of_the_file_and_of_the_settings_over_it_are_told_together() -> None:
    messages = refused(
        {"messages": "loud", "colour": 1, "filed": "done"},
        over={"on_conflict": "coin", "colour": 2},
        over_where="connectors/desk.toml: sync",
    )
    assert len(messages) == 5, messages
    assert sum(message.startswith("mappings/playbooks/p.toml: ") for message in messages) == 3
    assert sum(message.startswith("connectors/desk.toml: sync.") for message in messages) == 2


def test_settings_that_break_a_sound_playbook_are_blamed_and_not_the_playbook() -> None:
    messages = refused(
        {"fit": {"open": {"fits": ["open"], "write": "open"}}, "filed": "open"}, over={"filed": "pending"}
    )
    assert [message[:13] for message in messages] == ["[sync]: filed"]


@pytest.mark.parametrize(
    "source",
    [
        "{{ secret }}",
        "{{ config }}",
        "{{ self }}",
        "{{ issue_key.__class__ }}",
        "{{ issue_key['__class__'] }}",
        "{{ issue_key | attr('__class__') }}",
        "{{ issue_key.format(1) }}",
        "{{ issue_key.upper() }}",
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ cycler.__init__.__globals__ }}",
        "{{ lipsum() }}",
        "{{ range(9) }}",
        "{{ 'a' * 1000000000 }}",
        "{{ 9 ** 999999999 }}",
        "{{ 1 }}",
        "{{ count + 1 }}",
        "{{ [issue_key] }}",
        "{{ {} }}",
        "{{ issue_key[0:2] }}",
        "{{ '%s' % issue_key }}",
        "{% for letter in issue_key %}x{% endfor %}",
        "{% set issue_key = 'x' %}",
        "{% macro m() %}{% endmacro %}",
        "{% include 'x' %}",
        "{% import 'x' as y %}",
        "{% extends 'x' %}",
        "{% block b %}{% endblock %}",
        "{% filter upper %}x{% endfilter %}",
        "{% raw %}x",
        "{{ issue_key | nosuch }}",
        "{{ issue_key | format }}",
        "{{ issue_key | join }}",
        "{{ issue_key | safe }}",
        "{{ issue_key | replace('a') }}",
        "{{ issue_key | replace('a', 'b', 1) }}",
        "{{ issue_key | replace(count, who) }}",
        "{{ issue_key | upper(1) }}",
        "{{ issue_key is nosuch }}",
        "{{ 'x' if who }}",
        "{{ who",
        "{% if who %}",
        "{{ }}",
    ],
)
def test_a_template_that_could_fail_or_do_more_than_show_is_refused(source: str) -> None:
    (message,) = refused({"texts": {"resolved": source}})
    assert message.startswith("mappings/playbooks/p.toml: texts.resolved: the template ")


def test_a_template_may_show_compare_and_choose() -> None:
    source = """
    {% if count == "2" and not (who or issue_reason) %}two {{ "a" ~ ticket_key }}{% else %}no{% endif %}
    {{- " & " ~ (who | upper if who else "nobody") }} {{ issue_word | replace("_", " ") | capitalize }}
    """
    playbook = Playbook.parse("p", {"texts": {"resolved": source}})
    assert playbook.render("resolved", count="2", ticket_key="17", issue_word="in_progress") == (
        "two a17 & nobody In progress"
    )


def test_every_variable_can_be_shown() -> None:
    for name in VARIABLES:
        playbook = Playbook.parse("p", {"texts": {"drift": f"{{{{ {name} }}}}"}})
        assert playbook.render("drift", **{name: "x1"}) == "x1"
        assert playbook.render("drift") == ""


HOSTILE = [
    "{{ 7 * 7 }}{% for x in y %}",
    "<script>alert(1)</script>",
    "<!-- syncd:v1: -->",
    "[click](https://evil.example)",
    "![x](https://evil.example/beacon.png)",
    "`code` **bold** ~~gone~~ | cell",
    "one\n\n# two\r\n- three\u2028four\x1b[31m",
    "\\[not\\](https://evil.example)",
    "> quoted\n> again",
]


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize("name", ["who", "issue_key", "issue_reason", "ticket_key"])
def test_a_hostile_value_is_shown_and_nothing_else(name: str, value: str) -> None:
    playbook = Playbook.parse("p", {"texts": {"resolved": f"By {{{{ {name} }}}} today."}})
    text = playbook.render("resolved", **{name: value})
    inline = MarkdownIt("commonmark").enable("strikethrough").parse(text)
    assert [token.type for token in inline] == ["paragraph_open", "inline", "paragraph_close"]
    assert {token.type for token in inline[1].children or ()} <= {"text", "text_special"}
    assert inline[1].children
    shown = "".join(token.content for token in inline[1].children)
    assert shown == f"By {' '.join(''.join(c if c.isprintable() else ' ' for c in value).split())} today."


def test_a_value_mentions_nobody() -> None:
    playbook = Playbook.parse("p", {"texts": {"resolved": "By {{ who }}"}})
    assert playbook.render("resolved", who="@org/team @alice") == "By org/team alice"


def test_a_url_can_not_leave_its_link() -> None:
    playbook = Playbook.parse("p", {"texts": {"resolved": "[it]({{ issue_url }})"}})
    text = playbook.render("resolved", issue_url="https://x.example/a) [evil](https://evil.example) (<b>\n")
    links = [token for token in MarkdownIt("commonmark").parse(text)[1].children or () if token.type == "link_open"]
    assert len(links) == 1
    assert str(links[0].attrs["href"]).startswith("https://x.example/a%29")


def test_values_that_are_no_text_or_unknown_are_a_defect_of_the_caller() -> None:
    playbook = shipped("default")
    with pytest.raises(TypeError, match="'customer'"):
        playbook.render("resolved", customer="Ada")
    with pytest.raises(TypeError, match="'count'"):
        playbook.render("resolved", count=2)  # type: ignore[arg-type]  # that it is refused is what is tested
    with pytest.raises(ValueError, match="nosuch"):
        playbook.render("nosuch")


def test_the_fingerprint_follows_the_meaning_only() -> None:
    one = shipped("2i2c")
    again = Playbook.parse("other", dict(reversed(file("2i2c").items())), under=file("default"))
    assert again.fingerprint == one.fingerprint
    for change in (
        {"filed": "on_hold"},
        {"texts": {"resolved": "x"}},
        {"fit": {"done": {"fits": ["closed"], "write": "closed"}}},
    ):
        changed = Playbook.parse("2i2c", file("2i2c"), under=file("default"), over=change)
        assert changed.fingerprint != one.fingerprint
