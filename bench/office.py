"""Both stand-ins in a process of their own, so that their work isn't counted as syncd's; told what to do by lines."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

from syncd.cli.verbs.sandbox import stand_in

REPOSITORY = "acme/infrastructure"
PENDING, RESOLVED = 3, 4


class Office:
    """The people of a support team, many at a time. Each method is one line of input: its name and a number."""

    def __init__(self) -> None:
        self.desk: Any = stand_in("freshdesk").start()
        self.hub: Any = stand_in("github").start()
        self.hub.people.make_repo(REPOSITORY)
        self.now = datetime.now(UTC)

    def pairs(self, count: int) -> None:
        """Tickets that are pending, each with an open issue that names it; a minute apart, all in the past."""
        for each in range(count):
            at = self.now - timedelta(minutes=count - each)
            for sandbox in (self.desk, self.hub):
                sandbox.freeze(at)
            ticket = self.desk.people.make_ticket(f"Ticket {each}", "text")
            self.desk.people.set_status(ticket, PENDING)
            body = f"### The Freshdesk ticket link\n\n{self.desk.url}/a/tickets/{ticket}\n"
            self.hub.people.make_issue(REPOSITORY, f"Issue {each}", body)
        self._unfreeze()

    def strangers(self, count: int) -> None:
        """Issues from outside the team that name a ticket each: only proposed."""
        for each in range(1, count + 1):
            body = f"See {self.desk.url}/a/tickets/{each}"
            self.hub.people.make_issue(REPOSITORY, "Me too", body, association="NONE")

    def close(self, count: int) -> None:
        """The first issues are closed."""
        for each in range(1, count + 1):
            self.hub.people.close(f"{REPOSITORY}#{each}")

    def resolved(self, _: int) -> int:
        """How many tickets are resolved, by the books."""
        return sum(ticket.row["status"] == RESOLVED for ticket in self.desk.books.tickets.values())

    def writes(self, _: int) -> int:
        """How many writes the servers have logged."""
        logs = (*self.desk.log, *self.hub.log)
        return sum(e.request.method in {"POST", "PUT", "PATCH"} and "graphql" not in e.request.path for e in logs)

    def calls(self, _: int) -> dict[str, int]:
        """How many calls the servers have logged, per server."""
        return {"freshdesk": len(self.desk.log), "github": len(self.hub.log)}

    def _unfreeze(self) -> None:
        for sandbox in (self.desk, self.hub):
            sandbox.thaw()


def main() -> None:
    """Tell the addresses, then do what each line says and answer with JSON."""
    office = Office()
    print(json.dumps({"freshdesk": office.desk.url, "github": office.hub.url}), flush=True)
    for line in sys.stdin:
        name, _, number = line.strip().partition(" ")
        print(json.dumps(getattr(office, name)(int(number or 0))), flush=True)


if __name__ == "__main__":
    main()
