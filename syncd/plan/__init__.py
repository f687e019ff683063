"""The plan: pure. :func:`decide` is the page to read; the rest of this folder is what it names."""

from syncd.plan.decide import decide
from syncd.plan.group import Group

__all__ = ["Group", "decide"]
