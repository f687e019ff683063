"""The command line's own parts: what it prints, how it ends, how fast it starts."""

from __future__ import annotations

import errno
import io
import json
import os
import subprocess
import sys
import unicodedata
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import click
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from syncd.cli import call
from syncd.cli.app import VERBS, app
from syncd.cli.show import HIDDEN, Meter, as_csv, as_json, clean, lasting, plural, say, some, table, when
from syncd.cli.verbs import check
from syncd.cli.verbs.explain import stands
from syncd.errors import (
    BrakeOn,
    ConfigError,
    Interrupted,
    Problem,
    Refused,
    StateBusy,
    StateError,
    SyncdError,
    Transient,
    UnknownRef,
)
from syncd.mapping import Mapping
from syncd.records import SAME_PAIR

SCRIPT = Path(sys.executable).with_name("syncd")


@given(st.text())
def test_clean_text_steers_no_terminal_and_breaks_no_line(text: str) -> None:
    found = clean(text)
    assert len(found) == len(text)
    assert not any(unicodedata.category(char) in HIDDEN for char in found)
    assert len(found.splitlines()) <= 1
    assert clean("plain \N{SNOWMAN} text") == "plain \N{SNOWMAN} text"


def test_a_line_stays_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    say("one\ntwo\r\x1b[31m")
    assert capsys.readouterr().out == "one\ntwo\ufffd\ufffd[31m\n"


def test_a_sheet_is_as_rfc_4180_has_it_and_holds_no_formula(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    cells = ("=1+1", "+1", "-1", "@SUM(A1)", "a=b", 'say "so", or\nnot', -1, 0.5, None)
    as_csv(("a", "b"), [cells])
    out = capfdbinary.readouterr().out
    assert out == b'a,b\r\n\'=1+1,\'+1,\'-1,\'@SUM(A1),a=b,"say ""so"", or\xef\xbf\xbdnot",-1,0.5,\r\n'


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(None, ""), (0, "0 s"), (89, "89 s"), (90, "2 min"), (5399, "90 min"), (5400, "1.5 h"), (3_600_000, "1,000 h")],
)
def test_how_long_something_took_is_told_in_a_fitting_unit(seconds: float | None, told: str) -> None:
    assert lasting(seconds) == told


def test_a_table_that_goes_to_a_file_has_a_line_per_row_however_long(capsys: pytest.CaptureFixture[str]) -> None:
    table(("a", "b"), [("x" * 300, "[bold]y[/bold]\n"), ("", "\x1b[2J")])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert "x" * 300 in lines[1]
    assert lines[1].endswith("[bold]y[/bold]\ufffd")
    assert "\x1b" not in lines[2]


def test_json_for_programs_is_plain_ascii(capsys: pytest.CaptureFixture[str]) -> None:
    value = {"a": "\u202e\x1b\N{SNOWMAN}", "b": [Path("x")]}
    as_json(value)
    out = capsys.readouterr().out
    assert out.isascii()
    assert json.loads(out) == {"a": "\u202e\x1b\N{SNOWMAN}", "b": ["x"]}


def test_numbers_and_moments_are_as_people_write_them() -> None:
    assert [plural(n, "status", "statuses") for n in (0, 1, 1200)] == ["0 statuses", "1 status", "1,200 statuses"]
    assert when("2026-01-31T09:08:07.123456Z") == "2026-01-31 09:08:07 UTC"
    assert when(None) == when("") == ""


def test_progress_tells_a_line_now_and_then_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with Meter() as meter:
        for done in range(2500):
            meter.progress("reading", done, None)
        for done in range(1200):
            meter.progress("in step", done, 1200)
        for done in (1000, 2000, 3000):
            meter.progress("walking\x1b", done, 2345.6)
        meter.say("waiting\x1b[2J")
    assert capsys.readouterr().err.splitlines() == [
        "reading: 1,000 so far",
        "reading: 2,000 so far",
        "in step: 1,000 of 1,200",
        "walking\ufffd: 1,000 of about 2,300",
        "walking\ufffd: 2,000 of about 2,300",
        "walking\ufffd: 3,000 of about 3,000",
        "waiting\ufffd[2J",
    ]


class Screen(io.StringIO):
    """A terminal that keeps what it was shown."""

    def isatty(self) -> bool:
        return True


def test_progress_is_a_bar_with_an_estimate_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    with Meter() as meter:
        shown = []
        for what, done, total in (("a", 70, None), ("b", 100, 2000.0), ("b", 200, 2500.0), ("c", 3, 7)):
            meter.progress(what, done, total)
            meter._bar.refresh()
            shown.append(screen.getvalue())
            screen.truncate(0)
        assert meter._bar.tasks[0].total == 7
    for seen, told in zip(shown, ("70 so far", "100 of about 2,000", "200 of about 2,500", "3 of 7"), strict=True):
        assert told in seen


def test_a_better_estimate_does_not_make_the_bar_forget_how_fast_it_went(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", Screen())
    with Meter() as meter:
        for done in (100, 200, 300, 400):
            meter.progress("reading", done, 1000.0 + done)
        (task,) = meter._bar.tasks
        assert task.speed
        assert task.time_remaining is not None


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> list[BaseException]:
    """A program whose only verb raises what is put in here."""
    raised: list[BaseException] = []

    @click.command("status")
    def command() -> int:
        raise raised[0]

    monkeypatch.setattr(type(app), "get_command", lambda *_: command)
    return raised


COUNTED = "syncd: 1 problem in the configuration; nothing was done\n"
PROBLEM = Problem("syncd.toml: mode", "this is none\x1b[31m", "Write live")


@pytest.mark.parametrize(
    ("error", "status", "told"),
    [
        (UnknownRef("no such thing"), 1, "syncd: no such thing\n"),
        (Refused("github", "reading: no"), 1, "syncd: github: reading: no\n"),
        (Transient("github", "reading:\nno"), 1, "syncd: github: reading:\ufffdno\n"),
        (BrakeOn("too much"), 3, "syncd: too much\n"),
        (StateBusy("in use"), 75, "syncd: in use\n"),
        (StateError("/x", "bad", "Mend it"), 78, "syncd: /x: bad. Mend it\n"),
        (
            ConfigError([PROBLEM]),
            78,
            f"syncd: syncd.toml: mode: this is none\ufffd[31m. Write live\n{COUNTED}",
        ),
        (
            PermissionError(errno.EACCES, "Permission denied", "/var/lib/private/syncd"),
            78,
            (
                "syncd: /var/lib/private/syncd can't be used (Permission denied). "
                "Run the command as the account that runs syncd, or as root (sudo)\n"
            ),
        ),
        (
            OSError(errno.ENOSPC, "No space left on device", "/x"),
            78,
            "syncd: /x can't be used (No space left on device). Make room on the disk that holds it\n",
        ),
        (
            OSError(errno.ENAMETOOLONG, "File name too long", "/x"),
            78,
            "syncd: /x can't be used (File name too long). Look whether it is what you meant, and in order\n",
        ),
        (Interrupted(""), 130, "syncd: stopped; what was done is kept, and the next run goes on from there\n"),
        (KeyboardInterrupt(), 130, "syncd: stopped; what was done is kept, and the next run goes on from there\n"),
    ],
)
def test_every_error_ends_with_its_status_and_a_sentence(
    failing: list[BaseException], capsys: pytest.CaptureFixture[str], error: BaseException, status: int, told: str
) -> None:
    failing.append(error)
    assert call(["status"]) == status
    assert capsys.readouterr().err.removeprefix("\n") == told


def test_a_file_that_cannot_be_used_is_no_defect(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    far = tmp_path / ("x" * 300)
    assert call(["status", "--config", str(far)]) == 78
    told = capsys.readouterr().err
    assert str(far) in told
    assert "defect" not in told


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a disk that is always full")
def test_output_that_finds_no_room_is_no_defect() -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run(
            [SCRIPT, "sandbox", "--help"], stdout=full, stderr=subprocess.PIPE, text=True, check=False, timeout=60
        )
    assert done.returncode == 78
    assert "the file that the output goes to can't be used (No space left on device). Make room" in done.stderr
    assert "defect" not in done.stderr


def test_every_kind_of_error_has_a_status() -> None:
    from syncd.cli import EXITS

    kinds = set(SyncdError.__subclasses__())
    assert kinds == set(EXITS)


def test_a_defect_is_told_by_its_place_and_never_by_what_it_held(
    failing: list[BaseException], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SYNCD_TRACEBACK", raising=False)
    failing.append(ValueError("the customer's words"))
    assert call(["status"]) == 70
    told = capsys.readouterr().err
    assert "ValueError in test_cli.py, line" in told
    assert "customer" not in told
    monkeypatch.setenv("SYNCD_TRACEBACK", "1")
    assert call(["status"]) == 70
    assert "the customer's words" in capsys.readouterr().err


def start(*args: str, **env: str) -> subprocess.CompletedProcess[bytes]:
    """The installed script, from Python's start on."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("SYNCD", "PYTHONIO", "PYTHONUTF8"))}
    return subprocess.run([SCRIPT, *args], env=kept | env, capture_output=True, check=False, timeout=60)


def test_version_and_help_load_nothing_that_is_slow() -> None:
    """Judged by what is imported, because seconds depend on the machine: neither takes 0.2 s on a slow one."""
    told = ""
    for args in (["--version"], ["--help"]):
        code = f"import sys; from syncd.cli import call; call({args}); print(*sorted(sys.modules), file=sys.stderr)"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        loaded = set(done.stderr.split())
        slow = {"pydantic", "requests", "sqlite_utils", "jinja2", "github", "freshdesk", "bs4", "syncd.store"}
        assert loaded & slow == set(), args
        told += done.stdout
    assert all(verb in told for verb in VERBS)


def test_of_many_the_first_are_said_and_how_many_more_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    for number in some(range(25), "that are odd"):
        say(f"number {number}")
    lines = capsys.readouterr().out.splitlines()
    assert (len(lines), lines[19], lines[20].split(":")[0]) == (21, "number 19", "  and 5 more that are odd")
    assert list(some(["one"], "x")) == ["one"]
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("meaning", "back", "told"),
    [
        ("removed by a person", False, "removed by a person. `syncd links add desk:1 hub:o/r#2` links them again"),
        ("the issue is deleted", True, "the issue is deleted. The link comes back with it"),
        (SAME_PAIR, False, "the same pair is linked already"),
    ],
)
def test_an_ended_link_says_how_it_comes_back_where_it_can(meaning: str, back: bool, told: str) -> None:
    ends = {"ticket": {"key": "desk:1"}, "issue": {"key": "hub:o/r#2"}}
    one = {**ends, "ended_at": "2026-01-05T09:00:00Z", "comes_back": back, "meaning": meaning}
    assert stands(one) == f"ended 2026-01-05 09:00:00 UTC: {told}"


def test_no_sentence_of_a_list_of_commands_is_cut_off() -> None:
    groups = [[], *([verb] for verb in VERBS if isinstance(app.get_command(click.Context(app), verb), click.Group))]
    assert len(groups) > 3
    for group in groups:
        told = CliRunner().invoke(app, [*group, "--help"]).output
        assert "..." not in told.partition("Commands:")[2], group


def test_a_terminal_that_lacks_letters_is_no_reason_to_fall_over(tmp_path: Path) -> None:
    (tmp_path / "connectors").mkdir()
    (tmp_path / "connectors" / "sn\N{SNOWMAN}w.toml").write_text("")
    done = start("check", "--config", str(tmp_path), PYTHONIOENCODING="latin-1")
    assert done.returncode == 78
    assert b"sn\\u2603w.toml" in done.stderr
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("args", [("--help",), ("links", "--help")])
def test_a_reader_who_has_seen_enough_is_no_error(args: tuple[str, ...]) -> None:
    read, write = os.pipe()
    os.close(read)
    process = subprocess.Popen([SCRIPT, *args], stdout=write, stderr=subprocess.PIPE)
    os.close(write)
    _, told = process.communicate(timeout=60)
    assert b"Traceback" not in told
    assert b"defect" not in told
    assert process.returncode in {0, 1}


def test_check_takes_any_of_the_statuses_that_would_do(tmp_path: Path) -> None:
    data = {
        "role": "tracker",
        "words": {"open": ["new", "indeterminate"], "done": ["done"], "declined": ["done:Won't Do"]},
        "write": {"open": "new", "done": ["done/Released", "done"], "declined": "done:Won't Do"},
    }
    one = SimpleNamespace(name="jira", mapping=Mapping.parse("jira", data))
    told = partial(check._mapping, SimpleNamespace(folder=tmp_path), one)  # type: ignore[arg-type]
    assert list(told({"new/To Do": "To Do", "done/Closed": "Closed"})) == []
    what = [problem.what for problem in told({"new/To Do": "To Do"})]
    assert what[0] == "it writes done/Released or done for done, and the account has no such status"
    assert len(what) == 2
