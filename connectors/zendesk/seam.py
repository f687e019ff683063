"""Where zenpy is held: its classes for parts of the API, each behind a seam of ours.

Left to itself it sleeps on a limit for as long as it is told to, keeps objects for half a minute and users for ever,
reads each answer seven times, asks for more while an object is looked at, and takes a page of HTML for an answer. Its
errors carry the answer's whole text, and it logs them.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import requests
from zenpy.lib.api import Api, CustomStatusesApi, TicketApi, TicketFieldApi, TicketFormApi, UserApi
from zenpy.lib.exception import APIException, ZenpyException

from syncd.http import well_formed

# What it logs there are whole answers: customers' words.
logging.getLogger("zenpy").setLevel(logging.INFO)

FOREIGN = (
    requests.RequestException,
    APIException,
    ZenpyException,
    ValueError,
    TypeError,
    KeyError,
    AttributeError,
    RecursionError,
)
"""What the library lets through; it stumbles over JSON that is no object."""


class Odd(ValueError):
    """A well-formed answer that isn't what the API promises."""


class Seam:
    """Stands before one of the library's API classes: our address, our session, one request, the answer as it came."""

    origin: str
    heard: Callable[[requests.Response], None]
    api_prefix: str

    def _build_url(self, endpoint: Any, api_prefix: str | None = None) -> str:
        endpoint.scheme, _, endpoint.netloc = self.origin.partition("://")
        endpoint.prefix_path(api_prefix or self.api_prefix)
        endpoint.path = endpoint.path.removesuffix(".json")  # as the reference has every path
        return str(endpoint.build())

    def _call_api(self, http_method: Callable[..., requests.Response], url: str, **kwargs: Any) -> requests.Response:
        response = http_method(url, **kwargs)
        self.heard(response)
        self._check_response(response)  # type: ignore[attr-defined]  # the library's
        return response

    def _process_response(self, response: requests.Response, object_mapping: object = None) -> Any:
        del object_mapping
        if response.status_code == 204:
            return {}
        found = response.json()
        if not isinstance(found, dict):
            raise Odd("no record")
        return well_formed(found)


class Tickets(Seam, TicketApi):  # type: ignore[misc]  # the library ships no types
    """Tickets, and what hangs on them."""


class Users(Seam, UserApi):  # type: ignore[misc]
    """People."""


class Jobs(Seam, Api):  # type: ignore[misc]
    """Jobs of update_many."""


class Fields(Seam, TicketFieldApi):  # type: ignore[misc]
    """Ticket fields."""


class Forms(Seam, TicketFormApi):  # type: ignore[misc]
    """Ticket forms."""


class Statuses(Seam, CustomStatusesApi):  # type: ignore[misc]
    """Custom ticket statuses."""
