"""Keys and addresses of issues: ``owner/repo#4`` and what people paste."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from urllib.parse import urlsplit

from connectors.github.options import is_loopback, web_origin
from syncd.model import Mention

_KEY = re.compile(r"(?P<name>[A-Za-z0-9_-]+/[A-Za-z0-9._-]+)#(?P<number>[1-9][0-9]{0,17})")
_URL = re.compile(
    r"(?i:https?)://(?P<host>[A-Za-z0-9.-]+(?::[0-9]+)?)"
    r"/(?P<name>[A-Za-z0-9_-]+/[A-Za-z0-9._-]+)/issues/(?P<number>[1-9][0-9]{0,17})(?![\w-])(?!\.\d)(?!/\w)"
    r"(?:/(?![\w/]))?(?:\?[^\s<>()\[\]\"'`|\\^{}#]*)?(?:\#[^\s<>()\[\]\"'`|\\^{}]*)?",
    re.ASCII,
)
_TRAILING = ".,;:!?*_~"


def split_key(key: str) -> tuple[str, int] | None:
    """``owner/repo#4`` -> (``owner/repo``, 4); None for anything else."""
    found = _KEY.fullmatch(key.strip())
    return (found["name"], int(found["number"])) if found else None


class Urls:
    """Finds addresses of issues in text.

    Args:
        url: the API's base.
        web_url: the origin of people's links where the config names one.
        learned: origins that the API named so far.
        spell: ``owner/repo`` as the API spells it.
    """

    def __init__(
        self, url: str, web_url: str | None, learned: Callable[[], Iterable[str]], spell: Callable[[str], str]
    ) -> None:
        self.web = (web_url or web_origin(url)).rstrip("/")
        self._stands_in = web_url is None and is_loopback(url)
        self._learned, self._spell = learned, spell

    def mentions(self, text: str) -> list[Mention]:
        """Every address of an issue on this server, in order; a pull request's address names no issue."""
        hosts = self._hosts()
        found: list[Mention] = []
        for match in _URL.finditer(text):
            if match["host"].lower() in hosts:
                key = f"{self._spell(match['name'])}#{match['number']}"
                # Punctuation after an address belongs to the sentence, also where a query or fragment could hold it.
                length = len(match[0].rstrip(_TRAILING))
                found.append(Mention(key, match.start(), match.start() + length))
        return found

    def _hosts(self) -> set[str]:
        learned = frozenset(self._learned())
        hosts = {urlsplit(origin).netloc.lower() for origin in (self.web, *learned)}
        if self._stands_in and not learned:
            # A proxy or stand-in on this machine: until it has named the origin of its pages, theirs are GitHub's.
            hosts.add("github.com")
        if "github.com" in hosts:
            # redirect.github.com leads to the same page without leaving a reference on the issue.
            hosts |= {"www.github.com", "redirect.github.com"}
        return hosts
