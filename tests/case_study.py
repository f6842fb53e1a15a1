"""The two contracts of TT's case study, and how its tests write prices."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from floorproof.market.identifiers import Price, Symbol
from floorproof.market.instrument import Instrument, TickTable


def contract(symbol: str, point_value: str) -> Instrument:
    return Instrument(
        symbol=Symbol(symbol),
        price_decimals=2,
        ticks=TickTable.uniform(25),
        point_value=Decimal(point_value),
    )


MNQ = contract("MNQU3", "2")
MES = contract("MESU3", "5")
MNQ_ENTRY, MES_ENTRY = 15351_00, 4492_50


def price(text: str) -> Price:
    return MNQ.to_price(text)


def exact(text: str) -> Fraction:
    return Fraction(text.replace(",", ""))
