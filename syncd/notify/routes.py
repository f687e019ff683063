"""The routes of a playbook: which sink a step is told to, which one follows, and for which filings a route is. Pure."""

from __future__ import annotations

from syncd.config import Helpdesk
from syncd.playbook import Playbook
from syncd.store import FilingRow
from syncd.tables import Route


def following(playbook: Playbook, route: Route, step: int) -> int | None:
    """The next step for which there is a sink; None where there is none."""
    steps = range(step + 1, len(route.to))
    return next((number for number in steps if playbook.announce.sinks[route.to[number].sink]), None)


def sink_of(desk: Helpdesk, route: Route, step: int) -> str:
    """The sink of a step, by its name in ``syncd.toml``."""
    return desk.playbook.announce.sinks[route.to[step].sink]


def meant(route: Route, filing: FilingRow, playbook: Playbook) -> bool:
    """Whether a route's conditions hold for a filing."""
    places = {playbook.routing.places.get(name, "") for name in route.places}
    asked = (
        (route.kinds, {filing.kind}),
        (route.priorities, {filing.priority}),
        (route.areas, {filing.area}),
        (route.teams, {filing.team}),
        (places, {filing.place, f"{filing.tracker}:{filing.place}"}),
    )
    return all(not wanted or set(wanted) & has for wanted, has in asked)
