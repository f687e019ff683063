"""``[routing]``: where an issue goes, and to whom."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Self

from pydantic import Field, model_validator

from syncd.schema import Table, Wrong
from syncd.tables.parts import Handle, Handles, Name, Names, Spot


class Tagged(Table):
    """What a tag that an agent set adds: labels, or another place."""

    labels: Names = ()
    place: str = ""


class Rule(Table):
    """One row of the keyword table.

    Attributes:
        keywords: whole words or phrases, in the subject or the description, upper or lower case.
        weak: ordinary words among them, which count only where no keyword of any area is found.
        tag: what an agent sets to choose this area; then no keyword counts.
        note: a line for whoever reads the issue.
        no_issue: why none is filed for this area, and what happens instead.
    """

    area: Name
    keywords: Names = ()
    weak: Names = ()
    tag: str = ""
    team: str = ""
    mention: Handles = ""
    assignee: Handle = ""
    place: str = ""
    labels: Names = ()
    note: str = ""
    no_issue: str = ""

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if not (self.keywords or self.weak or self.tag):
            raise Wrong("nothing leads to this area", "Add keywords, or a tag")
        return self


class Routing(Table):
    """``[routing]``.

    Attributes:
        place: where issues go unless a rule or a tag says otherwise; one of ``places``.
        places: names of places -> repository or project.
        labels: that every issue gets.
        agents: the helpdesk's id of an agent -> who that is in the tracker.
        agent_takes: priorities whose issue is assigned to the ticket's agent, if ``agents`` says who that is.
        tags: tags of a ticket -> what they add.
        rules: the keyword table; where several areas are meant, its order decides.
    """

    place: str = ""
    places: dict[Name, Spot] = Field(default_factory=dict)
    labels: Names = ()
    agents: dict[Name, Handle] = Field(default_factory=dict)
    agent_takes: Names = ()
    tags: dict[Name, Tagged] = Field(default_factory=dict)
    rules: Annotated[tuple[Rule, ...], Field(strict=False)] = ()

    @model_validator(mode="after")
    def _sound(self) -> Self:
        named = {self.place, *(rule.place for rule in self.rules), *(tag.place for tag in self.tags.values())}
        for place in sorted(named - self.places.keys() - {""}):
            cure = f"Use one of: {', '.join(self.places)}" if self.places else "Add it to [routing.places]"
            raise Wrong(f"the place {place!r} is not in routing.places", cure)
        for first, second in pairwise(sorted(rule.area.casefold() for rule in self.rules)):
            if first == second:
                raise Wrong("two rules have the same area", "Name each area once, with all its keywords")
        return self
