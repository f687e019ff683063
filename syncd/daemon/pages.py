"""The pages of the health endpoint, as a WSGI application: what is asked, and what is answered.

Whatever goes wrong, an answer is short and shows nothing of a ticket, a person, a credential or a program's insides.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from jinja2 import Environment

from syncd import __version__
from syncd.health import COUNTS, HINTS

HEADERS = (
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"),
)
STATUS = {
    200: "200 OK",
    404: "404 Not Found",
    405: "405 Method Not Allowed",
    421: "421 Misdirected Request",
    503: "503 Service Unavailable",
}
TEXT, JSON, HTML = "text/plain; charset=utf-8", "application/json", "text/html; charset=utf-8"
PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"

PAGE = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string("""\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta http-equiv="refresh" content="10">
<title>syncd: {{ health.status }}</title>
<style>
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; width: 100% } th, td { text-align: left; padding: .3rem .6rem }
tr { border-bottom: 1px solid #8884 } td.n, th.n { text-align: right }
</style>
</head>
<body>
<h1>syncd: {{ health.status }}</h1>
{% for reason in reasons %}
<p>{{ reason }}.</p>
{% endfor %}
<table>
<tr><th>connector</th><th>state</th><th>last read</th>
{% for count in counts %}
<th class="n">{{ count }}</th>
{% endfor %}
</tr>
{% for name, one in health.connectors.items() %}
<tr><td>{{ name }}</td><td>{{ one.state }}</td><td>{{ one.last_poll or "never" }}</td>
{% for count in counts %}
<td class="n">{{ one[count] }}</td>
{% endfor %}
</tr>
{% endfor %}
<tr><td>in all</td><td></td><td></td>
{% for count in counts %}
<td class="n">{{ health[count] }}</td>
{% endfor %}
</tr>
</table>
{% for name, one in health.connectors.items() if hints[one.state] %}
<p>{{ name }} is {{ one.state }}: {{ hints[one.state] }}</p>
{% endfor %}
{% for name, one in (health.notify or {}).items() if one.state in ("failing", "off") %}
<p>notify.{{ name }} is {{ one.state }}: it gets no alerts; see <code>syncd status</code></p>
{% endfor %}
<p>syncd {{ version }}, as of {{ health.as_of or "an unknown time" }}. More: <code>syncd status</code></p>
</body>
</html>
""")


class Knows(Protocol):
    """Who knows what is told here. None of these waits longer than about a second."""

    def dead(self) -> list[str]:
        """Why the service doesn't get on; nothing if it does."""

    def unready(self) -> list[str]:
        """Why it isn't ready; nothing if it is."""

    def health(self) -> dict[str, Any]:
        """How things stand."""

    def metrics(self) -> bytes:
        """In the text format of Prometheus."""


class Pages:
    """The application.

    Args:
        knows: who is asked.
        names: the host names by which it may be called, beside addresses; None: any. A page in a browser on this
            machine could otherwise have a name of its own lead here, and read what is answered (DNS rebinding).
    """

    def __init__(self, knows: Knows, names: frozenset[str] | None) -> None:
        self._knows, self._names = knows, names
        self._routes: dict[str, Callable[[], tuple[int, str, bytes]]] = {
            "/": self._page,
            "/livez": lambda: _verdict("live", self._knows.dead()),
            "/readyz": lambda: _verdict("ready", self._knows.unready()),
            "/healthz": lambda: (200, JSON, _json(self._knows.health())),
            "/metrics": lambda: (200, PROMETHEUS, self._knows.metrics()),
        }

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """See PEP 3333."""
        status, kind, body, *more = self._answer(environ)
        headers = [("Content-Type", kind), ("Content-Length", str(len(body))), *HEADERS, *more]
        start_response(STATUS[status], headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

    def _answer(self, environ: dict[str, Any]) -> Any:
        if not self._is_called_by_name(environ.get("HTTP_HOST", "")):
            return 421, TEXT, b"This is not the host that was asked for.\n"
        route = self._routes.get(environ.get("PATH_INFO", ""))
        if route is None:
            return 404, TEXT, f"There is: {' '.join(self._routes)}\n".encode()
        if environ["REQUEST_METHOD"] not in {"GET", "HEAD"}:
            return 405, TEXT, b"Only GET and HEAD.\n", ("Allow", "GET, HEAD")
        try:
            return route()
        except Exception:  # noqa: BLE001  # a probe gets an answer, and no traceback
            return 503, TEXT, b"This can't be told just now.\n"

    def _page(self) -> tuple[int, str, bytes]:
        health = self._knows.health()
        reasons = [*self._knows.dead(), *self._knows.unready()]
        page = PAGE.render(health=health, reasons=reasons, counts=COUNTS, hints=HINTS, version=__version__)
        return 200, HTML, page.encode()

    def _is_called_by_name(self, host: str) -> bool:
        if self._names is None or not host:
            return True
        name = host.rpartition(":")[0] if not host.endswith("]") and host.count(":") != 0 else host
        name = name.removeprefix("[").removesuffix("]")
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return name.rstrip(".").lower() in self._names
        return True


def _verdict(name: str, reasons: list[str]) -> tuple[int, str, bytes]:
    return 503 if reasons else 200, JSON, _json({name: not reasons, "reasons": reasons})


def _json(value: object) -> bytes:
    return json.dumps(value).encode() + b"\n"
