"""Which issue does an escalated ticket become, and why? Pure: ticket + company + playbook -> what to file, or why not.

``decide`` says whether one is filed, where and for whom; ``write`` puts it into words, once somebody has looked who can
read what is written there.
"""

from syncd.filing.decide import decide, kind_of, promotes
from syncd.filing.known import customer, known
from syncd.filing.may import shown
from syncd.filing.urgency import priority
from syncd.filing.uses import Use, spots, uses
from syncd.filing.values import Choice, Decision, Filing, Unfiled
from syncd.filing.write import write

__all__ = [
    "Choice",
    "Decision",
    "Filing",
    "Unfiled",
    "Use",
    "customer",
    "decide",
    "kind_of",
    "known",
    "priority",
    "promotes",
    "shown",
    "spots",
    "uses",
    "write",
]
