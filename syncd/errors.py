"""Every error that syncd raises on purpose.

::

    SyncdError
    +- ConfigError            a file or credential is wrong; holds every problem found   exit 78
    +- StateError             the state can't be used: corrupt, newer, unwritable        exit 78
    +- StateBusy              another process holds the state                            exit 75
    +- PortBusy               another process holds the port                             exit 75
    +- UnknownRef             a REF that names nothing we know                           exit 1
    +- Interrupted            a wait was cut short because syncd is to stop              exit 130
    +- BrakeOn                too much would change at once                              exit 3
    +- ConnectorError         one outside system, one call
       +- Transient           may work later: network, 5xx, an answer that isn't the API's
       |  +- Busy             the service works, but not for this item now
       +- RateLimited         the service asks us to wait; the call had no effect
       +- Unauthorized        the credential isn't accepted, or lost its rights
       +- Refused             the service understood and said no; will not work by itself
       +- Gone                the item isn't there any more, as far as we may see

Errors carry data; the command line makes the sentences. None carries the text of a ticket, a header or a
credential.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class SyncdError(Exception):
    """The root: whatever is not one of these is a defect of syncd."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, where, and how to mend it."""

    where: str
    """File and key (``connectors/github.toml: token``), or the connector's name."""
    what: str
    cure: str
    warning: bool = False
    """Nothing stands in the way now, but it is worth knowing: it doesn't make ``check`` fail."""

    def __str__(self) -> str:
        """One line for a human."""
        return f"{self.where}: {self.what}. {self.cure}"


class ConfigError(SyncdError):
    """The configuration can't be used; ``problems`` lists all that was found, not only the first."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


class StateError(SyncdError):
    """The state file can't be used; it was left as it was found."""

    def __init__(self, path: str, what: str, cure: str) -> None:
        super().__init__(f"{path}: {what}. {cure}")
        self.path, self.what, self.cure = path, what, cure


class StateBusy(SyncdError):
    """Another process holds the state."""


class PortBusy(SyncdError):
    """Another process listens where syncd is to serve its health."""


class UnknownRef(SyncdError):
    """A REF on the command line that names nothing known."""


class Interrupted(SyncdError):
    """A wait was cut short because syncd is to stop; what was waited for was not done."""


class BrakeOn(SyncdError):
    """Too much would change at once; nothing more is written until a person releases the brake."""


class ConnectorError(SyncdError):
    """A call to an outside system failed.

    Attributes:
        connector: name of the configured connector.
        what: what was asked and what came back, in words a support lead can read; no secret, no ticket text.
        doubt: True if a write may have happened all the same (its answer was lost).
        retry_after: seconds the service asked us to wait, if it did.
    """

    def __init__(self, connector: str, what: str, *, doubt: bool = False, retry_after: float | None = None) -> None:
        super().__init__(f"{connector}: {what}")
        self.connector, self.what, self.doubt, self.retry_after = connector, what, doubt, retry_after


class Transient(ConnectorError):
    """May work later by itself."""


class Busy(Transient):
    """The service has answered: this item can't be written now, because it was changed meanwhile, or too often.

    Or it can't be read, while others can; or its place can't be seen, which may pass. It tells nothing of the
    connector, and holds up no other item (rule 13).
    """


class RateLimited(ConnectorError):
    """The service asks us to wait ``retry_after`` seconds; the call had no effect."""


class Unauthorized(ConnectorError):
    """The credential isn't accepted: no call of this connector will work until a person acts."""


class Refused(ConnectorError):
    """The service understood and said no: this call will not work until a person changes something."""


class Gone(ConnectorError):
    """The item isn't there, as far as we may see; ``kind`` says how (see :class:`syncd.model.Gone`)."""
