"""What an issue's labels say by a playbook: of which kind it is, for which area and team, how urgent, whose."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from syncd.playbook import Playbook


class Labels:
    """Labels as a playbook sets them, read backwards. A label that stands for two things tells of neither."""

    def __init__(self, playbook: Playbook) -> None:
        kinds = [(label, kind) for kind, row in playbook.kinds.items() for label in row.labels]
        rules = [(label, rule) for rule in playbook.routing.rules for label in rule.labels]
        urgency = playbook.priorities
        begins = {urgency.prefix, *urgency.also} if urgency.labelled else set()
        self._order = list(playbook.kinds)
        usual = playbook.kinds.get(playbook.file.kind)
        self._usual = "" if usual and usual.labels else playbook.file.kind
        self._kinds = _told(kinds)
        self._areas = _told((label, rule.area) for label, rule in rules)
        self._teams = _told((label, rule.team) for label, rule in rules if rule.team)
        self._levels = _told((f"{begin}{level}", level) for begin in begins for level in urgency.levels)
        self._customer = playbook.customer.label.casefold() if playbook.report.companies else ""
        ranked = [label for rank in playbook.report.order for label in rank.labels]
        self._more = {label.casefold() for label in (*playbook.labels, *playbook.timers.labels, *ranked) if label}

    def asked(self, label: str) -> bool:
        """Whether the playbook asks for a label: only such labels are kept in the state."""
        small = label.casefold()
        told = any(small in known for known in (self._kinds, self._areas, self._teams, self._levels))
        return told or small in self._more or bool(self._customer and small.startswith(self._customer))

    def kind(self, labels: Sequence[str], filed: str = "") -> str:
        """The kind of an issue: as it was filed, unless its labels say now that it is another.

        Without a label it is of the usual kind, unless that has labels of its own; empty: nothing tells.
        """
        named = _said(self._kinds, labels)
        if filed and (not named or filed in named):
            return filed
        return next((kind for kind in self._order if kind in named), self._usual)

    def area(self, labels: Sequence[str], filed: str = "") -> str:
        """The area."""
        return _one(self._areas, labels, filed)

    def team(self, labels: Sequence[str], filed: str = "") -> str:
        """The team."""
        return _one(self._teams, labels, filed)

    def priority(self, labels: Sequence[str], filed: str = "") -> str:
        """The priority."""
        return _one(self._levels, labels, filed)

    def company(self, labels: Sequence[str], filed: str = "") -> str:
        """The customer, as labels have it; only where the playbook keeps customers for the report."""
        if not self._customer:
            return ""
        named = (label[len(self._customer) :] for label in labels if label.casefold().startswith(self._customer))
        return filed or next((name for name in named if name), "")


def _told(pairs: Iterable[tuple[str, str]]) -> Mapping[str, str]:
    """Labels that stand for one thing, in small letters."""
    found: dict[str, set[str]] = {}
    for label, what in pairs:
        found.setdefault(label.casefold(), set()).add(what)
    return {label: what.copy().pop() for label, what in found.items() if len(what) == 1}


def _said(known: Mapping[str, str], labels: Sequence[str]) -> set[str]:
    return {known[label.casefold()] for label in labels if label.casefold() in known}


def _one(known: Mapping[str, str], labels: Sequence[str], filed: str) -> str:
    """As it was filed, unless the labels name others alone; of several the first by name."""
    named = _said(known, labels)
    return filed if not named or filed in named else min(named)
