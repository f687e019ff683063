"""What a query of the stand-in finds: the fields, values and functions of JQL, held against the books."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from connectors.jira.sandbox.books import Books
from connectors.jira.sandbox.entries import Issue, Project, State
from connectors.jira.sandbox.jql import Both, Call, Clause, Node
from connectors.jira.sandbox.workflows import CATEGORIES, PRIORITIES, RESOLUTIONS, STATUSES

Test = Callable[[Issue, State], bool]
_TIMES: dict[str, Callable[[Issue, State], datetime | None]] = {
    "updated": lambda _, state: state.updated,
    "created": lambda issue, _: issue.created,
    "resolved": lambda _, state: state.resolved,
}
_TEXTS: dict[str, Callable[[Issue, State], str]] = {
    "summary": lambda _, state: state.summary,
    "description": lambda _, state: state.description or "",
    "comment": lambda issue, _: "\n".join(one.body for one in issue.comments),
    "text": lambda issue, state: "\n".join(
        (state.summary, state.description or "", *(one.body for one in issue.comments))
    ),
}
_ALIASES = {
    "updateddate": "updated", "createddate": "created", "resolutiondate": "resolved", "issuekey": "issue",
    "key": "issue", "id": "issue", "type": "issuetype", "statuscategory": "statuscategory", "label": "labels",
}  # fmt: skip
_SECONDS = {"m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_RELATIVE = re.compile(r"([+-]?)((?:\d+[mhdw]\s*)+)")
_DATES = ("%Y/%m/%d %H:%M", "%Y-%m-%d %H:%M", "%Y/%m/%d", "%Y-%m-%d")
_COMPARED: dict[str, Callable[[datetime, datetime], bool]] = {
    "=": operator.eq, "!=": operator.ne, ">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le,
}  # fmt: skip
_MOST_LINKS = 100
SORTS: dict[str, Callable[[Issue, State], Any]] = {
    "updated": lambda _, state: state.updated,
    "created": lambda issue, _: issue.created,
    "issue": lambda _, state: (state.project.key, state.number),
    "id": lambda issue, _: issue.id,
}


class Unknown(Exception):
    """The query names something that the site doesn't have; the text is Jira's complaint."""


def canonical(field: str) -> str:
    """A field by its usual name."""
    folded = field.lower()
    return "id" if folded == "id" else _ALIASES.get(folded, folded)


class Matcher:
    """Makes a test of a query.

    Args:
        books: what is searched.
        zone: of the calling account; times in queries are read in it.
        me: name of the calling account.
    """

    def __init__(self, books: Books, zone: ZoneInfo, me: str) -> None:
        self.books, self.zone, self.me = books, zone, me

    def test(self, node: Node | None) -> Test:
        """A test of an issue.

        Raises:
            Unknown: a field, value, function or operator that isn't there.
        """
        if node is None:
            return lambda _issue, _state: True
        if isinstance(node, Clause):
            return self._clause(node)
        tests = [self.test(part) for part in node.parts]
        return _joined(node, tests)

    def _clause(self, clause: Clause) -> Test:
        field = _ALIASES.get(clause.field.lower(), clause.field.lower())
        if field in _TIMES:
            return self._time(clause, _TIMES[field])
        if field in _TEXTS:
            return _text(clause, _TEXTS[field])
        found = {
            "project": self._project, "issue": self._issue, "labels": self._labels, "issuetype": self._type,
            "status": self._status, "statuscategory": self._category, "resolution": self._resolution,
            "priority": self._priority, "reporter": self._reporter, "fixversion": self._version,
        }.get(field)  # fmt: skip
        if found is None:
            raise Unknown(f"Field '{clause.field}' does not exist or you do not have permission to view it.")
        return found(clause)

    # --- fields with few values ---

    def _project(self, clause: Clause) -> Test:
        known = {one.id: one for one in self.books.projects.values() if not one.hidden}

        def ids(text: str) -> Iterable[str]:
            folded = text.casefold()
            former = self.books.former.get(text.upper())
            if former is not None and former.id in known:
                yield former.id
            yield from (id_ for id_, one in known.items() if folded in _names(one))

        return self._among(clause, ids, lambda _, state: (state.project.id,))

    def _issue(self, clause: Clause) -> Test:
        if clause.sign in {"=", "in", "!=", "not in"}:
            wanted: set[int] = set()
            for value in clause.values:
                wanted |= self._linked(value) if isinstance(value, Call) else {self._named(clause, value)}
            return _signed(clause, lambda issue, _: issue.id in wanted)
        raise Unknown(f"The operator '{clause.sign}' is not supported by the '{clause.field}' field.")

    def _named(self, clause: Clause, text: str) -> int:
        found = self.books.find(text)
        if found is None or not self.books.visible(found):
            if text.isdigit():
                raise Unknown(f"A value with ID '{text}' does not exist for the field '{clause.field}'.")
            raise Unknown(f"An issue with key '{text}' does not exist for field '{clause.field}'.")
        return found.id

    def _linked(self, call: Call) -> set[int]:
        if call.name.casefold() != "issueswithremotelinksbyglobalid":
            raise Unknown(f"Unable to find JQL function '{call.name}({', '.join(call.given)})'.")
        if not 1 <= len(call.given) <= _MOST_LINKS:
            raise Unknown(f"Function '{call.name}' expects between '1' and '{_MOST_LINKS}' arguments.")
        wanted = set(call.given)
        return {
            one.id
            for one in self.books.issues.values()
            if any(link["globalId"] in wanted for link in one.remote.values())
        }

    def _labels(self, clause: Clause) -> Test:
        def folded(_: Issue, state: State) -> Iterable[str]:
            return [label.casefold() for label in state.labels]

        return self._among(clause, lambda text: [text.casefold()], folded)

    def _type(self, clause: Clause) -> Test:
        known = {name.casefold() for project in self.books.projects.values() for name in project.types}
        return self._among(clause, _of(known), lambda _, state: (state.type.casefold(),))

    def _status(self, clause: Clause) -> Test:
        known = {text.casefold(): one.id for one in STATUSES.values() for text in (one.name, one.id)}
        return self._among(clause, _by(known), lambda _, state: (state.status.id,))

    def _category(self, clause: Clause) -> Test:
        known = {text.casefold(): key for key, (id_, name, _) in CATEGORIES.items() for text in (key, str(id_), name)}
        return self._among(clause, _by(known), lambda _, state: (state.status.category,))

    def _resolution(self, clause: Clause) -> Test:
        known = {text.casefold(): name for id_, name in RESOLUTIONS.items() for text in (id_, name)}
        known |= {"unresolved": "", "empty": ""}
        return self._among(clause, _by(known), lambda _, state: (state.resolution or "",))

    def _priority(self, clause: Clause) -> Test:
        known = {text.casefold(): name for id_, name in PRIORITIES.items() for text in (id_, name)}
        return self._among(clause, _by(known), lambda _, state: (state.priority,))

    def _reporter(self, clause: Clause) -> Test:
        def names(text: str) -> Iterable[str]:
            found = self.books.account(text)
            return [found.name] if found is not None else []

        return self._among(clause, names, lambda issue, _: (issue.reporter.name,))

    def _version(self, clause: Clause) -> Test:
        known: dict[str, set[str]] = {}
        for project in self.books.projects.values():
            for one in project.versions.values():
                for text in (one.id, one.name.casefold()):
                    known.setdefault(text, set()).add(one.id)
        return self._among(clause, lambda text: known.get(text.casefold(), ()), lambda _, state: state.versions)

    def _among(
        self, clause: Clause, known: Callable[[str], Iterable[str]], has: Callable[[Issue, State], Iterable[str]]
    ) -> Test:
        """Whether an issue has one of the values; each has to be known."""
        if clause.sign in {"is", "is not"}:
            return _signed(clause, lambda issue, state: not [one for one in has(issue, state) if one])
        if clause.sign not in {"=", "!=", "in", "not in"}:
            raise Unknown(f"The operator '{clause.sign}' is not supported by the '{clause.field}' field.")
        wanted: set[str] = set()
        for value in clause.values:
            text = self._plain(value)
            found = set(known(text))
            if not found:
                raise Unknown(f"The value '{text}' does not exist for the field '{clause.field}'.")
            wanted |= found
        return _signed(clause, lambda issue, state: bool(wanted & set(has(issue, state))))

    def _plain(self, value: str | Call) -> str:
        if not isinstance(value, Call):
            return value
        if value.name.casefold() == "currentuser" and not value.given:
            return self.me
        raise Unknown(f"Unable to find JQL function '{value.name}({', '.join(value.given)})'.")

    # --- times ---

    def _time(self, clause: Clause, of: Callable[[Issue, State], datetime | None]) -> Test:
        if clause.sign in {"is", "is not"}:
            return _signed(clause, lambda issue, state: of(issue, state) is None)
        if clause.sign not in _COMPARED:
            raise Unknown(f"The operator '{clause.sign}' is not supported by the '{clause.field}' field.")
        mark = self._moment(clause, clause.values[0])
        compare = _COMPARED[clause.sign]

        def test(issue: Issue, state: State) -> bool:
            at = of(issue, state)
            return at is not None and compare(at, mark)

        return test

    def _moment(self, clause: Clause, value: str | Call) -> datetime:
        """Whole minutes in the account's zone; or so long ago; or milliseconds since 1970."""
        if isinstance(value, Call):
            if value.name.casefold() == "now" and not value.given:
                return self.books.now()
            raise Unknown(f"Unable to find JQL function '{value.name}({', '.join(value.given)})'.")
        relative = _RELATIVE.fullmatch(value.strip())
        if relative is not None:
            parts = re.findall(r"(\d+)([mhdw])", relative[2])
            span = timedelta(seconds=sum(int(number) * _SECONDS[unit] for number, unit in parts))
            return self.books.now() + (-span if relative[1] == "-" else span)
        if re.fullmatch(r"\d{9,}", value):
            return datetime.fromtimestamp(int(value) / 1000, UTC)
        for form in _DATES:
            try:
                return datetime.strptime(value, form).replace(tzinfo=self.zone).astimezone(UTC)
            except ValueError:
                continue
        raise Unknown(
            f"Date value '{value}' for field '{clause.field}' is invalid. Valid formats include: 'yyyy/MM/dd HH:mm', "
            "'yyyy-MM-dd HH:mm', 'yyyy/MM/dd', 'yyyy-MM-dd', or a period format e.g. '-5d', '4w 2d'."
        )


def _joined(node: Both, tests: list[Test]) -> Test:
    if node.how == "not":
        return lambda issue, state: not tests[0](issue, state)
    whole = all if node.how == "and" else any
    return lambda issue, state: whole(test(issue, state) for test in tests)


def _signed(clause: Clause, test: Test) -> Test:
    if clause.sign in {"!=", "not in", "is not"}:
        return lambda issue, state: not test(issue, state)
    return test


def _text(clause: Clause, of: Callable[[Issue, State], str]) -> Test:
    """Words: all of them have to be in the text, whole, in any case."""
    if clause.sign not in {"~", "!~"}:
        raise Unknown(f"The operator '{clause.sign}' is not supported by the '{clause.field}' field.")
    wanted = {word for value in clause.values for word in _words(str(value))}

    def test(issue: Issue, state: State) -> bool:
        return wanted <= _words(of(issue, state))

    return test if clause.sign == "~" else lambda issue, state: not test(issue, state)


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.casefold()))


def _names(project: Project) -> set[str]:
    return {project.id, project.key.casefold(), project.name.casefold()}


def _of(known: set[str]) -> Callable[[str], Iterable[str]]:
    return lambda text: [text.casefold()] if text.casefold() in known else []


def _by(known: dict[str, str]) -> Callable[[str], Iterable[str]]:
    return lambda text: [known[text.casefold()]] if text.casefold() in known else []
