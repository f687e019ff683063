"""The connectors that come with syncd, found through the entry-point group ``syncd.connectors``.

Nobody imports this package by name: a built-in connector is looked up as a third party's is.
"""
