"""Who is registered: entities, firms, their sessions, and who clears whom."""

from __future__ import annotations

from typing import Any

import pytest

from floorproof.market.firms import (
    EntityName,
    Firm,
    GatewayKind,
    Gfid,
    Market,
    Registry,
    SenderComp,
    TargetSession,
)
from floorproof.market.identifiers import CompID

ALPHA = {"gfid": "AAA", "entity": "Alpha", "clearing_firm": "CCC"}
BRAVO = {"gfid": "BBB", "entity": "Bravo", "clearing_firm": "CCC"}
CLEAR = {"gfid": "CCC", "entity": "Clear"}
DELTA = {"gfid": "DDD", "entity": "Delta"}
FIRMS = (ALPHA, BRAVO, CLEAR, DELTA)


def registry(
    firms: Any = FIRMS, comps: Any = (), targets: Any = (), front_ends: Any = ()
) -> Registry:
    return Registry.of(
        [Firm(**firm) for firm in firms],
        [SenderComp(comp_id=CompID(comp), session=CompID("S")) for comp in comps],
        [TargetSession(comp_id=CompID(c), entity=EntityName(entity)) for c, entity in targets],
        front_ends,
    )


@pytest.mark.rule("FIRM-1")
def test_a_comp_id_names_its_session_and_its_firm() -> None:
    comp = SenderComp(comp_id=CompID("X1YAAA"), session=CompID("S"), kind=GatewayKind.MSGW)

    assert (comp.session_id, comp.gfid) == ("X1Y", "AAA")


@pytest.mark.rule("FIRM-2")
def test_an_entity_has_its_own_sessions_copied_and_those_that_it_clears() -> None:
    found = registry(comps=["X01AAA", "X02BBB", "X03DDD", "X04CCC"])

    def sources(entity: str) -> list[str]:
        return [c.comp_id for c in found.sources_for(EntityName(entity), Market.GLOBEX)]

    assert sources("Alpha") == ["X01AAA"]
    assert sources("Clear") == ["X01AAA", "X02BBB", "X04CCC"]
    assert sources("Delta") == ["X03DDD"]
    assert sources("nobody") == []
    assert found.sources_for(EntityName("Alpha"), Market.BROKERTEC_EU) == ()


def test_a_firm_without_a_clearing_firm_guarantees_itself() -> None:
    found = registry(comps=["X03DDD", "X01AAA"])

    assert [found.guarantor(comp) for comp in found.sender_comps.values()] == ["Delta", "Clear"]


@pytest.mark.parametrize(
    ("what", "says"),
    [
        ({"firms": [{**ALPHA, "gfid": "aaa"}]}, "a GFID is three capital letters or digits"),
        ({"firms": [ALPHA]}, "AAA clears through 'CCC', which is no firm here; there are: AAA"),
        ({"firms": [CLEAR, CLEAR]}, "the GFID CCC is registered twice"),
        ({"comps": ["X01AAAN"]}, "a comp id is six capital letters or digits, found 'X01AAAN'"),
        ({"comps": ["X01ZZZ"]}, "X01ZZZ is a session of the firm 'ZZZ', which is not registered"),
        ({"comps": ["X01AAA", "X01AAA"]}, "the comp id X01AAA is registered twice"),
        ({"targets": [("717NEX", "Zulu")]}, "717NEX belongs to the entity 'Zulu'"),
        ({"targets": [("717NEX", "Alpha")] * 2}, "the target session 717NEX is registered twice"),
        (
            {"comps": ["X01AAA"], "targets": [("X01AAA", "Alpha")]},
            "X01AAA is an order entry session already",
        ),
    ],
)
def test_what_cannot_be_registered_is_refused_by_name(what: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        registry(**what)


def test_gfids_are_kept_as_they_are() -> None:
    assert list(registry().firms) == [Gfid("AAA"), Gfid("BBB"), Gfid("CCC"), Gfid("DDD")]
    assert registry().entities == ("Alpha", "Bravo", "Clear", "Delta")
