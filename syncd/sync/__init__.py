"""Sync: groups of tickets and issues are brought into step. :mod:`.reconcile` is the page to read first."""
