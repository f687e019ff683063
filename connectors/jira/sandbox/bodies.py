"""What the stand-in's searches take: a body with an unknown key or a wrong type is refused whole."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from connectors.jira.sandbox.calls import Call, Refusal
from connectors.jira.sandbox.refusals import error
from connectors.jira.sandbox.shapes import Body
from syncd.testing import Reply

PAYLOAD = "Invalid request payload. Refer to the REST API documentation and try again."
MOST_RECONCILED, MOST_PROPERTIES, MOST_RESULTS = 50, 5, 5000


class _Sent(BaseModel):
    """A body in which nothing unknown may stand."""

    model_config = ConfigDict(extra="forbid", strict=True)


_T = TypeVar("_T", bound=_Sent)


class Search(_Sent):
    """``search/jql`` on Cloud."""

    jql: str = ""
    fields: list[str] | None = None
    properties: list[str] = []
    maxResults: int = 50  # noqa: N815  # as the API calls it
    nextPageToken: str | None = None  # noqa: N815
    reconcileIssues: list[int] = []  # noqa: N815
    fieldsByKeys: bool = False  # noqa: N815
    expand: str | None = None


class OldSearch(_Sent):
    """``search`` on Data Center."""

    jql: str = ""
    startAt: int = 0  # noqa: N815
    maxResults: int = 50  # noqa: N815
    fields: list[str] = ["*navigable"]
    validateQuery: bool | str = True  # noqa: N815
    properties: list[str] = []
    expand: list[str] = []


class Bulk(_Sent):
    """``issue/bulkfetch``."""

    issueIdsOrKeys: list[str]  # noqa: N815
    fields: list[str] = ["*navigable"]
    properties: list[str] = []
    fieldsByKeys: bool = False  # noqa: N815
    expand: list[str] = []


class Count(_Sent):
    """``search/approximate-count``."""

    jql: str


class Match(_Sent):
    """``jql/match``."""

    issueIds: Annotated[list[int], Field(min_length=1)]  # noqa: N815
    jqls: Annotated[list[str], Field(min_length=1)]


class Parse(_Sent):
    """``jql/parse``."""

    queries: Annotated[list[str], Field(min_length=1)]


def read(model: type[_T], asked: Mapping[str, Any]) -> _T:
    """What was sent.

    Raises:
        Refusal: something in it is unknown, or of the wrong type.
    """
    try:
        return model.model_validate(dict(asked))
    except ValidationError:
        raise Refusal(Reply(400, {"errorMessages": [PAYLOAD]})) from None


def out_of_bounds(sent: Search) -> Reply | None:
    """The complaint about a number that is too large or too small."""
    if not 1 <= sent.maxResults <= MOST_RESULTS:
        return error("The max results parameter has to be between 1 and 5,000.")
    if len(sent.reconcileIssues) > MOST_RECONCILED:
        return error(f"The number of issues to reconcile must not be more than {MOST_RECONCILED}.")
    if len(sent.properties) > MOST_PROPERTIES:
        return error(f"The maximum number of properties is {MOST_PROPERTIES}.")
    return None


def in_the_address(call: Call) -> Body:
    """The old search, asked in the address."""
    asked: Body = {"jql": call.request.arg("jql"), "validateQuery": call.request.arg("validateQuery", "true")}
    asked |= {"startAt": call.number("startAt", 0), "maxResults": call.number("maxResults", 50)}
    asked |= {"fields": call.lists("fields")} if call.lists("fields") else {}
    return asked | {"properties": call.lists("properties")}
