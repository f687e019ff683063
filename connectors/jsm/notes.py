"""Writing on requests: what is internal is asked for as internal, and what is public as public, in so many words."""

from __future__ import annotations

from connectors.jira import items
from connectors.jira.api import part
from connectors.jira.markup import to_wiki
from connectors.jira.writes import Writer
from syncd.actions import Note
from syncd.errors import Gone, Refused
from syncd.model import Ref

PUBLIC = "sd.public.comment"
"""The property of a comment that says whether it is internal."""


class DeskWriter(Writer):
    """Writes to the requests of one account; never a note inside a transition, which would be public."""

    def post(self, target: Ref, note: Note) -> items.Row:
        """POST a comment, once (Jira Service Management REST API, Create request comment: ``public`` must be given).

        An issue in a service project that nobody asked for on the portal isn't known there, and is commented on as
        Jira's platform does it, with the same property that the service desk sets.

        Raises:
            Refused: also where Jira shows a note to customers that was to be internal.
        """
        doing = f"commenting on {target.human}"
        text = to_wiki(note.body, note.marker)
        path = f"/rest/servicedeskapi/request/{part(target.id)}/comment"
        body = {"body": text, "public": not note.internal}
        try:
            made: items.Row = self.api.record("POST", path, doing, body=body)
            public = made.get("public")
        except Gone:
            made = self._plain(target, text, doing, internal=note.internal)
            public = made.get("jsdPublic")
        except Refused as error:
            raise self._refused(doing, error) from None
        if note.internal and public is True:
            what = f"{doing}: Jira made public what was to be internal; remove the comment, and look at the project"
            raise Refused(self.api.name, what)
        return made

    def prove_readers(self, there: items.Row, note: Note, doing: str) -> None:
        """What is internal must not come where customers read, nor what is for them where they don't.

        Raises:
            Refused: the comment is read by others than the note is for.
        """
        values = [one.get("value") for one in items.listed(there, "properties") if one.get("key") == PUBLIC]
        internal = any(isinstance(one, dict) and one.get("internal") is True for one in values)
        if there.get("jsdPublic") is not None:
            internal = there["jsdPublic"] is False
        if internal is not note.internal:
            who = "customers read" if not internal else "only the team reads"
            raise Refused(self.api.name, f"{doing}: {who} the comment that was to be changed")

    def uncopied(self, note: Note) -> Refused | None:
        """Copies go to accounts that take part in a request, not to addresses (JSM REST API, Participants)."""
        if note.internal or not note.copies:
            return None
        cure = "have an agent add them as request participants"
        return Refused(self.api.name, f"a public comment can't be copied to e-mail addresses in Jira; {cure}")

    def _plain(self, target: Ref, text: str, doing: str, *, internal: bool) -> items.Row:
        """Add comment, with the property that makes it internal or public."""
        about = {"key": PUBLIC, "value": {"internal": internal}}
        body = {"body": text, "properties": [about]}
        return self.api.record("POST", f"issue/{part(target.id)}/comment", doing, body=body)

    def _refused(self, doing: str, error: Refused) -> Refused:
        """Whoever is no agent gets 403 and not a word (Jira Service Management REST API)."""
        last = self.api.last
        if last is None or last.status != 403 or last.data is not None:
            return error
        what = "the account is no agent there: it needs a licence, and a role in the project"
        return Refused(self.api.name, f"{doing}: {what}")
