"""``syncd explain --ticket REF``: the issue that a ticket would become, and why. Reads, and writes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from syncd.cli.running import reading
from syncd.cli.show import as_json, plural, say
from syncd.clock import SystemClock
from syncd.commands import commands
from syncd.config import Config, Helpdesk
from syncd.connector import Connector
from syncd.details import Detail
from syncd.errors import ConnectorError, UnknownRef
from syncd.filing import Choice, Filing, Unfiled, decide, write
from syncd.model import Audience, Ref
from syncd.records import LinkState, Verb
from syncd.store import FilingState


def preview(config: Config, text: str, *, as_data: bool) -> int:
    """Show it; the exit status, 1 where the playbook files nothing.

    Raises:
        UnknownRef: that is no ticket of a configured helpdesk.
        ConnectorError: it can't be read, or its system tells no details.
    """
    with ExitStack() as stack:
        desk, connector, ref = _ticket(config, text, stack)
        detail = connector.detail(ref)
        known = _known(config, detail.item.ref)
        word = desk.mapping.word(detail.item.status)
        ordered = desk.commands and any(one.verb is Verb.FILE for one in commands(detail.item, {}, desk.command_tags))
        decision = decide(detail, desk.playbook, word=word, ordered=ordered)
        if isinstance(decision, Unfiled):
            found: Filing | Unfiled = decision
            tracker, trouble = "", ""
        else:
            tracker, audience, trouble = _place(config, desk, decision.place.value, stack)
            found = write(decision, detail, desk.playbook, audience)
    if as_data:
        as_json(_data(detail, found, tracker, known, trouble))
    else:
        _tell(detail, found, tracker, known, trouble)
    return int(isinstance(found, Unfiled))


def _ticket(config: Config, text: str, stack: ExitStack) -> tuple[Helpdesk, Connector, Ref]:
    """The ticket that a REF names, its connector open."""
    name, _, key = text.partition(":")
    for desk in config.helpdesks.values():
        connector = desk.connect(SystemClock())
        stack.callback(connector.close)
        mentions = connector.parse_url(text)
        ref = connector.resolve(mentions[0].key if mentions else key) if mentions or desk.name == name else None
        if ref is not None:
            return desk, connector, ref
    raise UnknownRef(f"{text!r} names no ticket of {' or '.join(config.helpdesks)}")


def _place(config: Config, desk: Helpdesk, spot: str, stack: ExitStack) -> tuple[str, Audience | None, str]:
    """The tracker that a place is in, who can read there, and what kept us from finding out."""
    first, colon, _ = spot.partition(":")
    tracker = first if colon else desk.trackers[0]
    connector = config.trackers[tracker].connect(SystemClock())
    stack.callback(connector.close)
    try:
        return tracker, connector.audience(spot.removeprefix(f"{tracker}:")), ""
    except ConnectorError as error:
        return tracker, None, str(error)


@dataclass(frozen=True, slots=True)
class Known:
    """What the state knows of the ticket: its issues, and why an issue for it was refused."""

    linked: tuple[str, ...]
    refused: str


def _known(config: Config, ref: Ref) -> Known:
    store = reading(config)
    try:
        links = [link for link in store.links.of(ref) if link.state in {LinkState.LIVE, LinkState.FINAL}]
        refused = [row.reason for row in store.filings.of(ref) if row.state is FilingState.REFUSED]
        return Known(tuple(link.issue.human for link in links), refused[-1] if refused else "")
    finally:
        store.close()


def _choices(filing: Filing, tracker: str) -> Iterator[tuple[str, Choice]]:
    """What was chosen, in the order in which people ask for it."""
    one = filing.decision
    yield "tracker", Choice(tracker, "of the helpdesk's trackers, by the place")
    yield "place", Choice(one.place.value.removeprefix(f"{tracker}:"), one.place.why)
    yield "audience", filing.audience
    yield "kind", one.kind
    yield "priority", one.priority
    yield "proposed priority", one.proposed
    yield "area", one.area
    yield "team", filing.team
    yield "mention", filing.mention
    yield "assignee", filing.assignee
    if filing.type.value:
        yield "type", filing.type
    for board in filing.boards:
        said = ", ".join(f"{name} = {value}" for name, value in board.fields.items()) or "nothing is set there"
        yield "board", Choice(board.name, said)


def _tell(detail: Detail, found: Filing | Unfiled, tracker: str, known: Known, trouble: str) -> None:
    ticket = detail.item.ref.human
    if known.linked:
        many = plural(len(known.linked), "issue")
        say(f"{ticket} has {many} already: {', '.join(known.linked)}. A second one is not needed. As for a first one:")
    if known.refused:
        say(f"An issue for {ticket} was refused: {known.refused}. `syncd queue retry {ticket}` tries it again.")
    if isinstance(found, Unfiled):
        say(f"{ticket} would become no issue: {found.why}.")
        return
    say(f"{ticket} would become an issue, because of this: {found.decision.escalated.why}.")
    say("This is a preview: nothing was written.")
    for name, choice in _choices(found, tracker):
        say(f"  {name}: {choice.value or 'none'} ({choice.why})")
    for label in found.labels:
        say(f"  label: {label.value} ({label.why})")
    for remark in (*found.decision.remarks, *([f"The place can't be read: {trouble}."] if trouble else [])):
        say(f"  note: {remark}")
    say(f"  title: {found.title.value} ({found.title.why})")
    say(f"  text ({found.body.why}):")
    for line in found.body.value.split("\n"):
        say(f"    {line}".rstrip())


def _data(detail: Detail, found: Filing | Unfiled, tracker: str, known: Known, trouble: str) -> dict[str, Any]:
    ref = detail.item.ref
    head = {
        "ref": str(ref),
        "key": ref.human,
        "would_be_filed": isinstance(found, Filing),
        "linked": list(known.linked),
    }
    head |= {"refused": known.refused or None}
    if isinstance(found, Unfiled):
        return head | {"rule": found.rule, "why": found.why}
    choices = [*_choices(found, tracker), ("title", found.title), ("body", found.body)]
    return (
        head
        | {"why": found.decision.escalated.why}
        | {name.replace(" ", "_"): _plain(choice) for name, choice in choices}
        | {"labels": [_plain(label) for label in found.labels], "notes": list(found.decision.remarks)}
        | {"trouble": trouble or None}
    )


def _plain(choice: Choice) -> dict[str, str]:
    return {"value": choice.value, "why": choice.why}
