"""syncd keeps helpdesk tickets and engineering issues in step.

The page to read first is :mod:`syncd.sync.reconcile`; ``docs/one-change.md`` follows one change through the program.
"""

__version__ = "0.1.0"
