"""What people do on the stand-in, and what tests read from its books. Nothing here is an API call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from connectors.jira.sandbox.entries import Issue, Link, Person
from connectors.jira.sandbox.managers import Managers
from connectors.jira.sandbox.shapes import LINK_TYPES
from connectors.jira.sandbox.workflows import STATUSES


class People(Managers):
    """Acts as a person does in the browser. Issues are named by any key that they had, or by id, also when gone.

    Texts are wiki markup. Everything returns plain values, so that it can be asked for over HTTP as well.
    """

    # --- issues ---

    def make_issue(
        self,
        project: str,
        summary: str = "An issue",
        description: str | None = None,
        *,
        by: str = "dev",
        type: str = "",  # noqa: A002  # as Jira calls it
        labels: Sequence[str] = (),
        fields: Mapping[str, Any] | None = None,
    ) -> str:
        """An issue, by its key."""
        with self._sandbox.lock:
            where, person = self._project(project), self._books.person(by)
            over: dict[str, Any] = {"summary": summary, "description": description, "labels": tuple(labels)}
            over |= {"type": type} if type else {}
            return self._books.add_issue(where, person, person, **over, custom=dict(fields or {})).now.key

    def make_request(
        self,
        project: str,
        summary: str = "Help",
        description: str | None = None,
        *,
        by: str = "customer",
        participants: Sequence[str] = (),
    ) -> str:
        """A customer asks something on the portal; the key."""
        with self._sandbox.lock:
            where, person = self._project(project), self.make_customer(by)
            over: dict[str, Any] = {"summary": summary, "description": description}
            issue = self._books.add_issue(where, self._books.people[person], self._books.people[person], **over)
            issue.request_type, issue.watchers = "25", {self.make_customer(one) for one in participants}
            return issue.now.key

    def make_customer(self, name: str, locale: str = "en_US") -> str:
        """An account of a portal's customer, who reads it in a language."""
        with self._sandbox.lock:
            self._books.people.setdefault(name, Person(name, name.title(), "customer", locale))
            return name

    def share(self, issue: str, organization: str) -> str:
        """A request is shared with an organization of customers, which is made if need be; its id."""
        with self._sandbox.lock:
            known = self._books.organizations
            id_ = next((id_ for id_, name in known.items() if name == organization), "")
            id_ = id_ or str(self._books.next("organization"))
            known[id_] = organization
            self._issue(issue).organizations.append(id_)
            self._books.bump(self._issue(issue))
            return id_

    def join(self, person: str, organization: str) -> None:
        """A customer belongs to an organization, by its id, from now on."""
        with self._sandbox.lock:
            self._books.members.setdefault(organization, set()).add(self.make_customer(person))

    def delete_organization(self, organization: str) -> None:
        """An organization, by its id; no request is shared with it any more."""
        with self._sandbox.lock:
            del self._books.organizations[organization]
            for one in self._books.issues.values():
                one.organizations = [id_ for id_ in one.organizations if id_ != organization]

    def attach(self, issue: str, name: str, size: int) -> str:
        """A file; its address."""
        with self._sandbox.lock:
            number = self._books.next("attachment")
            base = f"{self._sandbox.site}/rest/api/2/attachment"
            told = {"self": f"{base}/{number}", "id": str(number), "filename": name, "size": size}
            told |= {"mimeType": "text/plain", "content": f"{base}/content/{number}"}
            self._issue(issue).attachments.append(told)
            self._books.bump(self._issue(issue))
            return str(told["content"])

    def set_status(self, issue: str, status: str, resolution: str | None = None, *, by: str = "dev") -> None:
        """Move it, however that is done there."""
        with self._sandbox.lock:
            if status not in STATUSES:
                raise LookupError(f"there is no status {status}; there are: {', '.join(STATUSES)}")
            self._books.put(self._issue(issue), status, self._books.person(by), resolution)

    def resolve(self, issue: str, resolution: str = "Done", *, by: str = "dev") -> None:
        """Move it to the first finished status of its workflow."""
        with self._sandbox.lock:
            names = self._issue(issue).now.project.workflow.statuses
            done = next(name for name in names if STATUSES[name].category == "done")
            self.set_status(issue, done, resolution, by=by)

    def reopen(self, issue: str, *, by: str = "dev") -> None:
        """Move it to the first status of its workflow."""
        with self._sandbox.lock:
            self.set_status(issue, self._issue(issue).now.project.workflow.statuses[0], by=by)

    def edit(self, issue: str, field: str, value: Any, *, by: str = "dev") -> None:
        """Set summary, description, priority, assignee or a custom field."""
        with self._sandbox.lock:
            found = self._issue(issue)
            if field in self._books.fields:
                self._books.change(found, self._books.person(by), custom={**found.now.custom, field: value})
            elif field in {"summary", "description", "priority", "assignee"}:
                self._books.change(found, self._books.person(by), **{field: value})
            else:
                raise LookupError(f"there is no field {field}")

    def touch(self, issue: str) -> None:
        """Change something that hardly matters: its priority."""
        with self._sandbox.lock:
            found = self._issue(issue)
            self.edit(issue, "priority", "High" if found.now.priority != "High" else "Medium")

    def add_label(self, issue: str, label: str) -> None:
        """Label it."""
        with self._sandbox.lock:
            found = self._issue(issue)
            labels = tuple(dict.fromkeys((*found.now.labels, label)))
            self._books.change(found, self._books.person("dev"), labels=labels)

    def remove_label(self, issue: str, label: str) -> None:
        """Take a label away."""
        with self._sandbox.lock:
            found = self._issue(issue)
            labels = tuple(one for one in found.now.labels if one != label)
            self._books.change(found, self._books.person("dev"), labels=labels)

    def set_version(self, issue: str, version: str) -> None:
        """Say in which version it is mended."""
        with self._sandbox.lock:
            found = self._issue(issue)
            id_ = self._version(found.now.project.id, version).id
            self._books.change(found, self._books.person("dev"), versions=(id_,))

    def move(self, issue: str, project: str) -> str:
        """Into another project; its new key."""
        with self._sandbox.lock:
            found = self._issue(issue)
            self._books.move(found, self._project(project), self._books.person("dev"))
            return found.now.key

    def delete(self, issue: str) -> None:
        """For good."""
        with self._sandbox.lock:
            self._books.delete(self._issue(issue))

    def hide(self, issue: str, on: bool = True) -> None:
        """Take it out of our account's sight, or bring it back."""
        with self._sandbox.lock:
            self._issue(issue).hidden = on

    def flicker(self, issue: str) -> None:
        """The next search doesn't find it."""
        with self._sandbox.lock:
            self._sandbox.flicker.add(self._issue(issue).id)

    def stumble(self, issue: str) -> None:
        """The next reading of many fails for it alone."""
        with self._sandbox.lock:
            self._sandbox.stumbles.add(self._issue(issue).id)

    def keep_busy(self, issue: str, times: int = 1) -> None:
        """So many transitions meet another one that is under way."""
        with self._sandbox.lock:
            self._issue(issue).busy = times

    # --- what is said ---

    def comment(self, issue: str, body: str, *, by: str = "dev", internal: bool = False) -> int:
        """Somebody comments; the comment's id."""
        with self._sandbox.lock:
            return self._books.comment(self._issue(issue), self._books.person(by), body, internal=internal).id

    def customer_reply(self, issue: str, body: str, *, by: str = "") -> int:
        """The reporter (or another customer) writes on the portal."""
        with self._sandbox.lock:
            person = self._books.people[self.make_customer(by)] if by else self._issue(issue).reporter
            return self._books.comment(self._issue(issue), person, body, internal=False).id

    def agent_reply(self, issue: str, body: str, *, by: str = "agent") -> int:
        """An agent writes to the customer."""
        return self.comment(issue, body, by=by)

    def agent_note(self, issue: str, body: str, *, by: str = "agent") -> int:
        """An agent leaves an internal note."""
        return self.comment(issue, body, by=by, internal=True)

    # --- links ---

    def link(self, first: str, second: str, type: str = "Relates") -> int:  # noqa: A002  # as Jira calls it
        """``first`` blocks, duplicates, relates to ``second``; the link's id."""
        with self._sandbox.lock:
            id_ = next((id_ for id_, names in LINK_TYPES.items() if names[0] == type), None)
            if id_ is None:
                raise LookupError(f"there is no type {type}; there are: {', '.join(n[0] for n in LINK_TYPES.values())}")
            pair = (self._issue(first), self._issue(second))
            link = Link(self._books.next("link"), id_, pair[0].id, pair[1].id)
            self._books.links[link.id] = link
            for one in pair:
                self._books.bump(one)
            return link.id

    def remote_link(self, issue: str, url: str, title: str = "A link", global_id: str | None = None) -> int:
        """Link a page elsewhere."""
        with self._sandbox.lock:
            number = self._books.next("remote")
            there: dict[str, Any] = {"url": url, "title": title, "summary": None, "icon": {}, "status": {"icon": {}}}
            body: dict[str, Any] = {
                "id": number,
                "self": f"{self._sandbox.site}/rest/api/2/issue/{issue}/remotelink/{number}",
            }
            body |= {"globalId": global_id, "application": {}, "relationship": None, "object": there}
            self._issue(issue).remote[number] = body
            return number

    def set_property(self, issue: str, key: str, value: Any) -> None:
        """Another app keeps something on it."""
        with self._sandbox.lock:
            self._issue(issue).properties[key] = value

    # --- what tests and the curious read ---

    def id(self, issue: str) -> str:
        """Its id."""
        return str(self._issue(issue).id)

    def key(self, issue: str) -> str:
        """Its key now."""
        return self._issue(issue).now.key

    def status(self, issue: str) -> str:
        """``done/Closed:Won't Do``."""
        now = self._issue(issue).now
        native = f"{now.status.category}/{now.status.name}"
        return f"{native}:{now.resolution}" if now.resolution is not None else native

    def comments(self, issue: str) -> list[dict[str, Any]]:
        """What was said on it: by whom, what, and whether the team alone sees it."""
        return [{"by": one.by.name, "body": one.body, "internal": one.internal} for one in self._issue(issue).comments]

    def mails(self) -> list[dict[str, str]]:
        """What customers were mailed."""
        return [asdict(one) for one in self._books.mails]

    def _issue(self, text: str) -> Issue:
        found = self._books.find(text)
        if found is None:
            raise LookupError(f"there is no issue {text}; make_issue makes one")
        return found
