"""What ``connectors/NAME.toml`` of a GitHub account may hold, and the addresses that follow from it."""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from syncd.connector import ConnectorOptions, Secret

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9])?/[A-Za-z0-9._-]{1,100}")


class Repository(BaseModel):
    """One repository whose issues are followed."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    name: str
    """``owner/repo`` as it is called now; a later rename is followed."""

    @field_validator("name")
    @classmethod
    def _owner_and_name(cls, name: str) -> str:
        if not _NAME.fullmatch(name) or name.endswith("/.."):
            raise ValueError("write a repository as owner/name, such as 2i2c-org/infrastructure")
        return name


class GitHubOptions(ConnectorOptions):
    """``connectors/NAME.toml`` of a GitHub account, on github.com or on a GitHub Enterprise Server."""

    token: Secret
    """A personal access token: fine-grained with Issues read and write, or classic with ``repo``."""
    repositories: list[Repository] = Field(min_length=1)

    @field_validator("token")
    @classmethod
    def _one_line(cls, token: SecretStr) -> SecretStr:
        # A line break at the end is what `echo token > file` leaves; anything else could not be sent as a header.
        text = token.get_secret_value().strip()
        if not text or not text.isascii() or not text.isprintable() or " " in text:
            raise ValueError("the token is empty or not one word")
        return SecretStr(text)

    @field_validator("repositories")
    @classmethod
    def _each_once(cls, repositories: list[Repository]) -> list[Repository]:
        names = [one.name.casefold() for one in repositories]
        if len(set(names)) < len(names):
            raise ValueError("a repository is named twice")
        return repositories


def web_origin(url: str) -> str:
    """Where people open what the API at ``url`` serves, without a trailing slash.

    ``https://api.github.com`` -> ``https://github.com``; ``https://HOST/api/v3`` -> ``https://HOST``; a loopback
    address stands for itself (GitHub Enterprise Server docs, REST API base URL).
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    if host.startswith("api.") and not _is_address(host) and parts.path.strip("/") == "":
        # api.github.com, and api.SUBDOMAIN.ghe.com of GitHub Enterprise Cloud with data residency.
        return f"{parts.scheme}://{parts.netloc.removeprefix('api.')}"
    return f"{parts.scheme}://{parts.netloc}"


def is_loopback(url: str) -> bool:
    """Whether an address leads to this machine."""
    host = urlsplit(url).hostname or ""
    return host == "localhost" or (_is_address(host) and ip_address(host).is_loopback)


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
