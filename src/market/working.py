"""What a gateway believes to work at its venues."""

from __future__ import annotations

import attrs

from .identifiers import ClOrdID, CompID, StagedOrderID, Symbol


@attrs.frozen(kw_only=True)
class Working:
    """One order of a user's that his gateway believes to work."""

    session_id: ClOrdID
    """As the venue knows it."""

    user: CompID
    cl_ord_id: ClOrdID
    """As the user named it last, and the venue accepted."""

    symbol: Symbol
    audience: tuple[CompID, ...]
    """Who is told of it."""

    parent_id: StagedOrderID | None
