"""What people do in the stand-in's account: agents, requesters, administrators, and Zendesk itself.

Nothing here is an API call. Tickets are named by their number; texts are HTML, plain text included.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Literal

from connectors.zendesk.sandbox import defaults
from connectors.zendesk.sandbox.administrators import Administrators, one_at_a_time
from connectors.zendesk.sandbox.books import Books, Ticket
from connectors.zendesk.sandbox.defaults import AGENT, CUSTOMER, ME, Row, via
from connectors.zendesk.sandbox.updates import Wanted, set_tags
from connectors.zendesk.sandbox.wording import Said
from syncd.clock import moment, stamp

REOPENS = frozenset({"pending", "solved"})
MERGED = "closed_by_merge"


@one_at_a_time
class People(Administrators):
    """Acts on the books. Switch: ``reply_reopens_hold``, which the documentation doesn't settle."""

    def __init__(self, books: Books) -> None:
        super().__init__(books)
        self.reply_reopens_hold = False

    # --- tickets ---

    def make_ticket(
        self,
        subject: str = "Help",
        description: str = "Please help.",
        *,
        status: str = "open",
        requester: int = CUSTOMER,
        by_agent: bool = False,
        public: bool = True,
        tags: Sequence[str] = (),
        type: str | None = None,  # noqa: A002  # as the API calls it
        problem: int | None = None,
        external_id: str | None = None,
        ai_agent: bool = False,
        updated_at: str | None = None,
    ) -> int:
        """A requester opens a ticket (or an agent for them); any but a new one has an assignee. Its number."""
        by = AGENT if by_agent else requester
        at = moment(updated_at) if updated_at else None
        made = self._books.make(
            Said(description, by, public),
            at=at,
            subject=subject,
            raw_subject=subject,
            requester_id=requester,
            submitter_id=by,
            organization_id=self._books.users[requester]["organization_id"],
            assignee_id=None if status == "new" else AGENT,
            group_id=defaults.GROUP,
            tags=list(tags),
            type="incident" if problem else type,
            problem_id=problem,
            external_id=external_id,
            **self._books.status_row(status),
        )
        made.ai_agent = ai_agent
        made.solved_at = (at or self._books.now()) if status == "solved" else None
        if problem:
            self._ticket(problem).row["has_incidents"] = True
        return made.number

    def seed(self, count: int, *, first: str, apart: float = 60.0, status: str = "open") -> None:
        """Many old tickets, last changed ``apart`` seconds from one another, beginning at the time ``first``."""
        for i in range(count):
            self.make_ticket(f"Old {i}", status=status, updated_at=stamp(moment(first) + timedelta(seconds=i * apart)))

    def assign(self, ticket: int, agent: int | None = AGENT) -> None:
        """An agent takes it, or (None) nobody has it any more."""
        found = self._ticket(ticket)
        row: Row = {"assignee_id": agent}
        row |= self._books.status_row("open") if found.status == "new" and agent else {}
        self._change(found, row)

    def set_status(self, ticket: int, status: str | int) -> None:
        """An agent moves it to a status, named as the API does or by the id of a custom status."""
        found = self._ticket(ticket)
        row = self._books.status_row(status)
        row |= {"assignee_id": AGENT} if found.row["assignee_id"] is None and row["status"] != "new" else {}
        self._change(found, row)

    def set_priority(self, ticket: int, priority: str | None) -> None:
        """An agent sets the priority."""
        self._change(self._ticket(ticket), {"priority": priority})

    def pass_on(self, ticket: int, group: int) -> None:
        """An agent gives it to another group."""
        self._change(self._ticket(ticket), {"group_id": group})

    def attach(self, ticket: int, name: str, size: int) -> str:
        """The last comment brought a file along; its address."""
        file = defaults.attachment(self._books.next_id(), name, size)
        self._ticket(ticket).comments[-1]["attachments"].append(file)
        return str(file["content_url"])

    def set_subject(self, ticket: int, subject: str) -> None:
        """An agent renames it."""
        self._change(self._ticket(ticket), {"subject": subject, "raw_subject": subject})

    def set_field(self, ticket: int, field: int, value: Any) -> None:
        """An agent fills in a custom field; its tags come along."""
        found, wanted = self._ticket(ticket), Wanted(values={field: value})
        set_tags(self._books, found, found.row["tags"], wanted)
        self._change(found, wanted.row, values=wanted.values)

    def add_tag(self, ticket: int, tag: str) -> None:
        """An agent tags it."""
        self._retag(ticket, [*self._ticket(ticket).row["tags"], tag])

    def remove_tag(self, ticket: int, tag: str) -> None:
        """An agent takes a tag away."""
        self._retag(ticket, [one for one in self._ticket(ticket).row["tags"] if one != tag])

    def touch(self, ticket: int) -> None:
        """Zendesk changes something of its own: the export tells of it, and ``updated_at`` stays."""
        self._books.touch(self._ticket(ticket))

    # --- words ---

    def customer_reply(self, ticket: int, text: str, by: int | None = None) -> int:
        """The requester writes (or somebody in copy), and Zendesk reopens a pending or solved ticket."""
        found = self._ticket(ticket)
        if found.status == "closed":
            raise ValueError(f"ticket {ticket} is closed: an answer to it makes a follow_up")
        reopens = REOPENS | ({"hold"} if self.reply_reopens_hold else set())
        row = self._books.status_row("open") if found.status in reopens else {}
        said = Said(text, by or found.row["requester_id"], public=True)
        self._books.change(found, said.by, row, said=said, way=via("email"))
        return int(found.comments[-1]["id"])

    def agent_reply(self, ticket: int, text: str) -> int:
        """An agent writes to the requester."""
        return self._say(ticket, Said(text, AGENT, public=True))

    def agent_note(self, ticket: int, text: str) -> int:
        """An agent leaves an internal note."""
        return self._say(ticket, Said(text, AGENT, public=False))

    def own_note(self, ticket: int, text: str) -> int:
        """The service user leaves an internal note, by hand."""
        return self._say(ticket, Said(text, ME, public=False))

    # --- where tickets go ---

    def delete(self, ticket: int) -> None:
        """An agent deletes it; it can be restored."""
        self._books.delete(self._ticket(ticket), AGENT)

    def restore(self, ticket: int) -> None:
        """An administrator brings it back."""
        self._books.restore(self._ticket(ticket), AGENT)

    def purge(self, ticket: int) -> None:
        """It is deleted for good: the export keeps a row without content."""
        found = self._ticket(ticket)
        if not found.deleted:
            self._books.delete(found, AGENT)
        found.purged, found.comments = True, []
        self._books.touch(found)

    def archive(self, ticket: int) -> None:
        """Zendesk archives it, closed and long untouched: no list shows it any more."""
        found = self._ticket(ticket)
        if found.status != "closed":
            self._change(found, self._books.status_row("closed"))
        found.archived = True

    def merge(
        self, primary: int, other: int, public: bool = False, named: Literal["text", "via", "nowhere"] = "text"
    ) -> None:
        """An agent merges a ticket into another: it is closed and tagged; ``named``: what tells of the survivor.

        The text is the one that Zendesk proposes; agents may write another.
        """
        kept, found = self._ticket(primary), self._ticket(other)
        if kept.status in {"solved", "closed"} or found.status == "closed":
            raise ValueError("merge an unclosed ticket into an unsolved one")
        subject, last = found.row["subject"], found.comments[-1]["plain_body"]
        told = f'Request #{other} "{subject}" was closed and merged into this request. Last comment: {last}'
        way = via("web", "merge", ticket_id=other, subject=subject)
        self._books.change(kept, AGENT, said=Said(told, AGENT, public), way=way)
        told = f'This request was closed and merged into request #{primary} "{kept.row["subject"]}".'
        row = {**self._books.status_row("closed"), "tags": [*found.row["tags"], MERGED]}
        way = via("web", "merge")
        if named == "via":
            way["source"]["to"] = {"ticket_id": primary, "subject": kept.row["subject"]}
        said = Said(told if named == "text" else "A double.", AGENT, public)
        self._books.change(found, AGENT, row, said=said, way=way)

    def follow_up(self, ticket: int, text: str = "It is back.") -> int:
        """The requester answers a closed ticket: a new one that continues it, with its tags. Its number."""
        source = self._ticket(ticket)
        if source.status != "closed":
            raise ValueError(f"ticket {ticket} isn't closed: follow_up continues closed ones")
        subject = f"Re: {source.row['subject']}"
        number = self.make_ticket(subject, text, requester=source.row["requester_id"], tags=source.row["tags"])
        made = self._ticket(number)
        made.row["via"] = via("email", "follow_up", ticket_id=ticket, subject=source.row["subject"])
        made.values = dict(source.values)
        source.row["followup_ids"] = [*source.row["followup_ids"], number]
        self._books.touch(source)
        return number

    # --- Zendesk's own integration with Jira ---

    def link_jira(self, ticket: int, issue_id: str, issue_key: str) -> int:
        """An agent links a Jira issue with Zendesk's own integration; the link's id."""
        self.add_tag(ticket, "jira_escalated")
        number = len(self._books.jira_links) + 1201
        now = self._books.now().strftime("%Y-%m-%dT%H:%M:%S.000Z")
        self._books.jira_links[number] = {
            "id": number,
            "ticket_id": str(ticket),
            "issue_id": issue_id,
            "issue_key": issue_key,
            "created_at": now,
            "updated_at": now,
        }
        return number

    def unlink_jira(self, link: int) -> None:
        """An agent removes such a link."""
        self._books.jira_links.pop(link)

    # --- facts ---

    def mails(self, ticket: int) -> list[str]:
        """The mails that people outside the team got about it."""
        return [one.text for one in self._books.mails if one.ticket == ticket]

    def status(self, ticket: int) -> str:
        """Where it stands, as an agent sees it: its custom status."""
        found = self._ticket(ticket)
        if found.status == "closed":
            return "Closed"
        return str(self._books.custom_statuses[found.row["custom_status_id"]]["agent_label"])

    # --- shared ---

    def _ticket(self, number: int) -> Ticket:
        self._books.tick()
        found = self._books.tickets.get(number)
        if found is None:
            raise LookupError(f"there is no ticket {number}; make_ticket makes one")
        return found

    def _change(self, ticket: Ticket, row: Row, *, values: dict[int, Any] | None = None) -> None:
        self._books.change(ticket, AGENT, row, values=values, way=via("web"))

    def _say(self, ticket: int, said: Said) -> int:
        found = self._ticket(ticket)
        self._books.change(found, said.by, said=said, way=via("web"))
        return int(found.comments[-1]["id"])

    def _retag(self, ticket: int, tags: list[str]) -> None:
        found, wanted = self._ticket(ticket), Wanted()
        set_tags(self._books, found, tags, wanted)
        self._change(found, wanted.row, values=wanted.values)
