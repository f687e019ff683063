"""What administrators do on the stand-in: projects, permissions, automation, fields, versions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from connectors.jira.sandbox.entries import Project, Version
from connectors.jira.sandbox.workflows import WORKFLOWS

if TYPE_CHECKING:
    from connectors.jira.sandbox.server import JiraSandbox


class Managers:
    """See the module. Projects are named by key or id."""

    def __init__(self, sandbox: JiraSandbox) -> None:
        self._sandbox, self._books = sandbox, sandbox.books

    def make_project(
        self, key: str, name: str = "", *, kind: Literal["software", "service"] = "software", workflow: str = ""
    ) -> str:
        """A project, with its id. ``workflow``: simple, team, classic, strict or service."""
        with self._sandbox.lock:
            chosen = workflow or ("service" if kind == "service" else "simple")
            if chosen not in WORKFLOWS:
                raise LookupError(f"there is no workflow {chosen}; there are: {', '.join(WORKFLOWS)}")
            if any(one.key == key for one in self._books.projects.values()):
                raise ValueError(f"there is a project {key} already")
            kind_ = "service_desk" if kind == "service" else "software"
            return self._books.add_project(key, name or f"Project {key}", kind_, chosen).id

    def expire(self, on: bool = True) -> None:
        """Our account's tokens run out, or work again."""
        with self._sandbox.lock:
            self._sandbox.expired = on

    def lag(self, seconds: float) -> None:
        """The index of the search is behind by so much."""
        with self._sandbox.lock:
            self._sandbox.lag = seconds

    def rename_project(self, project: str, key: str) -> None:
        """Change its key, and so those of its issues; the old ones lead there."""
        with self._sandbox.lock:
            self._books.rename(self._project(project), key)

    def hide_project(self, project: str, on: bool = True) -> None:
        """Take it out of our account's sight, or bring it back."""
        self.permit(project, "BROWSE", not on)

    def permit(self, project: str, permission: str, on: bool = True) -> None:
        """What our account may do there: BROWSE, CREATE, EDIT, TRANSITION, COMMENT, LINK, AGENT, ADMINISTER."""
        with self._sandbox.lock:
            (self._project(project).may.add if on else self._project(project).may.discard)(permission)

    def ask_on(self, project: str, status: str, field: str, *, required: bool = True, listed: bool = True) -> None:
        """Put a field on the screen before a status; one that isn't listed comes as a surprise."""
        with self._sandbox.lock:
            found = self._project(project)
            found.asks.setdefault(status, {})[field] = required
            (found.silent.discard if listed else found.silent.add)(field)

    def close_way(self, project: str, status: str, on: bool = True) -> None:
        """Keep our account from a status."""
        with self._sandbox.lock:
            (self._project(project).closed.add if on else self._project(project).closed.discard)(status)

    def validate(self, project: str, status: str, complaint: str = "") -> None:
        """Complain whenever somebody wants to reach a status; about nothing, if no complaint is given."""
        with self._sandbox.lock:
            known = self._project(project).validators
            known.pop(status, None)
            if complaint:
                known[status] = complaint

    def automate(self, project: str, *, answered: str = "", asked: str = "") -> None:
        """The status that a public reply of the team leads to, and that which a customer's comment leads to."""
        with self._sandbox.lock:
            found = self._project(project)
            found.answered, found.asked = answered, asked

    def automate_after(self, project: str, reached: str, then: str) -> None:
        """The status that is set right after one was reached through the API."""
        with self._sandbox.lock:
            self._project(project).followed[reached] = then

    def add_field(self, name: str, kind: Literal["text", "textarea", "number", "select"] = "text") -> str:
        """A custom field of the site, with its id."""
        with self._sandbox.lock:
            id_ = f"customfield_{self._books.next('field')}"
            self._books.fields[id_] = (name, kind)
            return id_

    def add_options(self, field: str, *options: str) -> None:
        """What a custom field of a list can hold."""
        with self._sandbox.lock:
            self._books.options[field] = (*self._books.options.get(field, ()), *options)

    def add_levels(self, project: str, *levels: str) -> None:
        """Security levels of a project."""
        with self._sandbox.lock:
            self._project(project).levels += levels

    def shut_out(self, project: str, person: str) -> None:
        """No issue there can be assigned to that account any more."""
        with self._sandbox.lock:
            self._project(project).strangers.add(person)

    def require_field(self, project: str, field: str, on: bool = True) -> None:
        """A new issue there must have it."""
        with self._sandbox.lock:
            (self._project(project).required.add if on else self._project(project).required.discard)(field)

    def take_from_screens(self, project: str, field: str) -> None:
        """Nobody can set it there any more."""
        with self._sandbox.lock:
            self._project(project).unlisted.add(field)

    def add_version(self, project: str, name: str, *, released: bool = False) -> str:
        """A version, with its id."""
        with self._sandbox.lock:
            version = Version(str(self._books.next("version")), name, released)
            self._project(project).versions[version.id] = version
            return version.id

    def release(self, project: str, version: str, on: bool = True) -> None:
        """It is out."""
        with self._sandbox.lock:
            self._version(project, version).released = on

    def _project(self, text: str) -> Project:
        found = self._books.project(text)
        if found is None:
            raise LookupError(f"there is no project {text}; make_project makes one")
        return found

    def _version(self, project: str, text: str) -> Version:
        known = self._project(project).versions.values()
        found = next((one for one in known if text in {one.id, one.name}), None)
        if found is None:
            raise LookupError(f"there is no version {text}; add_version makes one")
        return found
