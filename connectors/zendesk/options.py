"""What ``connectors/NAME.toml`` of a Zendesk account may hold."""

from __future__ import annotations

from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from connectors.secrets import one_word
from syncd.connector import ConnectorOptions, Secret
from syncd.schema import Wrong

SCOPE = "read write"
"""Which narrower scope opens the exports isn't documented, so all is asked for unless the file says less."""


class ZendeskOptions(ConnectorOptions):
    """``connectors/NAME.toml`` of a Zendesk account: an OAuth client, or (until 2027-04-30) an API token."""

    client_id: str | None = Field(default=None, min_length=1)
    """The unique identifier of a confidential OAuth client; we act as the user that it belongs to."""
    client_secret: Secret | None = None
    scope: str = Field(default=SCOPE, min_length=1)
    """What the client asks for, words separated by one space."""
    email: str | None = Field(default=None, min_length=3)
    api_token: Secret | None = None
    """An API token, used as the user with this ``email``."""
    portal_hosts: list[str] = Field(default_factory=list)
    """Other hosts under which people see the same tickets (brands, portals with domains of their own)."""
    jira_url: str | None = None
    """The Jira site that Zendesk's own Jira integration links to: its links are read, too."""
    exports_per_minute: int = Field(default=2, ge=1, le=10)
    """How often the export may be asked; all integrations of the account share ten calls a minute."""

    @field_validator("url")
    @classmethod
    def _origin_only(cls, url: str) -> str:
        if urlsplit(url).path.strip("/"):
            raise Wrong("this is more than the account's address", "Leave out what comes after the host: it is added")
        return url.rstrip("/")

    @field_validator("jira_url")
    @classmethod
    def _a_site(cls, url: str | None) -> str | None:
        parts = urlsplit(url or "https://jira.example.com")
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
            raise Wrong("this is no address of a Jira site", "Write it as https://SITE.atlassian.net")
        return url.rstrip("/") if url else None

    _one_word = field_validator("client_secret", "api_token")(one_word)

    @model_validator(mode="after")
    def _one_credential(self) -> Self:
        client = [name for name in ("client_id", "client_secret") if getattr(self, name) is not None]
        token = [name for name in ("email", "api_token") if getattr(self, name) is not None]
        if (len(client), len(token)) in {(2, 0), (0, 2)}:
            return self
        cure = "Set client_id and client_secret, or email and api_token"
        what = "two credentials are given" if client and token else "a credential is missing"
        raise Wrong(what, cure)
