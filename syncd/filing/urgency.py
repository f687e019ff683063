"""How urgent an issue is: by hand, else severity x tier; keywords only propose."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

from syncd.details import Detail
from syncd.filing.keywords import found, said
from syncd.filing.values import Choice
from syncd.tables import Priorities, Source, Told

ASSUMED = "the default holds"
"""What the reason of a priority says that rests on a default."""


def slug(text: str, joint: str = "-") -> str:
    """A name as labels have it: small Latin letters and digits, everything else a dash."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", joint, plain.lower()).strip(joint)[:40].rstrip(joint)


def priority(detail: Detail, table: Priorities) -> Choice:
    """The priority, without the label's prefix."""
    worn = {slug(tag): tag for tag in detail.item.tags}
    for level in table.levels:  # the most urgent first: what a person set is never lowered
        names = (slug(f"{prefix}{level}") for prefix in (table.prefix, *table.also))
        mine = next((worn[name] for name in names if name in worn), None)
        if mine is not None:
            return Choice(level, f"set by hand: the tag {mine}")
    if not table.table:
        return Choice("", "the playbook has no priorities")
    severity, severe = told(detail, table.severity, table.table)
    if not severity:
        return Choice("", f"nothing tells how severe it is ({severe})")
    if isinstance(table.table[severity], str):
        return Choice(table.cell(severity, ""), f"severity {severity} ({severe})")
    tier, tiered = told(detail, table.tier, table.tiers)
    return Choice(table.cell(severity, tier), f"severity {severity} ({severe}), tier {tier} ({tiered})")


def told(detail: Detail, how: Told, known: Iterable[str]) -> tuple[str, str]:
    """A severity or tier and where it was found; the default where nothing tells one that the table knows."""
    names = {slug(one): one for one in known} | {slug(value): one for value, one in how.values.items()}
    strange = ""
    for source in how.told_by:
        for value, place in _values(detail, source):
            if slug(value) in names:
                return names[slug(value)], place
            strange = f"; {place} has a value that the table doesn't know"
    silent = ", ".join(_called(source) for source in how.told_by)
    why = f"not told by {silent}" if silent else "nothing tells it"
    return how.default, f"{why}{strange}{f': {ASSUMED}' if how.default else ''}"


def _values(detail: Detail, source: Source) -> Iterator[tuple[str, str]]:
    """What a source says, if it says anything."""
    found: list[str] = []
    if source.field is not None:
        found = [detail.fields.get(source.field, "")]
    elif source.company_field is not None:
        found = [detail.company.fields.get(source.company_field, "") if detail.company else ""]
    elif source.ticket is not None:
        found = [detail.kind if source.ticket == "type" else detail.priority]
    elif source.tag is not None:
        start = source.tag.casefold()
        found = [tag[len(start) :] for tag in detail.item.tags if tag.casefold().startswith(start)]
    return ((value, _called(source)) for value in found if value)


def _called(source: Source) -> str:
    if source.field is not None:
        return f"the field {source.field}"
    if source.company_field is not None:
        return f"the company's field {source.company_field}"
    return f"a tag {source.tag}…" if source.tag is not None else f"the ticket's {source.ticket}"


def proposed(detail: Detail, table: Priorities, decided: str) -> Choice:
    """A more urgent priority that keywords speak for; whoever triages decides."""
    levels = table.levels
    for level in levels[: levels.index(decided)] if decided in levels else levels:
        words = [word for one in table.proposals if one.priority == level for word in one.keywords]
        hits = sorted(found(said(detail), words))
        if hits:
            return Choice(level, f"the ticket says {', '.join(repr(word) for word in hits)}; whoever triages decides")
    return Choice("", "no keyword speaks for a more urgent one")
