"""Stand-in sites with a stopped clock."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from jira_caller import Caller
from jira_exchanges import answers

from connectors.jira.sandbox import JiraSandbox
from syncd.clock import ManualClock


def _site(cloud: bool) -> JiraSandbox:
    sandbox = JiraSandbox(cloud=cloud, context="" if cloud else "/jira")
    sandbox.freeze(ManualClock().now())
    sandbox.people.make_project("ENG")
    sandbox.people.make_project("OPS", workflow="strict")
    sandbox.people.make_project("SUP", kind="service")
    return sandbox


@pytest.fixture
def cloud() -> Iterator[JiraSandbox]:
    with _site(cloud=True) as sandbox:
        yield sandbox


@pytest.fixture
def server() -> Iterator[JiraSandbox]:
    with _site(cloud=False) as sandbox:
        yield sandbox


@pytest.fixture(params=["cloud", "server"])
def site(request: pytest.FixtureRequest) -> Iterator[JiraSandbox]:
    with _site(cloud=request.param == "cloud") as sandbox:
        yield sandbox


@pytest.fixture
def call(request: pytest.FixtureRequest) -> Iterator[Caller]:
    name = next(name for name in ("cloud", "server", "site") if name in request.fixturenames)
    caller = Caller(request.getfixturevalue(name))
    yield caller
    caller.session.close()
    # What a test sends may be wrong on purpose; what is answered never is.
    wrong = answers(caller.sandbox.log, cloud=caller.sandbox.cloud)
    assert wrong == []
