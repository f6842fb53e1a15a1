"""Books from messages: a plain market tells, a reader listens, and lies are found out."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from wire.itch_messages import MESSAGES

from floorproof.wire.itch import (
    ActionReason,
    ActionState,
    AddOrder,
    AttributeType,
    BrokenTrade,
    CrossType,
    FirmDirectory,
    IndicativePriceQuantity,
    Message,
    OrderbookAttribute,
    OrderbookTradingAction,
    OrderDelete,
    OrderExecuted,
    OrderExecutedWithPrice,
    OrderReplace,
    OrderVerb,
    Timestamp,
    Trade,
    decode,
    encode,
)
from floorproof.wire.itch_book import ImpossibleFeed, ItchReader

BUY, SELL = OrderVerb.BUY, OrderVerb.SELL
SECOND = 1_000_000_000


def add(number: int, verb: OrderVerb, quantity: int, price: int, book: int = 7) -> AddOrder:
    return AddOrder(5, number, verb, quantity, book, price)


def executed(number: int, quantity: int, match: int) -> OrderExecuted:
    return OrderExecuted(5, number, quantity, match)


def crossed(number: int, quantity: int, match: int, price: int, counts: bool) -> Message:
    return OrderExecutedWithPrice(5, number, quantity, match, counts, price)


def reader_of(*messages: Message) -> ItchReader:
    reader = ItchReader()
    reader.apply(Timestamp(9 * SECOND))
    for message in messages:
        reader.apply(message)
    return reader


def shown(reader: ItchReader, book: int = 7) -> str:
    """Return a book as text: bids and offers, best first, each with its number."""
    sides = []
    for verb in OrderVerb:
        orders = reader.book(book).orders(verb)
        sides.append(" ".join(f"#{each.number} {each.quantity}@{each.price}" for each in orders))
    return " | ".join(sides).strip()


BOOK = (add(1, BUY, 100, 50), add(2, BUY, 30, 50), add(3, SELL, 40, 52), add(4, BUY, 10, 51))

# --- what messages do -----------------------------------------------------------------

# fmt: off
CHANGES: dict[str, tuple[list[Message], str]] = {
    "nothing": ([], "#4 10@51 #1 100@50 #2 30@50 | #3 40@52"),
    "joins behind": ([add(5, SELL, 1, 52)], "#4 10@51 #1 100@50 #2 30@50 | #3 40@52 #5 1@52"),
    "crosses": ([add(5, SELL, 1, 50)], "#4 10@51 #1 100@50 #2 30@50 | #5 1@50 #3 40@52"),
    "another book": ([add(5, SELL, 1, 50, 8)], "#4 10@51 #1 100@50 #2 30@50 | #3 40@52"),
    "filled in part": ([executed(1, 60, 1)], "#4 10@51 #1 40@50 #2 30@50 | #3 40@52"),
    "filled": ([executed(4, 10, 1)], "#1 100@50 #2 30@50 | #3 40@52"),
    "filled in two": (
        [executed(4, 4, 1), executed(4, 6, 2)], "#1 100@50 #2 30@50 | #3 40@52"),
    "deleted": ([OrderDelete(5, 3)], "#4 10@51 #1 100@50 #2 30@50 |"),
    "smaller": ([OrderReplace(5, 1, 1, 70, 50)], "#4 10@51 #1 70@50 #2 30@50 | #3 40@52"),
    "larger": ([OrderReplace(5, 1, 9, 170, 50)], "#4 10@51 #2 30@50 #9 170@50 | #3 40@52"),
    "moved": ([OrderReplace(5, 1, 9, 100, 51)], "#4 10@51 #9 100@51 #2 30@50 | #3 40@52"),
    "moved twice": (
        [OrderReplace(5, 1, 9, 100, 51), OrderReplace(5, 9, 10, 1, 49)],
        "#4 10@51 #2 30@50 #10 1@49 | #3 40@52"),
    "an auction": (
        [add(5, BUY, 40, 53), crossed(5, 40, 1, 52, True), crossed(3, 40, 1, 52, False)],
        "#4 10@51 #1 100@50 #2 30@50 |"),
    "a hidden trade": (
        [Trade(5, 9, 7, True, 52, 1)], "#4 10@51 #1 100@50 #2 30@50 | #3 40@52"),
}
# fmt: on


@pytest.mark.parametrize(("messages", "book"), CHANGES.values(), ids=CHANGES.keys())
def test_a_book_follows_its_messages(messages: list[Message], book: str) -> None:
    assert shown(reader_of(*BOOK, *messages)) == book


def test_a_level_shows_all_of_its_orders() -> None:
    book = reader_of(*BOOK).book(7)

    assert book.depth(BUY) == ((51, 10), (50, 130))
    assert book.depth(BUY, 1) == ((51, 10),)
    assert book.best(SELL) == (52, 40)
    assert reader_of().book(7).best(SELL) is None


def test_volume_counts_what_is_printable_and_a_broken_trade_takes_it_back() -> None:
    reader = reader_of(
        *BOOK,
        executed(1, 60, 1),
        OrderExecuted(5, 1, 5, 2, printable=False),
        add(5, BUY, 30, 53),
        crossed(5, 30, 3, 52, True),
        crossed(3, 30, 3, 52, False),
        Trade(5, 9, 7, True, 53, 4),
    )
    book = reader.book(7)
    assert (book.volume, book.last_px) == (99, 53)

    reader.apply(BrokenTrade(5, 3))

    assert book.volume == 69


def test_the_hidden_part_of_an_auctions_trade_is_of_the_same_match() -> None:
    reader = reader_of(
        *BOOK,
        add(5, BUY, 40, 53),
        crossed(5, 10, 3, 52, True),
        crossed(3, 30, 3, 52, False),
        Trade(5, 20, 7, True, 52, 3),
    )

    assert reader.matches[3].quantity == 30
    assert reader.book(7).volume == 30


def test_a_reader_keeps_what_was_told_last_of_a_book() -> None:
    action = OrderbookTradingAction(5, 7, ActionState.SUSPENDED, ActionReason.ETR)
    indicative = IndicativePriceQuantity(5, 0, 7, 1, 2, 3, CrossType.INTRADAY, 4, 5)
    reader = reader_of(
        FirmDirectory(5, 12, "ALPHA"),
        OrderbookAttribute(5, 7, 1000, AttributeType.ETR_REFERENCE),
        OrderbookAttribute(5, 7, 1610, AttributeType.ETR_REFERENCE),
        action,
        indicative,
    )
    book = reader.book(7)

    assert reader.firms == {12: "ALPHA"}
    assert book.attributes == {AttributeType.ETR_REFERENCE: 1610}
    assert (book.action, book.indicative) == (action, indicative)
    assert reader.now_ns == 9 * SECOND + 5


# --- what cannot be -------------------------------------------------------------------

NUMBER = "the number of an order in a book"
# fmt: off
LIES: dict[str, tuple[list[Message], str]] = {
    "unknown order": (
        [executed(9, 1, 1)], f"Order Executed [E]: expected {NUMBER}, found 9"),
    "deleted twice": (
        [OrderDelete(5, 1), OrderDelete(5, 1)],
        f"Order Delete [D]: expected {NUMBER}, found 1, which has left"),
    "filled, then deleted": (
        [executed(4, 10, 1), OrderDelete(5, 4)],
        f"Order Delete [D]: expected {NUMBER}, found 4, which has left"),
    "unknown order replaced": (
        [OrderReplace(5, 9, 10, 1, 1)], f"Order Replace [U]: expected {NUMBER}, found 9"),
    "more than there is": (
        [executed(4, 11, 1)],
        "Order Executed [E]: expected from 1 to 10 executed of order 4, found 11"),
    "more than is left": (
        [executed(4, 6, 1), executed(4, 5, 2)],
        "Order Executed [E]: expected from 1 to 4 executed of order 4, found 5"),
    "nothing executed": (
        [executed(4, 0, 1)],
        "Order Executed [E]: expected from 1 to 10 executed of order 4, found 0"),
    "more in an auction": (
        [crossed(3, 41, 1, 52, True)],
        "Order Executed with Price [C]: expected from 1 to 40 executed of order 3, found 41"),
    "a number again": (
        [add(4, BUY, 1, 1)],
        "Add Order [A]: expected an order number that was never used, found 4"),
    "a number of one that left": (
        [OrderDelete(5, 4), add(4, BUY, 1, 1)],
        "Add Order [A]: expected an order number that was never used, found 4"),
    "replaced by another's": (
        [OrderReplace(5, 1, 2, 1, 1)],
        "Order Replace [U]: expected an order number that was never used, found 2"),
    "nothing added": (
        [add(9, BUY, 0, 1)], "Add Order [A]: expected a quantity of at least 1, found 0"),
    "nothing left by a change": (
        [OrderReplace(5, 1, 1, 0, 50)],
        "Order Replace [U]: expected a quantity of at least 1, found 0"),
    "nothing traded": (
        [Trade(5, 0, 7, True, 52, 1)], "Trade [P]: expected a quantity of at least 1, found 0"),
    "a match again": (
        [executed(1, 1, 1), executed(2, 1, 1)],
        "Order Executed [E]: expected a match number that was never used, found 1"),
    "a hidden trade of a match": (
        [executed(1, 1, 1), Trade(5, 1, 7, True, 50, 1)],
        "Trade [P]: expected a match number that was never used, found 1"),
    "a match of two bids": (
        [crossed(1, 1, 1, 50, True), crossed(2, 1, 1, 50, False)],
        "Order Executed with Price [C]: expected one order of either side in match 1, found a"
        " second buy order"),
    "a match at two prices": (
        [crossed(1, 1, 1, 50, True), crossed(3, 1, 1, 51, False)],
        "Order Executed with Price [C]: expected match 1 in book 7 at 50, found book 7 at 51"),
    "a match in two books": (
        [add(9, SELL, 1, 50, 8), crossed(1, 1, 1, 50, True), crossed(9, 1, 1, 50, False)],
        "Order Executed with Price [C]: expected match 1 in book 7 at 50, found book 8 at 50"),
    "no such match broken": (
        [BrokenTrade(5, 1)], "Broken Trade [B]: expected the number of a match, found 1"),
    "a match broken twice": (
        [executed(1, 1, 1), BrokenTrade(5, 1), BrokenTrade(5, 1)],
        "Broken Trade [B]: expected the number of a match, found 1, broken already"),
    "time goes back": (
        [OrderDelete(4, 1)],
        "Order Delete [D]: expected a time from 9000000005 ns, found 9000000004 ns"),
    "the base goes back": (
        [Timestamp(8 * SECOND)],
        "Timestamp [T]: expected a time from 9000000000 ns, found 8000000000 ns"),
}
# fmt: on


@pytest.mark.parametrize(("messages", "said"), LIES.values(), ids=LIES.keys())
def test_what_cannot_be_is_found_out_and_changes_no_book(
    messages: list[Message], said: str
) -> None:
    *before, lie = messages
    reader = reader_of(*BOOK, *before)
    book, volume = shown(reader), reader.book(7).volume

    with pytest.raises(ImpossibleFeed) as raised:
        reader.apply(lie)

    assert str(raised.value) == said
    assert raised.value.message == lie
    assert (shown(reader), reader.book(7).volume) == (book, volume)


def test_a_feed_begins_with_a_base() -> None:
    with pytest.raises(ImpossibleFeed, match="expected a Timestamp before any other message"):
        ItchReader().apply(OrderDelete(0, 1))


def test_a_base_may_be_earlier_than_the_latest_message_of_the_one_before() -> None:
    reader = reader_of(*BOOK)

    reader.apply(Timestamp(9 * SECOND))
    reader.apply(OrderDelete(6, 1))

    assert reader.now_ns == 9 * SECOND + 6


@given(st.lists(MESSAGES, max_size=20))
def test_any_messages_are_taken_or_refused(messages: list[Message]) -> None:
    reader = ItchReader()
    for message in messages:
        try:
            reader.apply(message)
        except ImpossibleFeed:
            continue
    for order in reader.orders.values():
        assert order.quantity > 0


# --- a plain market that tells --------------------------------------------------------


@attrs.define
class PlainTeller:
    """A market of lists that says what happens to it."""

    orders: list[dict[str, Any]] = attrs.field(factory=list)
    volume: int = 0
    numbers: int = 0
    matches: int = 0
    time: int = 0

    def act(self, deed: tuple[int, int, int, int]) -> list[Message]:
        kind, which, quantity, price = deed
        self.time += 1
        at = self.time
        if kind <= 2 or not self.orders:
            self.numbers += 1
            verb = [BUY, SELL][which % 2]
            order: dict[str, Any] = {
                "number": self.numbers,
                "verb": verb,
                "quantity": quantity,
                "price": price,
                "book": 7 + which // 2 % 2,
            }
            self.orders.append(order)
            return [AddOrder(at, self.numbers, verb, quantity, order["book"], price)]
        order = self.orders[which % len(self.orders)]
        quantity = min(quantity, order["quantity"])
        if kind <= 4:
            self._fill(order, quantity)
            self.volume += quantity
            self.matches += 1
            return [OrderExecuted(at, order["number"], quantity, self.matches)]
        if kind == 5:
            self.orders.remove(order)
            return [OrderDelete(at, order["number"])]
        if kind == 6:
            order["quantity"] = quantity
            return [OrderReplace(at, order["number"], order["number"], quantity, order["price"])]
        if kind == 7:
            old = order["number"]
            self.numbers += 1
            order.update(number=self.numbers, quantity=quantity + 1, price=price)
            self.orders.remove(order)
            self.orders.append(order)
            return [OrderReplace(at, old, self.numbers, quantity + 1, price)]
        other = [
            each
            for each in self.orders
            if each["verb"] is not order["verb"] and each["book"] == order["book"]
        ]
        self.matches += 1
        if not other:
            self.volume += quantity
            return [Trade(at, quantity, order["book"], True, price, self.matches)]
        quantity = min(quantity, other[0]["quantity"])
        messages: list[Message] = []
        for counts, each in ((True, order), (False, other[0])):
            number = each["number"]
            messages.append(
                OrderExecutedWithPrice(at, number, quantity, self.matches, counts, price)
            )
            self._fill(each, quantity)
        self.volume += quantity
        return messages

    def _fill(self, order: dict[str, Any], quantity: int) -> None:
        order["quantity"] -= quantity
        if not order["quantity"]:
            self.orders.remove(order)

    def side(self, book: int, verb: OrderVerb) -> list[tuple[int, int, int]]:
        """Return the orders of one side in priority: those that came first are first."""
        mine = [each for each in self.orders if (each["book"], each["verb"]) == (book, verb)]
        mine.sort(key=lambda each: -each["price"] if verb is BUY else each["price"])
        return [(each["number"], each["price"], each["quantity"]) for each in mine]


DEEDS = st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(1, 9), st.integers(-2, 2))


@given(st.lists(DEEDS, max_size=60))
def test_a_reader_knows_what_a_plain_market_knows(deeds: list[tuple[int, int, int, int]]) -> None:
    plain, reader = PlainTeller(), reader_of()

    for deed in deeds:
        for message in plain.act(deed):
            reader.apply(decode(encode(message)))
        for book in (7, 8):
            for verb in OrderVerb:
                found = [
                    (each.number, each.price, each.quantity)
                    for each in reader.book(book).orders(verb)
                ]
                assert found == plain.side(book, verb)
        assert reader.book(7).volume + reader.book(8).volume == plain.volume
