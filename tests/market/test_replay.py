"""Comparing books: what may differ from a record that sees two levels, and how it is told."""

from __future__ import annotations

import attrs
import pytest

from floorproof.market.fix import Side
from floorproof.market.replay import Account, BookDepth, level_differences

EMPTY: tuple[tuple[int, int], ...] = ()


def bids(text: str) -> BookDepth:
    """Return a book of bids only, written ``5 @ 100, 7 @ 99``."""
    levels = [level.split(" @ ") for level in text.split(", ") if level]
    return BookDepth(tuple((int(price), int(qty)) for qty, price in levels), EMPTY)


def mirrored(depth: BookDepth) -> BookDepth:
    return BookDepth(EMPTY, tuple((-price, qty) for price, qty in depth.bids))


# The row before (None at the start), the row, our book; then what differs.
# fmt: off
CASES = {
    "equal":                ("5 @ 100, 7 @ 99", "5 @ 100, 7 @ 99", "5 @ 100, 7 @ 99", []),
    "ours goes on":         ("5 @ 100, 7 @ 99", "5 @ 100, 7 @ 99", "5 @ 100, 7 @ 99, 1 @ 98", []),
    "changed in sight":     ("5 @ 100, 7 @ 99", "5 @ 100, 7 @ 99", "5 @ 100, 6 @ 99",
                             ["99 changed"]),
    "new in sight":         ("5 @ 100, 7 @ 98", "5 @ 100, 7 @ 99", "5 @ 100", ["99 new"]),
    "gone in sight":        ("5 @ 100, 7 @ 99", "5 @ 100, 7 @ 98", "5 @ 100, 4 @ 99, 7 @ 98",
                             ["99 gone"]),
    "new, was out of sight": ("5 @ 100, 7 @ 99", "5 @ 100, 7 @ 98", "5 @ 100",
                              ["98 new came into sight"]),
    "gone, was out of sight": ("5 @ 100, 7 @ 99", "7 @ 99, 7 @ 97", "7 @ 99, 4 @ 98, 7 @ 97",
                               ["98 gone came into sight"]),
    "changed, was out of sight": ("5 @ 100, 7 @ 99", "7 @ 99, 7 @ 98", "7 @ 99, 4 @ 98",
                                  ["98 changed came into sight"]),
    "both at once":         ("5 @ 100, 7 @ 99", "6 @ 99, 7 @ 98", "7 @ 99",
                             ["99 changed", "98 new came into sight"]),
    "all was in sight":     ("5 @ 100", "5 @ 100, 7 @ 98", "5 @ 100", ["98 new"]),
    "all is in sight":      ("5 @ 100, 7 @ 99", "5 @ 100", "5 @ 100, 7 @ 98",
                             ["98 gone came into sight"]),
    "the first row":        (None, "5 @ 100, 7 @ 99", "5 @ 100", ["99 new"]),
    "nothing left":         ("5 @ 100, 7 @ 99", "", "5 @ 100", ["100 gone"]),
}
# fmt: on


@pytest.mark.rule("FLOW-3")
@pytest.mark.parametrize(("before", "row", "ours", "expected"), CASES.values(), ids=CASES.keys())
def test_books_differ(before: str | None, row: str, ours: str, expected: list[str]) -> None:
    books = bids(row), bids(ours), None if before is None else bids(before)
    told = [
        f"{level.price} {level.change}" + " came into sight" * level.came_into_sight
        for level in level_differences(*books, levels=2)
    ]

    offers = level_differences(
        mirrored(books[0]), mirrored(books[1]), books[2] and mirrored(books[2]), levels=2
    )

    assert told == expected
    assert [level.side for level in offers] == [Side.SELL] * len(expected)
    assert [
        f"{-level.price} {level.change}" + " came into sight" * level.came_into_sight
        for level in offers
    ] == expected


ACCOUNT = Account(
    messages=1,
    levels=5,
    top_equal=1,
    levels_equal=1,
    rows_into_sight=1,
    new=1,
    gone=0,
    changed=0,
    from_before=1,
    hidden=1,
    halts=1,
    unexplained=0,
)


def test_account_counts_one_of_each_in_the_singular() -> None:
    assert ACCOUNT.lines() == (
        "messages 1",
        "top of book equal 1/1",
        "five levels equal in 1 row",
        "a level came into sight in 1 row (1 new, 0 gone, 0 changed)",
        "1 message names an order from before the file",
        "1 hidden execution leaves the book alone",
        "1 halt message",
        "0 unexplained",
    )


def test_account_without_a_record_compares_nothing() -> None:
    assert attrs.evolve(ACCOUNT, levels=None, halts=0).lines() == (
        "messages 1",
        "1 message names an order from before the file",
        "1 hidden execution leaves the book alone",
        "book not compared",
    )


def test_account_without_a_record_still_tells_what_nothing_explains() -> None:
    assert attrs.evolve(ACCOUNT, levels=None, unexplained=2).lines()[-2:] == (
        "2 unexplained",
        "book not compared",
    )
