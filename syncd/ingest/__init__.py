"""Ingest: what changed at the services becomes links, snapshots, rows of work, and the cursor that says so.

:mod:`.poll` reads the pages, :mod:`.take` an item, the others one thing each that an item may show.
"""
