"""A stand-in of Slack: what chat.postMessage, reactions.add, conversations.replies, auth.test and webhooks answer.

Facts: https://docs.slack.dev/reference/methods/chat.postMessage, https://docs.slack.dev/apis/web-api/rate-limits,
https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks, and
https://docs.slack.dev/reference/methods/conversations.replies, whose messages tell their reactions. A refusal is
``ok: false`` with 200; a webhook answers in plain text; a channel takes one message a second, after a burst of a few.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

from syncd.testing.exchange import Reply, Request
from syncd.testing.sandbox import Sandbox

TOKEN = "xoxb-stand-in-4711-geheim"
HOOK = "geheimerHaken0815"
CHANNEL = "C0ALERTS01"
BURST = 3


class Slack(Sandbox):
    """One workspace with one channel; a test opens its books and breaks its rules."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[dict[str, Any]] = []
        """Every message of the channel, as it came, with its ``ts``."""
        self.reactions: set[tuple[str, str]] = set()
        self.people: list[dict[str, Any]] = []
        """What people replied, with the thread that they replied in."""
        self.felt: list[tuple[str, str]] = []
        """What people reacted with: the message's ``ts`` and the emoji."""
        self.archived = self.revoked = self.stranger = self.closed_hook = False
        self.scopes = ["chat:write", "reactions:write", "channels:history"]
        self.tight = True
        self._left, self._since = float(BURST), self.now()

    def routes(self) -> list[tuple[str, str, Callable[..., Reply]]]:
        return [
            ("POST", "/api/chat.postMessage", self._post),
            ("POST", "/api/reactions.add", self._react),
            ("POST", "/api/conversations.replies", self._replies),
            ("POST", "/api/auth.test", self._test),
            ("POST", "/services/T1/B1/<secret>", self._hook),
        ]

    @property
    def hook(self) -> str:
        return f"{self.url}/services/T1/B1/{HOOK}"

    @property
    def api(self) -> str:
        return f"{self.url}/api"

    @property
    def texts(self) -> list[str]:
        return [one["text"] for one in self.said]

    def thread(self, ts: str) -> list[str]:
        return [one["text"] for one in self.said if one.get("thread_ts") == ts]

    def reply(self, ts: str, text: str = "I'm on it") -> None:
        """A person replies in a thread."""
        self.people.append({"ts": f"{ts}1", "thread_ts": ts, "user": "U0PERSON01", "text": text})

    def react(self, ts: str, name: str = "eyes") -> None:
        """A person reacts."""
        self.felt.append((ts, name))

    def _full(self) -> bool:
        """Whether the channel has had enough for now; counts what isn't refused."""
        now: datetime = self.now()
        self._left = min(float(BURST), self._left + (now - self._since).total_seconds())
        self._since = now
        if self.tight and self._left < 1:
            return True
        self._left -= 1
        return False

    def _who(self, request: Request) -> Reply | None:
        if request.header("authorization") != f"Bearer {TOKEN}":
            return _no("invalid_auth")
        return _no("token_revoked") if self.revoked else None

    def _post(self, request: Request) -> Reply:
        assert request.header("content-type").startswith("application/json")
        body = request.json()
        refusal = self._who(request) or self._lacks("chat:write")
        if refusal is None and body["channel"] != CHANNEL:
            refusal = _no("channel_not_found")
        if refusal is None and (self.archived or self.stranger):
            refusal = _no("is_archived" if self.archived else "not_in_channel")
        thread = body.get("thread_ts")
        if refusal is None and thread is not None and thread not in {one["ts"] for one in self.said}:
            refusal = _no("thread_not_found")
        if refusal is None and not body.get("text"):
            refusal = _no("no_text")
        if refusal is not None:
            return refusal
        if self._full():
            return Reply(429, {"ok": False, "error": "ratelimited"}, {"Retry-After": "7"})
        ts = f"1503435956.{len(self.said) + 247:06}"
        self.said.append({**body, "ts": ts})
        return Reply(200, {"ok": True, "channel": CHANNEL, "ts": ts, "message": {"text": body["text"], "ts": ts}})

    def _lacks(self, scope: str) -> Reply | None:
        return None if scope in self.scopes else Reply(200, {"ok": False, "error": "missing_scope", "needed": scope})

    def _react(self, request: Request) -> Reply:
        assert request.header("content-type") == "application/x-www-form-urlencoded"
        form = dict(parse_qsl(request.body.decode()))
        refusal = self._who(request) or self._lacks("reactions:write")
        if refusal is not None:
            return refusal
        mark = (form["timestamp"], form["name"])
        if form["timestamp"] not in {one["ts"] for one in self.said}:
            return _no("message_not_found")
        if mark in self.reactions:
            return _no("already_reacted")
        self.reactions.add(mark)
        return Reply(200, {"ok": True})

    def _replies(self, request: Request) -> Reply:
        form = dict(parse_qsl(request.body.decode()))
        refusal = self._who(request) or self._lacks("channels:history")
        if refusal is not None:
            return refusal
        ts = form["ts"]
        if ts not in {one["ts"] for one in self.said}:
            return _no("thread_not_found")
        felt = [(name, "U0PERSON01") for one, name in self.felt if one == ts]
        felt += [(name, "U0SYNCDBOT") for one, name in self.reactions if one == ts]
        mine = [one for one in self.said if ts in {one["ts"], one.get("thread_ts")}]
        rows: list[dict[str, Any]] = [
            {"type": "message", "ts": one["ts"], "thread_ts": ts, "text": one["text"], "bot_id": "B0SYNCD001"}
            for one in mine
        ]
        for row in rows:
            if row["ts"] == ts and felt:
                row["reactions"] = [{"name": name, "users": [who], "count": 1} for name, who in felt]
        rows += [{"type": "message", **one} for one in self.people if one["thread_ts"] == ts]
        return Reply(200, {"ok": True, "messages": rows, "has_more": False})

    def _test(self, request: Request) -> Reply:
        refusal = self._who(request)
        return refusal or Reply(200, {"ok": True, "user": "syncd"}, {"X-OAuth-Scopes": ",".join(self.scopes)})

    def _hook(self, request: Request, secret: str) -> Reply:
        if secret != HOOK or self.closed_hook:
            return Reply(404, b"no_service", {"Content-Type": "text/html"})
        if self.archived:
            return Reply(410, b"channel_is_archived")
        try:
            body = request.json()
        except json.JSONDecodeError:
            return Reply(400, b"invalid_payload")
        if self._full():
            return Reply(429, b"rate_limited", {"Retry-After": "7"})
        self.said.append({**body, "ts": ""})
        return Reply(200, b"ok", {"Content-Type": "text/html"})


def _no(error: str) -> Reply:
    return Reply(200, {"ok": False, "error": error})
