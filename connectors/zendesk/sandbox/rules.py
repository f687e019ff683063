"""The refusals of the stand-in, in Zendesk's several envelopes, and what a call must look like to be taken."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from syncd.testing import Reply, Request

MOST = 100
"""How many ids or tickets one call takes."""
Details = dict[str, list[dict[str, Any]]]

COULD_NOT_AUTHENTICATE = Reply(401, {"error": "Couldn't authenticate you"})
EXPIRED = Reply(
    401,
    {
        "error": "invalid_token",
        "error_description": "The access token provided is expired, revoked, malformed or invalid for other reasons.",
    },
)
FORBIDDEN = Reply(
    403,
    {
        "error": {
            "title": "Forbidden",
            "message": "You do not have access to this page. Please contact the account owner of this help desk"
            " for further help.",
        }
    },
)
NO_RECORD = Reply(404, {"error": "RecordNotFound", "description": "Not found"})
NO_ENDPOINT = Reply(404, {"error": "InvalidEndpoint", "description": "Not found"})
CONFLICT = Reply(
    409,
    {
        "error": "UpdateConflict",
        "description": "Safe Update prevented the update due to outdated ticket data. Please fetch the latest ticket"
        " data and try again.",
    },
)


def invalid(details: Details) -> Reply:
    """A write that is refused whole, with what is wrong by field."""
    return Reply(422, {"error": "RecordInvalid", "description": "Record validation errors", "details": details})


def wrong(field: str, description: str) -> Reply:
    """The same for one field."""
    return invalid({field: [{"description": description}]})


CLOSED = wrong("status", "Status: closed prevents ticket update")


def bad_attribute(name: str, why: str = "must be an integer") -> Reply:
    """A parameter that can't be understood."""
    said = f"You passed an invalid value for the {name} attribute. Invalid parameter: {name} {why}"
    return Reply(400, {"error": {"title": "Invalid attribute", "message": said}})


def bad_page(detail: str) -> Reply:
    """A page that can't be had."""
    title = "Invalid pagination parameter"
    return Reply(400, {"errors": [{"code": "InvalidPaginationParameter", "title": title, "detail": detail}]})


def too_many(most: int = MOST) -> Reply:
    """More ids or tickets than one call takes."""
    said = f"Parameter  cannot specify more than {most} values"
    return Reply(400, {"error": "TooManyValues", "description": said, "max_count": most})


def body(request: Request, key: str) -> tuple[Any, Reply | None]:
    """What stands under ``key`` in the body of a write, and what is wrong with that."""
    try:
        found = request.json() if "json" in request.header("content-type") else {}
    except ValueError:
        return {}, Reply(422, {"error": "Unprocessable Entity", "message": "Server could not parse JSON"})
    if not isinstance(found, dict) or key not in found:
        said = f"Parameter {key} is required"
        return {}, Reply(400, {"error": {"title": "Invalid attribute", "message": said}})
    return found[key], None


def ids(request: Request, name: str = "ids") -> tuple[list[str], Reply | None]:
    """A list of ids in the query."""
    found = [one for one in request.arg(name).split(",") if one]
    if not found:
        return [], bad_attribute(name, "is required")
    return found, too_many() if len(found) > MOST else None


def numbers(texts: Iterable[str]) -> list[int]:
    """Those that are numbers; others name nothing."""
    return list(dict.fromkeys(int(one) for one in texts if one.isdecimal()))


def warned(reply: Reply, controller: str, known: Iterable[str], unknown: Iterable[str]) -> Reply:
    """An answer with the header that tells of keys that were passed over."""
    found = ", ".join(f'"{key}"' for key in unknown)
    if not found:
        return reply
    allowed = ", ".join(f'"{key}"' for key in sorted(known))
    told = (
        f"{{:allowed_parameters=>{{:controller=>{{:keys=>[{allowed}], :unpermitted_keys=>[{found}], "
        f':controller=>"{controller}"}}}}}}'
    )
    return Reply(reply.status, reply.body, {**reply.headers, "X-Zendesk-API-Warn": told})


def stale(asked: Mapping[str, Any], updated_at: str) -> Reply | None:
    """What a safe update says to a ticket that has changed since.

    That the key is there is what counts: ``false`` acts like ``true``.
    """
    if "safe_update" not in asked:
        return None
    if not isinstance(asked.get("updated_stamp"), str):
        return bad_attribute("updated_stamp", "is required with safe_update")
    return CONFLICT if updated_at > asked["updated_stamp"] else None
