from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import Any

import pytest

from syncd.errors import ConfigError
from syncd.mapping import MUST_WRITE, WORDS, Mapping
from syncd.model import Role, Status, Word

GOOD: dict[str, Any] = {
    "role": "helpdesk",
    "final": ["closed"],
    "words": {"open": ["open"], "pending": ["pending"], "resolved": ["solved"], "closed": ["closed"]},
    "write": {"open": "open", "pending": "pending", "resolved": "solved"},
}


def shipped(name: str) -> Mapping:
    return Mapping.parse(name, tomllib.loads(files("mappings").joinpath(f"{name}.toml").read_text("utf-8")))


def refused(**changed: Any) -> list[str]:
    data = {key: value for key, value in (GOOD | changed).items() if value is not None}
    with pytest.raises(ConfigError) as caught:
        Mapping.parse("desk", data)
    return [str(problem) for problem in caught.value.problems]


def test_freshdesk_reads_the_four_statuses_that_every_account_has() -> None:
    mapping = shipped("freshdesk")
    words = {native: mapping.word(Status(native)) for native in ("2", "3", "4", "5", "6", "7", "", "02")}
    assert words == {
        "2": Word.OPEN,
        "3": Word.PENDING,
        "4": Word.RESOLVED,
        "5": Word.CLOSED,
        "6": Word.UNKNOWN,
        "7": Word.UNKNOWN,
        "": Word.UNKNOWN,
        "02": Word.UNKNOWN,
    }
    assert not mapping.is_final(Status("5")), "a closed Freshdesk ticket can be written"


@pytest.mark.parametrize(
    ("status", "word"),
    [
        (Status("open"), Word.OPEN),
        (Status("open", "reopened"), Word.OPEN),
        (Status("closed"), Word.DONE),
        (Status("closed", "completed"), Word.DONE),
        (Status("closed", "not_planned"), Word.DECLINED),
        (Status("closed", "duplicate"), Word.DUPLICATE),
        (Status("closed", "a_reason_from_the_future"), Word.DONE),
        (Status("CLOSED"), Word.UNKNOWN),
        (Status("merged"), Word.UNKNOWN),
    ],
)
def test_github_reads_state_and_reason(status: Status, word: Word) -> None:
    assert shipped("github").word(status) is word


@pytest.mark.parametrize("name", ["freshdesk", "github", "jsm"])
def test_what_a_shipped_mapping_writes_reads_back_as_the_same_word(name: str) -> None:
    mapping = shipped(name)
    assert set(MUST_WRITE[mapping.role]) <= set(mapping.write)
    for word, status in mapping.write.items():
        assert mapping.native(word) == status
        assert mapping.word(status) is word
        assert not mapping.is_final(status)
    assert mapping.native(Word.UNKNOWN) is None


def test_the_account_s_statuses_that_nobody_mapped_are_named_with_their_labels() -> None:
    account = {"2": "Open", "3": "Pending", "6": "Waiting on\n Customer", "7": "", "closed:x": "odd"}
    assert shipped("freshdesk").unmapped(account) == ["6 (Waiting on Customer)", "7", "closed:x (odd)"]
    assert shipped("github").unmapped({"open": "Open", "closed:duplicate": "Duplicate"}) == []


def test_final_covers_a_native_with_all_its_reasons_or_one_of_them() -> None:
    whole = Mapping.parse("x", GOOD)
    assert whole.is_final(Status("closed"))
    assert whole.is_final(Status("closed", "archived"))
    words = GOOD["words"] | {"closed": ["closed", "closed:archived"]}
    one = Mapping.parse("x", GOOD | {"words": words, "final": ["closed:archived"]})
    assert one.is_final(Status("closed", "archived"))
    assert not one.is_final(Status("closed"))


def test_a_loaded_mapping_can_not_be_changed() -> None:
    mapping = Mapping.parse("x", GOOD)
    with pytest.raises(TypeError):
        mapping.words["open"] = Word.CLOSED  # type: ignore[index]  # that it can't is what is tested


def test_the_fingerprint_follows_the_meaning_only() -> None:
    one = Mapping.parse("x", GOOD)
    shuffled = dict(reversed(GOOD.items())) | {"words": dict(reversed(GOOD["words"].items()))}
    assert Mapping.parse("y", shuffled).fingerprint == one.fingerprint
    changes: list[dict[str, Any]] = [
        {"final": []},
        {"words": GOOD["words"] | {"on_hold": ["hold"]}},
        {"write": GOOD["write"] | {"resolved": "done"}, "words": GOOD["words"] | {"resolved": ["solved", "done"]}},
    ]
    for change in changes:
        assert Mapping.parse("x", GOOD | change).fingerprint != one.fingerprint


WORDS_OF = GOOD["words"]
WRITE = GOOD["write"]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"role": None}, "mappings/desk.toml: role: this key is missing"),
        ({"role": "desk"}, "mappings/desk.toml: role: this is none of the known values. Write one of 'helpdesk', 'tra"),
        ({"words": None}, "words: this key is missing"),
        ({"write": None}, "write: this key is missing"),
        ({"wirte": {}}, "wirte: unknown key. Did you mean 'write'?"),
        ({"colour": "red"}, "colour: unknown key. Remove it; known here: final, role, set, via, words, write"),
        ({"final": "closed"}, "final: a list is expected"),
        ({"words": ["open"]}, "words: a table is expected"),
        ({"words": WORDS_OF | {"open": "open"}}, "words.open: a list is expected"),
        ({"words": WORDS_OF | {"new": [1]}}, "words.new[0]: a text is expected"),
        ({"write": WRITE | {"open": 2}}, "write.open: a list is expected"),
        ({"words": WORDS_OF | {"declined": ["no"]}}, "words.declined: a helpdesk has no such word. Use some of: new, "),
        ({"words": WORDS_OF | {"unknown": ["hm"]}}, "words.unknown: a helpdesk has no such word"),
        ({"words": WORDS_OF | {"new": ["open"]}}, "words.new: 'open' stands under 'open' already"),
        ({"words": WORDS_OF | {"new": ["new", "new"]}}, "words.new: 'new' stands under 'new' already"),
        ({"words": WORDS_OF | {"new": [" "]}}, "words.new: an empty status is listed"),
        ({"words": WORDS_OF | {"new": [":reason"]}}, "words.new: an empty status is listed"),
        ({"write": WRITE | {"on_hold": "hold"}}, "write.on_hold: 'hold' does not mean 'on_hold' in [words]"),
        ({"write": WRITE | {"resolved": "open"}}, "write.resolved: 'open' does not mean 'resolved' in [words]"),
        ({"write": WRITE | {"done": "solved"}}, "write.done: a helpdesk has no such word"),
        ({"write": WRITE | {"closed": "closed"}}, "write.closed: 'closed' is final, and final statuses are never set"),
        ({"write": {"open": "open", "pending": "pending"}}, "write.resolved: this key is missing. Say which status"),
        ({"write": {}}, "write.open: this key is missing"),
        ({"final": ["archived"]}, "final: 'archived' stands under no word"),
        ({"role": "tracker"}, "words.pending: a tracker has no such word"),
        ({"role": "tracker"}, "write.done: this key is missing"),
    ],
)
def test_a_bad_mapping_is_refused_in_words(changed: dict[str, Any], said: str) -> None:
    assert any(said in message for message in refused(**changed)), refused(**changed)


def test_all_contradictions_are_told_at_once() -> None:
    messages = refused(
        words=WORDS_OF | {"done": ["x"], "new": ["open"]}, write={"open": "nowhere"}, final=["gone", "open"]
    )
    assert len(messages) == 6, messages


def test_a_tracker_must_be_able_to_close_and_open() -> None:
    with pytest.raises(ConfigError) as caught:
        Mapping.parse("t", {"role": "tracker", "words": {"open": ["o"], "done": ["c"]}, "write": {}})
    assert [problem.where for problem in caught.value.problems] == [
        "mappings/t.toml: write.open",
        "mappings/t.toml: write.done",
    ]


def test_every_role_has_its_words() -> None:
    assert set(WORDS) == set(MUST_WRITE) == set(Role)


KINDS: dict[str, Any] = {
    "role": "tracker",
    "words": {
        "open": ["new"],
        "in_progress": ["indeterminate"],
        "done": ["done"],
        "declined": ["done/Rejected", "done:Won't Do"],
        "duplicate": ["done:Duplicate", "done/Rejected:Duplicate"],
    },
    "write": {"open": "new", "done": ["done/Released", "done"], "declined": "done:Won't Do"},
    "via": {"done": ["In Review"]},
    "set": {"done": {"customfield_10050": "Fixed"}},
}


@pytest.mark.parametrize(
    ("status", "word"),
    [
        (Status("new/To Do"), Word.OPEN),
        (Status("new"), Word.OPEN),
        (Status("indeterminate/In Review: legal"), Word.IN_PROGRESS),
        (Status("done/Closed", "Fixed"), Word.DONE),
        (Status("done/Closed", "Won't Do"), Word.DECLINED),
        (Status("done/Rejected"), Word.DECLINED),
        (Status("done/Rejected", "Duplicate"), Word.DUPLICATE),
        (Status("done/Closed", "Duplicate"), Word.DUPLICATE),
        (Status("undefined/Odd"), Word.UNKNOWN),
    ],
)
def test_the_narrowest_name_that_a_mapping_knows_wins(status: Status, word: Word) -> None:
    assert Mapping.parse("jira", KINDS).word(status) is word


def test_a_name_wins_over_a_reason_of_its_kind() -> None:
    named = KINDS | {"words": KINDS["words"] | {"done": ["done", "done/Closed"]}}
    assert Mapping.parse("jira", named).word(Status("done/Closed", "Won't Do")) is Word.DONE


def test_how_a_status_is_reached_comes_with_the_status_that_is_written() -> None:
    mapping = Mapping.parse("jira", KINDS)
    done = mapping.native(Word.DONE)
    assert done == Status("done/Released")
    way = mapping.way(done)
    assert (way.instead, way.via, dict(way.fields)) == (
        (Status("done"),),
        ("In Review",),
        {"customfield_10050": "Fixed"},
    )
    assert mapping.way(Status("done/Closed")).via == (), "a status that is restored is written as it stands"


@pytest.mark.parametrize(
    ("found", "same"),
    [
        (Status("done/Released"), True),
        (Status("done/Released", "Fixed"), True),
        (Status("done/Closed"), True),
        (Status("indeterminate/In Progress"), False),
    ],
)
def test_what_does_as_well_counts_as_written(found: Status, same: bool) -> None:
    mapping = Mapping.parse("jira", KINDS)
    assert mapping.is_written(Status("done/Released"), found) is same


def test_a_kind_is_final_with_all_its_names() -> None:
    data = GOOD | {"words": GOOD["words"] | {"closed": ["closed", "closed/Archived"]}}
    mapping = Mapping.parse("desk", data)
    assert mapping.is_final(Status("closed/Archived"))
    assert not mapping.is_final(Status("solved/Done"))


def test_what_a_way_says_is_proven() -> None:
    assert "an empty list is no status" in refused(write=GOOD["write"] | {"pending": []})[0]
    assert "does not mean 'pending'" in refused(write=GOOD["write"] | {"pending": ["pending", "open"]})[0]
    assert "nothing is written for this word" in refused(via={"closed": ["open"]})[0]
    assert "is final" in refused(write=GOOD["write"] | {"closed": "closed/Archived"})[0]


def test_an_issue_that_cannot_be_opened_may_as_well_be_in_progress() -> None:
    data = {
        "role": "tracker",
        "words": {"open": ["new"], "in_progress": ["indeterminate"], "done": ["done"]},
        "write": {"open": ["new", "indeterminate"], "done": "done"},
    }
    assert Mapping.parse("jira", data).way(Status("new")).instead == (Status("indeterminate"),)
    for wrong in ({"open": "indeterminate"}, {"open": ["new", "done"]}, {"done": ["done", "new"]}):
        with pytest.raises(ConfigError, match="does not mean"):
            Mapping.parse("jira", data | {"write": {"open": "new", "done": "done"} | wrong})


def test_a_changed_way_changes_the_fingerprint() -> None:
    changed = KINDS | {"via": {}}
    assert Mapping.parse("jira", KINDS).fingerprint != Mapping.parse("jira", changed).fingerprint


def test_a_ticket_that_can_not_be_put_on_hold_may_be_pending() -> None:
    words = GOOD["words"] | {"on_hold": ["hold"]}
    mapping = Mapping.parse("desk", GOOD | {"words": words, "write": GOOD["write"] | {"on_hold": ["hold", "pending"]}})
    assert mapping.way(Status("hold")).instead == (Status("pending"),)
    assert "does not mean 'on_hold'" in refused(words=words, write=GOOD["write"] | {"on_hold": ["hold", "open"]})[0]
    assert "does not mean 'on_hold'" in refused(words=words, write=GOOD["write"] | {"on_hold": "pending"})[0]
