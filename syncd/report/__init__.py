"""The report: how much of support's work needed engineering, when, whose, and how long it took.

Pure: what the state keeps goes in, figures come out. Moments are ISO UTC text, which sorts; periods are of UTC.
"""

from syncd.report.hours import hours
from syncd.report.labels import Labels
from syncd.report.periods import By, periods, usual
from syncd.report.requests import Request, in_order, requests
from syncd.report.share import Row, rows
from syncd.report.whole import Known, figures

__all__ = [
    "By",
    "Known",
    "Labels",
    "Request",
    "Row",
    "figures",
    "hours",
    "in_order",
    "periods",
    "requests",
    "rows",
    "usual",
]
