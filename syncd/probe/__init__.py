"""Probe: what is true at the services now, asked for before anything is decided or repeated.

:mod:`.observe` reads a group, :mod:`.settle` looks for notes whose outcome isn't known.
"""
