"""What an item names, with the refs behind it.

It is looked up before a transaction begins, since no call is made while one is open.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from syncd.defects import of_one_item, told
from syncd.errors import ConnectorError, Gone, RateLimited, Refused, Unauthorized
from syncd.links import Claim
from syncd.model import Item, Ref, Removed
from syncd.records import Command, LinkState
from syncd.retry import reads
from syncd.work import IN_PLACE, Work

MAX_FAILED = 3
"""Look-ups of one page, or reads of one poll, that may fail before it counts as the connector's trouble."""
UNASKED = 60.0
"""Seconds that a system is left alone which limits us, or refuses our credential, without saying for how long."""
RECORD = "its record"
"""What is passed over of an item that could not be understood, until it changes."""


Met = Mapping[tuple[str, str], Ref]
"""Refs by connector and key, in small letters."""


@dataclass(frozen=True, slots=True)
class Found:
    """A claim of an item, resolved to a ref."""

    claim: Claim
    other: Ref


@dataclass(frozen=True, slots=True)
class Named:
    """What an item names. Not ``complete``: something could not be looked up, so the item is to be read again.

    ``passed``: what was put there as a link and leads nowhere, each with the reason. ``commands``: what it orders.
    """

    found: tuple[Found, ...] = ()
    complete: bool = True
    passed: Mapping[str, str] = field(default_factory=dict)
    commands: tuple[Command, ...] = ()


def look_up(work: Work, items: Sequence[Item]) -> Met:
    """What items name and nobody has met, many in one call where a system can; the rest is resolved one by one."""
    found: dict[tuple[str, str], Ref] = {}
    for name in {other for item in items for other in work.opposite(item.ref.connector) if other in work.connectors}:
        size = work.connectors[name].capabilities.resolve_batch
        if size < 2 or work.paused_for(name):
            continue
        keys = list(dict.fromkeys(key for item in items for key in _unmet(work, item, name)))
        for start in range(0, len(keys) if len(keys) > 1 else 0, size):
            try:
                met = work.connectors[name].resolve_many(keys[start : start + size])
            except ConnectorError as error:  # one by one it is told of which
                work.say(f"{name}: {error.what}")
                break
            found |= {(name, key.casefold()): ref for key, ref in met.items()}
    return found


def _unmet(work: Work, item: Item, name: str) -> list[str]:
    claims = [claim for claim in _claims(work, item) if claim.connector == name and _met(work, claim) is None]
    return [claim.key for claim in _unless_lost(work, item.ref, claims)]


def _unless_lost(work: Work, ref: Ref, claims: Sequence[Claim]) -> list[Claim]:
    """Claims, but for those of what was linked with the item and is gone: that is known, and was told once."""
    links = work.store.links.of(ref) if claims else []
    ended = {link.ticket if link.issue == ref else link.issue for link in links if link.state is LinkState.ENDED}
    gone = {other for other in ended if isinstance(work.store.snapshots.get(other), Removed)}
    lost = {(other.connector, other.key.casefold()) for other in gone}
    return [one for one in claims if (one.connector, one.key.casefold()) not in lost or _met(work, one) is not None]


def _claims(work: Work, item: Item) -> Sequence[Claim]:
    try:
        return work.claims(item)
    except Exception as error:
        if not of_one_item(error):
            raise
        return ()  # the item is set aside when its turn comes


def unlinked(work: Work, item: Item) -> Item | None:
    """What was seen of an item before, with the links that an old answer shows beside the texts, if one is new to us.

    A list may show a link only once, and that may be in the second of our own write. No call.
    """
    seen = work.store.snapshots.get(item.ref) if item.addresses or item.fields else None
    if not isinstance(seen, Item):
        return None
    fields = item.fields if item.version == seen.version else {}  # what a field held before says nothing
    shown = replace(seen, addresses=item.addresses, fields=fields)
    claims = _claims(work, shown)
    passed = work.store.journal.passed(item.ref) if claims else set()
    new = any(claim.key.casefold() not in passed and not _is_linked(work, item.ref, claim) for claim in claims)
    return shown if new else None


def _is_linked(work: Work, ref: Ref, claim: Claim) -> bool:
    """Whether there is a link of that claim, ended ones included: what a person removed isn't made again."""
    other = _met(work, claim)
    link = work.store.links.pair(*work.pair(ref, other)) if other is not None else None
    return link is not None and link.state is not LinkState.PROPOSED


def resolve(work: Work, item: Item, failed: Counter[str] | None = None, ahead: Met = MappingProxyType({})) -> Named:
    """An item's claims with the refs behind them; asks the other system only for keys never met. No transaction.

    Args:
        work: the run.
        item: with its texts and fields.
        failed: per connector the look-ups that failed so far, where several items are resolved in a row.
        ahead: what was looked up for several items at once.
    """
    failed = Counter() if failed is None else failed
    found: list[Found] = []
    passed: dict[str, str] = {}
    complete = True
    try:
        claims, commands = work.claims(item), work.commands(item)
    except Exception as error:
        if not of_one_item(error):
            raise
        return Named(passed={RECORD: told(error)})
    for claim in _unless_lost(work, item.ref, claims):
        if work.paused_for(claim.connector) or failed[claim.connector] >= MAX_FAILED:
            complete = False
            continue
        try:
            ref, why = _ref(work, claim, ahead), f"{claim.connector} has no such item, or hides it from us"
        except (Refused, Gone) as error:
            ref, why = None, error.what
        except ConnectorError as error:  # one address that can't be looked up holds up no other item
            complete = False
            failed[claim.connector] += 1
            if isinstance(error, (RateLimited, Unauthorized)):
                work.pause(claim.connector, error.retry_after or UNASKED, error)
            continue
        if ref is not None:
            found.append(Found(claim, ref))
        elif claim.trusted:  # of what would only have been a proposal nobody needs to hear
            passed[claim.key] = why
    return Named(tuple(found), complete, passed, commands)


def _met(work: Work, claim: Claim) -> Ref | None:
    seen = work.seen.get((claim.connector, claim.key.casefold()))
    return seen.ref if seen else work.store.snapshots.by_key(claim.connector, claim.key)


def _ref(work: Work, claim: Claim, ahead: Met) -> Ref | None:
    known = _met(work, claim) or ahead.get((claim.connector, claim.key.casefold()))
    once = reads(work.clock, attempts=1, patience=IN_PLACE)
    return known or once(work.connectors[claim.connector].resolve, claim.key)
