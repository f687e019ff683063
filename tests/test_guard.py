"""No private text in a public place, whatever a template says; nothing live in a private one (rule 14)."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from syncd import guard, marker
from syncd.details import Attachment, Company, Detail, Person
from syncd.filing import Decision, Filing, decide, write
from syncd.filing.values import Choice
from syncd.model import Audience, Word
from syncd.texts import ISSUE_VARIABLES
from tests.filed import PLACES, filed, playbook, ticket

CANARY = "Kanarienvogel"
LEAKY = {
    "issue_texts": {
        "title": "T " + " ".join(f"{{{{ {name} }}}}" for name in ISSUE_VARIABLES),
        "body": "\n\n".join(f"{{{{ {name} }}}}" for name in ISSUE_VARIABLES),
    }
}
"""A template that shows all it can."""
PLAYBOOKS = [playbook(name, **over) for name in PLACES for over in ({}, LEAKY)]
SCRAPS = (
    "@bob", "@acme/team", "**x**@bob", "_x_@bob", "&#64;bob", "&commat;bob", "@\u200bbob", "\\@bob", "#12", "\\#12",
    "o/r#3", "GH-7", "_GH-7_", "fixes #1", "&num;4", "<b>", "</b>", "<!-- x -->", "<img src=x>", "<details>", "![i](http://x.example)",
    "![i][r]", "[r]: http://x.example", "https://github.com/o/r/issues/1", "www.github.com/o/r/pull/2",
    "[t](https://github.com/o/r/commit/abcdef1)", "[t](/o/r/issues/1)", "[t](https:\\//github.com/o/r/issues/5)",
    "https://github.com/o/r/%69ssues/9", "<https://github.com/o/r/issues/3>", "o/r@0123abcd", "[~accountid:1]",
    "[mail](mailto:a@b.example)", "syncd:v1:01ARZ3NDEKTSV4RRFFQ69G5FAV:0123456789abcdef0123", "```", "~~~",
    "    code", "# Head",
    "---", "===", "> q", "- a", "1. b", "|a|b|", "\n", "\n\n", "\r", "\r\n", "\u2028", "\x0b", "\x85",
    "\x1b[31m", "\u202e",
    "text", "x", " ", "é", "a@b.example", "`code @bob #1`", "search", "Docker", "$x$",
)  # fmt: skip
READER = MarkdownIt("commonmark", {"linkify": False})


def test_what_is_said_of_a_ticket_in_public_is_none_of_its_text_and_in_private_calls_nobody() -> None:
    chance = random.Random(4711)  # noqa: S311  # no secret
    for _ in range(300):
        detail = generated(chance)
        facts = {name: detail.description for name in (*ISSUE_VARIABLES, "brief") if name not in guard.PUBLIC}
        facts |= {"subject": detail.subject, "ticket_key": "17", "ticket_url": "https://desk.example.com/17"}
        for audience in (Audience.PUBLIC, None):
            assert guard.spoken(facts, audience) == {"ticket_key": "17", "ticket_url": "https://desk.example.com/17"}
        private = guard.spoken(facts, Audience.PRIVATE)
        assert {"subject", "brief", "steps"} <= private.keys()
        assert not {"company", "requester", "crm_url", "attachments"} & private.keys()
        for value in private.values():
            assert not set(value) & {"\n", "\r", "`", "\u2028", "\x1b"}
            assert len(value) <= guard.BRIEF
            assert not re.search(r"(?<![A-Za-z0-9])@\w|<[!@#A-Za-z]", value), value


def generated(chance: random.Random) -> Detail:
    """A ticket with a canary in every field that is private, between scraps that could bring something to life."""

    def text() -> str:
        scraps = "".join(chance.choice(SCRAPS) for _ in range(chance.randrange(12)))
        return f"{scraps}{CANARY}{chance.choice(SCRAPS)}"

    def fields(*names: str) -> dict[str, str]:
        return {name: text() for name in names}

    company = Company(text(), fields("tier", "service_level", "crm_url", "label_name", "CRM profile"), (text(),))
    person = Person(text(), f"{CANARY}@x.example", CANARY, (text(),), fields("role"), (company,), leads=True)
    tags = ("public_issue", "docs", text()) if chance.random() < 0.5 else (text(),)
    form = fields("environment", "steps_to_reproduce", "logs", "recent_changes", "affected", "urgency", "severity")
    return ticket(
        text(),
        text(),
        tags=tags,
        requester=person,
        company=chance.choice([company, company, None]) if "x" in tags[-1] else company,
        group=text(),
        kind=chance.choice([text(), "Problem", "Question"]),
        priority=text(),
        fields=form,
        attachments=(Attachment(text(), f"https://desk.example.com/{CANARY}", 7),),
    )


def issues(seed: int, count: int, audience: Audience | None) -> Iterator[tuple[Detail, Filing]]:
    """What a number of generated tickets become."""
    chance = random.Random(seed)  # noqa: S311  # a test's chance is to be repeatable
    for number in range(count):
        detail, one = generated(chance), PLAYBOOKS[number % len(PLAYBOOKS)]
        found = decide(detail, one, word=Word.OPEN)
        if isinstance(found, Decision):
            yield detail, write(found, detail, one, audience)


def sent(issue: Filing) -> str:
    """All of an issue that goes to the tracker."""
    one = issue.decision
    choices: tuple[Choice, ...] = (
        issue.title,
        issue.body,
        issue.assignee,
        issue.mention,
        issue.team,
        one.kind,
        one.area,
    )
    choices += (one.priority, one.proposed, one.place, *issue.labels)
    return "\n".join(choice.value for choice in choices)


def hold_back(count: int) -> None:
    """Public, and what nobody can tell the audience of."""
    for audience in (Audience.PUBLIC, None):
        seen = 0
        for detail, issue in issues(1, count // 2, audience):
            assert CANARY.casefold() not in sent(issue).casefold(), (detail.subject, sent(issue))
            assert detail.item.url in issue.body.value
            seen += 1
        assert seen > count // 2 * 0.8


def test_no_public_issue_holds_anything_private() -> None:
    hold_back(2_000)


@pytest.mark.torture
def test_no_public_issue_of_many_holds_anything_private() -> None:
    hold_back(10_000)


def test_the_canaries_do_sing_in_private() -> None:
    for _, issue in issues(1, 40, Audience.PRIVATE):
        if "impact" not in issue.body.value:
            assert CANARY in issue.body.value


def test_what_is_public_is_listed_and_nothing_else_is() -> None:
    facts = dict.fromkeys(ISSUE_VARIABLES, CANARY)
    for audience in (Audience.PUBLIC, None):
        shown = guard.shown(facts, [Attachment(CANARY, CANARY)], audience)
        assert set(shown) == set(ISSUE_VARIABLES)
        assert {name for name, value in shown.items() if value} == guard.PUBLIC - {"ticket_url"}, "that is no address"
    private = {"subject", "description_quoted", "requester", "company", "crm_url", "attachments", "mention", "logs"}
    assert guard.PUBLIC.isdisjoint(private)


def live(text: str) -> list[str]:
    """What in a rendered text isn't just text."""
    found: list[str] = []
    for token in flat(READER.parse(text)):
        if token.type in {"html_block", "html_inline", "image"}:
            found.append(token.type)
        if token.type == "link_open":
            href = str(token.attrs["href"])
            found += (
                [href] if not href.startswith(("http", "mailto:")) or "/issues/" in href or "/commit/" in href else []
            )
        if token.type == "text":
            found += re.findall(
                r"(?<![A-Za-z0-9_])@[A-Za-z0-9]\S*|#\d|GH-\d|https?://\S*/(?:issues|pull)/|www\.\S*/pull/|\w@[0-9a-f]{7,40}\b",
                token.content,
            )
    return found + (["marker"] if marker.PATTERN.search(text) else [])


def flat(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from flat(token.children or [])


def test_a_customer_s_words_are_a_quotation_and_nothing_in_it_is_live() -> None:
    chance = random.Random(2)  # noqa: S311  # a test's chance is to be repeatable
    for _ in range(3_000):
        text = "".join(chance.choice(SCRAPS) for _ in range(chance.randrange(1, 14)))
        quote = guard.quoted(text, 1_000)
        assert all(row == ">" or row.startswith("> ") for row in quote.splitlines()), quote
        assert live(quote) == [], (text, quote)
        after = [token.type for token in READER.parse(f"{quote}\n\nAfter") if token.level == 0][-2:]
        assert after == ["paragraph_open", "paragraph_close"], quote
        assert live(guard.shown({"subject": text}, [], Audience.PRIVATE)["subject"]) == [], text


@pytest.mark.parametrize("scrap", SCRAPS)
def test_nothing_in_a_scrap_is_live(scrap: str) -> None:
    assert live(guard.quoted(f"a {scrap} b", 1_000)) == []
    assert live(guard.shown({"company": scrap}, [], Audience.PRIVATE)["company"]) == []


def test_ordinary_text_stays_as_it_is() -> None:
    text = "1 < 2 & 3 > 2, mail a@b.example, see https://x.example/a?b=1&c=2\n\n**Bold** and `code`\n- list"
    assert guard.quoted(text, 1_000) == "> " + text.replace("\n\n", "\n>\n> ").replace("\n- ", "\n> - ")


def test_what_is_too_long_is_cut_and_says_so() -> None:
    quote = guard.quoted("word " * 10_000, 100)
    assert len(quote) < 160
    assert quote.endswith("(cut here: the rest is in the ticket)")
    assert all(row.startswith(">") for row in quote.splitlines())
    names = ("environment", "steps_to_reproduce", "logs", "recent_changes", "affected", "urgency")
    fields = dict.fromkeys(names, "z\n" * 9_000)
    long = tuple(Attachment("n" * 900, f"https://desk.example.com/{'u' * 1_900}", 1) for _ in range(90))
    issue = filed("sourcegraph-support", ticket("x" * 9_000, "y\n" * 90_000, fields=fields, attachments=long))
    assert "- Ticket: [17](https://desk.example.com/tickets/17)" in issue.body.value, "what syncd adds is never cut off"
    assert len(issue.title.value) <= guard.TITLE
    assert len(issue.body.value) <= guard.BODY


def test_attachments_are_links_and_never_images() -> None:
    many = [Attachment(f"![{number}](x) @bob", "https://desk.example.com/a b)", 2_500_000) for number in range(30)]
    text = guard.listed(many)
    assert live(text) == []
    assert text.count("\n") == guard.ATTACHMENTS
    assert text.endswith("- and 10 more in the ticket")
    assert "https://desk.example.com/a%20b%29" in text
    assert guard.listed([Attachment("x", "javascript:alert(1)")]) == "- x"


def test_the_team_of_an_area_is_mentioned_in_private_only() -> None:
    detail = ticket("Docker")
    assert "@acme/distribution-support" in filed("sourcegraph-support", detail).body.value
    for audience in (Audience.PUBLIC, None):
        issue = filed("sourcegraph-support", detail, audience)
        assert "@" not in sent(issue)
        assert issue.audience.value == "public"
