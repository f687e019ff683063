"""A plan file: writes that a person has seen, group by group, to be carried out as they stand or not at all.

``reconcile --plan`` and ``undo`` make one, ``reconcile --apply`` carries it out. It is JSON; ``item``, ``rule``,
``from`` and ``to`` are for people. It holds no text of a ticket, and of an issue to be filed neither title nor body. A
group's ``version`` is that of its links and ends when the plan was made; a filing's ``decision`` is a MAC over the
ticket's version and all that would be filed. If it is another by now, nobody has seen what would be written.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import Field, ValidationError

from syncd.model import Item, Ref, Removed, Status
from syncd.records import Link, Plan, Step
from syncd.schema import Table, problems

FORMAT = 1
Made = Literal["reconcile", "undo"]
Same = tuple[str, tuple[str, str] | None, tuple[str, ...], tuple[str, ...]]
"""What makes two steps the same: the target, the status, the kinds of notes, and what is shown."""


class BadPlan(ValueError):  # for whoever names the file
    """A file that is no plan, or that can't be used as one; with what is wrong."""


class Native(Table):
    """A native status, as :class:`syncd.model.Status`."""

    native: str = Field(min_length=1)
    reason: str = ""

    @classmethod
    def of(cls, status: Status | None) -> Native | None:
        """As the file holds it."""
        return None if status is None else cls(native=status.native, reason=status.reason)

    @property
    def status(self) -> Status:
        """As the model knows it."""
        return Status(self.native, self.reason)


class FileStep(Table):
    """One write: a status, notes of these kinds, fields and tags, or several of these."""

    target: str = Field(pattern=r"^[^:]+:.+$")
    item: str
    rule: str
    from_: str = Field(alias="from")
    to: str
    expect: Native | None
    status: Native | None
    notes: list[str]
    shown: list[str] = Field(default_factory=list)

    @property
    def same(self) -> Same:
        """See :data:`Same`."""
        status = (self.status.native, self.status.reason) if self.status else None
        return self.target, status, tuple(sorted(self.notes)), tuple(sorted(self.shown))


class FileGroup(Table):
    """The writes of one group."""

    group: str
    version: str
    steps: list[FileStep] = Field(min_length=1)


class FileFiling(Table):
    """An issue to be filed for an escalated ticket; ``labels`` without the customer's own."""

    filing: str = Field(pattern=r"^[0-7][0-9A-HJKMNP-TV-Z]{25}$")
    ticket: str = Field(pattern=r"^[^:]+:.+$")
    item: str
    trigger: str
    tracker: str
    place: str
    audience: str
    kind: str
    priority: str
    labels: list[str]
    decision: str = Field(min_length=1)


class PlanFile(Table):
    """All of it. ``kind``: whose writes they are, see :class:`Approval`."""

    syncd: Literal["plan"]
    format: int
    kind: Made
    made_at: str
    groups: list[FileGroup]
    filings: list[FileFiling] = Field(default_factory=list)

    @property
    def connectors(self) -> set[str]:
        """Whose items it writes to, or files."""
        filed = {name for one in self.filings for name in (Ref.parse(one.ticket).connector, one.tracker)}
        return filed | {Ref.parse(step.target).connector for one in self.groups for step in one.steps}

    def text(self) -> str:
        """As it is written."""
        return json.dumps(self.model_dump(by_alias=True), indent=2, ensure_ascii=True) + "\n"


@dataclass(slots=True)
class Approval:
    """What a person has approved, and what has become of it in one run.

    ``kind`` ``reconcile``: each group's own plan, if it is still that one. ``undo``: the statuses in the file.
    """

    kind: Made
    groups: Mapping[str, FileGroup]
    begun: set[str] = field(default_factory=set)
    """Groups whose writes have been begun: they are as the file says no more, since some may have been made."""
    more: set[str] = field(default_factory=set)
    """Groups of which more is to be put back after what is under way."""
    done: set[str] = field(default_factory=set)
    skipped: dict[str, str] = field(default_factory=dict)
    """Group -> why nothing of it was written, or not all."""
    filings: Mapping[str, FileFiling] = field(default_factory=dict)
    """Issues that may be filed, by the filing's name: none, as long as the groups are under way."""
    unfiled: dict[str, str] = field(default_factory=dict)
    """Filing -> why its issue isn't filed."""


def parse(text: bytes) -> PlanFile:
    """A plan file from its text.

    Raises:
        BadPlan: with the first thing that is wrong with it.
    """
    try:
        data = json.loads(text.decode())
    except (ValueError, RecursionError):  # no UTF-8 is a ValueError, too
        raise BadPlan("this is no JSON, or it was cut") from None
    if not isinstance(data, dict) or data.get("syncd") != "plan":
        raise BadPlan("this is no plan of syncd; `syncd reconcile --plan FILE` and `syncd undo` make one")
    if isinstance(data.get("format"), int) and data["format"] > FORMAT:
        raise BadPlan("it was made by a newer syncd. Make it anew")
    return checked(data)


def checked(data: Mapping[str, Any]) -> PlanFile:
    """A plan file from its data.

    Raises:
        BadPlan: with the first thing that is wrong with it.
    """
    try:
        file = PlanFile.model_validate(data)
    except ValidationError as error:
        first = problems(error, "the plan", PlanFile)[0]
        raise BadPlan(f"{first.where}: {first.what}. {first.cure}") from None
    keys = [one.group for one in file.groups]
    if len(set(keys)) < len(keys):
        raise BadPlan("it names a group twice. Make it anew")
    if len({one.filing for one in file.filings}) < len(file.filings):
        raise BadPlan("it names an issue to be filed twice. Make it anew")
    return file


def decision(key: bytes, *said: object) -> str:
    """What stands for a decision in a file: the same only for the same, and nothing can be read from it.

    Args:
        key: the installation's marker key.
        said: all that the decision is made of, as JSON takes it.
    """
    text = json.dumps(said, sort_keys=True).encode()
    return hmac.new(key, b"syncd:plan:v1:" + text, hashlib.sha256).hexdigest()[:40]


def version(links: Iterable[Link], items: Mapping[Ref, Item | Removed]) -> str:
    """Changes when the links of a group or one of its ends do."""
    pairs = sorted([str(link.ticket), str(link.issue), link.state.value] for link in links)
    ends = sorted([str(ref), *_seen(item)] for ref, item in items.items())
    return hashlib.sha256(json.dumps([pairs, ends]).encode()).hexdigest()[:32]


def _seen(item: Item | Removed) -> list[str]:
    if isinstance(item, Removed):
        return ["gone", item.kind.value]
    seen = [item.version, item.status.native, item.status.reason, "final" if item.final else ""]
    return [*seen, "cascades" if item.cascades else "", str(item.released), *item.tags]


def steps_of(plan: Plan, items: Mapping[Ref, Item | Removed]) -> list[FileStep]:
    """A plan's steps as a file holds them."""
    return [_step(step, items) for step in plan.steps]


def _step(step: Step, items: Mapping[Ref, Item | Removed]) -> FileStep:
    known = items.get(step.target)
    written = step.status is not None
    told = {
        "target": str(step.target),
        "item": (known.ref if known is not None else step.target).human,
        "rule": step.why.rule,
        "from": step.why.before.value,
        "to": (step.why.after if written else step.why.before).value,
        "expect": Native.of(step.expect if written else None),
        "status": Native.of(step.status),
        "notes": [effect.kind for effect in step.effects],
        "shown": [one.in_words for one in step.shows],
    }
    return FileStep.model_validate(told)


def same(step: Step) -> Same:
    """See :data:`Same`."""
    status = (step.status.native, step.status.reason) if step.status else None
    shown = tuple(sorted(one.in_words for one in step.shows))
    return str(step.target), status, tuple(sorted(effect.kind for effect in step.effects)), shown
