"""The time that the team has noted on tickets."""

from __future__ import annotations

from datetime import timedelta

import pytest

from syncd.connector import Connector
from syncd.errors import ConnectorError, Refused
from syncd.testing.contract.details import SUBJECT, WORDS
from syncd.testing.contract.support import Part, needs_act
from syncd.testing.world import World

DAY = timedelta(days=1)


class Hours(Part):
    """The time that the team has noted on tickets."""

    def test_a_connector_that_tells_of_no_time_entries_says_so(self, world: World, connector: Connector) -> None:
        if connector.capabilities.time_entries:
            pytest.skip("this connector tells of time entries")
        now, calls = connector.clock.now(), world.calls()
        with pytest.raises(Refused, match="tells of none"):
            connector.time_spent(now - DAY, now)
        assert world.calls() == calls

    def test_the_time_of_each_ticket_is_told_with_its_company(self, world: World, connector: Connector) -> None:
        needs_act(world, "spend")
        case, other = world.ask(SUBJECT, WORDS), world.add()
        untouched, seen = world.add(), {}
        for ref, seconds in ((case.ref, 1800), (other, 60), (case.ref, 900)):
            world.spend(ref, seconds)
        world.advance(60)
        seen = {one.ticket: one for one in connector.time_spent(world.now() - DAY, world.now())}
        assert {ref: one.seconds for ref, one in seen.items()} == {case.ref: 2700, other: 60}
        assert (seen[case.ref].company, seen[other].company) == (case.company, None)
        assert untouched not in seen

    def test_only_what_was_worked_within_the_span_is_told(self, world: World, connector: Connector) -> None:
        needs_act(world, "spend")
        ref = world.add()
        world.spend(ref, 60)
        world.advance(3600)
        begin = world.now()
        world.spend(ref, 120)
        world.advance(3600)
        end = world.now()
        world.spend(ref, 240)
        world.advance(3600)
        assert [one.seconds for one in connector.time_spent(begin, end)] == [120]
        assert connector.time_spent(begin - 2 * DAY, begin - DAY) == []

    def test_the_company_of_an_entry_is_not_shown_and_a_failure_is_ours(
        self, world: World, connector: Connector
    ) -> None:
        needs_act(world, "spend")
        case = world.ask(SUBJECT, WORDS)
        assert case.company is not None
        world.spend(case.ref, 60)
        world.advance(60)
        assert case.company.name not in repr(connector.time_spent(world.now() - DAY, world.now()))
        world.fail("error")
        with pytest.raises(ConnectorError) as failed:
            connector.time_spent(world.now() - DAY, world.now())
        assert case.company.name not in str(failed.value)
