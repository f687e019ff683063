"""What is told to those who watch syncd: pages, alert rules and dashboard name what exists, and nothing else."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml

from syncd.daemon.endpoint import Endpoint
from syncd.daemon.gauges import EFFECTS, LINKS, SINKS, STATUS, Gauges
from syncd.daemon.guarded import STATES as FAILED
from syncd.daemon.metrics import Metrics
from syncd.daemon.pages import Pages
from syncd.health import COUNTS, HINTS, STATES, Health, Picture
from syncd.model import HttpCall
from syncd.store import Figures

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
ALERTS = yaml.safe_load((ROOT / "systemd/syncd-alerts.yml").read_text(encoding="utf-8"))
RULES: list[dict[str, Any]] = ALERTS["groups"][0]["rules"]
DASHBOARD = json.loads((ROOT / "systemd/syncd-dashboard.json").read_text(encoding="utf-8"))
OWN = ("syncd_", "process_")
WORDS: dict[tuple[str, str], tuple[str, ...]] = {
    ("syncd_connector_state", "state"): STATES,
    ("syncd_links", "state"): LINKS,
    ("syncd_effects", "state"): EFFECTS,
    ("syncd_effect_oldest_seconds", "state"): EFFECTS,
    ("syncd_notify_sinks", "state"): SINKS,
    ("syncd_status", "status"): STATUS,
    ("syncd_polls_total", "result"): ("ok", *FAILED.values(), "refused", "interrupted", "defect"),
    ("syncd_writes_total", "result"): ("done", "later", "refused", "doubt"),
    ("syncd_last_success_timestamp_seconds", "direction"): ("read", "write"),
}


def series() -> dict[str, set[str]]:
    """Every series that there can be, by name, with its labels."""
    metrics = Metrics()
    metrics.reloaded(well=True)
    metrics.called("desk", HttpCall("GET", 200, 0.1, 5.0))
    metrics.limited("desk", 1.0)
    metrics.polled("desk", "ok", 1.0)
    metrics.saw("desk", 1, 1)
    metrics.walked("desk", 1.0)
    metrics.wrote("desk", "status", "done")
    metrics.wrote("desk", "status", "doubt")
    metrics.committed(0.1)
    one = Health("ok", 1.0, 0.0, None, polled=True, figures=Figures(), shown="ok")
    picture = Picture(datetime.now(UTC), one, {"desk": one}, timed=["desk"])
    metrics.registry.register(Gauges(lambda: picture))
    found: dict[str, set[str]] = {}
    for family in metrics.collect():
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


SERIES = series()


def bare(name: str) -> str:
    """A histogram by its own name."""
    return re.sub(r"_(bucket|count|sum)$", "", name)


def table(head: str) -> dict[str, list[str]]:
    """A table of the page, by its first column."""
    lines = PAGE[PAGE.index(f"| {head} |") :].split("\n\n")[0].splitlines()[2:]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {name: row[1:] for row in rows for name in re.findall(r"`([^`]+)`", row[0])}


def test_every_metric_is_told_with_its_labels_and_the_reverse() -> None:
    told = {name: set(re.findall(r"`(\w+)`", row[0])) for name, row in table("metric").items()}
    there: dict[str, set[str]] = {}
    for name, labels in SERIES.items():
        if name.startswith("syncd_"):
            there.setdefault(bare(name), set()).update(labels - {"le"})
    assert told == there
    assert "process_start_time_seconds" in SERIES


def test_no_label_grows_with_tickets() -> None:
    labels = {label for name, labels in SERIES.items() if name.startswith("syncd_") for label in labels}
    assert labels == {
        *("connector", "state", "status", "kind", "result", "direction", "method", "code_class", "version", "le")
    }


@pytest.mark.parametrize(("name", "label"), WORDS)
def test_every_word_of_a_label_is_told(name: str, label: str) -> None:
    row = " ".join(table("metric")[name])
    if label == "state" and name == "syncd_connector_state":
        assert set(table("state")) == set(STATES)
        return
    if label == "status":
        row = " ".join(table("name")["status"])
    if name == "syncd_effect_oldest_seconds":
        row = " ".join(table("metric")["syncd_effects"])
    for word in WORDS[name, label]:
        assert f"`{word}`" in row, word


def test_every_name_of_healthz_is_told() -> None:
    one = Health("ok", 1.0, 0.0, None, polled=True, figures=Figures(), shown="ok")
    data = Picture(datetime.now(UTC), one, {"desk": one}).data()
    names = (set(data) | set(data["connectors"]["desk"]) | {"mode"}) - {"connectors"}
    assert set(table("name")) == names
    assert set(COUNTS) <= names


def test_every_endpoint_is_told() -> None:
    assert set(table("endpoint")) == set(Pages(Endpoint(), None)._routes)


def test_every_state_has_its_hint() -> None:
    assert tuple(HINTS) == STATES
    assert all(hint for state, hint in HINTS.items() if state != "ok")


# --- alert rules and dashboard ---


def selected(expr: str) -> list[tuple[str, dict[str, str]]]:
    """The series that an expression asks for, with the labels that it asks them by; it is valid PromQL."""
    found: list[tuple[str, dict[str, str]]] = []

    def visit(node: object) -> bool:
        if isinstance(node, promql_parser.VectorSelector):
            assert node.name
            found.append((node.name, {one.name: one.value for one in node.matchers.matchers}))
        return True

    promql_parser.walk(promql_parser.parse(expr), visit)
    assert found, expr
    return found


def prove(expr: str) -> None:
    """An expression names only series, labels and words that exist."""
    for name, labels in selected(expr):
        if name == "up":
            assert labels == {"job": "syncd"}
            continue
        assert name.startswith(OWN), name
        assert name in SERIES, f"{name} in {expr}"
        assert set(labels) <= SERIES[name] | {"job"}, f"{labels} of {name}"
        for label, value in labels.items():
            words = WORDS.get((name, label), ())
            assert label in {"connector", "job"} or set(value.split("|")) <= set(words), f"{label}={value}"
    for grouped in re.findall(r"(?:by|on) \(([^)]*)\)", expr):
        known = {label for name, _ in selected(expr) for label in SERIES.get(name, ())}
        assert {one.strip() for one in grouped.split(",")} <= known, expr


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_an_alert_asks_for_what_exists_and_says_what_to_do(rule: dict[str, Any]) -> None:
    prove(rule["expr"])
    assert rule["labels"]["severity"] in {"page", "ticket"}
    assert set(rule["annotations"]) == {"summary", "action"}
    labels = {label for name, _ in selected(rule["expr"]) for label in SERIES.get(name, ())}
    used = set(re.findall(r"\$labels\.(\w+)", json.dumps(rule["annotations"])))
    assert used <= labels
    assert re.fullmatch(r"\d+[mhd]", rule.get("for", "1m"))


def test_every_alert_is_told_and_the_reverse() -> None:
    names = [rule["alert"] for rule in RULES]
    assert len(set(names)) == len(names)
    assert set(table("alert")) == set(names)


def test_every_state_that_needs_a_person_has_an_alert() -> None:
    exprs = " ".join(rule["expr"] for rule in RULES)
    for state in ("misconfigured", "paused", "lagging"):
        assert f'syncd_connector_state{{state="{state}"}}' in exprs
    for name in ("syncd_credential_valid", "syncd_mass_change_brake", "syncd_breaker_state", "syncd_parked_links"):
        assert name in exprs


def test_the_dashboard_asks_for_what_exists() -> None:
    panels = DASHBOARD["panels"]
    asked: set[str] = set()
    for panel in panels:
        assert panel["title"]
        assert panel["datasource"]["uid"] == "${datasource}"
        for target in panel["targets"]:
            prove(target["expr"])
            legend = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
            assert legend <= {label for name, _ in selected(target["expr"]) for label in SERIES[name]}
            asked |= {bare(name) for name, _ in selected(target["expr"])}
    assert {panel["id"] for panel in panels} == set(range(1, len(panels) + 1))
    gauges = {bare(name) for name, labels in SERIES.items() if name.startswith("syncd_") and "connector" in labels}
    shown_otherwise = {
        *("syncd_breaker_state", "syncd_credential_valid", "syncd_mass_change_brake"),  # as states
        *("syncd_effect_oldest_seconds", "syncd_last_success_timestamp_seconds"),  # by alerts
    }
    assert gauges - asked == shown_otherwise


def test_the_dashboard_can_be_narrowed_to_a_connector() -> None:
    names = {one["name"]: one for one in DASHBOARD["templating"]["list"]}
    assert set(names) == {"datasource", "connector"}
    asked = re.fullmatch(r"label_values\((\w+), connector\)", names["connector"]["query"])
    assert asked
    assert "connector" in SERIES[asked[1]]


def test_no_two_panels_cover_each_other() -> None:
    places = [
        {(x, y) for x in range(p["x"], p["x"] + p["w"]) for y in range(p["y"], p["y"] + p["h"])}
        for p in (panel["gridPos"] for panel in DASHBOARD["panels"])
    ]
    assert sum(len(place) for place in places) == len(set().union(*places))
    assert max(x for place in places for x, _ in place) < 24
