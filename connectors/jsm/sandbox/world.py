"""The stand-in's service project as the conformance suite sees it."""

from __future__ import annotations

from connectors.jira.sandbox.world import SiteWorld
from syncd.details import Attachment, Company, Person
from syncd.model import Author, Ref, Role
from syncd.testing import Case


class JsmWorld(SiteWorld):
    """A helpdesk: service projects, whose requests come from the portal."""

    def __init__(self, *, cloud: bool = True, beside: SiteWorld | None = None) -> None:
        cloud = cloud if beside is None else beside.cloud
        lacks = frozenset({"create", "copies"})
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

    def ask(self, subject: str, description: str) -> Case:
        """See :class:`World`; agents aren't in groups here, nor does anybody lead an organization."""
        people = self.people
        people.make_customer("requester", locale="pt_BR")
        key = people.make_request(self.place, subject, description, by="requester")
        for name in ("Example Observatory", "Example College"):
            people.join("requester", people.share(key, name))
        people.edit(key, "priority", "High")
        area = people.add_field("Area", "select")
        people.edit(key, area, "storage")
        url = people.attach(key, "log.txt", 42)
        companies = (Company("Example Observatory"), Company("Example College"))
        email = "" if self.cloud else "requester@example.com"
        person = Person("Requester", email, "pt-BR", companies=companies)
        fields, files = {area: "storage", "Area": "storage"}, (Attachment("log.txt", url, 42),)
        return Case(self._ref(key), person, companies[0], "", "Ask a question", "High", fields, files)

    def send(self, ref: Ref, body: str, name: str) -> Attachment:
        """See :class:`World`; the portal names the file in the comment."""
        url = self.people.attach(ref.id, name, 17)
        self.people.customer_reply(ref.id, f"{body}\n\n[^{name}]")
        return Attachment(name, url, 17)

    def assign(self, ref: Ref, *, to: bool = True) -> str:
        """See :class:`World`."""
        self.people.edit(ref.id, "assignee", "agent" if to else None, by="agent")
        person = self.sandbox.books.people["agent"]
        return person.id if self.cloud else person.name

    def dissolve(self, case: Case) -> None:
        """See :class:`World`."""
        for id_ in list(self._issue(case.ref).organizations):
            self.people.delete_organization(id_)
