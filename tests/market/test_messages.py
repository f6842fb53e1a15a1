"""Requests hold what is true of every request in any market, whoever makes them."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from floorproof.market.fix import Side
from floorproof.market.messages import (
    NewOrderSingle,
    OrderCancelReplaceRequest,
    OrderCancelRequest,
)
from floorproof.market.staging import NewStagedOrder

NEW: dict[str, Any] = {
    "sender_comp_id": "BOT",
    "cl_ord_id": "a",
    "symbol": "MNQU3",
    "side": Side.BUY,
    "order_qty": 4,
    "price": 1535200,
}
CHANGE = NEW | {"cl_ord_id": "b", "orig_cl_ord_id": "a"}
CANCEL = {key: CHANGE[key] for key in CHANGE if key not in ("order_qty", "price")}
STAGED = {key: NEW[key] for key in NEW if key != "cl_ord_id"} | {
    "staged_order_id": "P1",
    "staged_type": "BROKER",
    "gateway": "CME-A",
}
REQUESTS: dict[type, dict[str, Any]] = {
    NewOrderSingle: NEW,
    OrderCancelReplaceRequest: CHANGE,
    OrderCancelRequest: CANCEL,
    NewStagedOrder: STAGED,
}

# fmt: off
WRONG = {
    # The wire's value is equal to Side.BUY, but a book that compares sides by identity
    # would take it for an offer.
    "the wire's side":       ("side", "1", "side must be Side.BUY or Side.SELL, was '1'"),
    "no side":               ("side", None, "side must be Side.BUY or Side.SELL, was None"),
    "quantity 0":            ("order_qty", 0, "order_qty must be a whole number above zero, was 0"),
    "negative quantity":     ("order_qty", -1, "above zero, was -1"),
    "half a lot":            ("order_qty", 1.5, "above zero, was 1.5"),
    "a truth as quantity":   ("order_qty", True, "above zero, was True"),
    "a float as price":      ("price", 1535200.0, "price must be a whole number"),
    "a text as price":       ("price", "15352.00", "units, was '15352.00'"),
    "no name":               ("cl_ord_id", "", "cl_ord_id must be text, and not empty, was ''"),
    "a number as name":      ("cl_ord_id", 7, "cl_ord_id must be text, and not empty, was 7"),
    "no name of a parent":   ("staged_order_id", "", "staged_order_id must be text"),
    "the wire's order type": ("ord_type", "2", "ord_type must be an OrdType, was '2'"),
    "a time in force of no": ("time_in_force", "9", "time_in_force must be a TimeInForce, was '9'"),
}
# fmt: on


PAIRS = {
    f"{cls.__name__}, {what}": (cls, *row)
    for cls in REQUESTS
    for what, row in WRONG.items()
    if hasattr(cls, row[0])
}


@pytest.mark.parametrize(("request_", "field", "value", "text"), PAIRS.values(), ids=PAIRS.keys())
def test_a_request_that_could_be_none_anywhere_does_not_come_to_be(
    request_: type, field: str, value: object, text: str
) -> None:
    fields = REQUESTS[request_]

    with pytest.raises(ValueError, match="must be") as caught:
        request_(**fields | {field: value})

    assert text in str(caught.value)


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda cls: cls.__name__)
def test_the_same_request_with_nothing_wrong_is_made(request_: type) -> None:
    fields = REQUESTS[request_]

    made = request_(**fields)

    assert {name: getattr(made, name) for name in fields} == fields


def test_a_copy_with_another_field_is_checked_as_well() -> None:
    made = NewOrderSingle(**NEW)

    assert msgspec.structs.replace(made, order_qty=5).order_qty == 5
    with pytest.raises(ValueError, match="order_qty must be a whole number above zero, was 0"):
        msgspec.structs.replace(made, order_qty=0)
