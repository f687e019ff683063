"""Is an issue filed for this ticket at all: is it escalated, may its requester ask for that, has a person answered?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from syncd.details import Detail
from syncd.filing.values import Choice, Unfiled
from syncd.model import FINISHED_TICKET, Item, Word
from syncd.playbook import Playbook
from syncd.tables import Condition, Mark

OF_PEOPLE = frozenset({"not_authorised", "no_company", "not_answered"})
"""The rules by which people come first; they need not where there is to be no issue anyway."""


def escalated(detail: Detail, playbook: Playbook, word: Word, *, ordered: bool) -> Choice | Unfiled:
    """By what; or why no issue is filed.

    Args:
        detail: the ticket.
        playbook: of its helpdesk.
        word: of its status.
        ordered: an agent has written ``/file`` in a note.
    """
    when = playbook.file.when
    if not when:
        return Unfiled("nothing_filed", f"the playbook {playbook.name} files no issues: it has no [file] when")
    counted = _counted(detail.item, when)
    by = next((one for one in counted if holds(one, detail, word, ordered=ordered)), None)
    if by is None:
        wanted = " or ".join(str(one) for one in when)
        inherits = len(counted) < len(when)
        aside = ". It continues a closed ticket, whose tags and fields it only inherited" if inherits else ""
        return Unfiled("not_escalated", f"the ticket is not escalated. That takes: {wanted}{aside}")
    if not ordered and by.status is None and (word in FINISHED_TICKET or detail.item.final):
        return Unfiled("finished", f"the ticket is {word}, so nobody waits for an issue")
    return _authorised(detail, playbook, word, ordered=ordered) or _answered(detail, playbook) or Choice("yes", str(by))


def _counted(item: Item, when: Sequence[Condition]) -> Sequence[Condition]:
    """What counts of a ticket: of a follow-up not what it has from the one before it (rule 9)."""
    if item.follows is None:
        return when
    return [one for one in when if one.tag is None and one.field is None]


def shown(item: Item, when: Sequence[Condition], word: Word) -> Condition | None:
    """What of these a ticket shows by itself, as far as its feed tells: what an agent commands isn't among it."""
    counted = _counted(item, when)
    return next((one for one in counted if _holds(one, item.tags, item.fields, item.group, word)), None)


def holds(condition: Condition, detail: Detail, word: Word, *, ordered: bool) -> bool:
    """Whether a ticket shows this."""
    if condition.command is not None:
        return ordered
    return _holds(condition, detail.item.tags, detail.fields, detail.group, word)


def _holds(condition: Condition, tags: tuple[str, ...], fields: Mapping[str, str], group: str, word: Word) -> bool:
    if condition.tag is not None:
        return _has(tags, condition.tag)
    if condition.field is not None:
        return _is(fields, condition.field, condition.value)
    if condition.group is not None:
        return group.casefold() == condition.group.casefold()
    return condition.status is not None and word is condition.status


def _has(tags: tuple[str, ...], wanted: str) -> bool:
    return wanted.casefold() in {tag.casefold() for tag in tags}


def _is(fields: Mapping[str, str], name: str, value: str | None) -> bool:
    return value is not None and fields.get(name, "").strip().casefold() == value.strip().casefold()


def _authorised(detail: Detail, playbook: Playbook, word: Word, *, ordered: bool) -> Unfiled | None:
    """Only a company's representatives may start what becomes an issue, where the playbook says so."""
    file = playbook.file
    if file.authorised == "anyone" or _represents(detail, file.representative):
        return None
    if any(holds(one, detail, word, ordered=ordered) for one in file.approved):
        return None
    who = detail.requester.name if detail.requester else ""
    company = detail.company.name if detail.company else ""
    if not company:
        why = "the ticket is for no company, so nobody can be its representative. Set the company on the ticket"
        return Unfiled("no_company", why)
    marks = " or ".join(str(one) for one in file.approved)
    cure = f". That is known by: {marks}" if marks else ""
    why = f"{who or 'the requester'} is no representative of {company}: one of these has to approve first{cure}"
    return Unfiled("not_authorised", why)


def _represents(detail: Detail, mark: Mark | str) -> bool:
    person = detail.requester
    if person is None or detail.company is None:
        return False
    if not isinstance(mark, Mark):
        return person.leads
    if mark.tag is not None:
        return _has(person.tags, mark.tag)
    return mark.field is not None and _is(person.fields, mark.field, mark.value)


def _answered(detail: Detail, playbook: Playbook) -> Unfiled | None:
    if playbook.file.answered_first and not detail.answered:
        return Unfiled("not_answered", "no agent has answered the requester yet, and a person answers first")
    return None
