"""Which file came with which text, by the notation that names files."""

from __future__ import annotations

import pytest

from connectors.jsm.files import Files

FIELDS = {"attachment": [{"filename": name, "content": f"https://x.example/{name}", "size": 1} for name in "abc"]}


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ("see [^a]", ["a"]),
        ("see [the log|^a] and !b|thumbnail!", ["a", "b"]),
        ("!a|width=200,height=100!", ["a"]),
        ("a, b! and !this is no picture", []),
        ("[^d]", []),
        (None, []),
        (3, []),
    ],
)
def test_a_text_has_the_files_that_it_names(body: object, names: list[str]) -> None:
    files = Files(FIELDS, [body, "thanks"])
    assert [[one.name for one in part] for part in files.with_comments] == [names, []]
    assert [one.name for one in files.with_description] == [one for one in "abc" if one not in names]


def test_a_request_without_files_has_none() -> None:
    files = Files({"attachment": None}, ["see [^a]"])
    assert (files.with_comments, files.with_description) == ([()], ())
