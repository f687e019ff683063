"""README, docs and program name the same things: no command, option, key or word is in one and not in the other."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
import tomllib
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path

import click
import pytest
from pydantic import BaseModel

import syncd
from syncd.cli import EXITS
from syncd.cli.app import VERBS, app
from syncd.cli.sentences import RULES, STANDINGS
from syncd.config.helpdesks import Sync
from syncd.config.settings import Main
from syncd.connector import Connector, installed, load
from syncd.model import ISSUE_WORDS, TICKET_WORDS
from syncd.playbook import KEYS
from syncd.records import Standing
from syncd.store import Store
from syncd.texts import Kind

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in (ROOT / "docs").rglob("*.md")}
DOCS = {"README.md": README, **PAGES}
CODE = re.compile(r"```(\w*)\n(.*?)```|`([^`\n]+)`", re.DOTALL)


def commands(group: click.Group = app, before: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command with the words that call it."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from commands(command, (*before, name))
        else:
            yield (*before, name), command


COMMANDS = dict(commands())


def calls() -> Iterator[tuple[str, list[str]]]:
    """Every ``syncd ...`` in a piece of code of a page, as (page, words)."""
    for page, text in DOCS.items():
        for kind, block, inline in CODE.findall(text):
            for line in (block if kind == "sh" else inline).splitlines():
                for found in re.finditer(r"(?:^|[\s/])syncd ((?:[^#`,;.]|\.(?=\S))+)", line):
                    yield page, found[1].split()


def test_every_command_that_a_page_names_exists_with_its_options() -> None:
    seen = 0
    for page, words in calls():
        if words[0].startswith("--") or words == ["VERB", "--help"]:
            assert words[-1] in {"--version", "--help"}
            continue
        known = next((name for name in COMMANDS if words[: len(name)] == list(name)), None)
        assert known is not None, f"{page} names `syncd {' '.join(words)}`"
        options = {option for param in COMMANDS[known].params for option in param.opts}
        for word in words:
            assert not word.startswith("--") or word in options, f"{page}: {word} of `syncd {' '.join(known)}`"
        seen += 1
    assert seen > 10


def test_every_command_is_named_in_a_page() -> None:
    told = {name for _, words in calls() for name in COMMANDS if words[: len(name)] == list(name)}
    assert set(COMMANDS) - told == set()


@pytest.mark.parametrize(
    "option",
    sorted({opt for command in COMMANDS.values() for param in command.params for opt in param.opts if "--" in opt}),
)
def test_every_option_is_named_in_a_page(option: str) -> None:
    assert any(f"{option}`" in text or f"{option} " in text for text in DOCS.values()), option


def test_every_verb_has_its_line_of_help_and_its_module() -> None:
    assert set(VERBS) == {name[0] for name in COMMANDS}
    for command in COMMANDS.values():
        assert command.help, command.name
        assert inspect.cleandoc(command.help).endswith("."), command.name
        assert all(param.help for param in command.params if isinstance(param, click.Option)), command.name


def test_every_exit_status_is_told() -> None:
    told = README[README.index("Exit status:") :].split("\n\n")[0]
    for status in {0, 2, 70, *EXITS.values()}:
        assert re.search(rf"(^|\s){status}\s", told), status


def keys(model: type[BaseModel]) -> set[str]:
    """Its keys."""
    return set(model.model_fields)


def connector_keys() -> set[str]:
    """Keys of any connector's file."""
    found = {"sync"}
    for kind in installed():
        found |= keys(load(kind).Options)
    return found


def test_every_key_of_a_toml_block_exists() -> None:
    seen = 0
    for page, text in DOCS.items():
        for kind, block, _ in CODE.findall(text):
            if kind != "toml":
                continue
            data = tomllib.loads(block)
            known = keys(Main) if "# syncd.toml" in block else connector_keys()
            assert set(data) <= known, page
            assert set(data.get("sync", {})) <= keys(Sync) | KEYS, page
            seen += 1
    assert seen >= 3


def test_every_key_of_a_connector_is_told_in_its_example_and_the_reverse() -> None:
    for kind, point in installed().items():
        folder = Path(inspect.getfile(importlib.import_module(point.module))).parent
        example = (folder / "example.toml").read_text(encoding="utf-8")
        told = set(re.findall(r"^#? ?(\w+) = ", example, re.MULTILINE)) | set(
            re.findall(r"^\[\[?(\w+)", example, re.MULTILINE)
        )
        options = keys(load(kind).Options)
        assert options - told == set(), f"{kind}: not told"
        assert told - options - {"sync"} - keys(Sync) - KEYS - {"name"} == set(), f"{kind}: told but unknown"
        uncommented = re.sub(r"^# (\w+ = )", r"\1", example, flags=re.MULTILINE)
        assert tomllib.loads(uncommented)["connector"] == kind


def test_every_policy_of_a_playbook_that_the_readme_names_exists() -> None:
    named = set(re.findall(r"`(\w+) = \"", README)) - {"mode"}
    assert named
    assert named <= KEYS


def test_every_word_of_the_glossary_exists_where_it_says() -> None:
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", PAGES["docs/glossary.md"], re.MULTILINE)[1:]
    assert len(rows) > 20
    for word, _, where in rows:
        for place in re.findall(r"`([^`]+)`", where):
            assert exists(place, where), f"{word}: {place}"


def exists(place: str, where: str) -> bool:
    """A file, a folder, a table, a column, a module, or a name in one."""
    if re.search(r"\b(table|column)s?\b", where) and "/" not in place:
        return is_in_state(place)
    if "/" in place or place.endswith((".py", ".toml")):
        return any(ROOT.glob(place)) or (ROOT / "syncd" / place).exists() or any(ROOT.glob(f"mappings/{place}"))
    modules = {module.name: module.name for module in pkgutil.walk_packages(syncd.__path__, "syncd.")}
    head, _, name = place.rpartition(".")
    if f"syncd.{head}" in modules:
        return hasattr(importlib.import_module(f"syncd.{head}"), name)
    owner = {"Connector": Connector, "Playbook": importlib.import_module("syncd.playbook").Playbook}[head]
    return hasattr(owner, name) or name in getattr(owner, "__annotations__", {})


def is_in_state(name: str) -> bool:
    """Whether the state has such a table, or a table with such a column."""
    store = Store.scratch()
    tables = {table.name: {column.name for column in table.columns} for table in store._db.tables}
    store.close()
    return name in tables or any(name in columns for columns in tables.values())


def test_the_glossary_has_every_word_of_the_statuses() -> None:
    page = PAGES["docs/glossary.md"]
    for line, words in (("Ticket words", TICKET_WORDS), ("Issue words", ISSUE_WORDS)):
        told = re.search(rf"{line}: `([^`]+)`", page)
        assert told
        assert told[1].split() == [word.value for word in words]


def test_every_rule_and_standing_has_words_for_people() -> None:
    sources = [
        *(ROOT / "syncd" / "plan").glob("*.py"),
        *(ROOT / "syncd" / name for name in ("sync/obey.py", "issues/create.py", "sync/talk.py")),
    ]
    plan = "".join(path.read_text(encoding="utf-8") for path in sources)
    assert set(STANDINGS) == {standing.value for standing in Standing}
    for rule in {name.rstrip("+") for name in RULES}:
        assert f'"{rule}"' in plan or rule == "customer_waits", rule
    listed = re.search(r"Rules a step can name:(.*?)\"\"\"", plan, re.DOTALL)
    assert listed
    assert set(re.findall(r"``(\w+)``", listed[1])) == {name.rstrip("+") for name in RULES}


def test_every_link_between_pages_leads_somewhere() -> None:
    for page, text in DOCS.items():
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", text):
            assert ((ROOT / page).parent / target).exists(), f"{page}: {target}"


def test_every_file_that_one_change_names_exists() -> None:
    named = re.findall(r"`((?:syncd|connectors)/[^`]+\.py)`", PAGES["docs/one-change.md"])
    assert named
    for name in named:
        assert (ROOT / name).is_file(), name


def test_every_target_of_make_that_a_page_names_exists() -> None:
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for page, text in DOCS.items():
        for _, block, inline in CODE.findall(text):
            for words in re.findall(r"(?:^|\n)make ((?:\w+ ?)+)", block or inline):
                assert set(words.split()) <= targets, page


def test_every_stand_in_has_a_connector() -> None:
    assert {point.name for point in entry_points(group="syncd.sandboxes")} == set(installed())


def test_every_kind_of_text_is_in_the_default_playbook() -> None:
    texts = tomllib.loads((ROOT / "mappings/playbooks/default.toml").read_text(encoding="utf-8"))["texts"]
    assert set(texts) == {kind.value for kind in Kind}


def test_every_connector_has_its_line_in_the_readme() -> None:
    rows = re.findall(
        r"^\| ([^|]+) \| (helpdesk|tracker) \| `(\w+)` \| \[example.toml\]\(([^)]+)\) \|$", README, re.MULTILINE
    )
    told = {kind: (part, ROOT / example) for _, part, kind, example in rows}
    assert set(told) >= set(installed())
    for kind, point in installed().items():
        part, example = told[kind]
        assert [role.value for role in load(kind).capabilities.roles] == [part]
        assert example == Path(inspect.getfile(importlib.import_module(point.module))).parent / "example.toml"
