"""What can be filed in a repository: looked up before an issue is made, and by ``check``.

GitHub takes an issue from anybody who may read the repository, leaves out labels, assignees and the type without a word
where the token may not set them, and makes labels that aren't there, which is wanted for ``Draft.new_labels`` alone
(GitHub REST API docs, Create an issue).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from urllib.parse import quote

from connectors.github.api import PER_PAGE, Api
from connectors.github.items import Row
from connectors.github.repositories import FRESH_SECONDS, Facts, Repositories
from syncd.actions import Draft
from syncd.errors import Gone, Problem, Refused
from syncd.model import Audience

MOST_ASSIGNEES = 10
"""GitHub docs, Assigning issues and pull requests to other GitHub users."""

Obstacle = tuple[str, str]
"""What stands in the way, and its cure."""


class Filing:
    """Looks at repositories for what drafts name. What is there is believed for ten minutes, what isn't is asked anew.

    Args:
        api: the account.
        repositories: what is known of them.
    """

    def __init__(self, api: Api, repositories: Repositories) -> None:
        self.api, self.repositories = api, repositories
        self._had: dict[tuple[str, str], tuple[float, frozenset[str]]] = {}

    def obstacles(self, draft: Draft, facts: Facts) -> Iterator[Obstacle]:
        """Everything that stands in the way of an issue; the gravest first, and what costs calls last."""
        closed = self.of_place(draft, facts)
        if closed is not None:
            yield closed
            return
        yield from self._of_rights(draft, facts)
        yield from self._of_names(draft, facts)

    @staticmethod
    def of_place(draft: Draft, facts: Facts) -> Obstacle | None:
        """Why nothing of the kind may be filed in a repository that is as this, whatever its draft names."""
        if facts.archived:
            return "the repository is archived, so it is read-only", "Unarchive it, or file somewhere else"
        if facts.has_issues is False:
            return "issues are switched off there", "Switch them on in the repository's settings"
        if draft.audience is Audience.PRIVATE and facts.audience is Audience.PUBLIC:
            cure = "Make the repository private, or name another one; the ticket is looked at anew then"
            return "everybody can read there, and the text was written for the team alone", cure
        return None

    def missing(self, draft: Draft, row: Row) -> list[str]:
        """What an issue that was made lacks of its draft."""
        tags = {one.casefold() for one in row.tags}
        people = {one.casefold() for one in row.assigned or ()}
        lost = dict.fromkeys(one for one in draft.labels if one.casefold() not in tags)
        found = ["a new label" if one in draft.new_labels else f"the label {one!r}" for one in lost]
        found += [f"the assignee {one!r}" for one in draft.assignees if one.casefold() not in people]
        return found + ([f"the type {draft.type!r}"] if draft.type.casefold() != row.kind.casefold() else [])

    def problems(self, drafts: Sequence[Draft]) -> Iterator[Problem]:
        """The same for many, each once; each repository is read once."""
        told: set[Problem] = set()
        read: dict[str, Facts] = {}
        for draft in drafts:
            for one in self._problems(draft, read):
                if one not in told:
                    told.add(one)
                    yield one

    # --- inside ---

    def _problems(self, draft: Draft, read: dict[str, Facts]) -> Iterator[Problem]:
        where, own = f"{self.api.name}: {draft.place}", self.repositories.configured(draft.place)
        if own is None:
            what = f"the repository {draft.place} isn't one of those in connectors/{self.api.name}.toml"
            yield Problem(where, what, "Add it to its repositories, or name another one")
            return
        try:
            facts = read[own] = read[own] if own in read else self.repositories.fresh(own)
        except Refused as error:
            yield Problem(where, error.what, "Give the account access to it, or name another one")
            return
        for what, cure in self.obstacles(draft, facts):
            yield Problem(where, what, cure)

    def _of_rights(self, draft: Draft, facts: Facts) -> Iterator[Obstacle]:
        """What the token may do there; GitHub tells nothing of the kind to an app."""
        rights = facts.permissions
        if rights is None or rights.push is not False or rights.triage or self.api.credential.writes_by_role is False:
            return
        wished = [
            *(["labels"] if draft.labels else []),
            *(["assignees"] if draft.assignees else []),
            *(["a type"] if draft.type else []),
        ]
        if wished:
            what = f"the token may not push there, and GitHub would leave out {' and '.join(wished)} without a word"
            yield what, "Give the token's owner write access to the repository"

    def _of_names(self, draft: Draft, facts: Facts) -> Iterator[Obstacle]:
        for name in draft.fields:
            yield f"an issue has no field {name!r} that could be set when it is made", "Take it out of the playbook"
        yield from self._of_labels(draft, facts)
        if draft.type:
            yield from self._of_type(draft.type, facts)
        if len(draft.assignees) > MOST_ASSIGNEES:
            yield f"an issue has {MOST_ASSIGNEES} assignees at most", "Name fewer in the playbook"
            return
        people = draft.assignees
        for login in self._absent("assignees", facts, people, lambda: self._assignable(facts, people)):
            cure = "Give that account access to the repository, or name another one in the playbook"
            yield f"{login!r} can't be assigned to issues of {facts.full_name}", cure

    def _of_labels(self, draft: Draft, facts: Facts) -> Iterator[Obstacle]:
        """GitHub makes a new one by itself, for whoever may push."""
        rights = facts.permissions
        makes = rights is None or rights.push is not False or self.api.credential.writes_by_role is False
        wanted = [one for one in draft.labels if not (makes and one in draft.new_labels)]
        for label in self._absent("labels", facts, wanted, lambda: self._labels(facts)):
            if label in draft.new_labels:
                cure = "Give the token's owner write access to the repository, or make the customer's label by hand"
                yield f"a label isn't in {facts.full_name} yet, and the token may not make it", cure
            else:
                cure = "Make it there, or take it out of the playbook"
                yield f"there is no label {label!r} in {facts.full_name}", cure

    def _of_type(self, name: str, facts: Facts) -> Iterator[Obstacle]:
        cure = "Use one of the organisation's issue types, or take it out of the playbook"
        if facts.owner is not None and facts.owner.type == "User":
            yield f"issue types belong to organisations, and {facts.full_name} belongs to a user", cure
        elif self._absent("types", facts, (name,), lambda: self._types(facts)):
            yield f"there is no issue type {name!r} in the organisation of {facts.full_name}", cure

    def _absent(
        self, kind: str, facts: Facts, wanted: Collection[str], read: Callable[[], frozenset[str] | None]
    ) -> list[str]:
        """Those that aren't there; none where GitHub doesn't tell."""
        if not wanted:
            return []
        key, now = (kind, facts.full_name.casefold()), self.api.clock.monotonic()
        at, had = self._had.get(key, (0.0, frozenset[str]()))
        if now - at > FRESH_SECONDS or not had.issuperset(one.casefold() for one in wanted):
            told = read()
            if told is None:
                return []
            had = told
            self._had[key] = now, had
        return [one for one in wanted if one.casefold() not in had]

    def _labels(self, facts: Facts) -> frozenset[str]:
        """GitHub REST API docs, List labels for a repository; names have no case."""
        doing, path = f"reading the labels of {facts.full_name}", f"/repos/{facts.full_name}/labels"
        pages = self.api.rows(path, facts.full_name, doing, {"per_page": PER_PAGE})
        return frozenset(_folded(one) for page in pages for one in page)

    def _types(self, facts: Facts) -> frozenset[str] | None:
        """GitHub REST API docs, List issue types for an organization; a token may not be let see them."""
        owner = facts.full_name.partition("/")[0]
        try:
            answer = self.api.get(f"/orgs/{owner}/issue-types", f"reading the issue types of {owner}")
        except (Refused, Gone):
            return None
        rows = self.api.listed(answer, f"reading the issue types of {owner}")
        return frozenset(_folded(one) for one in rows if isinstance(one, dict) and one.get("is_enabled") is not False)

    def _assignable(self, facts: Facts, wanted: Collection[str]) -> frozenset[str]:
        """GitHub REST API docs, Check if a user can be assigned: 204 or 404; a call for each."""
        doing = f"looking who can be assigned in {facts.full_name}"
        base = f"/repos/{facts.full_name}/assignees"
        asked = {one: self.api.get(f"{base}/{quote(one, safe='')}", doing, accept={204, 404}) for one in wanted}
        return frozenset(one.casefold() for one, answer in asked.items() if answer.status != 404)


def _folded(record: object) -> str:
    name = record.get("name") if isinstance(record, dict) else None
    return name.casefold() if isinstance(name, str) else ""
