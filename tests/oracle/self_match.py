"""Self-match prevention once more, as sentences of CME's page turned into plain questions.

It shares no code with the rule set that it is held against.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs

from .orders import PlainOrder


@attrs.frozen
class PlainSelfMatch:
    """Who may send which SMP id, and who goes where two of one id would meet."""

    registered: Mapping[str, Sequence[str]]
    """The firms of each id."""

    firms: Mapping[str, str]
    """The firm of each session."""

    same_firm: bool = False
    """Whether both have to be of one firm (2013)."""

    quotes_always_go: bool = False
    """Whether a quote at rest goes even where the order that would meet it says N."""

    price_by_price: bool = False
    """Whether, in all but F, only orders at the price that an aggressor has come to count."""

    def objects(self, session: str, smp_id: str | None, instruction: str | None) -> str:
        """Return the rule that a message breaks; nothing, if it breaks none."""
        if instruction is not None and instruction not in ("N", "O"):
            return "SMP-7"
        if smp_id is not None and self.firms.get(session) not in self.registered.get(smp_id, []):
            return "SMP-6"
        return ""

    def is_one(self, one: PlainOrder, other: PlainOrder) -> bool:
        """Return whether the two may not trade with one another."""
        if one.smp_id is None or one.smp_id != other.smp_id:
            return False
        return not self.same_firm or self.firms.get(one.owner) == self.firms.get(other.owner)

    def the_aggressor_goes(self, aggressor: PlainOrder, resting: Sequence[PlainOrder]) -> bool:
        """Return whether *aggressor* goes, and not the orders of its id that it would meet."""
        if aggressor.quote_set is not None or aggressor.smp_instruction != "N":
            return False
        only_quotes = all(one.quote_set is not None for one in resting)
        return not (self.quotes_always_go and only_quotes)
