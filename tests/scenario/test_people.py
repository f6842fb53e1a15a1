"""Logins as a scenario declares them, and what messages show of them."""

from __future__ import annotations

import pytest
from commands import STAGED_ORDER, changed

import floorproof
from floorproof.market.staging import StagedAck

GOOD = STAGED_ORDER.read_text(encoding="utf-8")
MAPPING = 'exchange_mgt = "TTSSE/SE1/001"\n  account = "123"'  # PM1's


@pytest.mark.parametrize("first", ["001", "002"])
def test_of_several_exchange_traders_the_first_is_used_and_shown(first: str) -> None:
    other = {"001": "002", "002": "001"}[first]
    several = MAPPING.replace(
        '"TTSSE/SE1/001"', f'["TTSSE/SE1/{first}", "TTSSE/SE1/{other}"]'
    )  # both are desk traders of the example

    result = floorproof.run(floorproof.parse(changed(GOOD, MAPPING, several)))

    shown = {
        (entry.payload.routing_mgt, entry.payload.exchange_mgt)
        for entry in result.journal
        if isinstance(entry.payload, StagedAck)
    }
    assert shown == {("TTORDAB/001/001", f"TTSSE/SE1/{first}")}
