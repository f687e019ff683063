"""The one HTTP session under every client library.

What requests leaves open is closed here: a total deadline for each call (headers and body, against a server that
drips), a bound on the inflated body, no redirect followed, one origin only, no environment proxies or ``.netrc``,
and one place that counts calls. No retry lives here.
"""

from __future__ import annotations

import io
import time
from collections import Counter
from collections.abc import Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3.connection
from requests.adapters import HTTPAdapter
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, SSLError

from syncd import __version__

CONNECT_SECONDS = 5.0
READ_SECONDS = 30.0
TOTAL_SECONDS = 35.0
MAX_BODY = 10 * 1024 * 1024
MAX_WAIT = 3600.0
DEFAULT_WAIT = 60.0

_until: ContextVar[float] = ContextVar("_until")


class BodyTooLarge(requests.RequestException):
    """The answer's body is larger than any answer of this API can be."""


class ForeignOrigin(requests.RequestException):
    """The call would have left the configured origin."""


class _DeadlineFile(io.RawIOBase):
    """A socket's file whose every read is bounded by what is left of the call's deadline."""

    def __init__(self, sock: Any, raw: Any) -> None:
        self._sock, self._raw = sock, raw

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = _until.get() - time.monotonic()
        if left <= 0:
            raise TimeoutError("the call's total deadline passed")
        self._sock.settimeout(min(left, READ_SECONDS))
        count: int | None = self._raw.readinto(buffer)
        return count

    def close(self) -> None:
        if not self.closed:
            self._raw.close()
        super().close()


class _DeadlineSocket:
    """A socket for http.client: the same in everything but ``makefile``."""

    def __init__(self, sock: Any) -> None:
        self._sock = sock

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)

    def makefile(self, _mode: str, *_args: Any, **_kwargs: Any) -> io.BufferedReader:
        return io.BufferedReader(_DeadlineFile(self._sock, self._sock.makefile("rb", buffering=0)))


class _Connection(urllib3.connection.HTTPConnection):
    def connect(self) -> None:
        super().connect()
        self.sock = _DeadlineSocket(self.sock)


class _SecureConnection(urllib3.connection.HTTPSConnection):
    def connect(self) -> None:
        super().connect()
        self.sock = _DeadlineSocket(self.sock)


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}


class Session(requests.Session):
    """A requests session that can't hang, can't be flooded and can't be led astray.

    Args:
        origin: the only origin that may be called (scheme, host, port; a path in it is ignored here).
        total: seconds for one call, headers and body together.

    Raises (from every call): requests.RequestException and nothing else.
    """

    def __init__(self, origin: str, *, total: float = TOTAL_SECONDS) -> None:
        super().__init__()
        self.origin = _origin(origin)
        self.total = total
        self.trust_env = False
        self.calls: Counter[str] = Counter()
        """Calls so far by method: what ``bench`` and the summaries count."""
        self.headers["User-Agent"] = f"syncd/{__version__}"
        adapter = _Adapter(max_retries=0, pool_maxsize=2)
        self.mount("https://", adapter)
        self.mount("http://", adapter)

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **kwargs: Any) -> requests.Response:
        """As requests' own; time-outs are set, redirects are never followed."""
        kwargs["timeout"] = (CONNECT_SECONDS, min(READ_SECONDS, self.total))
        kwargs["allow_redirects"] = False
        return super().request(method, url, *args, **kwargs)

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """As requests' own; the body is read here, within the deadline and the bound."""
        if _origin(request.url or "") != self.origin:
            raise ForeignOrigin(f"refused to call outside {self.origin}", request=request)
        self.calls[request.method or ""] += 1
        kwargs["stream"] = True
        token = _until.set(time.monotonic() + self.total)
        try:
            response = super().send(request, **kwargs)
            _read_body(response)
        finally:
            _until.reset(token)
        return response


def _read_body(response: requests.Response) -> None:
    """Read the whole body, bounded; leaves the response as if it had not been streamed."""
    chunks, size = [], 0
    try:
        for chunk in response.iter_content(64 * 1024):
            size += len(chunk)
            if size > MAX_BODY:
                raise BodyTooLarge(f"the answer is larger than {MAX_BODY} bytes", response=response)
            chunks.append(chunk)
    except (TimeoutError, HTTPError) as error:
        raise requests.ReadTimeout("the answer did not arrive in time", response=response) from error
    finally:
        response.close()
    response._content = b"".join(chunks)  # noqa: SLF001  # what `Response.content` itself does
    response._content_consumed = True  # type: ignore[attr-defined]  # noqa: SLF001  # the same


def _origin(url: str) -> str:
    parts = urlsplit(url)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    return f"{parts.scheme}://{parts.hostname}:{port}".lower()


def reached_server(error: BaseException) -> bool:
    """Whether a request that failed with this exception may have reached the server.

    False only where it is certain that no byte of it was sent: the name didn't resolve, the connection was
    refused or timed out while being opened, TLS failed, the call was refused by ourselves.
    """
    if isinstance(error, (requests.ConnectTimeout, requests.exceptions.SSLError, ForeignOrigin)):
        return False
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        if isinstance(cause, (NewConnectionError, ConnectTimeoutError, SSLError)):
            return False
        seen.add(id(cause))
        inner = cause.args[0] if cause.args and isinstance(cause.args[0], BaseException) else None
        cause = getattr(cause, "reason", None) or inner or cause.__cause__ or cause.__context__
        if not isinstance(cause, BaseException):
            break
    return True


def wait_asked(headers: Mapping[str, str], *, default: float = DEFAULT_WAIT) -> float:
    """Seconds that ``Retry-After`` asks for, clamped to 1 s .. 1 h; ``default`` where it is absent or garbage.

    Takes integers, floats and HTTP dates; a date is read against the answer's own ``Date``, never our clock's
    unless the answer has none.
    """
    folded = {key.lower(): value for key, value in headers.items()}
    text = folded.get("retry-after", "").strip()
    if not text:
        return default
    try:
        seconds = float(text)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(text) - _server_time(folded)).total_seconds()
        except (ValueError, TypeError):
            return default
    if seconds != seconds:  # noqa: PLR0124  # NaN
        return default
    return min(max(seconds, 1.0), MAX_WAIT)


def _server_time(headers: Mapping[str, str]) -> datetime:
    try:
        return parsedate_to_datetime(headers["date"])
    except (KeyError, ValueError, TypeError):
        return datetime.now(UTC)
