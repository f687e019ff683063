"""Notify: what needs a person reaches people, not only the log.

An *incident* is something that is true now and needs a person: a brake that is on, a connector that is refused, groups
that are parked (:mod:`syncd.notify.incidents`; from the state alone). Each sink is told of it once when it opens, again
a day later if it is still so, and when it is over (:mod:`syncd.notify.teller`). A message can't be found again once it
was sent, so it is sent at most once: it is stored as told before, and an unknown outcome isn't repeated (rule 12).

An *announcement* tells people of a filing or of a critical issue, by the routes of a playbook, and the next ones if
nobody answers (:mod:`syncd.notify.announcer`). Both share a sink's budget (:mod:`syncd.notify.outlet`).
"""

from syncd.notify.announcer import Announcer
from syncd.notify.incidents import Incident, incidents
from syncd.notify.open import open_sink
from syncd.notify.outlet import Outlet
from syncd.notify.sink import Notifier, Off, SinkError, Unknown, Unsent
from syncd.notify.subject import LINK
from syncd.notify.teller import Teller, begin
from syncd.notify.words import Message

__all__ = [
    "LINK",
    "Announcer",
    "Incident",
    "Message",
    "Notifier",
    "Off",
    "Outlet",
    "SinkError",
    "Teller",
    "Unknown",
    "Unsent",
    "begin",
    "incidents",
    "open_sink",
]
