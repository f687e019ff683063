"""What may be wrong with a service desk, besides what may be wrong with any site."""

from __future__ import annotations

from collections.abc import Iterator

from connectors.jira import items
from connectors.jira.checks import Checks
from syncd.errors import Gone, Problem, Refused

_PAGE = 100
_AGENT = (
    "Give the account a licence for Jira Service Management, and the role of an agent (Service Desk Team) in the"
    " project"
)


class DeskChecks(Checks):
    """Looks at the live site: one call more, for all projects."""

    def _site(self) -> Iterator[Problem]:
        yield from super()._site()
        yield from self._desks()

    def _desks(self) -> Iterator[Problem]:
        """The service projects in which we are an agent."""
        try:
            known = {str(desk.get("projectKey")).upper() for desk in self._listed()}
        except (Refused, Gone) as error:
            last = self.api.last
            silent = last is not None and last.status == 403 and last.data is None
            what = "the account is no agent of Jira Service Management" if silent else error.what
            yield Problem(self.where, what, _AGENT)
            return
        for project in self.options.projects:
            if project.upper() not in known:
                what = "it is no service project, or the account may not see its service desk"
                yield Problem(f"{self.where}: projects, {project}", what, _AGENT)

    def _listed(self) -> Iterator[items.Row]:
        """Get service desks; pages of ``start`` and ``limit``."""
        start = 0
        while True:
            params = {"start": start, "limit": _PAGE}
            doing = "reading the service desks"
            page = self.api.record("GET", "/rest/servicedeskapi/servicedesk", doing, params=params)
            rows = [one for one in items.listed(page, "values") if isinstance(one, dict)]
            yield from rows
            start += len(rows)
            if page.get("isLastPage") is not False or not rows:
                return
