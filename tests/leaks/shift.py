"""A shift of a support team: tickets with canaries, what is said on them, and what engineers do with their issues."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from connectors.freshdesk.sandbox.books import AGENT
from syncd.tables import FORM_FIELDS
from tests.leaks.office import Office
from tests.leaks.private import Pen, canary
from tests.leaks.teams import Team
from tests.leaks.watch import Watch

TAGS = (
    "escalate", "engineering", "rfh", "defect", "docs", "approved", "level_1", "level_2", "public_issue", "to_private",
    "to_public", "to_secret", "to_open", "ce_p0", "impact_critical", "team_search", "incident", "workshop",
)  # fmt: skip
TYPES = ("Question", "Incident", "Problem", "Feature Request", None)
OPEN, PENDING, RESOLVED = 2, 3, 4


class Shift:
    """People of one office, and the tickets of one batch after the other.

    Args:
        office: theirs.
        first: number of the first ticket's canary: every office has its own.
        seed: of what people do.
    """

    def __init__(self, office: Office, seed: int) -> None:
        self.office, self.pen = office, Pen(seed)
        self.chance = self.pen.chance
        self.desk, self.books = office.desk.people, office.desk.books
        self.tickets: list[int] = []

    def batch(self, count: int, passes: int = 5) -> None:
        """Some new tickets, and what becomes of them."""
        new = [self.ticket() for _ in range(count)]
        self.tickets += new
        self.office.pass_(5)
        for turn in range(passes):
            self.office.mishaps()
            for number in new[turn :: passes - 1] if turn < passes - 1 else ():  # a few at a time: each has its message
                self.escalate(number)
            for number in self._some(count // 3):
                self.happen(number)
            self.engineers()
            self.office.pass_()

    def _some(self, count: int) -> list[int]:
        late = self.tickets[-60:]
        return self.chance.sample(late, min(count, len(late)))

    def ticket(self) -> int:
        """A customer writes."""
        pen, books, desk = self.pen, self.books, self.desk
        made = desk.make_ticket(type=self.chance.choice(TYPES))
        found = books.tickets[made]
        found.row["subject"] = pen.line(made, "s")
        found.description = f"<div>{pen.text(made, 'd', 10)}</div>"
        company = desk.add_company(
            pen.line(made, "c", 1), account_tier="Premium", crm_url=f"https://crm.example.com/{canary(made, 'h')}",
            region=pen.line(made, "h"), service_level="premium", label_name=self.chance.choice((canary(made, "c"), "")),
        )  # fmt: skip
        leads = [company] if self.chance.random() < 0.7 else []
        person = desk.add_contact(
            pen.line(made, "r", 1), f"{canary(made, 'e')}@example.org", [company], leads,
            tags=[canary(made, "t")], custom_fields={"role": pen.line(made, "h")},
        )  # fmt: skip
        desk.add_contact(canary(made, "h"), f"deputy{canary(made, 'e')}@example.org", [company], [company])
        group = desk.add_group("Tier 2") if self.chance.random() < 0.9 else desk.add_group(canary(made, "g"))
        desk.hand_over(made, requester_id=person, group_id=group, priority=self.chance.randrange(1, 5))
        fields: dict[str, object] = {f"form_{name}": pen.text(made, "f") for name in FORM_FIELDS}
        fields |= {
            name: pen.text(made, "f") for name in ("environment", "steps_to_reproduce", "logs", "severity", "impact")
        }
        fields |= {
            "cf_number": made,
            "cf_yes": True,
            "cf_none": None,
            "criticality": self.chance.choice(("1", canary(made, "f"))),
        }
        found.row["custom_fields"] |= {**fields, "cf_many": pen.line(made, "f")}
        found.row["tags"] = [canary(made, "t"), pen.line(made, "t", 2)]
        for _ in range(self.chance.randrange(3)):
            desk.attach(made, f"{canary(made, 'x')}.log", 17)
            found.attachments[-1]["attachment_url"] += canary(made, "u")
        return made

    def escalate(self, number: int) -> None:
        """An agent answers, and hands the ticket over."""
        if self.chance.random() < 0.85:
            self.desk.agent_reply(number, self.pen.text(number, "p"))
        for tag in ("escalate", "engineering", *self.chance.sample(TAGS, self.chance.randrange(4))):
            self.desk.add_tag(number, tag)
        if self.chance.random() < 0.1:
            self.desk.agent_note(number, "/file")

    def happen(self, number: int) -> None:
        """Something happens on a ticket."""
        pen, desk = self.pen, self.desk
        match self.chance.randrange(9):
            case 0 | 1:
                said = desk.customer_reply(number, f"<div>{pen.text(number, 'p')}</div>")
                if self.chance.random() < 0.4:
                    desk.attach(number, f"{canary(number, 'x')}.png", 5, said)
            case 2:
                desk.agent_note(number, pen.text(number, "n"))
            case 3:
                desk.agent_reply(number, pen.text(number, "p"))
            case 4:
                desk.add_tag(number, self.chance.choice(("public_issue", "to_public", "to_open", "to_private")))
            case 5:
                desk.hand_over(number, responder_id=AGENT)
            case 6:
                self._edit(number)
            case 7:
                commands = ("/reopen", "/mute", "/unmute", f"/link {canary(number, 'n')}", "/unlink", "/file")
                desk.agent_note(number, self.chance.choice(commands))
            case _:
                desk.set_status(number, self.chance.choice((OPEN, PENDING, RESOLVED)))

    def _edit(self, number: int) -> None:
        """What was said reads otherwise now."""
        ticket = self.books.tickets[number]
        said = [one for one in ticket.talk if "syncd:v1" not in one["body"]]
        if said:
            self.books.edit(ticket, self.chance.choice(said), f"<div>{self.pen.text(number, 'p')}</div>", AGENT)

    def engineers(self) -> None:
        """Engineers comment on issues, close them, and open them again."""
        hub, site = self.office.hub.people, self.office.site.people
        keys = hub.issues()[-40:]
        for key in self.chance.sample(keys, min(4, len(keys))):
            match self.chance.randrange(4):
                case 0:
                    hub.comment(key, self.chance.choice(("/customers\nIt is being looked at", "Seen, thanks")))
                case 1:
                    hub.close(key, self.chance.choice(("completed", "not_planned")))
                case 2:
                    hub.reopen(key)
                case _:
                    hub.label(key, self.chance.choice(("sprint-expired", "docs")))
        issues = [one.now.key for one in self.office.site.books.issues.values()][-20:]
        for issue in self.chance.sample(issues, min(2, len(issues))):
            site.comment(issue, "Seen, thanks")
            if self.chance.random() < 0.3:
                site.resolve(issue)


def run(folder: Path, team: Team, tickets: int, seed: int, *, calm: bool = False, batch: int = 20) -> Watch:
    """One office's shifts, from its first ticket to its last."""
    office = Office(folder, team, seed, calm=calm)
    try:
        shift = Shift(office, seed)
        for size in _batches(tickets, batch):
            shift.batch(size)
        office.calm = True
        for _ in range(4):
            office.pass_(400)
    finally:
        office.close()
    return office.watch


def _batches(tickets: int, size: int) -> Iterator[int]:
    for done in range(0, tickets, size):
        yield min(size, tickets - done)
