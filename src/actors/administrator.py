"""The TT User Setup administrator, who says what users may do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..market.identifiers import CompID
from ..market.staging import SetPermission
from ..runtime.participant import Answer, Delivery, Send


class Administrator:
    """Passes a setting on to every SSE gateway.

    Receives and sends:
        `SetPermission`.

    Args:
        gateways: the SSE gateways of the floor.
    """

    def __init__(self, gateways: Sequence[CompID]) -> None:
        self._gateways = gateways

    def receive(self, delivery: Delivery) -> Iterator[Answer]:
        match delivery.message:
            case SetPermission() as setting:
                for gateway in self._gateways:
                    yield Send(gateway, setting)
            case other:
                raise TypeError(f"an administrator has no use for {other!r}")
