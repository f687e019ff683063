"""How the stand-in refuses: in the words and shapes of the platform, and of the service desk."""

from __future__ import annotations

from collections.abc import Mapping

from syncd.testing import Reply

NO_ISSUE = "Issue does not exist or you do not have permission to see it."


def error(*messages: str, status: int = 400) -> Reply:
    """A refusal of the platform."""
    return Reply(status, {"errorMessages": list(messages), "errors": {}})


def wrong_fields(errors: Mapping[str, str]) -> Reply:
    """A refusal that names fields."""
    return Reply(400, {"errorMessages": [], "errors": dict(errors)})


def desk_error(message: str, status: int = 400) -> Reply:
    """A refusal of the service desk's API."""
    return Reply(status, {"errorMessage": message, "i18nErrorMessage": {"i18nKey": "sd.error", "parameters": []}})


def missing() -> Reply:
    """There is no such issue, or we may not see it: nobody can tell."""
    return error(NO_ISSUE, status=404)
