"""Fresh reads: one issue by REST, many by GraphQL, and what it means when one isn't found."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from connectors.github.answers import NOT_JSON, Answer, ours
from connectors.github.api import PER_PAGE, Api
from connectors.github.graphql import BATCH, GraphQL, Node
from connectors.github.items import Reading, Row
from connectors.github.repositories import FRESH_SECONDS, Facts, Repositories
from connectors.github.urls import split_key
from syncd.errors import ConnectorError, Gone, Refused, Transient
from syncd.model import GoneKind, Item, Ref, Removed

FEW = 2
"""Up to so many are read one by one, where none is in a private repository: a query tells who can read there, too, and
that has to be known before a comment is left."""
CONVERTED = "converted_to_discussion"

Entry = Item | Removed | ConnectorError


@dataclass(slots=True)
class _Round:
    """What one call of ``fetch`` has learned of repositories, so that it isn't asked for each issue."""

    shut: dict[str, ConnectorError] = field(default_factory=dict)
    """Repositories that can't be read, by folded name, with the reason."""
    facts: dict[str, Facts] = field(default_factory=dict)
    """Repositories read anew in this round, after an issue wasn't found."""


class Reader:
    """Reads issues of one account.

    Args:
        api: the account.
        repositories: what is known of them.
        reading: makes items of rows.
    """

    def __init__(self, api: Api, repositories: Repositories, reading: Callable[[], Reading]) -> None:
        self.api, self.repositories, self._reading = api, repositories, reading
        self.graphql = GraphQL(api)
        self._not_converted: set[tuple[int, str]] = set()
        """Closings (id, when) that were looked at: no discussion was made of the issue."""

    def fetch(self, refs: Sequence[Ref]) -> dict[Ref, Entry]:
        """See :meth:`syncd.connector.Connector.fetch`.

        Raises:
            Unauthorized, RateLimited, Transient: nothing more can be read now.
        """
        found: dict[Ref, Entry] = {}
        asked: dict[Ref, tuple[str, int]] = {}
        for ref in dict.fromkeys(refs):
            place = split_key(ref.key)
            if place is None:
                found[ref] = Refused(self.api.name, f"issue {ref.id} has no key that says in which repository it is")
            else:
                asked[ref] = place
        left = dict(asked)
        if len(asked) > FEW or any(self.repositories.is_private(name) for name, _ in asked.values()):
            for chunk in _chunks(list(asked), BATCH):
                told = self._query({ref: asked[ref] for ref in chunk})
                found |= told
                left = {ref: place for ref, place in left.items() if ref not in told}
        found |= self._one_by_one(left)
        return {ref: found[ref] for ref in refs}

    # --- many ---

    def _query(self, asked: Mapping[Ref, tuple[str, int]]) -> dict[Ref, Entry]:
        """What one query tells; whatever isn't plain is left to be read by REST."""
        wanted: dict[str, list[int]] = {}
        places = {ref: (self.repositories.current(name), number) for ref, (name, number) in asked.items()}
        for name, number in places.values():
            wanted.setdefault(name, []).append(number)
        nodes = self.graphql.read(wanted) or {}
        told: dict[Ref, Entry] = {}
        for ref, place in places.items():
            node = nodes.get(place)
            if node is not None:
                self.repositories.looked(node.facts)
            if node is not None and str(node.row.id) == ref.id:
                told[ref] = self._of_node(ref, node)
        return told

    def _of_node(self, ref: Ref, node: Node) -> Entry:
        if node.converted:
            return Removed(ref, GoneKind.CONVERTED, node.row.version)
        return self._reading().item(node.row, node.facts, duplicate_of=self._canonical(node))

    def _canonical(self, node: Node | None) -> Ref | None:
        """The issue that a duplicate names; None where it is in a repository that nobody follows."""
        number, key = node.canonical if node is not None and node.canonical else (0, "")
        place = split_key(key)
        known = place is not None and self.repositories.configured(place[0]) is not None
        return Ref(self.api.name, str(number), key) if known else None

    # --- one ---

    def _one_by_one(self, left: Mapping[Ref, tuple[str, int]]) -> dict[Ref, Entry]:
        """REST, issue by issue. A failure of one is its own; of two in a row, or of all, it is the service's."""
        memory, bulk, failed = _Round(), len(left) > FEW, 0
        found: dict[Ref, Entry] = {}
        for ref, (name, number) in left.items():
            try:
                found[ref] = memory.shut.get(name.casefold()) or self._read(ref, name, number, memory, bulk=bulk)
                failed = 0
            except Transient as error:
                found[ref], failed = error, failed + 1
                if failed > 1 or len(left) == 1:
                    raise
            except (Refused, Gone) as error:
                found[ref], failed = error, 0
        return found

    def _read(self, ref: Ref, name: str, number: int, memory: _Round, *, bulk: bool) -> Entry:
        doing = f"reading issue {name}#{number}"
        path = f"/repos/{self.repositories.current(name)}/issues/{number}"
        answer = self.api.get(path, doing, accept={404, 410})
        if answer.status in {404, 410}:
            reason = self._why_missing(ref, name, answer, memory)
            if reason is not None:
                return reason
            # A single missing answer proves nothing: a second look decides.
            answer = self.api.get(path, doing, accept={404, 410})
            if answer.status == 410:
                return Removed(ref, GoneKind.DELETED)
            if answer.status == 404:
                return Removed(ref, GoneKind.OUT_OF_SIGHT)
        return self._found(ref, name, number, self.row(answer, doing), moved=answer.redirected, bulk=bulk)

    def _why_missing(self, ref: Ref, name: str, answer: Answer, memory: _Round) -> ConnectorError | None:
        """Whether it is the repository that is missing (then for every issue in it), and not this issue."""
        folded = name.casefold()
        if folded not in memory.facts:
            self.repositories.forget(name)
            try:
                memory.facts[folded] = self.repositories.get(name)
            except Refused as error:
                memory.shut[folded] = error
                return error
        if answer.status == 410 and memory.facts[folded].has_issues is False:
            what = f"reading issue {ref.key}: issues are switched off in {name}"
            memory.shut[folded] = Transient(self.api.name, what)
            return memory.shut[folded]
        return None

    def _found(self, ref: Ref, name: str, number: int, row: Row, *, moved: bool, bulk: bool) -> Entry:
        if not row.is_issue:
            return Refused(self.api.name, f"{name}#{number} is a pull request, not an issue")
        elsewhere = row.number != number or (row.repository or name).casefold() != name.casefold()
        same = str(row.id) == ref.id
        if not same and not (moved or elsewhere):
            # A name that was given to another repository: what is there now isn't the issue that was linked.
            return Refused(self.api.name, f"{name}#{number} now names another issue than the one that was linked")
        facts = self._facts(row.repository or name, name)
        if row.closed and self._was_converted(row, facts, bulk=bulk):
            return Removed(ref, GoneKind.CONVERTED, row.version)
        canonical: Ref | None = None
        if row.state_reason == "duplicate":  # of what, only a query tells
            nodes = self.graphql.read({facts.full_name: [row.number]}) or {}
            canonical = self._canonical(nodes.get((facts.full_name, row.number)))
        return self._reading().item(row, facts, duplicate_of=canonical, formerly=None if same else ref)

    def _facts(self, name: str, asked: str) -> Facts:
        """Of the repository where an issue is now, however it came there."""
        if name.casefold() != asked.casefold() and self.repositories.configured(asked) is not None:
            # Renamed, or the issue was transferred: the configured name is looked up anew either way.
            self.repositories.forget(asked)
        try:
            return self.repositories.get(name, within=FRESH_SECONDS)
        except Refused:
            # The issue can be read, its repository can't: then nobody knows who else reads it.
            return Facts(id=0, full_name=name)

    def _was_converted(self, row: Row, facts: Facts, *, bulk: bool) -> bool:
        """Whether an issue that looks closed was made into a discussion: only its history tells.

        GitHub locks an issue when it converts it. So in bulk only what is locked, or closed by nobody or for no
        reason, costs a look; a single read of a closing costs one more call, once.
        """
        odd = row.locked is not False or row.closed_by is None or row.state_reason is None
        closing = (row.id, str(row.closed_at))
        if closing in self._not_converted or (bulk and not odd):
            return False
        for history in ("timeline", "events"):
            try:
                if self._has_event(facts.full_name, row.number, history):
                    return True
            except Gone:
                continue  # an older server without this listing
            break
        self._not_converted.add(closing)
        return False

    def _has_event(self, full_name: str, number: int, history: str) -> bool:
        doing = f"reading the history of {full_name}#{number}"
        pages = self.api.rows(f"/repos/{full_name}/issues/{number}/{history}", full_name, doing, {"per_page": PER_PAGE})
        return any(isinstance(one, dict) and one.get("event") == CONVERTED for page in pages for one in page)

    def row(self, answer: Answer, doing: str, *, write: bool = False) -> Row:
        """The issue that an answer shows.

        Raises:
            Transient: it shows none.
        """
        try:
            return Row.model_validate(answer.data)
        except ValueError:
            raise ours(self.api.name, doing, Answer(200, {}, NOT_JSON), write=write) from None


def _chunks(refs: list[Ref], size: int) -> list[list[Ref]]:
    return [refs[i : i + size] for i in range(0, len(refs), size)]
