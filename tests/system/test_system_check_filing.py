"""`syncd check` of a playbook that files: what the tracker lacks is told by file and key, and nothing is filed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from office import REPOSITORY, Office
from walks import Walk
from warm import Kettle

PRIVATE = "acme/customer"
SYNC = """
playbook = "sourcegraph-ce"
[sync.routing]
labels = ["support"]
rules = [{{ area = "Search", keywords = ["search"], labels = ["team/search"], assignee = "@dev" }}]
[sync.routing.places]
customer = "{customer}"
public = "{public}"
[sync.customer]
label = "customer/"
[sync.customer.engineers]
example = "@engineer"
"""
LABELS = ("support", "team/search", "customer/example", "defect", "rfh", *(f"ce/p{number}" for number in range(5)))


@pytest.fixture
def sound(build: Callable[..., Office]) -> Office:
    """An office whose tracker has all that its playbook asks for."""
    office = build(main='listen = "127.0.0.1:0"\n')
    for code in (6, 7):
        del office.freshdesk.statuses[code]
    office.hub.make_repo(PRIVATE, private=True)
    for repository in (PRIVATE, REPOSITORY):
        office.hub.make_label(repository, *LABELS)
    for login in ("dev", "engineer"):
        office.hub.make_member(login)
    office.write_hub(PRIVATE, REPOSITORY)
    office.write_desk(sync=SYNC.format(customer=PRIVATE, public=f"github:{REPOSITORY}"))
    return office


def lines(office: Office, status: int) -> list[str]:
    run = office.run("check").ended(status)
    assert office.writes() == 0
    assert office.hub.issues() == []
    return [line for line in run.out.splitlines() if line.startswith("- ")]


def test_what_is_there_is_no_problem(sound: Office) -> None:
    assert not [line for line in lines(sound, 0) if "worth knowing" not in line]


def test_a_label_and_an_assignee_that_are_not_there_are_told_by_key(sound: Office) -> None:
    for repo in sound.github.books.repos.values():
        repo.labels.pop("team/search")
        repo.labels.pop("ce/p3")
    sound.github.books.visitors |= {"dev", "engineer"}
    told = "\n".join(lines(sound, 1))
    where, own = "mappings/playbooks/sourcegraph-ce.toml", "connectors/freshdesk.toml: sync"
    for repository in (PRIVATE, REPOSITORY):
        assert f"{own}.routing.rules, Search: labels: there is no label 'team/search' in {repository}. Make" in told
        assert f"{where}: priorities.prefix: there is no label 'ce/p3' in {repository}" in told
        assert f"{own}.routing.rules, Search: assignee: 'dev' can't be assigned to issues of {repository}" in told
    assert f"{own}.customer.engineers.example: 'engineer' can't be assigned to issues of {PRIVATE}" in told
    assert f"'engineer' can't be assigned to issues of {REPOSITORY}" not in told, "no customer is named there"


def test_examples_that_stand_there_still_are_told_in_one_line_until_they_are_gone(sound: Office) -> None:
    assert not [line for line in lines(sound, 0) if "examples" in line], "its rules are its own"
    rule = '[[sync.routing.rules]]\narea = "{}"\nkeywords = ["{}"]\nmention = "@acme/team"\n'
    places = f'[sync.routing.places]\ncustomer = "{PRIVATE}"\npublic = "github:{REPOSITORY}"\n'
    rules = "".join(rule.format(name, name) for name in ("one", "two", "three", "four"))
    sound.write_desk(sync=f'playbook = "sourcegraph-ce"\n{places}{rules}')
    (told,) = [line for line in lines(sound, 0) if "examples" in line]
    assert told.startswith("- worth knowing: mappings/playbooks/sourcegraph-ce.toml: the examples of ")
    first = "; ".join(f"routing.rules, {name}: mention" for name in ("one", "two", "three"))
    assert f"{first} and 1 more stand there still. Copy the file to mappings/playbooks/ and write your own" in told


def test_whom_a_route_calls_without_an_id_is_told_in_one_line(sound: Office) -> None:
    announce = """
[sync.announce.sinks]
dev = ""
[sync.announce.mentions]
dev911 = "{}"
oncall = ""
unused = ""
[[sync.announce.routes]]
name = "all"
to = [{{ sink = "dev", mention = "dev911", after = "20m" }}, {{ sink = "dev", mention = "oncall" }}]
"""
    sync = SYNC.format(customer=PRIVATE, public=f"github:{REPOSITORY}")
    where = "worth knowing: connectors/freshdesk.toml: sync.announce.mentions: the playbook calls"
    sound.write_desk(sync=sync + announce.format(""))
    told = [line for line in lines(sound, 0) if "announce.mentions" in line]
    assert len(told) == 1
    assert f"{where} dev911, oncall, and no id is known" in told[0]
    assert 'Add dev911 = "S0123456789"' in told[0]
    sound.write_desk(sync=sync + announce.format("S0123456789"))
    assert f"{where} oncall, and no id" in next(line for line in lines(sound, 0) if "announce.mentions" in line)


def test_a_place_that_is_not_configured_or_not_named_is_told(sound: Office) -> None:
    sound.write_desk(sync=SYNC.format(customer="acme/elsewhere", public=""))
    told = "\n".join(lines(sound, 1))
    where = "connectors/freshdesk.toml: sync.routing.places.customer"
    assert f"{where}: the repository acme/elsewhere isn't one of those in connectors/github.toml" in told
    assert "worth knowing: connectors/freshdesk.toml: sync.routing.places.public: nobody has said yet" in told


def test_a_public_place_is_told_what_stays_out_of_it(sound: Office) -> None:
    told = [line for line in lines(sound, 0) if "stays empty" in line]
    assert len(told) == 1
    assert f"everybody can read in github:{REPOSITORY}" in told[0]
    assert "{{ description_quoted }}" in told[0]
    sound.hub.set_private(REPOSITORY)
    assert not [line for line in lines(sound, 0) if "stays empty" in line]


def test_a_field_that_tickets_lack_is_told(sound: Office) -> None:
    more = '[[sync.file.when]]\nfield = "cf_nowhere"\nvalue = "true"\n[sync.file.fields]\nlogs = "cf_logs"\n'
    sound.write_desk(sync=SYNC.format(customer=PRIVATE, public=f"github:{REPOSITORY}") + more)
    told = "\n".join(lines(sound, 0))
    assert "no field 'cf_nowhere', which file.when looks at" in told
    assert "no field 'cf_logs', which file.fields looks at" in told


def test_of_an_account_in_trouble_nothing_more_is_asked(sound: Office) -> None:
    sound.environ["SYNCD_TEST_HUB"] = "another-token"
    told = [line for line in lines(sound, 1) if "worth knowing" not in line]
    assert len(told) == 1
    assert "doesn't accept the token" in told[0]


def test_what_is_worth_knowing_of_a_project_is_a_problem_where_issues_are_filed_in_it(
    tmp_path: Path, kettle: Kettle
) -> None:
    with closing(Walk(tmp_path, kettle, "freshdesk", "jira", {})) as walk:
        walk.write("connectors/jira.toml", f'issue_type = "Incident"\n{walk.tracker.toml("")}')
        beginnings = {
            'playbook = "criticality"\n[sync.routing.places]\nbugs = "ENG"\n': (
                "- connectors/freshdesk.toml: sync.routing.places.bugs: "
            ),
            "": "- worth knowing: connectors/jira.toml: ",
        }
        for sync, beginning in beginnings.items():
            walk.works_by(sync)
            told = walk.run("check").out.splitlines()
            (line,) = [line for line in told if "there is no type 'Incident'" in line]
            assert line.startswith(beginning)
