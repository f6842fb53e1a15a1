"""Drop copy: a third party's record of what sessions were told."""

from __future__ import annotations

from collections.abc import Iterator

from ..market.messages import DropCopy
from ..runtime.participant import Answer, Context, Delivery


class DropCopyDesk:
    """Keeps a copy of every report of the sessions that it watches, in order.

    Receives:
        `DropCopy`, from matching engines.
    Sends:
        Nothing: a drop copy session is read only.
    """

    def __init__(self, context: Context) -> None:
        self._copies: list[DropCopy] = context.store.setdefault("copies", [])  # type: ignore[assignment]  # what survives a crash is untyped

    def receive(self, delivery: Delivery) -> Iterator[Answer]:
        match delivery.message:
            case DropCopy() as copy:
                self._copies.append(copy)
            case other:
                raise TypeError(f"a drop copy session takes no {other!r}")
        return iter(())
