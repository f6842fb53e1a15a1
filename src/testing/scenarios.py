"""Hypothesis strategies for scenarios: instruments, users, orders, roads and faults, and all of
it together.

Each gives tables as a scenario file has them, so that a part that is drawn fits into a file
that is written; `text_of` makes a scenario's text of them.  They are small on purpose: few
prices and few lots make orders meet.  What is drawn first is the plainest, and what fails
shrinks towards it: one instrument, two traders, no latency, nothing that goes wrong.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, TypeAlias

import tomlkit

from . import require_extra

require_extra()

from hypothesis import strategies as st  # noqa: E402  # the extra has been looked for

Table: TypeAlias = dict[str, Any]
Tables: TypeAlias = dict[str, Any]
"""A whole scenario file."""

_LEVELS = 5
_MOST_LOTS = 9
_ALGORITHMS = ("F", "C", "A", "K", "O", "Q", "S", "T")


def text_of(tables: Tables) -> str:
    """Return a scenario's text."""
    return tomlkit.dumps(tables)


def instruments(
    symbols: Sequence[str] = ("AAA",), algorithms: Sequence[str] = _ALGORITHMS[:1]
) -> st.SearchStrategy[list[Table]]:
    """Draw the terms of instruments, one for each symbol, as ``[[exchange.instrument]]``.

    Args:
        algorithms: the matching algorithms that they may have.
    """
    return st.tuples(*(_instrument(symbol, algorithms) for symbol in symbols)).map(list)


def _instrument(symbol: str, algorithms: Sequence[str]) -> st.SearchStrategy[Table]:
    def made(decimals: int, ticks: int, algorithm: str) -> Table:
        tick = _shown(ticks, decimals)
        table = {"symbol": symbol, "price_decimals": decimals, "tick": tick}
        return table if algorithm == "F" else table | {"algorithm": algorithm}

    return st.builds(
        made, st.sampled_from([0, 2]), st.sampled_from([1, 5, 25]), st.sampled_from(algorithms)
    )


def _shown(units: int, decimals: int) -> str:
    return str(Decimal(units).scaleb(-decimals))


def prices(instrument: Mapping[str, Any]) -> st.SearchStrategy[str]:
    """Draw one of a few prices of an instrument, as its table has it."""
    tick = Decimal(instrument["tick"])
    return st.integers(0, _LEVELS - 1).map(lambda level: str(tick * (100 + level)))


def users(many: int = 2, gateway: str = "GATE") -> st.SearchStrategy[list[Table]]:
    """Draw traders with their logins at an exchange gateway, as ``[[user]]``.

    Each has a firm of his own, or shares the first one's order book.
    """

    def made(shares: Sequence[bool]) -> list[Table]:
        return [_trader(f"T{n}", 1 if shared else n, gateway) for n, shared in enumerate(shares, 1)]

    return st.lists(st.booleans(), min_size=many, max_size=many).map(made)


def _trader(name: str, firm: int, gateway: str) -> Table:
    mgt = f"F{firm}/F{firm}/{name}"
    login = {"gateway": gateway, "routing_mgt": mgt, "exchange_mgt": mgt}
    return {"name": name, "role": "execution_trader", "login": [login]}


def order_streams(
    who: Sequence[str], listed: Sequence[Mapping[str, Any]], *, least: int = 0, most: int = 12
) -> st.SearchStrategy[list[Table]]:
    """Draw what traders do, one thing after another, as ``[[step]]``.

    Orders of several types and times in force are entered; of these some are changed and
    some are canceled, whatever has become of them meanwhile.

    Args:
        who: the traders.
        listed: the instruments.
        least: how many steps there are at least.
        most: how many there are at most.
    """

    @st.composite
    def stream(draw: st.DrawFn) -> list[Table]:
        steps: list[Table] = []
        entered: list[tuple[str, Mapping[str, Any], str]] = []
        at_ms = 0
        for number in range(1, draw(st.integers(least, most)) + 1):
            at_ms += draw(st.sampled_from([10, 0, 1]))
            does = draw(st.sampled_from(["enter", "cancel", "change"])) if entered else "enter"
            step: Table = {"at": f"{at_ms}ms", "do": does}
            if does == "enter":
                trader, terms = draw(st.sampled_from(who)), draw(st.sampled_from(listed))
                name = f"o{number}"
                step |= {"who": trader, "order": draw(_order(name, terms))}
                entered.append((trader, terms, name))
            else:
                place = draw(st.integers(0, len(entered) - 1))
                trader, terms, name = entered[place]
                renamed = f"{name}.{number}"
                step |= {"who": trader, "order": name, "id": renamed}
                if does == "change":
                    step["symbol"] = terms["symbol"]
                    step["quantity"] = draw(st.integers(1, _MOST_LOTS))
                    step["price"] = draw(prices(terms))
                    entered[place] = (trader, terms, renamed)
            steps.append(step)
        return steps

    return stream()


@st.composite
def _order(draw: st.DrawFn, name: str, terms: Mapping[str, Any]) -> Table:
    order: Table = {
        "id": name,
        "symbol": terms["symbol"],
        "side": draw(st.sampled_from(["buy", "sell"])),
        "quantity": draw(st.integers(1, _MOST_LOTS)),
    }
    # In the middle, as Hypothesis likes the ends of a range.
    kind = draw(st.sampled_from(["limit", "market", "limit", "limit"]))
    if kind == "limit":
        order["price"] = draw(prices(terms))
        lives = draw(st.sampled_from(["day", "ioc", "fok", "day"]))
        if lives != "day":
            order["time_in_force"] = lives
    else:
        order["type"] = kind
    return order


def latencies(
    links: Sequence[tuple[str, str]], most_us: int = 2_000
) -> st.SearchStrategy[list[Table]]:
    """Draw how long messages take on links, as ``[[link]]``; those that take no time are left
    out.

    Args:
        links: who sends to whom: names, or roles.
        most_us: how long the latency, and the jitter, are at most, in microseconds.
    """

    def made(drawn: Sequence[tuple[int, int]]) -> list[Table]:
        return [
            {"from": sender, "to": recipient, "latency": f"{nominal}us", "jitter": f"{jitter}us"}
            for (sender, recipient), (nominal, jitter) in zip(links, drawn, strict=True)
            if nominal or jitter
        ]

    road = st.tuples(st.integers(0, most_us), st.integers(0, most_us))
    return st.tuples(*(road for _ in links)).map(made)


_FAULTS = ("delay", "duplicate", "drop", "reorder")


def faults(
    kinds: Sequence[str] = _FAULTS,
    links: Sequence[tuple[str, str]] = (),
    *,
    actors: Sequence[str] = (),
    most: int = 2,
) -> st.SearchStrategy[Table]:
    """Draw what may go wrong, as ``[faults]``: of each kind how often at most.

    Args:
        kinds: the kinds that there may be.
        links: those that are not reliable, from and to; all without.
        actors: who may pause and crash, if a kind of theirs is among *kinds*.
    """

    def made(budgets: Sequence[int]) -> Table:
        table: Table = {kind: n for kind, n in zip(kinds, budgets, strict=True) if n}
        if not table:
            return {}
        table["one_in"] = 5
        if links:
            table["links"] = [f"{sender}>{recipient}" for sender, recipient in links]
        if actors:
            table["actors"] = list(actors)
        return table

    return st.tuples(*(st.integers(0, most) for _ in kinds)).map(made)


@st.composite
def scenarios(
    draw: st.DrawFn,
    *,
    symbols: Sequence[str] = ("AAA", "BBB"),
    algorithms: Sequence[str] = _ALGORITHMS,
    rules: Sequence[str] = (),
    least_steps: int = 0,
    most_steps: int = 12,
    may_fail: Sequence[str] = (),
) -> str:
    """Draw the text of a whole scenario: an exchange behind its gateway, and who trades there.

    Args:
        symbols: the instruments that there may be, the first of them always.
        algorithms: the matching algorithms that they may have.
        rules: the rule sets of the exchange.
        least_steps: how many steps there are at least.
        most_steps: how many there are at most.
        may_fail: kinds of faults that befall the roads between traders and the gateway.
    """
    many = draw(st.integers(1, len(symbols)))
    listed = draw(instruments(symbols[:many], algorithms))
    traders = draw(st.integers(2, 3).flatmap(users))
    names = [trader["name"] for trader in traders]
    exchange: Table = {"name": "EX", "gateway": "GATE", "instrument": listed}
    if rules:
        exchange["rules"] = list(rules)
    roads = [*((name, "GATE") for name in names), ("GATE", "EX")]
    tables: Tables = {
        "scenario": {"name": "drawn", "start": datetime(2024, 1, 2, 9, tzinfo=UTC)},
        "gateway": [{"name": "GATE", "kind": "exchange"}],
        "exchange": [exchange],
        "user": traders,
        "link": draw(latencies(roads)),
        "step": draw(order_streams(names, listed, least=least_steps, most=most_steps)),
    }
    going_wrong = draw(faults(may_fail, roads[:-1])) if may_fail else {}
    if going_wrong:
        tables["faults"] = going_wrong
    return text_of({key: value for key, value in tables.items() if value != []})
