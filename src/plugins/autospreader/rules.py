"""The ledger of Autospreader: what each rule says, and where it is documented."""

from __future__ import annotations

from ...market.ledger import Rule

_CONFIGURATION = 'TT, Autospreader, "Spread configuration"'
_EXECUTION = 'TT, Autospreader, "Spread configuration: order execution"'
_ORDERS = 'TT, Autospreader, "Autospreader orders"'
_RULES = 'TT, "Autospreader rules reference"'

RULES = (
    Rule(
        "ASE-1",
        "A spread has two legs or more, no ratio of 0, at least one leg that quotes and at most"
        " five, whose hedging is on; a leg that neither quotes nor hedges is a price only.",
        f"{_CONFIGURATION}; docs/readings.md, directions of legs",
    ),
    Rule(
        "ASE-2",
        "Multipliers weigh prices in the formula and ratios count contracts; neither enters the"
        " other, and a ratio is a plain quotient.",
        f"{_CONFIGURATION}; docs/readings.md, price and quantity ratio",
        ("formula", "multiplier", "ratio"),
    ),
    Rule(
        "ASE-3",
        "The implied price of a spread is its formula over the best price of each leg on the side"
        " that it would trade with, the bid rounded down and the offer up; its quantity is what"
        " every leg shows there.",
        'TT, Autospreader, "Introduction"; docs/readings.md, tick of a ratio',
        ("tick", "shown_decimals"),
    ),
    Rule(
        "ASE-4",
        "A custom formula is one of + - * / over numbers and legs that can be solved for every leg"
        " that quotes.",
        f"{_CONFIGURATION}; docs/readings.md, custom formulas",
        ("custom",),
    ),
    Rule(
        "ASE-5",
        "A quote is at the price that brings the spread to its order's price with the other legs"
        " at what is leaned on, rounded down to buy and up to sell.",
        'TT, Autospreader, "Introduction"; docs/readings.md, rounding of quotes',
    ),
    Rule(
        "ASE-8",
        "What is leaned on is the price down to which a market shows the minimum lean quantity; of"
        " one that shows less it is the last level, or nothing.",
        f'{_RULES}; XT, "Understanding quoting mode options"',
        ("min_lean_qty", "thin_market"),
    ),
    Rule(
        "ASE-9",
        "A quote moves whenever its price does, unless slop leaves it; it may be kept a tick short"
        " of crossing, and in multiples of an increment.",
        f"{_RULES}; docs/readings.md, slop",
        ("inside_slop", "outside_slop", "requote", "prevent_quote_cross", "quote_increment"),
    ),
    Rule(
        "ASE-11",
        "A hedge is sent as soon as fills need a whole contract of it, reckoned over all fills so"
        " far; Hedge Round sends it earlier.",
        f"{_RULES}; docs/readings.md, hedges of fractional ratios",
        ("hedge_round",),
    ),
    Rule(
        "ASE-12",
        "A hedge is priced at what the quote that was filled leaned on, and pay-up ticks from"
        " there: more aggressive above zero.",
        f'{_EXECUTION}; XT, "Using dynamic payup ticks"; docs/readings.md, sign of the pay-up',
        ("pay_up_ticks",),
    ),
    Rule(
        "ASE-13",
        "As many units are filled as have all the contracts that hedging sends for them in every"
        " leg; strictly, as many as TT's page reckons by exact ratios.",
        f"{_ORDERS}, fills; docs/readings.md, units of a parent fill",
        ("parent_fill",),
    ),
    Rule(
        "ASE-14",
        "Units cost their formula over the average price of each leg's contracts, first in, first"
        " out.",
        "docs/readings.md, price of a spread fill",
    ),
)
