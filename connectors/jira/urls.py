"""Keys and addresses of issues: ``ENG-12`` and what people paste."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from urllib.parse import parse_qsl, urlsplit

from syncd.model import Mention

KEY = re.compile(r"(?P<project>[A-Za-z][A-Za-z0-9_]{0,254})-(?P<number>[1-9][0-9]{0,17})")
_URL = re.compile(r"(?i:https?)://[^\s<>()\[\]\"'`|\\^{}]+")
_TRAILING = ".,;:!?*_~"
_PATHS = (
    re.compile(r"/browse/(?P<key>[^/]+)/?"),
    re.compile(r"(?:/jira)?(?:/[a-z]+(?:/c)?)?/projects/[^/]+/(?:[^/]+/)*?issues/(?P<key>[^/]+)/?"),
    re.compile(r"(?:/jira)?/issues/(?P<key>[^/]+)/?"),
    re.compile(r"/projects/[^/]+/queues/(?:custom/)?[0-9]+/(?P<key>[^/]+)/?"),
    re.compile(r"(?:/jira)?/servicedesk/customer/portal/[0-9]+/(?P<key>[^/]+)/?"),
    re.compile(r"(?:/jira)?/servicedesk/projects/[^/]+/queues/(?:custom/)?[0-9]+/(?P<key>[^/]+)/?"),
)
"""Pages of one issue, below the site's context path: Cloud's and Data Center's, of software and service projects,
and the portal's."""


class Urls:
    """Finds addresses of issues in text.

    Args:
        url: the API's address, context path included.
        web: where people open the site.
        projects: keys of the projects whose issues are meant.
    """

    def __init__(self, url: str, web: str, projects: Collection[str]) -> None:
        self.places = {_place(one) for one in (url, web)}
        self.projects = {key.upper() for key in projects}

    def mentions(self, text: str) -> list[Mention]:
        """Every address of an issue in the followed projects, in order."""
        found: list[Mention] = []
        for match in _URL.finditer(text):
            # Punctuation after an address belongs to the sentence.
            url = match[0].rstrip(_TRAILING)
            key = self._key(url)
            if key:
                found.append(Mention(key, match.start(), match.start() + len(url)))
        return found

    def _key(self, url: str) -> str:
        """The key that an address names; empty if it names none of ours."""
        try:
            parts = urlsplit(url)
            host = parts.netloc.lower()
        except ValueError:
            return ""
        for origin, context in self.places:
            if host == origin and (parts.path + "/").startswith(f"{context}/"):
                for named in _named(parts.path[len(context) :], parts.query):
                    key = KEY.fullmatch(named)
                    if key and key["project"].upper() in self.projects:
                        return named.upper()
        return ""


def _named(path: str, query: str) -> Iterator[str]:
    """What may be a key: the issue that a board or list shows beside itself, then the page's own."""
    for name, value in parse_qsl(query):
        if name == "selectedIssue":
            yield value
    for form in _PATHS:
        found = form.fullmatch(path)
        if found:
            yield found["key"]


def _place(url: str) -> tuple[str, str]:
    """Host and context path."""
    parts = urlsplit(url)
    return parts.netloc.lower(), parts.path.rstrip("/")
