"""What every ``connectors/NAME.toml`` may hold: the base of each connector's own options."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationInfo

from syncd.schema import Duration, Instant, Wrong


def _secret(value: object, info: ValidationInfo) -> SecretStr:
    """A secret by its reference; the loader of the config folder passes the reader as context."""
    if isinstance(value, SecretStr):
        return value
    read = (info.context or {}).get("secret")
    if read is None or not isinstance(value, str):
        raise Wrong("this is no reference to a secret", "Write it as env:NAME, file:PATH or credential:NAME")
    found: SecretStr = read(value)
    return found


Secret = Annotated[SecretStr, BeforeValidator(_secret)]
"""A credential; a config writes ``env:NAME``, ``file:PATH`` or ``credential:NAME``, never the secret itself."""


def _proxy(value: object) -> str:
    """``http://127.0.0.1:3128``: a proxy that takes CONNECT. It isn't repeated: people leave passwords in them."""
    text = value if isinstance(value, str) and value.isprintable() else ""
    try:
        parts = urlsplit(text)
        whole = parts.scheme == "http" and parts.hostname and parts.port and "@" not in parts.netloc
        if whole and not (parts.path.strip("/") or parts.query or parts.fragment):
            return text.rstrip("/")
    except ValueError:
        pass
    raise Wrong("this is no address of a proxy", "Write it as http://HOST:PORT, without a user or password")


Proxy = Annotated[str, BeforeValidator(_proxy)]
"""What https calls go through; a config writes ``http://HOST:PORT``."""


class ConnectorOptions(BaseModel):
    """What every ``connectors/NAME.toml`` may hold; a connector adds its own keys in a subclass.

    Secrets arrive here already read (``SecretStr``), URLs already checked. Durations are seconds.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)

    connector: str
    url: str
    """The API's origin exactly as given, context path included, without a trailing slash."""
    web_url: str | None = None
    """The origin of the links that people paste, where it can't be derived."""
    proxy: Proxy | None = None
    """What https calls go through; only what stands here, never what the environment says."""
    poll_interval: Duration = Field(default=30.0, ge=1)
    settle: Duration = Field(default=120.0, ge=0)
    """How long an effect whose outcome is unknown waits before it is looked for."""
    headroom: float = Field(default=0.3, ge=0, lt=1)
    """The share of a rate limit that is left to people and other integrations."""
    start_from: Instant | None = None
    """The first walk goes back no further than this; aware, UTC."""
