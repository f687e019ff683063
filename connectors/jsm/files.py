"""Which files of a request came with which text.

Jira keeps files on the issue, and a text names those that were sent with it: ``!picture.png|thumbnail!`` or
``[^log.txt]`` (Jira, Text formatting notation). What no text names counts as sent with the description.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from connectors.jira import items
from connectors.jira.items import Row
from connectors.keeping import attachments

_NAMED = re.compile(r"\[(?:[^\]|\n]*\|)?\^([^\]\n]+)\]|!([^!|\n]+)(?:\|[^!\n]*)?!")


class Files:
    """The files of one request.

    Args:
        fields: the request's.
        bodies: its comments' texts in Jira's own markup, oldest first.
    """

    def __init__(self, fields: Row, bodies: Sequence[object]) -> None:
        rows = items.listed(fields, "attachment")
        self.all = tuple(attachments(rows, name="filename", url="content"))
        named = [_names(body) for body in bodies]
        taken = frozenset[str]().union(*named)
        self.with_comments = [tuple(one for one in self.all if one.name in names) for names in named]
        """Of each comment, in the same order."""
        self.with_description = tuple(one for one in self.all if one.name not in taken)


def _names(body: object) -> frozenset[str]:
    found = _NAMED.findall(body) if isinstance(body, str) else []
    return frozenset(name.strip() for pair in found for name in pair if name.strip())
