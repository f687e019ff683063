"""What an escalated ticket says."""

from __future__ import annotations

import logging

import pytest

from syncd.connector import Connector
from syncd.errors import Gone, Refused
from syncd.model import Author, GoneKind
from syncd.testing.contract.support import Part, item, keyed, needs, needs_act, walk
from syncd.testing.world import World

SUBJECT = "The hub is slow, says canary-subject"
WORDS = "It began on Monday (canary-description)."


class Details(Part):
    """What an escalated ticket says."""

    def test_a_connector_that_tells_no_details_says_so(self, world: World, connector: Connector) -> None:
        if connector.capabilities.details:
            pytest.skip("this connector tells details")
        with pytest.raises(Refused, match="tells no details"):
            connector.detail(world.add())

    def test_a_ticket_is_told_with_who_asks_and_for_whom(self, world: World, connector: Connector) -> None:
        needs_act(world, "ask")
        case = world.ask(SUBJECT, WORDS)
        told = connector.detail(case.ref)
        assert (told.subject, told.description.strip()) == (SUBJECT, WORDS)
        assert (told.requester, told.company) == (case.requester, case.company)
        assert told.representatives == case.representatives
        assert (told.group, told.kind, told.priority) == (case.group, case.kind, case.priority)
        assert case.fields.items() <= told.fields.items()
        assert case.fields
        assert told.attachments == case.attachments
        assert (told.item.group, told.item.fields) == (told.group, told.fields)

    def test_its_item_is_what_a_fresh_read_tells(self, world: World, connector: Connector) -> None:
        needs_act(world, "ask")
        case = world.ask(SUBJECT, WORDS)
        walk(connector)
        ref = keyed(connector, [case.ref])[0]
        told, fresh = connector.detail(ref).item, item(connector, ref)
        assert (told.ref, told.url, told.status, told.version) == (fresh.ref, fresh.url, fresh.status, fresh.version)
        assert (told.tags, told.fields, told.audience) == (fresh.tags, fresh.fields, fresh.audience)
        assert (told.group, told.assignees) == (fresh.group, fresh.assignees)

    def test_a_ticket_is_answered_once_the_team_has_written_publicly(self, world: World, connector: Connector) -> None:
        needs_act(world, "ask")
        case = world.ask(SUBJECT, WORDS)
        assert not connector.detail(case.ref).answered
        world.say(case.ref, "anybody?", by=Author.OUTSIDE)
        told = connector.detail(case.ref)
        assert (told.answered, told.answered_at) == (False, None)
        if "internal_notes" not in world.lacks:
            world.say(case.ref, "between us", by=Author.TEAM, internal=True)
            assert not connector.detail(case.ref).answered
        for _ in range(2):
            world.advance(5)
            world.say(case.ref, "we look into it", by=Author.TEAM)
        told = connector.detail(case.ref)
        first = next(text for text in told.item.texts or () if "we look into it" in text.body)
        assert (told.answered, told.answered_at) == (True, first.at)
        assert first.at is not None

    def test_a_company_and_a_group_that_were_deleted_are_none(self, world: World, connector: Connector) -> None:
        needs_act(world, "ask")
        case = world.ask(SUBJECT, WORDS)
        world.dissolve(case)
        told = connector.detail(case.ref)
        assert (told.company, told.group, told.subject, told.representatives) == (None, "", SUBJECT, ())
        assert told.requester is not None
        assert (told.requester.name, told.requester.companies, told.requester.leads) == (case.requester.name, (), False)

    def test_a_ticket_that_is_gone_is_told_so(self, world: World, connector: Connector) -> None:
        needs_act(world, "ask")
        needs(world, "remove")
        case = world.ask(SUBJECT, WORDS)
        ref = keyed(connector, [case.ref])[0]
        world.remove(case.ref, GoneKind.DELETED)
        with pytest.raises(Gone):
            connector.detail(ref)

    def test_nothing_that_a_ticket_says_is_shown_or_logged(
        self, world: World, connector: Connector, caplog: pytest.LogCaptureFixture
    ) -> None:
        needs_act(world, "ask")
        caplog.set_level(logging.DEBUG)
        case = world.ask(SUBJECT, WORDS)
        told = connector.detail(case.ref)
        shown = [repr(told), repr(told.requester), repr(told.company), repr(told.attachments), caplog.text]
        world.fail("html" if "html_answer" not in world.lacks else "error")
        with pytest.raises(Exception) as failed:  # noqa: PT011  # whatever it is, it shows nothing
            connector.detail(case.ref)
        shown += [str(failed.value), repr(failed.value), caplog.text]
        secrets = {SUBJECT, WORDS, case.requester.name, case.requester.email, *case.fields.values()}
        secrets |= {one.name for one in case.attachments} | {one.url for one in case.attachments}
        secrets |= {case.company.name} if case.company else set()
        secrets |= {one.email for one in case.representatives}
        assert [secret for secret in secrets if secret and any(secret in text for text in shown)] == []
