"""The rule ledger: every rule has an id, a sentence and a source."""

from __future__ import annotations

import attrs


@attrs.frozen
class Rule:
    """One rule in the ledger: what it says, and where that is documented."""

    id: str
    says: str
    source: str
    """The public document and its section, or the entry of ``docs/readings.md``."""

    parameters: tuple[str, ...] = ()
    """The settings that change what the rule says."""
