"""Many keys behind one call, and one that has moved."""

from __future__ import annotations

import pytest

from connectors.jira.sandbox.world import JiraWorld


@pytest.mark.parametrize("cloud", [True, False])
def test_many_keys_are_resolved_at_once_and_a_moved_one_alone(cloud: bool) -> None:
    world = JiraWorld(cloud=cloud)
    try:
        connector = world.connect()
        refs = [world.add() for _ in range(3)]
        keys = [ref.key for ref in refs]
        world.people.move(keys[1], "ELSE")
        before = world.calls()
        found = connector.resolve_many([*keys, "ENG-99", "no key"])
        assert world.calls() == before + int(cloud)
        assert found == ({keys[0]: refs[0], keys[2]: refs[2]} if cloud else {})
        assert connector.resolve(keys[1]) == refs[1]
        assert connector.resolve("ENG-99") is None
    finally:
        world.close()
