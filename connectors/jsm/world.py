"""The stand-in's service project as the conformance suite sees it."""

from __future__ import annotations

from connectors.jira.world import SiteWorld
from syncd.model import Author, Ref, Role


class JsmWorld(SiteWorld):
    """A helpdesk: service projects, whose requests come from the portal."""

    def __init__(self, *, cloud: bool = True, beside: SiteWorld | None = None) -> None:
        cloud = cloud if beside is None else beside.cloud
        lacks = frozenset({"create"})
        super().__init__(
            Role.HELPDESK,
            "jsm",
            kind="service",
            workflow="service",
            place="SUP",
            cloud=cloud,
            lacks=lacks,
            beside=beside,
        )

    def add(self, body: str = "", *, by: Author = Author.TEAM) -> Ref:
        """See :class:`World`; what is asked on the portal is always taken for the customer's."""
        del by
        return self._ref(self.people.make_request(self.place, "Something", body or None))
