"""The names that things have on a floor.

Identifiers are distinct types, because passing one for another is always a bug.
Magnitudes are aliases: the name tells the unit, and the arithmetic stays plain.
"""

from __future__ import annotations

from typing import NewType, TypeAlias

CompID = NewType("CompID", str)
"""A party to a session: a user, a gateway, an exchange (FIX 49 and 56)."""

ClOrdID = NewType("ClOrdID", str)
"""The client's name for an order, unique among the orders of its session (FIX 11)."""

OrderID = NewType("OrderID", int)
"""The venue's name for an order, counted per run (FIX 37)."""

QuoteID = NewType("QuoteID", str)
"""The client's name for a mass quote or a request to cancel quotes (FIX 117)."""

StagedOrderID = NewType("StagedOrderID", str)
"""The originator's name for a staged parent order, unique on its gateway."""

ExecID = NewType("ExecID", int)
"""The venue's name for one execution report, counted per run (FIX 17)."""

Symbol = NewType("Symbol", str)
"""An instrument's name (FIX 107 on CME, 55 elsewhere)."""

Account = NewType("Account", str)
"""The account that an order is for (FIX 1)."""

Price: TypeAlias = int
"""In units of ``10**-price_decimals`` of the instrument; may be zero or negative."""

Qty: TypeAlias = int
"""Contracts or shares."""

Duration = NewType("Duration", int)
"""Nanoseconds; in a scenario ``"0s"``, ``"1.5ms"``: a number and h, m, s, ms, us or ns."""

Moment = NewType("Moment", int)
"""Nanoseconds since the start of the run; in a scenario a duration, or a time with its offset."""
