"""The portfolio manager: stages orders to the desk, and watches them."""

from __future__ import annotations

from collections.abc import Iterator

from ..market.identifiers import CompID
from ..market.terminal import Act
from ..runtime.participant import Answer, Delivery
from .terminal import Terminal


class PortfolioManager:
    """A buy-side user at his screen.

    Receives:
        Acts (`floorproof.market.terminal`) from the scenario; whatever gateways tell
        him.
    Sends:
        What the acts become: `NewStagedOrder` above all, to his SSE gateway.
    """

    def __init__(self, name: CompID) -> None:
        self.terminal = Terminal(name)

    def receive(self, delivery: Delivery) -> Iterator[Answer]:
        match delivery.message:
            case act if isinstance(act, Act):
                yield from self.terminal.act(act)
            case _:
                self.terminal.show(delivery)
