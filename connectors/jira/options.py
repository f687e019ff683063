"""What ``connectors/NAME.toml`` of a Jira site may hold, and what follows from it."""

from __future__ import annotations

import re
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from connectors.secrets import one_word
from syncd.connector import ConnectorOptions, Secret
from syncd.schema import Wrong

_GATEWAY = "/ex/jira/"
_PROJECT = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,254}")
_QUOTED = re.compile(r'"(?:\\.|[^"\\])*"|' + r"'(?:\\.|[^'\\])*'")


class SiteOptions(ConnectorOptions):
    """What every connector to a Jira site needs: its address, an account, the projects.

    Jira Cloud takes an email address with an API token; through its gateway also a bearer token. Data Center takes a
    personal access token. Which of them a site is follows from that, so that no call is needed to find it out.
    """

    email: str | None = None
    """The account that an API token belongs to."""
    api_token: Secret | None = None
    """An API token of Jira Cloud; it lives a year at most."""
    token: Secret | None = None
    """A personal access token of Data Center, or a bearer token for the gateway of Jira Cloud."""
    projects: list[str] = Field(min_length=1)
    """Keys of the projects that are followed."""
    jql: str | None = None
    """What an item must match besides; no ORDER BY."""
    remote_links: bool = True
    """Whether the links to other systems are read that people set on an issue (a call for each issue)."""

    @field_validator("url")
    @classmethod
    def _of_a_site(cls, url: str) -> str:
        path = urlsplit(url).path
        if "/rest" in path:
            raise Wrong("the address goes too far", "Leave /rest and what follows out of the url: it is added")
        if urlsplit(url).hostname == "api.atlassian.com" and not re.fullmatch(r"/ex/jira/[^/]+/?", path):
            cure = "Write it as https://api.atlassian.com/ex/jira/CLOUDID"
            raise Wrong("the gateway's address names no site", cure)
        return url.rstrip("/")

    _one_word = field_validator("token", "api_token")(one_word)

    @field_validator("projects")
    @classmethod
    def _keys(cls, projects: list[str]) -> list[str]:
        if not all(_PROJECT.fullmatch(key) for key in projects):
            raise Wrong("this is no project's key", "Write keys as Jira shows them before the number, such as ENG")
        if len({key.upper() for key in projects}) < len(projects):
            raise ValueError("a project is named twice")
        return projects

    @field_validator("jql")
    @classmethod
    def _restriction(cls, jql: str | None) -> str | None:
        if jql is not None and re.search(r"\border\s+by\b", _QUOTED.sub("", jql), re.IGNORECASE):
            raise Wrong("a restriction has no order", "Leave ORDER BY and what follows out")
        return jql if jql and jql.strip() else None

    @model_validator(mode="after")
    def _one_credential(self) -> Self:
        pair = [name for name in ("email", "api_token") if getattr(self, name) is not None]
        if self.token is not None and pair:
            raise Wrong("it names two credentials: which account is it?", f"Keep token, or {' and '.join(pair)}")
        if self.token is None and not pair:
            raise Wrong("there is no credential", "Write email and api_token (Cloud), or token (Data Center)")
        if len(pair) == 1:
            missing = "api_token" if pair == ["email"] else "email"
            raise Wrong(f"{pair[0]} needs {missing} too", f"Add {missing}")
        host = urlsplit(self.url).hostname or ""
        if self.token is not None and host.endswith((".atlassian.net", ".jira.com")):
            cure = "Write email and api_token, or the gateway's url, https://api.atlassian.com/ex/jira/CLOUDID"
            raise Wrong("a site of Jira Cloud takes no bearer token at its own address", cure)
        if self.is_gateway and self.web_url is None:
            cure = "Add web_url, such as https://SITE.atlassian.net"
            raise Wrong("the gateway's address isn't the one that people open", cure)
        return self

    @property
    def is_gateway(self) -> bool:
        """Whether the url is that of Jira Cloud's gateway for scoped and bearer tokens."""
        return _GATEWAY in urlsplit(self.url).path

    @property
    def cloud(self) -> bool:
        """Whether it is Jira Cloud, not Data Center."""
        return self.token is None or self.is_gateway

    @property
    def auth(self) -> tuple[str, str] | str:
        """(email, API token), or a bearer token."""
        if self.token is not None:
            return self.token.get_secret_value()
        return self.email or "", self.api_token.get_secret_value() if self.api_token is not None else ""

    @property
    def web(self) -> str:
        """Where people open what the API serves, without a trailing slash."""
        return (self.web_url or self.url).rstrip("/")


class JiraOptions(SiteOptions):
    """``connectors/NAME.toml`` of a Jira site as tracker."""

    audience: Literal["private", "public"] = "private"
    """Who can read the projects: Jira doesn't say."""
    issue_type: str | None = None
    """Name of the type that filed issues have; left out: Task, Bug or Story, the first that a project has."""
