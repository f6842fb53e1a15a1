"""When the tags of self-match prevention are checked: before anything of business.

Section 1.4 of `reference/cme.md`: the session's own checks come first, then the instruction,
then the id's registration, and only then what an exchange objects to in an order.
"""

from __future__ import annotations

import pytest
from settings import with_settings
from smp import SMP, X, book, happen, say

import floorproof
from floorproof.market.exchange import Exchange
from floorproof.market.instrument import Instrument, TickTable
from floorproof.market.messages import ExecutionReport
from floorproof.market.rejects import SessionReject
from floorproof.market.sessions import TradingState
from floorproof.plugins.binding import admission, venue_manager, venue_rules
from floorproof.plugins.fifo import Fifo
from floorproof.plugins.price_checks.limits import DailyLimits, PriceLimits, ProductLimits

HALT = TradingState(name="HALT", match=False, enter=False, modify=False, quote=False)
_N_OR_O = "self_match_prevention_instruction 'X': expected N or O [SMP-7]"
_FIRM_400 = "self_match_prevention_id '{}': expected one registered to the firm 400 [SMP-6]"
TAGS = {
    "instr=X": _N_OR_O,
    "instr=X id=7654321": _N_OR_O,
    "id=7654321": _FIRM_400.format("7654321"),
    "id=2345678 instr=O": _FIRM_400.format("2345678"),
}
HALTED = "! HALT"
# fmt: off
# What the exchange itself objects to, with sound tags: the arrival, and what has happened.
BUSINESS: dict[str, tuple[str, tuple[str, ...]]] = {
    "new order: unknown instrument":    ("BUY 10 @ 50 symbol=Z", ()),
    "new order: off tick":              ("BUY 10 @ 51", ()),
    "new order: too large":             ("BUY 41 @ 50", ()),
    "new order: no multiple of a lot":  ("BUY 9 @ 50", ()),
    "new order: no limit":              ("BUY 10 type=LIMIT", ()),
    "new order: a name used":           ("BUY 10 @ 40", ("F400 n SELL 10 @ 60",)),
    "new order: nobody to trade with":  ("BUY 10 MARKET", ()),
    "new order: it would trade":        ("BUY 10 @ 60 post", ("F100 o SELL 10 @ 60",)),
    "new order: a closed market":       ("BUY 10 @ 50", (HALTED,)),
    "new order: outside its limits":    ("BUY 10 @ 90", ()),
    "change: unknown instrument":       ("CHANGE BUY m 10 @ 50 symbol=Z", ()),
    "change: no such order":            ("CHANGE BUY x 10 @ 50", ()),
    "change: the wrong side":           ("CHANGE SELL m 10 @ 50", ()),
    "change: a name used":              ("CHANGE BUY m 10 @ 50", ("F400 n SELL 10 @ 60",)),
    "change: off tick":                 ("CHANGE BUY m 10 @ 51", ()),
    "change: into a market order":      ("CHANGE BUY m 10 MARKET", ()),
    "change: a closed market":          ("CHANGE BUY m 10 @ 50", (HALTED,)),
    "change: outside its limits":       ("CHANGE BUY m 10 @ 90", ()),
    "mass quote: unknown instrument":   ("QUOTE Z:10@50", ()),
    "mass quote: a name used":          ("QUOTE X:10@50", ("F400 n QUOTE X:10@40",)),
    "mass quote: too many entries":     ("QUOTE " + " ".join(["X:10@50"] * 16), ()),
    "mass quote: off tick":             ("QUOTE X:10@51", ()),
    "mass quote: bids what it offers":  ("QUOTE X:10@50/10@50", ()),
    "mass quote: two of an instrument": ("QUOTE X:10@50 X:10@52", ()),
    "mass quote: a closed market":      ("QUOTE X:10@50", (HALTED,)),
    "mass quote: outside its limits":   ("QUOTE X:10@90", ()),
    "mass quote: takes off nothing":    ("QUOTE X:-", ()),
    "mass quote: takes off a quote":    ("QUOTE X:-", ("F400 q QUOTE X:10@40",)),
}
# fmt: on


def strict_venue(*lines: str) -> Exchange:
    """Return a venue that takes only few of all orders, and asks about limits before SMP."""
    instrument = Instrument(
        symbol=X, price_decimals=0, ticks=TickTable.uniform(2), max_order_qty=40, round_lot=10
    )
    limits = PriceLimits({X: ProductLimits((DailyLimits("0", "80"),))})
    manager = venue_manager({"price-limits": limits, "cme-smp": SMP})
    exchange = Exchange(
        [instrument],
        {X: Fifo()},
        {X: venue_rules(manager, X)},
        admit=admission(manager),
        states=(HALT,),
    )
    for line in lines:
        happen(exchange, line)
    return exchange


@pytest.mark.rule("SMP-6", "SMP-7", "SMP-13")
@pytest.mark.parametrize(("tags", "text"), TAGS.items(), ids=TAGS.keys())
@pytest.mark.parametrize(("arrives", "before"), BUSINESS.values(), ids=BUSINESS.keys())
def test_the_tags_are_checked_before_anything_of_business(
    arrives: str, before: tuple[str, ...], tags: str, text: str
) -> None:
    exchange = strict_venue("F400 m BUY 10 @ 30", *before)
    was = book(exchange)

    said = say(exchange, f"F400 n {arrives} {tags}")

    level = "BUSINESS" if arrives.startswith("QUOTE") else "SESSION"
    assert said == [f"F400 n {level} REJECT: {text}"]
    assert book(exchange) == was
    # With sound tags it is something else that is wrong, or nothing where it only takes off.
    ack, *_ = say(exchange, f"F400 n {arrives} id=1234567 instr=N")
    assert "SMP" not in ack
    assert ("expected" in ack) is not arrives.endswith("X:-")


@pytest.mark.rule("SMP-6")
@pytest.mark.parametrize(
    ("smp_id", "said"), [("7654321", _FIRM_400.format("7654321")), ("1234567", "[REJ-5]")]
)
def test_on_a_floor_the_session_hears_of_the_tag_before_the_market(smp_id: str, said: str) -> None:
    text = with_settings("cme-smp", 'registered = { 1234567 = ["400"] }\nfirms = { CME-A = "400" }')
    text += (
        '[[step]]\nat = "20s"\nwho = "ET1"\ndo = "enter"\norder = { id = "a", symbol = "MNQU3",'
        ' side = "sell", quantity = 5, type = "market",'
        f' smp_id = "{smp_id}" }}\n'
    )

    result = floorproof.run(floorproof.parse(text))

    answers = [each.payload for each in result.journal if each.sender == "CME"]
    (text,) = (
        each.text
        for each in answers
        if isinstance(each, SessionReject | ExecutionReport) and each.text
    )
    assert text.endswith(said)
