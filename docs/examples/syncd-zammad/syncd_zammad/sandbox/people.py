"""What people do in the stand-in's account. Nothing here is an API call."""

from __future__ import annotations

from syncd_zammad.sandbox.books import AGENT, CUSTOMER, ME, Books, Ticket

MERGED = "merged"


class People:
    """Acts on the books. Tickets are named by their id; texts are HTML."""

    def __init__(self, books: Books) -> None:
        self._books = books

    def make_ticket(self, title: str = "Help", body: str = "It is slow", state: str = "new") -> int:
        """A customer writes; the ticket's id."""
        ticket = self._books.make(title, body, sender="Customer", by=CUSTOMER)
        if ticket.state != state:
            self._books.move(ticket, state, AGENT)
        return int(ticket.row["id"])

    def set_state(self, ticket: int, state: str) -> None:
        """An agent moves it."""
        self._books.move(self._ticket(ticket), state, AGENT)

    def customer_reply(self, ticket: int, text: str) -> int:
        """The customer writes, which opens the ticket."""
        found = self._ticket(ticket)
        said = self._books.say(found, text, sender="Customer", by=CUSTOMER, kind="email")
        if found.state != "open":
            self._books.move(found, "open", CUSTOMER)
        return int(said["id"])

    def agent_reply(self, ticket: int, text: str) -> int:
        """An agent writes to the customer."""
        return self._said(ticket, text, AGENT, internal=False, kind="email")

    def agent_note(self, ticket: int, text: str) -> int:
        """An agent leaves an internal note."""
        return self._said(ticket, text, AGENT, internal=True)

    def own_note(self, ticket: int, text: str) -> int:
        """The token's own agent leaves an internal note, by hand."""
        return self._said(ticket, text, ME, internal=True)

    def mailed_note(self, ticket: int, text: str) -> int:
        """A mail in an agent's name answers an internal article, and so is internal itself."""
        return self._said(ticket, text, AGENT, internal=True, kind="email")

    def auto_reply(self, ticket: int, text: str = "We got your mail") -> int:
        """A trigger answers the customer."""
        return int(self._books.say(self._ticket(ticket), text, sender="System", by=AGENT, kind="email")["id"])

    def merge(self, ticket: int, into: int) -> None:
        """An agent merges a ticket into another: its articles go there, and it gets that one as parent."""
        found, kept = self._ticket(ticket), self._ticket(into)
        kept.articles += found.articles
        found.articles, found.parents = [], [into]
        self._books.bump(kept, AGENT)
        self._books.say(found, "merged", sender="Agent", by=AGENT)
        self._books.move(found, MERGED, AGENT)

    def delete(self, ticket: int) -> None:
        """An administrator deletes it for good."""
        self._ticket(ticket)
        del self._books.tickets[ticket]

    def hide(self, ticket: int) -> None:
        """An agent moves it to a group that the token's agent may not see."""
        found = self._ticket(ticket)
        found.hidden = True
        self._books.bump(found, AGENT)

    def touch(self, ticket: int) -> None:
        """An agent sets its priority."""
        found = self._ticket(ticket)
        self._books.set(found, {"priority_id": 5 - found.row["priority_id"]}, AGENT)

    def assign(self, ticket: int, to: int = AGENT) -> None:
        """An agent takes it, or (1) leaves it to nobody."""
        self._books.set(self._ticket(ticket), {"owner_id": to}, AGENT)

    def set_field(self, ticket: int, name: str, value: str) -> None:
        """An agent fills in a field."""
        self._books.set(self._ticket(ticket), {name: value}, AGENT)

    def _said(self, ticket: int, text: str, by: int, *, internal: bool, kind: str = "note") -> int:
        said = self._books.say(self._ticket(ticket), text, sender="Agent", by=by, internal=internal, kind=kind)
        return int(said["id"])

    def _ticket(self, number: int) -> Ticket:
        found = self._books.tickets.get(number)
        if found is None:
            raise LookupError(f"there is no ticket {number}; make_ticket makes one")
        return found
