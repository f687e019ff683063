"""The tables of a playbook that say which issue an escalated ticket becomes: proven when they are loaded.

``[file]`` when and for whom, ``[kinds]`` of what kind, ``[routing]`` where and to whom, ``[priorities]`` how urgent,
``[customer]`` whose, ``[issue_texts]`` in what words. :mod:`syncd.filing` is what works with them.
"""

from syncd.tables.announce import Announce, ChainStep, Event, Route
from syncd.tables.boards import BoardRow
from syncd.tables.conversation import Conversation
from syncd.tables.escalation import Condition, FileTable, KindRow, Mark
from syncd.tables.figures import Figures, Rank
from syncd.tables.parts import FORM_FIELDS, ISSUE_KINDS, IssueKind, IssueTemplate, IssueWord, TicketWord
from syncd.tables.priorities import Customer, Priorities, Source, Told
from syncd.tables.replies import OCCASIONS, OPTIONAL, Replies
from syncd.tables.routing import Routing, Rule, Tagged
from syncd.tables.timers import Timers

__all__ = [
    "FORM_FIELDS",
    "ISSUE_KINDS",
    "OCCASIONS",
    "OPTIONAL",
    "Announce",
    "BoardRow",
    "ChainStep",
    "Condition",
    "Conversation",
    "Customer",
    "Event",
    "Figures",
    "FileTable",
    "IssueKind",
    "IssueTemplate",
    "IssueWord",
    "KindRow",
    "Mark",
    "Priorities",
    "Rank",
    "Replies",
    "Route",
    "Routing",
    "Rule",
    "Source",
    "Tagged",
    "TicketWord",
    "Timers",
    "Told",
]
