"""Fresh reads: many issues in one call, one issue with all that is on it, and what it means when one isn't found.

On Cloud a bulk read knows neither the search index nor its lag; what isn't there, or not for us, it leaves out without
a word (Bulk fetch issues). Data Center has only the search for ids, which refuses all of them for one that is gone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from connectors.jira import items
from connectors.jira.api import JiraApi, part
from connectors.jira.offers import EXPAND, Offers
from connectors.jira.search import classic
from syncd.errors import ConnectorError, Gone, Refused, Transient
from syncd.model import GoneKind, Item, Ref, Removed

BATCH = 100
"""Issues in one bulk read (Bulk fetch issues: at most 100)."""

LOG = ("changelog",)
"""What is asked for besides fields: who moved an issue last decides whether its closing is followed (rule 5), so it is
asked of many as of one. Of many the newest forty entries are told (Bulk fetch issues)."""

Entry = Item | Removed | ConnectorError


class Reader:
    """Reads issues of one account.

    Args:
        api: the account.
        fields: what is asked of each.
        tell: makes an item of a record with its changelog; ValueError where it is none. It may ask on.
        more: fields that are asked of a single issue besides.
        batch: how many are asked for at a time.
        offers: what is to be known of transitions; a single issue brings its own along, where the site shows them so.
    """

    def __init__(
        self,
        api: JiraApi,
        fields: Sequence[str],
        tell: Callable[[items.Row], Item],
        *,
        more: Sequence[str] = (),
        batch: int = BATCH,
        offers: Offers | None = None,
    ) -> None:
        self.api, self.fields, self.tell, self.more, self.batch = api, list(fields), tell, list(more), batch
        self.offers = offers

    def fetch(self, refs: Sequence[Ref]) -> dict[Ref, Entry]:
        """See :meth:`syncd.connector.Connector.fetch`.

        Raises:
            Unauthorized, RateLimited, Transient: nothing more can be read now.
        """
        asked = list(dict.fromkeys(refs))
        found: dict[Ref, Entry] = {}
        if len(asked) > 1:
            for start in range(0, len(asked), self.batch):
                found |= self._many(asked[start : start + self.batch])
        seen_once = len(asked) > 1
        failed = 0
        for ref in (one for one in asked if one not in found):
            try:
                found[ref] = self._alone(ref, seen_once=seen_once)
                failed = 0
            except Transient as error:
                # A failure of one is its own; of two in a row, or of all, it is the site's.
                found[ref], failed = error, failed + 1
                if failed > 1 or len(asked) == 1:
                    raise
            except (Refused, Gone) as error:
                found[ref], failed = error, 0
        if any(isinstance(one, Removed) for one in found.values()):
            self.api.vouch()
        return {ref: found[ref] for ref in refs}

    def row(self, ref: Ref, fields: Sequence[str]) -> items.Row:
        """The record of one issue, with its changelog, and its transitions where those are wanted.

        Raises:
            Gone: it isn't there, or not for us.
        """
        path, doing = f"issue/{_number(self.api, ref)}", f"reading issue {ref.human}"
        asked = {"fields": ",".join(fields), "expand": ",".join(LOG)}
        if self.offers is None or self.offers.too_large:
            return self.api.record("GET", path, doing, params=asked)
        try:
            return self.api.record("GET", path, doing, params={**asked, "expand": ",".join((*LOG, EXPAND))})
        except Transient:
            if not self.api.too_large:
                raise
            self.offers.too_large = True
            return self.api.record("GET", path, doing, params=asked)

    # --- many ---

    def _many(self, refs: Sequence[Ref]) -> dict[Ref, Entry]:
        """What a bulk read tells; whatever it leaves out is looked at alone."""
        numbers = {ref.id: ref for ref in refs if _is_number(ref)}
        doing = f"reading {len(refs)} issues"
        if not numbers:
            return {}
        rows = self._bulk(list(numbers), doing) if self.api.cloud else self._search(list(numbers), doing)
        told: dict[Ref, Entry] = {}
        for row in rows:
            ref = numbers.get(str(row.get("id")))
            if ref is not None:
                self._saw(row)
                told[ref] = self._legal(ref, lambda row=row: self.tell(row))  # type: ignore[misc]  # bound at once
        return told

    def _bulk(self, numbers: list[str], doing: str) -> Sequence[items.Row]:
        body = {"issueIdsOrKeys": numbers, "fields": self.fields, "expand": LOG}
        return self.api.rows("POST", "issue/bulkfetch", doing, "issues", body=body, write=False)

    def _search(self, numbers: list[str], doing: str) -> list[items.Row]:
        """A search; nothing where it is refused for the sake of an id that isn't there."""
        jql, rows, more = f"id in ({', '.join(numbers)}) ORDER BY id ASC", list[items.Row](), True
        while more:
            try:
                page = classic(self.api, jql, self.fields, doing, len(rows), strict=False, expand=LOG)
            except Refused:
                return []
            rows, more = [*rows, *page.rows], page.more
        return rows

    # --- one ---

    def _alone(self, ref: Ref, *, seen_once: bool) -> Entry:
        """One issue by itself. Gone is only what two looks don't find; and, as is left to see to, Jira knows who asks.

        Args:
            ref: which.
            seen_once: a bulk read was the first look.
        """
        looks = 1 if seen_once else 2
        for _ in range(looks):
            try:
                row = self.row(ref, [*self.fields, *self.more])
            except Gone:
                continue
            else:
                self._saw(row)
                return self._legal(ref, lambda row=row: self.tell(row))  # type: ignore[misc]  # bound at once
        return Removed(ref, GoneKind.OUT_OF_SIGHT)

    def _saw(self, row: items.Row) -> None:
        if self.offers is not None:
            self.offers.saw(row)

    def _legal(self, ref: Ref, make: Callable[[], Item]) -> Entry:
        """An item; one that can't be understood is an error of its own."""
        doing = f"reading issue {ref.human}"
        try:
            found = make()
        except ValueError:
            return self.api.odd(doing)
        except (Refused, Gone, Transient) as error:
            return error
        # Identity is the id: an old key leads to what was moved, never to another issue.
        return found if found.ref == ref else self.api.odd(doing)


def _number(api: JiraApi, ref: Ref) -> str:
    """A ref's id, for a path or query.

    Raises:
        Refused: it isn't an issue's.
    """
    if not _is_number(ref):
        raise Refused(api.name, f"{ref.id[:40]!r} is not the id of an issue")
    return part(ref.id)


def _is_number(ref: Ref) -> bool:
    return ref.id.isascii() and ref.id.isdecimal()


def every(api: JiraApi, path: str, key: str, doing: str, **query: str) -> Iterable[items.Row]:
    """Every record of a list that pages by offset and says how many there are (comments, changelog).

    Raises:
        ConnectorError: not all of them could be read.
    """
    known: set[str] = set()
    start = 0
    while True:
        found = api.record("GET", path, doing, params={"startAt": start, "maxResults": BATCH, **query})
        rows, total = found.get(key), found.get("total")
        if not isinstance(rows, list) or not isinstance(total, int) or not all(isinstance(row, dict) for row in rows):
            raise api.odd(doing)
        new = [row for row in rows if str(row.get("id")) not in known]
        known.update(str(row.get("id")) for row in new)
        yield from new
        start += len(rows)
        if start >= total:
            return
        if not new:
            raise Transient(api.name, f"{doing}: the pages don't end")
