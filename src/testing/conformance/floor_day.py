"""What may happen on a floor in the course of an example: orders that act, and staged ones."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from types import NoneType, UnionType
from typing import Any, TypeAlias, Union, get_args, get_origin, get_type_hints

import attrs
from hypothesis import strategies as st

from ...market.identifiers import Duration, Moment
from ...scenario.schema import key_of
from .floor_text import Table, at
from .market_day import told


@attrs.frozen(kw_only=True)
class Work:
    """ET1 gives an order to the order type."""

    buys: bool
    qty: int
    ticks: int | None
    """Its limit, in quarters from 100; None for none."""

    made: bool = False
    """In an instrument that the order type makes, where it makes any."""

    parameters: tuple[tuple[str, object], ...] = ()


@attrs.frozen(kw_only=True)
class Edit:
    qty: int
    ticks: int | None


@attrs.frozen
class Ask:
    """ET1 asks something of his latest order: ``pause``, ``resume``, ``cancel``, ``log_off``."""

    do: str


@attrs.frozen(kw_only=True)
class Trade:
    """LP enters an order of his own in one of the instruments."""

    buys: bool
    qty: int
    ticks: int
    symbol: int = 0


@attrs.frozen(kw_only=True)
class StageOrder:
    """PM1 stages an order."""

    buys: bool
    qty: int
    ticks: int | None


@attrs.frozen(kw_only=True)
class Child:
    """A trader works the latest staged order."""

    who: str
    qty: int
    ticks: int | None


@attrs.frozen
class Staged:
    """Somebody does something about the latest staged order."""

    who: str
    do: str


@attrs.frozen(kw_only=True)
class ChangeStaged:
    qty: int


@attrs.frozen
class CancelChild:
    """A trader cancels his latest child."""

    who: str


@attrs.frozen
class Wait:
    ms: int


Act: TypeAlias = (
    Work | Edit | Ask | Trade | StageOrder | Child | Staged | ChangeStaged | CancelChild | Wait
)


@attrs.frozen
class FloorDay:
    """One example: what happens, and the seed of how long messages take."""

    acts: tuple[Act, ...]
    seed: int = 0


def shown(day: FloorDay) -> str:
    return "\n".join([f"seed {day.seed}", *map(told, day.acts)])


# --- drawing -------------------------------------------------------------------------

_ticks = st.integers(-4, 4)
_limit = st.one_of(_ticks, _ticks, st.none())
_qty = st.integers(1, 20)
_trade = st.builds(
    Trade, buys=st.booleans(), qty=_qty, ticks=_ticks, symbol=st.sampled_from((0, 0, 1))
)
_wait = st.builds(Wait, st.sampled_from((1, 5, 50, 1000, 6000, 30000)))


def _days(
    first: st.SearchStrategy[Any], then: st.SearchStrategy[Any], last: Sequence[tuple[Act, ...]]
) -> st.SearchStrategy[Any]:
    return st.builds(
        lambda before, begin, after, end, seed: FloorDay((*before, begin, *after, *end), seed),
        st.lists(_trade, max_size=4),
        first,
        st.lists(then, max_size=14),
        st.sampled_from(last),
        st.integers(0, 3),
    )


Parameters: TypeAlias = tuple[tuple[str, object], ...]
"""What an order may say, each as a scenario writes it."""


def acting(
    usual: Sequence[Parameters], values: Values, *, makes: bool = False
) -> st.SearchStrategy[FloorDay]:
    """Return days of an order type that acts.

    Args:
        usual: parameters with which an order is taken; none where there are no such.
        values: others that may stand in place of these.
        makes: whether the order type makes instruments, in which most of its orders are then.
    """
    others = _some_of(values)
    given = st.sampled_from([*usual]) if usual else others
    mixed = st.builds(lambda one, more: tuple((dict(one) | dict(more)).items()), given, others)
    work = st.builds(
        Work,
        buys=st.booleans(),
        qty=_qty,
        ticks=st.one_of(_ticks, _ticks, _limit),
        made=st.sampled_from((True, True, True, False)) if makes else st.just(False),
        parameters=st.one_of(given, given, mixed),
    )
    ask = st.builds(Ask, st.sampled_from(("pause", "resume", "cancel", "cancel", "log_off")))
    edit = st.builds(Edit, qty=_qty, ticks=_limit)
    return _days(
        work,
        st.one_of(_trade, _trade, _trade, _wait, _wait, ask, edit, work),
        [(), (Ask("cancel"),)],
    )


Values: TypeAlias = Mapping[str, Sequence[object]]
"""By parameter, what is tried for it."""


def values_of(cls: type | None) -> Values:
    """Return values for the fields of an order type's parameters, by their types."""
    if cls is None:
        return {}
    hints = get_type_hints(cls)
    return {
        key_of(field): values
        for field in attrs.fields(cls)
        if field.init and (values := _values(hints[field.name]))
    }


def _some_of(values: Values) -> st.SearchStrategy[Parameters]:
    if not values:
        return st.just(())
    pairs = [(name, value) for name in sorted(values) for value in values[name]]
    some = st.lists(st.sampled_from(pairs), max_size=3, unique_by=lambda pair: pair[0])
    return some.map(tuple)


def usual(values: Values, takes: Callable[[Parameters], bool]) -> list[Parameters]:
    """Return some parameters that an order type takes, as far as a short search finds them."""
    pairs = [(name, value) for name in sorted(values) for value in values[name]]
    tried: list[Parameters] = [
        (),
        *((pair,) for pair in pairs),
        *((one, other) for one, other in itertools.combinations(pairs, 2) if one[0] != other[0]),
    ]
    # Spread over all there are, the same ones each time.
    random.Random(0).shuffle(tried)
    return [*itertools.islice(filter(takes, tried[:_TRIED]), _USUAL)]


_TRIED, _USUAL = 150, 6


def _values(hint: Any) -> Sequence[object]:
    if get_origin(hint) in (Union, UnionType):
        hint = next(each for each in get_args(hint) if each is not NoneType)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return [each.value for each in hint]
    found: Mapping[Any, Sequence[object]] = {
        Duration: ("1s", "5s", "10s", "40ms"),
        Moment: ("0s", "1s", "20s"),
        bool: (True, False),
        int: (1, 2, 5, 10, 50, 0, -1),
        str: ("100.25", "99.75", "1"),
    }
    return found.get(hint, ())


_traders = st.sampled_from(("ET1", "ET1", "ET2"))
_stage = st.builds(StageOrder, buys=st.booleans(), qty=_qty, ticks=_limit)
staging: st.SearchStrategy[FloorDay] = _days(
    _stage,
    st.one_of(
        st.builds(Staged, _traders, st.sampled_from(("claim", "claim", "unclaim"))),
        st.builds(Child, who=_traders, qty=_qty, ticks=_limit),
        st.builds(Child, who=_traders, qty=_qty, ticks=_limit),
        _trade,
        _trade,
        _wait,
        _stage,
        st.builds(
            Staged,
            st.sampled_from(("ET1", "ET2", "PM1")),
            st.sampled_from(("approve", "reject", "hold")),
        ),
        st.builds(Staged, st.just("PM1"), st.just("cancel_staged")),
        st.builds(ChangeStaged, qty=_qty),
        st.builds(CancelChild, _traders),
    ),
    [(), (Staged("PM1", "cancel_staged"),)],
)
"""Days of an order type for a desk of people."""


# --- as steps of a scenario ----------------------------------------------------------

Priced: TypeAlias = Callable[[str, int], str]
"""From a symbol and ticks around the middle to a price, as the file writes it."""


def steps(
    day: FloorDay,
    order_type: str,
    symbols: tuple[str, ...],
    price: Priced,
    parameters: Callable[[Mapping[str, object]], bool],
) -> list[Table]:
    """Return what happens as steps.

    Args:
        symbols: what exchanges list, and then what the order type makes.
        parameters: whether an order type takes these; else the order has none.
    """
    writer = _Writer(order_type, symbols, price, parameters)
    for act in day.acts:
        writer.write(act)
    return writer.steps


@attrs.define
class _Writer:
    _order_type: str
    _symbols: tuple[str, ...]
    _price: Priced
    _takes: Callable[[Mapping[str, object]], bool]
    steps: list[Table] = attrs.field(init=False, factory=list)
    _ms: int = attrs.field(init=False, default=0)
    _latest: dict[str, tuple[str, str, bool]] = attrs.field(init=False, factory=dict)
    """By who entered it, an order: its name, its symbol, and whether it buys."""

    def write(self, act: Act) -> None:
        self._ms += act.ms if isinstance(act, Wait) else 2
        name, steps = f"O{len(self.steps) + 1}", self.steps
        match act:
            case Work():
                symbol = self._symbols[-1 if act.made and len(self._symbols) > 2 else 0]
                order = self._order(name, symbol, act.buys, act.qty, act.ticks)
                given = dict(act.parameters)
                if given and self._takes(given):
                    order["parameters"] = given
                order["type"] = self._order_type
                steps.append(at(self._ms, "ET1", "enter", order=order))
                self._latest["ET1"] = name, symbol, act.buys
            case Edit() if "ET1" in self._latest:
                name, symbol, _ = self._latest["ET1"]
                keys: Table = {"order": name, "type": self._order_type, "symbol": symbol}
                if act.ticks is not None:
                    keys["price"] = self._price(symbol, act.ticks)
                steps.append(at(self._ms, "ET1", "edit", quantity=act.qty, **keys))
            case Ask("log_off"):
                steps.append(at(self._ms, "ET1", "log_off"))
            case Ask(do) if "ET1" in self._latest:
                steps.append(at(self._ms, "ET1", do, order=self._latest["ET1"][0]))
            case Trade():
                order = self._order(name, self._symbols[act.symbol], act.buys, act.qty, act.ticks)
                steps.append(at(self._ms, "LP", "enter", order=order))
            case StageOrder():
                order = self._order(name, self._symbols[0], act.buys, act.qty, act.ticks)
                order |= {"type": self._order_type, "account": "123"}
                steps.append(at(self._ms, "PM1", "stage", order=order))
                self._latest["PM1"] = name, self._symbols[0], act.buys
            case Child() if "PM1" in self._latest:
                parent, symbol, buys = self._latest["PM1"]
                order = self._order(name, symbol, buys, act.qty, act.ticks) | {"parent": parent}
                steps.append(at(self._ms, act.who, "child", order=order))
                self._latest[act.who] = name, symbol, buys
            case Staged(who, do) if "PM1" in self._latest:
                steps.append(at(self._ms, who, do, order=self._latest["PM1"][0]))
            case ChangeStaged(qty=qty) if "PM1" in self._latest:
                parent, symbol, _ = self._latest["PM1"]
                keys = {"order": parent, "symbol": symbol, "quantity": qty}
                steps.append(at(self._ms, "PM1", "change_staged", **keys))
            case CancelChild(who) if who in self._latest:
                steps.append(at(self._ms, who, "cancel", order=self._latest[who][0], id=name))
            case _:
                pass  # a wait, or there is no such order yet

    def _order(self, name: str, symbol: str, buys: bool, qty: int, ticks: int | None) -> Table:
        side = "buy" if buys else "sell"
        order: Table = {"id": name, "symbol": symbol, "side": side, "quantity": qty}
        if ticks is not None:
            order["price"] = self._price(symbol, ticks)
        return order
