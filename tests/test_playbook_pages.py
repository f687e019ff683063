"""The page of the playbooks is current, and what it says of switches is so."""

from __future__ import annotations

import tomllib

import pytest

from syncd.model import Audience
from syncd.playbook import Playbook
from tests import playbook_pages as pages
from tests.playbook_switches import OFF, Off
from tests.test_playbooks import toml

CASES = [(name, one) for name, book in pages.books().items() for one in OFF if one.is_off(book)]


def test_the_page_is_current() -> None:
    assert pages.page() == pages.PAGE.read_text(encoding="utf-8"), "run: make docs"


@pytest.mark.parametrize(("name", "one"), CASES, ids=lambda one: one.what if isinstance(one, Off) else one)
def test_the_line_that_the_page_names_switches_it_on(name: str, one: Off) -> None:
    line = one.lines(pages.books()[name]).replace('"PLACE"', '"acme/bugs"').replace('"NAME"', '"chat"')
    data, under = toml(f"playbooks/{name}.toml"), toml("playbooks/default.toml")
    assert not one.is_off(Playbook.parse(name, data, under=under, over=tomllib.loads(line)))


@pytest.mark.parametrize("one", OFF, ids=lambda one: one.what)
def test_each_is_off_somewhere(one: Off) -> None:
    assert any(one.is_off(book) for book in pages.books().values())


def test_every_playbook_that_files_shows_an_issue_and_none_in_public_tells_of_the_customer() -> None:
    assert set(pages.EXAMPLES) == {name for name, book in pages.books().items() if book.file.when}
    for name, examples in pages.EXAMPLES.items():
        for one in examples:
            issue = pages.example(name, one)
            told = f"{issue.title.value}\n{issue.body.value}\n{[label.value for label in issue.labels]}"
            private = (pages.SUBJECT, "Nobody can log in", "Ada", "Example College", "example-college", "screenshot")
            if one.audience is Audience.PUBLIC:
                assert not any(word in told for word in private), name
            else:
                assert all(word in told for word in private[:2]), name
