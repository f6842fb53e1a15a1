"""The ledger of the order types that slice."""

from __future__ import annotations

from ...market.ledger import Rule

_TWAP = 'TT, "TT Time Weighted Average Price (TWAP)"'
_CASE = 'TT, "Using TT TWAP to Drive TT Autospreader Instruments"'
_READ = "docs/readings.md"

RULES = (
    Rule(
        "TWAP-1",
        "An order is worked in slices of equal time, from its start to its end.",
        f"{_TWAP}; {_CASE}",
    ),
    Rule(
        "TWAP-2",
        "Aggressive slices are of equal size: Max Display of the order, as many as it takes.",
        f"{_TWAP}; {_READ}, how many slices a TWAP has",
    ),
    Rule(
        "TWAP-3",
        "Passive and Default slices vary at random by 99 % around half of Max Display, are never"
        " above it and never below one lot, and add up to the order.",
        f"{_TWAP}; {_READ}, how many slices a TWAP has",
    ),
    Rule(
        "TWAP-4",
        "Slices of an instrument that trades in round lots wait until one is due.",
        f"{_TWAP}; {_READ}, round lots of a TWAP",
    ),
    Rule(
        "TWAP-5",
        "Aggressive takes each slice at the market as it begins.",
        f"{_TWAP}, Style",
    ),
    Rule(
        "TWAP-6",
        "Passive and Default rest each slice at the best price of their own side, their own orders"
        " aside, and move with it; what is left at its end is canceled and taken at the market.",
        f"{_TWAP}, Style; {_READ}, where a passive slice rests",
    ),
    Rule(
        "TWAP-7",
        "Default takes one lot off the slice for every ten that trade in the market, and sends it"
        " to the market.",
        f"{_TWAP}, Style; {_READ}, ten lots traded",
        ("peel_every",),
    ),
    Rule(
        "TWAP-8",
        "Where the market takes no market orders, a limit five ticks through it stands in for one.",
        f"{_TWAP}, Style; {_READ}, market orders that stand in",
    ),
    Rule(
        "TWAP-9",
        "With a limit price no slice is worked at a worse one, and what is left at the end rests"
        " there; without one the order is finished with its last market order.",
        f"{_TWAP}, Limit Price; {_READ}, the end of a TWAP",
    ),
    Rule(
        "TWAP-10",
        "A change of quantity, time, display or style cancels what works, and slices what is left"
        " over the time that is left.",
        f"{_TWAP}; {_READ}, changing a TWAP",
    ),
    Rule(
        "TWAP-11",
        "A paused order has nothing in the market; resumed, it goes on at once with what was"
        " missed.",
        'TT, "Placing orders on hold"; docs/readings.md, pausing a TWAP',
    ),
    Rule(
        "TWAP-12",
        "If the other side shows the Would If Price or better, the order leaves its plan, takes"
        " all that is offered there, and slices what is left over the time that is left.",
        f"{_TWAP}, Would If Price; {_READ}, would if price",
    ),
    Rule(
        "TWAP-13",
        "An order that its parameters or its market do not allow is refused, and sends nothing.",
        f"{_TWAP}; {_READ}, what a TWAP may not be",
    ),
    Rule(
        "SLICE-1",
        "What works at the exchange is never more than what the order has left: a cancel is"
        " awaited before what takes its place goes out.",
        f"{_READ}, room for children",
    ),
    Rule(
        "SLICE-2",
        "Each fill of a child is one fill of the order, of the same quantity and price.",
        'TT, "TT order types overview"',
    ),
    Rule(
        "SLICE-3",
        "A percentage of the order as a display quantity is rounded to whole lots, .5 up, and is"
        " at least one.",
        'TT, "TT Time Sliced order", "TT Iceberg order"',
    ),
    Rule(
        "SLICE-4",
        "Canceled, an order takes its children off first, and is over when the last is.",
        'TT, "TT order types overview"',
    ),
    Rule(
        "SLICE-5",
        "What a slice has not filled when the next begins is left, paid up for, merged into the"
        " next, or taken at the market, as the order says.",
        "TT FIX 4.4 dictionary, LeftoverAction (16909)",
    ),
    Rule(
        "SLICE-6",
        "What self-match prevention takes off of an order is not asked for again at once: it waits"
        " for the slice's end, an iceberg is paused, and the Would If Price is tried again when"
        " another quantity is offered there.",
        f"{_READ}, children that are prevented",
    ),
    Rule(
        "ICEBERG-1",
        "The next child of an iceberg is entered when the one before it is filled.",
        'TT, "TT Iceberg order"',
    ),
    Rule(
        "SLICED-1",
        "A time-sliced order enters a child of its display quantity at every interval.",
        'TT, "TT Time Sliced order"',
    ),
    Rule(
        "DURATION-1",
        "A time-duration order is cut by an interval or by a quantity; the other follows from its"
        " duration. What is left at the end is canceled or taken at the market.",
        'TT, "TT Time Duration order"; TT FIX 4.4 dictionary, EndTimeAction (16906)',
    ),
)
