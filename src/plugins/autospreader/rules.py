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
        "ASE-6",
        "A leg quotes what the units that remain need of it in whole contracts, and one at least"
        " while a whole unit remains; in one order, a change of which waits for the answer to the"
        " one before.",
        f"{_RULES}; docs/readings.md, quantity of a quote",
        ("quote_increment",),
    ),
    Rule(
        "ASE-7",
        "Queue holders stand at the price levels behind the quote: as it moves away the order that"
        " is nearest to the inside goes and one is added at the tail, as it moves closer the other"
        " way round.",
        'TT, Autospreader, "Submitting a queue holder order"; docs/readings.md, queue holders',
        ("queue_holders",),
    ),
    Rule(
        "ASE-8",
        "What is leaned on is the price down to which a market shows the minimum lean quantity. Of"
        " one that shows less it is the last level; or nothing, and the quote is pulled, for good"
        " or until there is more; or the inside, and the quote shrinks to what that hedges.",
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
        "ASE-10",
        "What a quote has filled is hedged at once in every leg that is traded: in one that quotes"
        " too by a new order, after which its quote is cut or canceled, or by the quote itself.",
        f"{_EXECUTION}; docs/readings.md, a quote that becomes a hedge",
        ("convert_quote_to_hedge", "hedge_type", "hedge_life"),
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
    Rule(
        "ASE-15",
        "A sniper order quotes nothing: once the implied price and size are there it sends all"
        " legs at once, and what is left of them rests; so does an immediate order, once.",
        'TT, Autospreader, "Submitting a sniper order"; docs/readings.md, immediate spread orders',
        ("sniper",),
    ),
    Rule(
        "ASE-16",
        "An order that reloads works so many clips at once, and the next as one is filled, or a"
        " delay later; a clip is not above the order's quantity.",
        'TT, Autospreader, "Submitting a reload order"; docs/readings.md, clips',
        ("reload_qty", "max_exposure", "reload_delay"),
    ),
    Rule(
        "ASE-17",
        "Before anything is sent all quotes and hedges that an order may come to are checked"
        " together; one that is not allowed refuses the order.",
        f"{_ORDERS}; docs/readings.md, the worst case of a spread order",
        ("max_worst_case",),
    ),
    Rule(
        "ASE-18",
        "Canceling a spread order, or its user's disconnection where that is set, takes its quotes"
        " off; hedges work on, and the order is over when they are.",
        f"{_ORDERS}; docs/readings.md, a canceled order with hedges",
        ("disconnect",),
    ),
    Rule(
        "ASE-19",
        "As a leg's market closes an order for the day takes its quotes off and is over, once its"
        " hedges are; one that is good till cancel quotes again when it opens.",
        _ORDERS,
    ),
    Rule(
        "ASE-20",
        "A spread order has a limit and is for the day, or good till cancel where the exchanges of"
        " all legs that quote have that; a hedge elsewhere is for the day.",
        _ORDERS,
        ("native_gtc",),
    ),
    Rule(
        "ASE-21",
        "A spread order cannot be staged (code 13).",
        'XT, "Introduction to staged orders"; TT Core SDK, ``RejectCode``',
    ),
    Rule(
        "ASE-22",
        "A quote that is refused, or that somebody else takes off, ends its order.",
        f"{_ORDERS}; docs/readings.md, a quote that is refused",
    ),
    Rule(
        "ASE-23",
        "Each fill of a child is told as a leg's (442 = 2), and each unit that all legs have filled"
        " as the spread's (442 = 3).",
        f"{_ORDERS}, fills; docs/readings.md, price of a spread fill",
    ),
    Rule(
        "ASE-24",
        "A hedge that has rested for a time is priced some ticks more aggressively, and again after"
        " as long, so many times; each change waits for the answer to the one before.",
        f"{_RULES}, post-hedge rules; docs/readings.md, hedges that rest",
        ("post_hedge",),
    ),
    Rule(
        "ASE-25",
        "A hedge goes to the market after a time, or once that is some ticks away from it: it is"
        " canceled, and what it then has left is entered at the market.",
        f"{_RULES}, post-hedge rules; docs/readings.md, hedges that rest",
        ("post_hedge",),
    ),
    Rule(
        "ASE-26",
        "A hedge that is forfeited is not sent; its contracts count as legged, or as filled.",
        f"{_RULES}, pre-hedge rules; docs/readings.md, pre-hedge rules",
        ("forfeit",),
    ),
    Rule(
        "ASE-27",
        "A spread order may be deleted without its children: they stay where they are, nobody"
        " manages them, and what they fill is not hedged.",
        f"{_ORDERS}; docs/readings.md, children that are kept",
    ),
)
