"""Addresses, statuses, and the health of an account."""

from __future__ import annotations

from syncd.connector import Connector
from syncd.model import Word
from syncd.testing.contract.support import Part, finished
from syncd.testing.world import World


class Names(Part):
    """Addresses, statuses, and the health of an account."""

    def test_a_pasted_address_is_recognised_and_leads_to_the_item(self, world: World, connector: Connector) -> None:
        ref = world.add()
        connector.check()
        url = world.url(ref)
        text = f"Please see {url}, thanks. (Not https://elsewhere.example.net/items/1.)"
        mentions = connector.parse_url(text)
        assert len(mentions) == 1
        assert text[mentions[0].start : mentions[0].end] == url
        assert connector.resolve(mentions[0].key) == ref

    def test_every_status_of_an_item_is_among_the_accounts(self, world: World, connector: Connector) -> None:
        statuses = connector.statuses()
        for word in (Word.OPEN, finished(world)):
            native = world.native(word)
            assert str(native) in statuses or native.native in statuses

    def test_a_healthy_account_has_no_problems(self, world: World, connector: Connector) -> None:
        world.add()
        assert list(connector.check()) == []
