"""The tables, as migrations: named by the words of the glossary, readable with ``sqlite3``.

A ref is stored as text (``github:4711``), a status as two columns (native and reason), a time as ISO UTC text. No
text of a ticket, no name or address of a customer is stored anywhere; but for the label that names whose an issue is,
where a playbook keeps that for the report.
"""

from __future__ import annotations

from sqlite_utils import Database, Migrations

from syncd.store.schema.pairs import PAIRS
from syncd.store.schema.service import SERVICE

migrations = Migrations("syncd")


@migrations()
def first(db: Database) -> None:
    """The tables of the first release."""
    for statement in (PAIRS + SERVICE).split(";\n"):
        if statement.strip():
            db.execute(statement)


__all__ = ["migrations"]
