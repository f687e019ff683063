"""What a playbook may ask of a tracker: every place, label, assignee and type that an issue of its could get."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from syncd import guard
from syncd.actions import Draft
from syncd.model import Audience
from syncd.playbook import Playbook


@dataclass(frozen=True, slots=True)
class Use:
    """What one key of a playbook asks of one place.

    Attributes:
        key: of the playbook, such as ``routing.labels``.
        draft: an issue with what that key gives it; its place is as the playbook has it (``github:acme/customer``).
    """

    key: str
    draft: Draft


def spots(playbook: Playbook) -> dict[str, str]:
    """The places that issues go to, by the playbook's own names; a place that nobody has named yet is empty."""
    routing = playbook.routing
    named = [routing.place, *(row.place for row in routing.tags.values()), *(rule.place for rule in routing.rules)]
    return {name: routing.places.get(name, "") for name in dict.fromkeys(named) if name}


def uses(playbook: Playbook, audiences: Mapping[str, Audience | None]) -> Iterator[Use]:
    """Everything, place by place; a place's own key first. What only private places get is asked of those alone.

    Args:
        playbook: that files issues.
        audiences: who can read in each place, by its spot; places that aren't in there are left out.
    """
    for name, spot in spots(playbook).items():
        if spot and spot in audiences:
            yield Use(f"routing.places.{name}", _draft(spot))
            yield from _of_every_issue(playbook, spot)
            yield from _of_rules(playbook, name, spot)
            if guard.may_see("company", audiences[spot]):
                yield from _of_customers(playbook, spot)


def _of_every_issue(playbook: Playbook, spot: str) -> Iterator[Use]:
    """Labels that don't depend on the area."""
    if playbook.routing.labels:
        yield Use("routing.labels", _draft(spot, *playbook.routing.labels))
    for kind, row in playbook.kinds.items():
        if row.labels and not row.no_issue:
            yield Use(f"kinds.{kind}.labels", _draft(spot, *row.labels))
    table = playbook.priorities
    levels = [level for level in table.levels if level not in table.no_issue]
    if table.labelled and levels:
        yield Use("priorities.prefix", _draft(spot, *(f"{table.prefix}{level}" for level in levels)))


def _of_rules(playbook: Playbook, name: str, spot: str) -> Iterator[Use]:
    """Labels and assignees of the areas and tags whose issues may come to this place: a tag's place wins."""
    routing = playbook.routing
    by_tag = {row.place for row in routing.tags.values()}
    for tag, row in routing.tags.items():
        if row.labels and row.place in {"", name}:
            yield Use(f"routing.tags.{tag}.labels", _draft(spot, *row.labels))
    for rule in routing.rules:
        if rule.no_issue or name not in {rule.place or routing.place, *by_tag}:
            continue
        key = f"routing.rules, {rule.area}"
        if rule.labels:
            yield Use(f"{key}: labels", _draft(spot, *rule.labels))
        if rule.assignee:
            yield Use(f"{key}: assignee", _draft(spot, assignee=rule.assignee))


def _of_customers(playbook: Playbook, spot: str) -> Iterator[Use]:
    """Labels of the customers that the playbook names, and their engineers."""
    customer = playbook.customer
    for name, engineer in customer.engineers.items():
        labels = (f"{customer.label}{name}",) if customer.label else ()
        yield Use(f"customer.engineers.{name}", _draft(spot, *labels, assignee=engineer, audience=Audience.PRIVATE))


def _draft(spot: str, *labels: str, assignee: str = "", audience: Audience = Audience.PUBLIC) -> Draft:
    """Titles, bodies and markers don't matter: nothing is filed."""
    people = (assignee.removeprefix("@"),) if assignee else ()
    return Draft(spot, "", "", "", tuple(dict.fromkeys(labels)), people, audience=audience)
