"""The one HTTP session under every client library.

What requests leaves open is closed here: a total deadline for each call (connect, headers and body, against a server
that drips), a bound on the inflated body, no redirect, one origin only, no proxy but the one that the configuration
names, no ``.netrc`` or cookies, certificates always verified, and one place that counts calls. No retry lives here.
"""

from __future__ import annotations

import http.client
import re
import socket
import ssl
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urlsplit

import requests
from requests import exceptions as failed
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NameResolutionError, NewConnectionError, ReadTimeoutError

from syncd import __version__
from syncd.model import HttpCall
from syncd.wire import CONNECT_SECONDS, READ_SECONDS, DeadlineAdapter, call

TOTAL_SECONDS = 35.0
MAX_BODY = 10 * 1024 * 1024
MAX_WAIT = 3600.0
DEFAULT_WAIT = 60.0
_EPOCH_FROM = 1e9
"""A number this large is a point in time, not a wait of thirty years."""

_LINK = re.compile(r"""<([^<>]*)>((?:\s*;\s*[^\s=;,"]+(?:\s*=\s*(?:"[^"]*"|[^\s;,"]*))?)*)""")
_PARAMETER = re.compile(r""";\s*([^\s=;,"]+)(?:\s*=\s*(?:"([^"]*)"|([^\s;,"]*)))?""")

_REMAINING = ("X-RateLimit-Remaining", "RateLimit-Remaining", "X-Rate-Limit-Remaining")

_SENT = "syncd_sent"
"""The attribute by which :class:`Session` says on an error whether a byte of the request may have left."""


class BodyTooLarge(requests.RequestException):
    """The answer's body is larger than any answer of this API can be."""


class ForeignOrigin(requests.RequestException):
    """The call would have left the configured origin."""


_FAILED: tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], str], ...] = (
    (failed.ProxyError, "no way through the proxy"),
    ((NameResolutionError, socket.gaierror), "no machine of that name is known"),
    (ConnectionRefusedError, "the machine there refuses the connection"),
    (ssl.SSLCertVerificationError, "the TLS certificate was not accepted"),
    (failed.SSLError, "no secure connection (TLS) could be made"),
    (BodyTooLarge, "the answer is larger than any should be"),
    (ForeignOrigin, "the address is none of the configured service"),
    ((failed.Timeout, TimeoutError), "no answer in time"),
)
"""What a call can fail by -> how people are told; the first that fits."""


class Session(requests.Session):
    """A requests session that can't hang, can't be flooded and can't be led astray.

    Args:
        origin: the only origin that may be called (scheme, host, port; a path in it is ignored here).
        total: seconds for one call, connecting, headers and body together.
        ca: a file of certificates to trust instead of the usual ones.
        proxy: where https calls go through, by CONNECT, so that it sees the server's name and nothing else. Calls of
            plain http stay on this machine, and are made directly.

    Raises (from every call): requests.RequestException and nothing else.
    """

    def __init__(
        self, origin: str, *, total: float = TOTAL_SECONDS, ca: str | None = None, proxy: str | None = None
    ) -> None:
        super().__init__()
        self.origin = _origin(origin)
        self.total = total
        self.ca = ca
        self.proxy = proxy
        self.trust_env = False
        self.calls: Counter[str] = Counter()
        """Calls so far by method: what ``bench`` and the summaries count."""
        self.ahead: timedelta | None = None
        """The server's clock minus ours, as of the latest answer that names its time (whole seconds)."""
        self.heard: Callable[[HttpCall], None] = lambda _call: None
        """Told of each call, answered or not."""
        self.headers["User-Agent"] = f"syncd/{__version__}"
        # A service's cookie would turn the next call with our key into one of a browser's session.
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self.mount("https://", DeadlineAdapter())
        self.mount("http://", DeadlineAdapter())

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **kwargs: Any) -> requests.Response:
        """As requests' own; time-outs are set, redirects are never followed."""
        kwargs["timeout"] = (min(CONNECT_SECONDS, self.total), min(READ_SECONDS, self.total))
        kwargs["allow_redirects"] = False
        return super().request(method, url, *args, **kwargs)

    def get_redirect_target(self, resp: requests.Response) -> None:  # noqa: ARG002  # requests' own signature
        """Nowhere: not even looked at, because requests would read such an answer's body without a bound."""
        return

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """As requests' own; the body is read here, within the deadline and the bound."""
        if _origin(request.url or "") != self.origin:
            raise ForeignOrigin(f"refused to call outside {self.origin}", request=request)
        self.calls[request.method or ""] += 1
        # Whatever a library asks for: its own time-outs, another trust, another proxy.
        kwargs |= {"stream": True, "verify": self.ca or True, "cert": None, "allow_redirects": False}
        kwargs["proxies"] = {"https": self.proxy} if self.proxy else {}
        kwargs.setdefault("timeout", (min(CONNECT_SECONDS, self.total), min(READ_SECONDS, self.total)))
        began, answer = time.monotonic(), None
        with call(self.total) as one:
            try:
                response = super().send(request, **kwargs)
                self.ahead = _ahead(response.headers) or self.ahead
                _read_body(response)
                answer = response
            except requests.RequestException as error:
                setattr(error, _SENT, one.sent)
                raise
            except (HTTPError, http.client.HTTPException, OSError, ValueError) as error:
                wrapped = requests.ConnectionError(type(error).__name__, request=request)
                setattr(wrapped, _SENT, one.sent)
                raise wrapped from error
            finally:
                self.heard(_told(request, answer, time.monotonic() - began))
        return response


def _ahead(headers: Mapping[str, str]) -> timedelta | None:
    named = _moment(_get(headers, "Date"))
    return None if named is None else named - datetime.now(UTC)


def _told(request: requests.PreparedRequest, answer: requests.Response | None, seconds: float) -> HttpCall:
    if answer is None:
        return HttpCall(request.method or "", None, seconds)
    left = next((text for name in _REMAINING if (text := _get(answer.headers, name))), "")
    remaining = float(left) if re.fullmatch(r"[0-9]{1,9}", left) else None
    return HttpCall(request.method or "", answer.status_code, seconds, remaining)


def _read_body(response: requests.Response) -> None:
    """Read the whole body, bounded; leaves the response as if it had not been streamed."""
    chunks, size = [], 0
    try:
        for chunk in response.iter_content(64 * 1024):
            size += len(chunk)
            if size > MAX_BODY:
                raise BodyTooLarge(f"the answer is larger than {MAX_BODY} bytes", request=response.request)
            chunks.append(chunk)
    except requests.ConnectionError as error:
        if error.args and isinstance(error.args[0], ReadTimeoutError):
            raise requests.ReadTimeout("the answer did not arrive in time", request=response.request) from error
        raise
    finally:
        response.close()
    response._content = b"".join(chunks)  # noqa: SLF001  # what `Response.content` itself does
    response._content_consumed = True  # type: ignore[attr-defined]  # noqa: SLF001  # the same


def _origin(url: str) -> str:
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.hostname}:{port}".lower()


def reached_server(error: BaseException) -> bool:
    """Whether a request that failed with this exception may have reached the server.

    An error of our :class:`Session` knows: False only where no byte of the request left this machine. Of any other
    it is False only where that is certain: the name didn't resolve, the connection was refused or timed out while
    being opened, the URL was none, the call was refused by ourselves. A TLS error alone tells nothing: a connection
    that breaks after the request looks the same as a handshake that failed.
    """
    never = (failed.ConnectTimeout, failed.InvalidURL, failed.MissingSchema, failed.InvalidSchema, failed.InvalidHeader)
    for cause in _causes(error):
        if hasattr(cause, _SENT):
            return bool(getattr(cause, _SENT))
        if isinstance(cause, (*never, ForeignOrigin, NewConnectionError, ConnectTimeoutError, NameResolutionError)):
            return False
    return True


def how_failed(error: BaseException) -> str:
    """How a call without an answer failed, for people: without a word of what the exception quotes."""
    causes = _causes(error)
    for kinds, words in _FAILED:
        if any(isinstance(cause, kinds) for cause in causes):
            return words
    return "the connection broke off" if reached_server(error) else "no connection"


def _causes(error: BaseException) -> list[BaseException]:
    """An exception and all that it came from, outermost first."""
    found: list[BaseException] = []
    queue: list[object] = [error]
    while queue:
        one = queue.pop(0)
        if isinstance(one, BaseException) and not any(one is other for other in found):
            found.append(one)
            queue += [getattr(one, "reason", None), *one.args, one.__cause__, one.__context__]
    return found


def wait_asked(
    headers: Mapping[str, str], *, default: float = DEFAULT_WAIT, names: Sequence[str] = ("Retry-After",)
) -> float:
    """Seconds that an answer asks us to wait, clamped to 1 s .. 1 h.

    Args:
        headers: the answer's.
        default: where none of the headers is there, or what they say is garbage.
        names: which headers to ask, in this order.
    """
    for name in names:
        asked = until(_get(headers, name), headers)
        if asked is not None:
            return min(max(asked, 1.0), MAX_WAIT)
    return default


def until(text: str, headers: Mapping[str, str]) -> float | None:
    """Seconds from an answer to what one of its headers says; negative if that is past, None if it says nothing.

    Takes a number of seconds, whole or not; a point in time as seconds (or milliseconds) since 1970, as an HTTP date
    or in ISO 8601, with or without its seconds. A point in time is read against the answer's own ``Date``, and
    against our clock only if the answer has none.
    """
    text = text.strip()
    if re.fullmatch(r"[+-]?[0-9]{1,30}(\.[0-9]{0,30})?", text):
        number = float(text)
        if number < _EPOCH_FROM:
            return number
        seconds = number / 1000 if number >= _EPOCH_FROM * 1000 else number
        return seconds - _server_time(headers).timestamp()
    moment = _moment(text)
    return None if moment is None else (moment - _server_time(headers)).total_seconds()


def _server_time(headers: Mapping[str, str]) -> datetime:
    return _moment(_get(headers, "Date")) or datetime.now(UTC)


def _moment(text: str) -> datetime | None:
    """An HTTP or ISO date, UTC where it names no zone."""
    for parse in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            found = parse(text)
        except (ValueError, TypeError, OverflowError, IndexError):
            continue
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found
    return None


def next_page(headers: Mapping[str, str]) -> str:
    """The address that a ``Link`` header gives for the next page, as it is written there; empty if there is none.

    RFC 8288: parameters in any order and case, quoted or not, several relations in one. What requests makes of a
    header loses the relation behind a parameter whose text holds a ``=``.
    """
    for url, parameters in _LINK.findall(_get(headers, "Link")):
        relation = next(
            (quoted or bare for name, quoted, bare in _PARAMETER.findall(parameters) if name.lower() == "rel"), ""
        )
        if "next" in relation.lower().strip("'").split():
            return str(url)
    return ""


def well_formed(value: Any) -> Any:
    """A decoded JSON value whose every text can be kept and shown: half a surrogate pair becomes U+FFFD.

    JSON can hold one (RFC 8259, section 8.2); UTF-8 can't, and so neither can SQLite, files and terminals.
    """
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [well_formed(one) for one in value]
    if isinstance(value, dict):
        return {well_formed(key): well_formed(one) for key, one in value.items()}
    return value


def _get(headers: Mapping[str, str], name: str) -> str:
    return next((value for key, value in headers.items() if key.lower() == name.lower()), "")
