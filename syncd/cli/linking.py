"""Which two items can be linked."""

from __future__ import annotations

from syncd.config import Config
from syncd.errors import UnknownRef
from syncd.model import Ref


def pair(config: Config, one: Ref, other: Ref) -> tuple[Ref, Ref]:
    """(ticket, issue), in whichever order they were named.

    Raises:
        UnknownRef: they are not a ticket and an issue of one of its trackers.
    """
    if one.connector in config.trackers:
        one, other = other, one
    desk = config.helpdesks.get(one.connector)
    if desk is None or other.connector not in desk.trackers:
        raise UnknownRef(f"{one.human} and {other.human} can't be linked: a ticket and an issue of its trackers can")
    return one, other
