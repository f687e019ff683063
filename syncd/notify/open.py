"""From a sink's configuration to the sink itself."""

from __future__ import annotations

from syncd.config.notify import AnySink, MailSink, SlackSink, WebhookSink
from syncd.notify.mail import MailNotifier
from syncd.notify.sink import Notifier
from syncd.notify.slack import SlackBot, SlackWebhook
from syncd.notify.webhook import WebhookNotifier


def open_sink(name: str, sink: AnySink) -> Notifier:
    """The way to reach people that a configuration names; nothing is called yet."""
    match sink:
        case WebhookSink():
            return WebhookNotifier(name, sink)
        case MailSink():
            return MailNotifier(name, sink)
        case SlackSink():
            return SlackWebhook(name, sink) if sink.url is not None else SlackBot(name, sink)
