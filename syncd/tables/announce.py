"""``[announce]``: whom a filed issue is announced to in chat or by mail, and how urgently."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from syncd.schema import Duration, Table, Wrong
from syncd.tables.parts import FormField, IssueKind, Name, Names, matching

Event = Literal["filed", "adopted", "critical", "not_authorised", "refused"]
"""What can be announced: an issue was filed; a person filed it; a critical issue has a ticket (whoever linked them); a
ticket waits for a representative; no issue could be filed."""
SinkName = Annotated[
    str,
    matching(r"[a-z][a-z0-9_-]*", "this can't be a sink's name", "Write the NAME of a [notify.NAME] of syncd.toml"),
]
"""Empty where the helpdesk's own file is to name it."""
MentionId = Annotated[
    str,
    matching(
        "[SUW][A-Z0-9]{6,}|here|channel",
        "this names nobody in Slack",
        'Write the id of a user group (S0123456789) or of a member (U0123456789), or "here" or "channel"',
    ),
]
"""Empty: nobody is called, the name alone is shown."""


class ChainStep(Table):
    """One step of a chain: where it is told, who is called, and how long somebody has to answer.

    Attributes:
        sink: one of ``announce.sinks``.
        mention: one of ``announce.mentions``; empty: nobody is called.
        after: seconds without an answer until the next step; of the last step, until that is told of.
    """

    sink: Name
    mention: str = ""
    after: Duration = 0.0


class Route(Table):
    """One of ``[[announce.routes]]``. Every route that fits announces; conditions that are empty hold for all.

    Attributes:
        name: for log and state.
        on: see :data:`Event`.
        kinds, priorities, areas, teams, places: as the playbook decided of the ticket; places by their names.
        shows: what of the ticket's form fields a private sink is shown, too.
        to: the chain.
    """

    name: Name
    on: Annotated[tuple[Event, ...], Field(strict=False, min_length=1)] = ("filed", "adopted")
    kinds: Annotated[tuple[IssueKind, ...], Field(strict=False)] = ()
    priorities: Names = ()
    areas: Names = ()
    teams: Names = ()
    places: Names = ()
    shows: Annotated[tuple[FormField, ...], Field(strict=False)] = ()
    to: Annotated[tuple[ChainStep, ...], Field(strict=False, min_length=1)]

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if any(not step.after for step in self.to[:-1]):
            raise Wrong("a step doesn't say when the next one follows", 'Add after = "20m" to each but the last')
        about_ticket = {"not_authorised", "refused"} & set(self.on)
        if about_ticket and (self.kinds or self.priorities or self.areas or self.teams or self.places):
            what = f"of what is {min(about_ticket)} nothing else is decided, so no condition would ever hold"
            raise Wrong(what, "Give it a route of its own, without conditions")
        return self


class Critical(Table):
    """What makes an issue critical, any of it.

    Attributes:
        priorities: the ticket's, as ``[priorities]`` decides it.
        labels: of the issue.
        heading: of an issue form, without ``#``: its section names one of ``priorities``.
        fields: of the issue, by the tracker's own name -> values.
    """

    priorities: Names = ()
    labels: Names = ()
    heading: str = ""
    fields: dict[Name, Names] = Field(default_factory=dict)


class Announce(Table):
    """``[announce]``.

    Attributes:
        sinks: the playbook's name of a channel -> the NAME of a ``[notify.NAME]``; the helpdesk's file names yours.
        mentions: the playbook's name of a group or person -> its id in Slack; other sinks show the name.
        routes: who is told of what.
        critical: see :class:`Critical`.
        reactions: whether a bot's message in Slack gets eyes once somebody has the issue, and a check mark once it is
            done.
    """

    sinks: dict[Name, SinkName] = Field(default_factory=dict)
    mentions: dict[Name, MentionId] = Field(default_factory=dict)
    routes: Annotated[tuple[Route, ...], Field(strict=False)] = ()
    critical: Critical = Critical()
    reactions: bool = False

    @model_validator(mode="after")
    def _sound(self) -> Self:
        for first, second in pairwise(sorted(route.name for route in self.routes)):
            if first == second:
                raise Wrong(f"two routes are called {first!r}", "Give each a name of its own")
        for step in (step for route in self.routes for step in route.to):
            if step.sink not in self.sinks:
                raise Wrong(f"{step.sink!r} is not in announce.sinks", _one_of(self.sinks, "[announce.sinks]"))
            if step.mention and step.mention not in self.mentions:
                what = f"{step.mention!r} is not in announce.mentions"
                raise Wrong(what, _one_of(self.mentions, "[announce.mentions]"))
        if self.critical == Critical() and any("critical" in route.on for route in self.routes):
            raise Wrong("nothing says what is critical", "Add [announce.critical], with priorities or labels")
        return self

    @property
    def unmapped(self) -> tuple[str, ...]:
        """Channels that routes name and that no sink stands for."""
        named = dict.fromkeys(step.sink for route in self.routes for step in route.to)
        return tuple(name for name in named if not self.sinks[name])

    def route(self, name: str) -> Route | None:
        """The route of that name."""
        return next((route for route in self.routes if route.name == name), None)


def _one_of(known: dict[str, str], table: str) -> str:
    return f"Use one of: {', '.join(known)}" if known else f"Add it to {table}"
