"""What a participant holds at a moment, for people to read: state in, text out.

A state is a tree of names and words.  A venue is told by its books, level by level, a FIX
session by its numbers, and everything else by its attributes; what somebody is set up with,
and functions, are left out, and so is what is empty.  A value that must not be read in a
journal is not read here either (`floorproof.runtime.journal.Guarded`).
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from types import FunctionType, MethodType
from typing import Any, TypeAlias

import attrs
import msgspec

from ..market.book import HalfBook, OrderBook
from ..market.exchange import Exchange
from ..market.fix_line import SOH
from ..market.identifiers import Symbol
from ..market.instrument import Instrument
from ..runtime.journal import Guarded
from ..runtime.participant import Context
from ..wire.fix_session import Session

Tree: TypeAlias = "str | Mapping[str, Tree]"
"""Words, or what has names."""

_LONGEST = 100
"""How many characters of words stand on one line."""

_SETUP = frozenset(
    (
        *("config", "configs", "context", "kernel", "logins", "registry", "rules", "venues"),
        *("exchanges", "instrument", "instruments", "opening", "watchers", "copiers", "habits"),
        "now_ns",
    )
)
"""Attributes that hold what somebody is set up with, knows the floor by, or was told last."""

_PRICES = ("price", "stop_px", "last_px", "traded")
_NO_STATE = (Context, FunctionType, MethodType, type)


def state_of(participant: object, instruments: Mapping[Symbol, Instrument]) -> Tree:
    """Return what *participant* holds.

    Args:
        instruments: what is listed; prices of what names one of them are shown as it does.
    """
    tree = _Reader(instruments).read(participant)
    return tree if tree else {}


def lines(tree: Tree, indent: str = "") -> Iterator[str]:
    """Yield *tree* as text: a name with its words on a line, what has names below it."""
    if isinstance(tree, str):
        yield f"{indent}{tree}"
        return
    for name, below in tree.items():
        words = _in_a_row(below)
        if words is None:
            yield f"{indent}{name}"
            yield from lines(below, indent + "  ")
        elif len(words) <= _LONGEST:
            yield f"{indent}{name}: {words}"
        else:
            yield f"{indent}{name}:"
            yield from textwrap.wrap(
                words, _LONGEST, initial_indent=indent + "  ", subsequent_indent=indent + "  "
            )


def differences(before: Tree, after: Tree) -> Iterator[str]:
    """Yield what has come (``+``), gone (``-``) or become something else, by its path."""
    old, new = dict(_leaves(before)), dict(_leaves(after))
    for path in dict.fromkeys([*old, *new]):
        name = " / ".join(path)
        if path not in new:
            yield f"- {name}: {old[path]}"
        elif path not in old:
            yield f"+ {name}: {new[path]}"
        elif old[path] != new[path]:
            yield f"  {name}: {old[path]} -> {new[path]}"


def _leaves(tree: Tree, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(tree, str):
        yield path, tree
    else:
        for name, below in tree.items():
            yield from _leaves(below, (*path, name))


def _in_a_row(tree: Tree) -> str | None:
    """Return what has no names below names, in one row of words."""
    if isinstance(tree, str):
        return tree
    if any(not isinstance(each, str) for each in tree.values()):
        return None
    return ", ".join(f"{name} {words}" for name, words in tree.items())


class _Reader:
    """Reads one state; what it comes to a second time it does not read again."""

    def __init__(self, instruments: Mapping[Symbol, Instrument]) -> None:
        self._instruments = instruments
        self._above: set[int] = set()

    def read(self, value: object) -> Tree | None:
        """Return *value* as a tree, or None where there is nothing to tell."""
        words = _words(value)
        if words is not None or value is None or isinstance(value, _NO_STATE):
            return words
        if id(value) in self._above:
            return None
        self._above.add(id(value))
        try:
            return self._within(value) or None
        finally:
            self._above.discard(id(value))

    def _within(self, value: object) -> Tree | None:
        match value:
            case Exchange():
                return {symbol: self._listing(value, symbol) for symbol in value.symbols}
            case OrderBook():
                return self._book(value)
            case Session():
                return self._session(value)
            case Mapping():
                return self._named((_name(key), each) for key, each in value.items())
            case Set():
                return ", ".join(sorted(_name(each) for each in value))
            case Sequence():
                return self._listed(value)
            case Iterable() if not _attributes(value):
                return self._listed(list(value)) if hasattr(value, "__len__") else None
            case _:
                return self._attributes_of(value)

    def _named(self, items: Iterable[tuple[str, object]]) -> dict[str, Tree]:
        read = ((name, self.read(each)) for name, each in items)
        return {name: tree for name, tree in read if tree is not None}

    def _listed(self, values: Sequence[object]) -> Tree:
        if len(values) > 1 and all(isinstance(each, bytes) for each in values):
            return f"{len(values):,} pieces of bytes"
        if all(_words(each) is not None for each in values):
            return ", ".join(_words(each) or "" for each in values)
        return self._named((str(place), each) for place, each in enumerate(values, start=1))

    def _attributes_of(self, value: object) -> Tree:
        instrument = self._instruments.get(getattr(value, "symbol", None))  # type: ignore[arg-type]  # whatever it is
        tree: dict[str, Tree] = {}
        for name, each in _attributes(value):
            if name in _SETUP:
                continue
            if instrument is not None and name in _PRICES and type(each) is int:
                tree[name] = str(instrument.show(each))
                continue
            read = self.read(each)
            if read is not None:
                tree[name] = read
        return tree

    # --- what is told in the market's words --------------------------------------------

    def _listing(self, exchange: Exchange, symbol: Symbol) -> Tree:
        view, book = exchange.view(symbol), exchange.book(symbol)
        tree: dict[str, Tree] = {"state": view.state.name}
        if view.last_px is not None:
            tree["last"] = str(view.instrument.show(view.last_px))
        tree |= self._sides(book, view.instrument)
        remembered = self._named(
            (f"{rule_set} {key}".strip(), each)
            for (rule_set, key), each in exchange.remembered(symbol).items()
        )
        if remembered:
            tree["remembered"] = remembered
        return tree

    def _book(self, book: OrderBook) -> Tree:
        return self._sides(book, None)

    def _sides(self, book: OrderBook, instrument: Instrument | None) -> dict[str, Tree]:
        halves = {
            "offered": book.offers,
            "bid": book.bids,
            "buy stops": book.buy_stops,
            "sell stops": book.sell_stops,
        }
        levels = {name: self._levels(half, instrument) for name, half in halves.items()}
        return {name: each for name, each in levels.items() if each}

    @staticmethod
    def _levels(half: HalfBook, instrument: Instrument | None) -> Tree:
        """Return the orders of each price, best price first and in time priority."""
        return {
            str(level.price if instrument is None else instrument.show(level.price)): {
                f"order {resting.order_id}": " ".join(
                    [
                        f"{resting.leaves_qty} of {resting.order.order_qty}"
                        f" ({resting.order.sender_comp_id} {resting.order.cl_ord_id})",
                        *(
                            [f"shows {resting.shown_qty}"]
                            if resting.shown_qty != resting.leaves_qty and not resting.waits
                            else []
                        ),
                    ]
                )
                for resting in level
            }
            for level in half
        }

    @staticmethod
    def _session(session: Session) -> Tree:
        tree: dict[str, Tree] = {
            "state": session.state.value,
            "next out": str(session.next_out),
            "next in": str(session.next_in),
        }
        if session.comp_id is not None:
            tree["comp id"] = session.comp_id
        return tree


def _words(value: object) -> str | None:
    """Return what is told in words, or None."""
    match value:
        case Guarded():
            return value.__journal__()
        case Enum():
            return value.name.lower().replace("_", " ")
        case str():
            return value.replace(SOH, "|") or None
        case bool():
            return "yes" if value else "no"
        case bytes() | bytearray():
            return f"{len(value):,} bytes"
        case int() | Decimal() | Fraction() | float():
            return str(value)
        case _:
            return None


def _name(key: object) -> str:
    if isinstance(key, tuple):
        return " ".join(_name(each) for each in key)
    return _words(key) or type(key).__name__


def _attributes(value: object) -> list[tuple[str, Any]]:
    """Return what an object holds, by name, without the sign that it is its own."""
    cls = type(value)
    if attrs.has(cls):
        names = [field.name for field in attrs.fields(cls)]
    elif isinstance(value, msgspec.Struct):
        names = list(value.__struct_fields__)
    else:
        names = list(getattr(value, "__dict__", ()))
    missing = object()
    found = ((name, getattr(value, name, missing)) for name in names)
    return [(name.lstrip("_"), each) for name, each in found if each is not missing]
