"""What may a place see, and in what form (rule 14)? Pure.

A public place gets what stands in :data:`PUBLIC` and nothing else, whatever a template says: nothing that a customer
wrote, nothing that names one. A place that nobody can tell the audience of is public. A private place gets the rest as
harmless text: a customer's words mention nobody, refer to nothing, hold no HTML, image or marker, and every line of a
quotation is quoted. What is changed can be seen: a system that strips what is invisible must not bring it back.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from urllib.parse import unquote, urlsplit

from syncd import marker
from syncd.details import Attachment
from syncd.model import Audience
from syncd.tables import FORM_FIELDS
from syncd.texts import ISSUE_VARIABLES

PUBLIC = frozenset(
    {"ticket_key", "ticket_url", "kind", "kind_name", "priority", "proposed", "area", "team", "others", "note"}
)
"""What everybody may see of a ticket: its key and address, and words of the playbook's own."""
ALLOWED: Mapping[Audience, frozenset[str]] = {
    Audience.PUBLIC: PUBLIC,
    Audience.PRIVATE: frozenset(ISSUE_VARIABLES),
}
SPOKEN: Mapping[Audience, frozenset[str]] = {
    Audience.PUBLIC: PUBLIC | {"issue_key", "issue_url", "trigger", "reason", "timeline", "sprint"},
    Audience.PRIVATE: PUBLIC
    | {"issue_key", "issue_url", "trigger", "reason", "timeline", "sprint", "subject", "brief", *FORM_FIELDS},
}
"""What a channel is told of a ticket, or a mail: words of the playbook's own and syncd's, and in private a few lines of
what the customer wrote. Whose ticket it is nobody is told."""
BRIEF = 400
"""How many characters of a description are a brief one."""

QUOTED = {"description_quoted": 12_000, **dict.fromkeys(FORM_FIELDS, 1_200)}
"""What a customer wrote at length -> how many characters of it go into an issue."""
LINE, TITLE = 200, 240
"""The longest line, and the longest title that every tracker takes."""
BODY = 30_000
"""The longest body that every tracker takes, with room for a marker and for what a conversion adds."""
READ = 100_000
"""How much of a text is looked at; what lies further on is in the ticket."""
ATTACHMENTS, LISTED = 20, 4_000
"""How many attachments are listed, in so many characters."""
HIDDEN = frozenset({"Cc", "Cf", "Co", "Cs"})
"""Unicode categories of what nobody sees: it could part a name from its ``@`` for us and not for the system."""

_BREAKS = re.compile("\r\n|[\r\v\f\x1c\x1d\x1e\x85\u2028\u2029]")
_HTML = re.compile(r"<(?=[A-Za-z/!?])")
_ENTITY = re.compile(r"&(?=#?\w{1,40};)")
_IMAGE = re.compile(r"!(?=\[)")
# Emphasis ends where an underscore stands, so what follows one may be a mention; after a letter it is an address.
# A link elsewhere than to the web leads into the place itself.
_LIVE = re.compile(r"(?<![A-Za-z0-9])@(?=\w)|\[(?=~)|\](?=:)|\](?=\((?!https?://))")
_COMMIT = re.compile(r"(?<=\w)@(?=[0-9a-fA-F]{7,64}\b)")
_REFERENCE = re.compile(r"#(?=\d)|(?<=GH)-(?=\d)", re.IGNORECASE)
_WEB = r"(?:https?\\?:\\?/\\?/|www\\?\.)"
_URL = re.compile(rf"({_WEB})((?:(?!{_WEB})[^\s<>])+)", re.IGNORECASE)
_CROSSING = re.compile(r"/(?:issues?|pulls?|commits?|discussions|browse|merge_requests|compare)(?:/|$)", re.IGNORECASE)
_MARKUP = re.compile(r"([\\`*_\[\]<>|~#])")


def of(audience: Audience | None) -> Audience:
    """Whom a place is taken to be seen by: unknown is public."""
    return Audience.PRIVATE if audience is Audience.PRIVATE else Audience.PUBLIC


def may_see(name: str, audience: Audience | None) -> bool:
    """Whether a place may see a variable of an issue's text, or a label or person that is chosen by it."""
    return name in ALLOWED[of(audience)]


def shown(
    facts: Mapping[str, str], attachments: Sequence[Attachment], audience: Audience | None, *, title: bool = False
) -> dict[str, str]:
    """The variables of an issue's text as a place may see them, each there, those that it may not see empty.

    Args:
        facts: raw values by variable; what isn't given is empty.
        attachments: of the ticket.
        audience: of the place, now; None where it can't be told.
        title: for a title, which is plain text and no Markdown.
    """
    values = dict.fromkeys(ISSUE_VARIABLES, "")
    for name in ALLOWED[of(audience)] & facts.keys():
        values[name] = _safe(name, facts[name], title=title)
    if may_see("attachments", audience) and not title:
        values["attachments"] = listed(attachments)
    return values


def spoken(facts: Mapping[str, str], audience: Audience | None) -> dict[str, str]:
    """What may be said of a ticket in a channel or a mail: each value one plain line, or not there.

    A sink escapes it for its own markup besides. Backticks are taken away: three of them would swallow what follows.
    """
    values = {}
    for name in sorted(SPOKEN[of(audience)] & facts.keys()):
        raw = facts[name]
        if name.endswith("_key"):  # a reference, and meant as one
            text = "".join(char for char in raw if unicodedata.category(char)[0] != "C")[:LINE]
        else:
            text = address(raw) if name.endswith("_url") else line(raw, BRIEF if name == "brief" else LINE)
        if text:
            values[name] = text.replace("`", "'")
    return values


def _safe(name: str, value: str, *, title: bool) -> str:
    if name == "mention":  # the playbook's own
        return value
    if name in QUOTED and not title:
        return quoted(value, QUOTED[name])
    text = line(value)
    if name.endswith("_url"):
        return address(value)
    return text if title else _MARKUP.sub(r"\\\1", text)


def quoted(text: str, limit: int, whole: str = "the ticket") -> str:
    """Somebody's words as a quote block, every line of it quoted; empty where nothing was said.

    ``whole``: where they can be read to their end.
    """
    lines, used = [], 0
    for one in neutralised(text[:READ]).strip().split("\n"):
        row = f"> {one.rstrip()}".rstrip()
        room = limit - used
        used += len(row) + 1
        if used > limit:
            lines += [row[: max(2, room)].rstrip(), ">", f"> (cut here: the rest is in {whole})"]
            break
        lines.append(row)
    return "\n".join(lines) if any(row != ">" for row in lines) else ""


def line(text: str, limit: int = LINE) -> str:
    """Text from elsewhere as one harmless line."""
    return cut(" ".join(neutralised(text[:READ]).split()), limit)


def address(url: str) -> str:
    """An address that can't leave its Markdown link; empty if it is none of the web."""
    bare = "".join(char for char in url if unicodedata.category(char)[0] != "C")
    if not bare.startswith(("https://", "http://")) or len(bare) > 2_000:
        return ""
    return re.sub(r'[\s()<>\[\]"\\`]', lambda found: f"%{ord(found[0]):02X}", marker.neutralise(bare))


def listed(attachments: Sequence[Attachment]) -> str:
    """Attachments as a list of links, never as images."""
    rows: list[str] = []
    for one in attachments[:ATTACHMENTS]:
        name, url = _MARKUP.sub(r"\\\1", line(one.name)) or "(no name)", address(one.url)
        size = f" ({_size(one.size)})" if one.size else ""
        row = f"- [{name}]({url}){size}" if url else f"- {name}{size}"
        if sum(len(one) for one in rows) + len(row) > LISTED:
            break
        rows.append(row)
    more = len(attachments) - len(rows)
    return "\n".join([*rows, *([f"- and {more} more in the ticket"] if more > 0 else [])])


def _size(size: int) -> str:
    return f"{size / 1_000_000:.1f} MB" if size >= 1_000_000 else f"{max(1, round(size / 1_000))} kB"


def neutralised(text: str) -> str:
    """A customer's text in which nothing is live: no mention, reference, HTML, image, marker or hidden character."""
    text = _BREAKS.sub("\n", text)
    text = "".join(char for char in text if char in "\n\t" or unicodedata.category(char) not in HIDDEN)
    text = _ENTITY.sub("& ", marker.neutralise(text))
    text = _HTML.sub("< ", text)
    text = _IMAGE.sub("! ", text)
    text = _URL.sub(_uncrossed, text)
    text = _COMMIT.sub("@ ", _LIVE.sub(lambda found: f"{found[0]} ", text))
    return _REFERENCE.sub(lambda found: f"{found[0]} ", text)


def _uncrossed(found: re.Match[str]) -> str:
    """An address that leaves a trace where it leads (an issue, a commit) stays to be read, but is no link."""
    head, rest = found.groups()
    bare = f"https://{rest}".replace("\\", "")
    try:
        path = unquote(unquote(urlsplit(bare).path))
    except ValueError:
        path = bare
    return f"{head} {rest}" if _CROSSING.search(path) else found[0]


def cut(text: str, limit: int) -> str:
    """A whole title or body, no longer than every tracker takes."""
    return text if len(text) <= limit else f"{text[: limit - 1].rstrip()}…"
