"""What independent stand-ins of GitHub showed: each of these once went wrong against one."""

from __future__ import annotations

import pytest

from connectors.github.urls import Urls


def _urls(url: str, web_url: str | None = None, learned: tuple[str, ...] = ()) -> Urls:
    return Urls(url, web_url, lambda: learned, lambda name: name)


def _keys(urls: Urls, text: str) -> list[str]:
    return [one.key for one in urls.mentions(text)]


@pytest.mark.parametrize("url", ["http://127.0.0.1:8123", "http://localhost:8123", "http://[::1]:8123/api/v3"])
def test_a_proxy_on_this_machine_shows_the_pages_of_github_until_it_names_others(url: str) -> None:
    pasted = "https://github.com/acme/ops/issues/4"
    assert _keys(_urls(url), pasted) == ["acme/ops#4"]
    assert _keys(_urls(url, learned=("https://git.acme.example",)), pasted) == []
    assert _keys(_urls(url, "https://git.acme.example"), pasted) == []


def test_the_pages_of_another_server_are_not_githubs() -> None:
    assert _keys(_urls("https://git.acme.example/api/v3"), "https://github.com/acme/ops/issues/4") == []
