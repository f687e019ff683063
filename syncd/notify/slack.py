"""Slack: by a bot, whose messages have threads and get a check mark when it is over, or by an incoming webhook.

slack_sdk makes the requests and reads the answers; our session carries them, so that nothing is sent twice behind our
back, no proxy of the environment is used, a call ends in time, and nothing is logged.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.request import Request

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from syncd.config.notify import SlackSink
from syncd.errors import Problem
from syncd.notify.announcement import Mention
from syncd.notify.reach import unreachable
from syncd.notify.sink import TOTAL, Caller, Deaf, Mark, Off, Sayable, SinkError, Unknown, Unsent, refuse

LONGEST = 3500
"""Characters; Slack asks to keep a text below 4,000."""
DONE = "white_check_mark"
MARKS: Mapping[Mark, str] = {"seen": "eyes", "done": DONE}
SCOPES = "x-oauth-scopes"
"""The header in which Slack tells what a token may do."""
REFUSALS = {
    "invalid_auth": "the token isn't accepted",
    "not_authed": "the token isn't accepted",
    "token_revoked": "the token was revoked",
    "token_expired": "the token has expired",
    "account_inactive": "the bot's account isn't active",
    "missing_scope": "the bot lacks a scope, such as chat:write",
    "no_permission": "the bot may not do that",
    "not_allowed_token_type": "this kind of token may not do that",
    "channel_not_found": "there is no such channel, as far as the bot sees",
    "not_in_channel": "the bot isn't in the channel",
    "is_archived": "the channel is archived",
    "restricted_action": "the workspace doesn't let the bot post there",
    "ekm_access_denied": "the workspace doesn't let the bot post there",
    "team_access_not_granted": "the bot may not work in this workspace",
}
"""Errors of chat.postMessage, auth.test and reactions.add that only a person can mend."""
LOST_THREAD = frozenset({"thread_not_found", "message_not_found", "cannot_reply_to_message"})
UNKNOWN = frozenset({"internal_error", "fatal_error"})
"""Slack: the operation may have succeeded."""
_SILENT = logging.getLogger("syncd.notify.slack_sdk")
_SILENT.setLevel(logging.CRITICAL + 1)


def escaped(text: str) -> str:
    """As Slack wants plain text: nothing in it can be a mention or a link."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def worded(message: Sayable) -> str:
    """The message in Slack's own markup, and short enough."""
    title, *lines = (escaped(line) for line in ("syncd: " + message.title, *message.lines))
    called = " ".join(_called(one) for one in message.mentions)
    text = "\n".join([f"*{title}*", *([called] if called else []), *lines])
    return text if len(text) <= LONGEST else text[: text.rindex("\n", 0, LONGEST)]


def _called(mention: Mention) -> str:
    """The only thing in a message that calls anybody; its id is the configuration's, and proven."""
    if mention.id in {"here", "channel"}:
        return f"<!{mention.id}>"
    if mention.id:
        return f"<!subteam^{mention.id}>" if mention.id.startswith("S") else f"<@{mention.id}>"
    return escaped(f"@{mention.name}")


class _Client(WebClient):
    """slack_sdk's client over our session."""

    def __init__(self, caller: Caller, token: str, api_url: str) -> None:
        super().__init__(token, f"{api_url}/", timeout=int(TOTAL), retry_handlers=[], logger=_SILENT)
        self._caller = caller

    def _perform_urllib_http_request_internal(self, url: str, req: Request) -> dict[str, Any]:
        answer = self._caller.post(url, req.data, dict(req.header_items()))
        return {"status": answer.status_code, "headers": answer.headers, "body": answer.text}


class SlackBot:
    """See :class:`syncd.notify.sink.Notifier`; a thread is its first message's ``ts``."""

    def __init__(self, name: str, sink: SlackSink) -> None:
        assert sink.token is not None  # noqa: S101  # as the configuration has proven
        assert sink.channel is not None  # noqa: S101  # the same
        self.name, self._sink, self._channel = name, sink, sink.channel
        self._caller = Caller(sink.api_url, sink.proxy)
        self._client = _Client(self._caller, sink.token.get_secret_value(), sink.api_url)

    def send(self, message: Sayable, thread: str) -> str:
        """See :class:`syncd.notify.sink.Notifier`."""
        try:
            return self._post(message, thread)
        except _Answered as error:
            if thread and error.code in LOST_THREAD:
                return self.send(message, "")
            raise error.meaning() from None

    def _post(self, message: Sayable, thread: str) -> str:
        body: dict[str, Any] = {"channel": self._channel, "text": worded(message)}
        body |= {"unfurl_links": False, "unfurl_media": False} | ({"thread_ts": thread} if thread else {})
        answer = self._call("chat.postMessage", json=body)
        ts = answer.get("ts")
        return thread or (ts if isinstance(ts, str) else "")

    def end(self, message: Sayable, thread: str) -> None:
        """A check mark on the first message. To set it twice is to set it once, so it is tried until it is there."""
        try:
            self._call("reactions.add", data={"channel": self._channel, "timestamp": thread, "name": DONE})
        except Unknown as error:
            raise Unsent(error.what) from None
        except _Answered as error:
            if error.code in {"already_reacted", "message_not_found"}:
                return
            if error.code in UNKNOWN or error.status != 200:
                raise error.meaning(again=True) from None
            self.send(message, thread)  # the bot may not, or the message has too many: then in words

    def answered(self, thread: str) -> bool:
        """Whether anybody has replied in the thread, or reacted to its first message; what bots say doesn't count."""
        body = {"channel": self._channel, "ts": thread, "limit": 50}
        try:
            said = self._call("conversations.replies", data=body).get("messages")
        except _Answered as error:
            if error.code in LOST_THREAD:
                return False
            raise error.meaning(again=True) from None
        messages = [one for one in said if isinstance(one, dict)] if isinstance(said, list) else []
        replies = [one for one in messages if one.get("ts") != thread]
        if any(not one.get("bot_id") and one.get("subtype") != "bot_message" for one in replies):
            return True
        return any(one.get("ts") == thread and one.get("reactions") for one in messages)

    def mark(self, thread: str, mark: Mark) -> None:
        """A reaction; what is there already, or can't be there, is left at that."""
        body = {"channel": self._channel, "timestamp": thread, "name": MARKS[mark]}
        try:
            self._call("reactions.add", data=body)
        except Unknown as error:
            raise Unsent(error.what) from None
        except _Answered as error:
            if error.code in UNKNOWN or error.status != 200:
                raise error.meaning(again=True) from None

    def check(self) -> Iterator[Problem]:
        """What auth.test says of the token; nothing is sent."""
        where = f"syncd.toml: notify.{self.name}.token"
        try:
            answer = self._call("auth.test", data={})
        except _Answered as error:
            yield Problem(where, error.meaning().what, "Take the bot's token, xoxb-..., from the app's page in Slack")
            return
        except SinkError as error:
            yield Problem(f"notify.{self.name}", f"Slack can't be asked: {error.what}", "See that Slack can be reached")
            return
        told = next((value for key, value in answer.headers.items() if key.lower() == SCOPES), "")
        scopes = {one.strip() for one in told.split(",")} - {""}
        if scopes and "chat:write" not in scopes:
            yield Problem(where, "the bot lacks the scope chat:write", "Add it, and install the app again")
        if scopes and "reactions:write" not in scopes:
            what = "the bot lacks the scope reactions:write, so that what is over is told in words"
            yield Problem(where, what, "Add it, and install the app again", warning=True)

    def close(self) -> None:
        """See :class:`syncd.notify.sink.Notifier`."""
        self._caller.session.close()

    def _call(self, method: str, **body: Any) -> Any:
        """One request.

        Raises:
            SinkError: there was no answer, or none of Slack's.
            _Answered: Slack said no.
        """
        try:
            return self._client.api_call(method, **body)
        except SlackApiError as error:
            raise _Answered(error) from None
        except (SlackClientError, ValueError):
            raise Unknown("it answered nothing that Slack would") from None


class _Answered(Exception):
    """An answer that isn't ``ok``; seen by nobody but the bot."""

    def __init__(self, error: SlackApiError) -> None:
        super().__init__()
        self.status: int = error.response.status_code
        self.headers = error.response.headers
        data = error.response.data
        code = data.get("error") if isinstance(data, dict) else None
        self.code = code if isinstance(code, str) and code.isidentifier() else ""

    def meaning(self, *, again: bool = False) -> SinkError:
        """What it means; ``again``: what was asked can be repeated without harm."""
        try:
            refuse(self.status, self.headers, self.code)
        except Unknown as error:
            return Unsent(error.what) if again else error
        except SinkError as error:
            return error
        if self.code in REFUSALS:
            return Off(f"{REFUSALS[self.code]} ({self.code})")
        if not self.code or self.code in UNKNOWN:
            what = f"Slack says {self.code or 'nothing that it should'}"
            return Unsent(what) if again else Unknown(what)
        return Unsent(f"Slack says {self.code}")


class SlackWebhook(Deaf):
    """See :class:`syncd.notify.sink.Notifier`. The channel is the webhook's; there are no threads."""

    def __init__(self, name: str, sink: SlackSink) -> None:
        assert sink.url is not None  # noqa: S101  # as the configuration has proven
        self.name, self._sink = name, sink
        self._url = sink.url.get_secret_value()
        self._caller = Caller(self._url, sink.proxy)

    def send(self, message: Sayable, thread: str) -> str:
        """See :class:`syncd.notify.sink.Notifier`."""
        del thread
        body = {"text": worded(message), "unfurl_links": False, "unfurl_media": False}
        headers = {"Content-Type": "application/json;charset=utf-8"}
        answer = self._caller.post(self._url, json.dumps(body).encode(), headers)
        refuse(answer.status_code, answer.headers, answer.text.strip())
        return ""

    def end(self, message: Sayable, thread: str) -> None:
        """See :class:`syncd.notify.sink.Notifier`."""
        self.send(message, thread)

    def check(self) -> Iterator[Problem]:
        """Whether its host has a name; nothing can be asked of it without sending something."""
        yield from unreachable(self.name, self._url, self._sink.proxy)

    def close(self) -> None:
        """See :class:`syncd.notify.sink.Notifier`."""
        self._caller.session.close()
