"""``[notify.NAME]`` of ``syncd.toml``: where what needs a person is told, and of what."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, SecretStr, ValidationError, model_validator

from syncd.config.accounts import NAME, is_loopback, origin
from syncd.connector import Proxy, Secret
from syncd.errors import Problem
from syncd.schema import Table, Wrong, problem, problems

Alert = Literal[
    "brake",
    "rehearsal",
    "unauthorized",
    "misconfigured",
    "unavailable",
    "parked",
    "conflict",
    "drift",
    "waits_for_person",
    "cascade",
    "unknown",
    "refused",
    "doubled",
    "two_issues",
    "exposed",
    "overdue_answer",
    "overdue_filing",
    "ownerless",
    "sprint_over",
    "old_link",
    "still_waiting",
    "ended_early",
]
ALERTS: tuple[Alert, ...] = Alert.__args__  # type: ignore[attr-defined]
"""What can be told of; docs/operations.md says what each asks of a person."""
WHERE = "syncd.toml: notify"
SLACK_API = "https://slack.com/api"
SUBMISSION, SMTPS = 587, 465
"""Ports of RFC 6409 and RFC 8314."""


def _text(pattern: str, what: str, cure: str) -> Callable[[object], str]:
    def check(value: object) -> str:
        if isinstance(value, str) and value.isprintable() and re.fullmatch(pattern, value):
            return value
        raise Wrong(what, cure)

    return check


def _api(value: object) -> str:
    if not isinstance(value, str):
        raise Wrong("a text is expected", "Write it in quotes")
    return origin(value)


Channel = Annotated[
    str,
    BeforeValidator(
        _text(
            "[CGD][A-Z0-9]{6,}",
            "this is no id of a channel",
            "Write the id, such as C0123456789: it stands at the end of the channel's details in Slack",
        )
    ),
]
Address = Annotated[
    str,
    BeforeValidator(
        _text(
            r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+",
            "this is no e-mail address",
            "Write it as NAME@HOST, without a display name",
        )
    ),
]
Host = Annotated[
    str, BeforeValidator(_text(r"[A-Za-z0-9.-]+|[0-9A-Fa-f:]+", "this is no host name", "Write it as mail.example.com"))
]


class Sink(Table):
    """What every sink may hold."""

    kind: str
    on: list[Alert] = Field(default=list(ALERTS), min_length=1)
    """Of what it is told."""
    audience: Literal["private", "public"] = "public"
    """Who reads there: only a private one is shown what a customer wrote."""


class SlackSink(Sink):
    """A channel in Slack: by an incoming webhook, or by a bot, whose messages have threads."""

    kind: Literal["slack"]
    url: Secret | None = None
    """Of an incoming webhook; it is the credential."""
    token: Secret | None = None
    """A bot's."""
    channel: Channel | None = None
    api_url: Annotated[str, BeforeValidator(_api)] = SLACK_API
    proxy: Proxy | None = None

    @model_validator(mode="after")
    def _one_way(self) -> SlackSink:
        if (self.url is None) == (self.token is None):
            what = "neither url nor token is there" if self.url is None else "there are both url and token"
            raise Wrong(what, "Give url (an incoming webhook), or token and channel (a bot), and not both")
        if self.token is not None and self.channel is None:
            raise Wrong("a bot has a token and no channel", "Add channel, the id of one")
        if self.url is not None and self.channel is not None:
            raise Wrong("a webhook has its own channel", "Remove channel, or give a bot's token instead of url")
        if self.url is not None:
            _hook(self.url)
        return self


class WebhookSink(Sink):
    """Anything that takes JSON by POST."""

    kind: Literal["webhook"]
    url: Secret
    token: Secret | None = None
    """Sent as ``Authorization: Bearer``."""
    proxy: Proxy | None = None

    @model_validator(mode="after")
    def _safe(self) -> WebhookSink:
        _hook(self.url)
        return self


class MailSink(Sink):
    """E-mail, by a server that takes it for delivery."""

    kind: Literal["mail"]
    host: Host
    port: int = Field(default=SUBMISSION, ge=1, le=65535)
    tls: Literal["starttls", "tls", "none"] | None = None
    """``none`` to this machine only."""
    user: Annotated[str, Field(min_length=1)] | None = None
    password: Secret | None = None
    sender: Address = Field(alias="from")
    to: list[Address] = Field(min_length=1)

    @model_validator(mode="after")
    def _safe(self) -> MailSink:
        if self.security == "none" and not is_loopback(self.host):
            raise Wrong("it would send mail unprotected", 'Write tls = "starttls" or "tls"')
        if (self.user is None) != (self.password is None):
            raise Wrong("a user and a password go together", "Give both, or neither")
        return self

    @property
    def security(self) -> str:
        """How the connection is protected: as configured, else as is usual at that port."""
        return self.tls or ("tls" if self.port == SMTPS else "starttls")


AnySink = SlackSink | WebhookSink | MailSink
KINDS: Mapping[str, type[AnySink]] = {"slack": SlackSink, "webhook": WebhookSink, "mail": MailSink}


def sinks(tables: Mapping[str, Any], secrets: object, found: list[Problem]) -> dict[str, AnySink]:
    """Every sink by its name, as far as it is sound; what is wrong is added to ``found``."""
    made = {}
    for name, data in tables.items():
        where = f"{WHERE}.{name}"
        if not NAME.fullmatch(name):
            cure = "Rename it: lower-case letters, digits, - and _, a letter first"
            found.append(Problem(where, "this can't be a sink's name", cure))
        elif not isinstance(data, dict):
            found.append(Problem(where, "a table is expected", "Write it as a [notify.NAME] section of its own"))
        elif not isinstance(data.get("kind"), str) or data["kind"] not in KINDS:
            what = "this is none of the known values" if "kind" in data else "this key is missing"
            found.append(problem(where, "kind", what, f"Write one of: {', '.join(sorted(KINDS))}"))
        else:
            model = KINDS[data["kind"]]
            try:
                made[name] = model.model_validate(data, context={"secret": secrets})
            except ValidationError as error:
                found += problems(error, where, model)
    return made


def _hook(url: SecretStr) -> None:
    """A webhook's address may hold its secret anywhere, a query included."""
    text, _, query = url.get_secret_value().partition("?")
    origin(text)
    if not query.isprintable() or set(query) & set(' \\"<>#'):
        raise Wrong("this is no URL", "Store the address as it was given to you")


__all__ = ["ALERTS", "Alert", "AnySink", "MailSink", "Sink", "SlackSink", "WebhookSink", "sinks"]
