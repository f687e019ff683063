"""What ``connectors/NAME.toml`` of a GitHub account may hold, and the addresses that follow from it."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Annotated, Self
from urllib.parse import urlsplit

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, field_validator, model_validator

from connectors.secrets import one_word
from syncd.connector import ConnectorOptions, Secret
from syncd.schema import Wrong

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


def _app_id(value: object) -> str:
    """A number, or a client id such as ``Iv23liAbCdEf``; quoted or not."""
    text = str(value) if isinstance(value, (int, str)) and not isinstance(value, bool) else ""
    if not re.fullmatch(r"[1-9][0-9]{0,17}|[A-Za-z][A-Za-z0-9._-]{1,99}", text):
        raise Wrong("this is no GitHub App's id", "Write the App ID (a number) or the Client ID of the app's settings")
    return text


class GitHubOptions(ConnectorOptions):
    """``connectors/NAME.toml`` of a GitHub account, on github.com or on a GitHub Enterprise Server.

    The account is a user, by ``token``, or a GitHub App, by ``app_id`` and ``private_key``.
    """

    token: Secret | None = None
    """A personal access token: fine-grained with Issues read and write, or classic with ``repo``."""
    app_id: Annotated[str, BeforeValidator(_app_id)] | None = None
    """A GitHub App's id, or its client id."""
    private_key: Secret | None = None
    """The app's private key, PEM."""
    installation_id: int | None = Field(default=None, gt=0)
    """Which of the app's installations; left out, it is the one that reaches the repositories."""
    repositories: list[Repository] = Field(min_length=1)

    @field_validator("url")
    @classmethod
    def _of_an_api(cls, url: str) -> str:
        parts = urlsplit(url)
        host = (parts.hostname or "").removeprefix("www.")
        if host == "github.com" or (host.endswith(".ghe.com") and not host.startswith("api.")):
            raise Wrong("these are the pages for people, not the API", f"Write it as https://api.{host}")
        return url

    _one_word = field_validator("token")(one_word)

    @field_validator("private_key")
    @classmethod
    def _readable(cls, key: SecretStr | None) -> SecretStr | None:
        return None if key is None else SecretStr(pem(key.get_secret_value()))

    @model_validator(mode="after")
    def _one_credential(self) -> Self:
        app = [name for name in ("app_id", "private_key", "installation_id") if getattr(self, name) is not None]
        if self.token is not None and app:
            cure = f"Keep token, or {' and '.join(app)}"
            raise Wrong("it names a personal access token and a GitHub App: which account is it?", cure)
        if self.token is None and not app:
            cure = "Write token, or app_id and private_key"
            raise Wrong("there is no credential, neither a personal access token nor a GitHub App's", cure)
        missing = [name for name in ("app_id", "private_key") if app and name not in app]
        if missing:
            raise Wrong(f"a GitHub App needs {' and '.join(missing)} too", f"Add {' and '.join(missing)}")
        return self

    @field_validator("repositories")
    @classmethod
    def _each_once(cls, repositories: list[Repository]) -> list[Repository]:
        names = [one.name.casefold() for one in repositories]
        if len(set(names)) < len(names):
            raise ValueError("a repository is named twice")
        return repositories


def pem(text: str) -> str:
    """A private key that signs for a GitHub App, its lines apart; nothing of it is ever repeated.

    Raises:
        Wrong: it is none.
    """
    # Where an environment variable holds it, its line breaks are often written out.
    text = text.replace("\\n", "\n").strip() + "\n"
    cure = "Store the .pem file as it was downloaded from the app's settings (Private keys, Generate a private key)"
    try:
        key = load_pem_private_key(text.encode(), password=None)
    except TypeError:
        raise Wrong("the private key is protected by a passphrase", cure) from None
    except (ValueError, UnsupportedAlgorithm):
        raise Wrong("this is no private key in PEM form", cure) from None
    if not isinstance(key, RSAPrivateKey):
        raise Wrong("the keys of GitHub Apps are RSA keys, and this one isn't", cure)
    return text


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
