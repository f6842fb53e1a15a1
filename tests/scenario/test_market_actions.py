# ruff: noqa: E501  # a case is a line
"""What users and administrators do at a market with states, through a whole floor."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import attrs
import pytest
from commands import EXAMPLES

import floorproof
from floorproof.market.fix import OrdType, TimeInForce
from floorproof.market.operations import OperationRefused, SecurityStatus
from floorproof.market.window import OrderRow
from floorproof.market.wording import label

# One share on a board that begins as the test wants it, and another that is always open.
EXAMPLE = (EXAMPLES / "opening_auction.toml").read_text(encoding="utf-8")
FREE = """
  [[exchange.instrument]]
  symbol = "FREE"
  price_decimals = 2
  tick = "0.05"
  protection = "0.50"
"""


@attrs.frozen
class Told:
    """A run, as its users and the record have it."""

    result: floorproof.Result

    def to(self, user: str) -> list[str]:
        """Return what a user was told."""
        fields = self.result.scenario.wording.key_fields
        return [
            f"{label(entry.payload)} {fields(entry.payload)}"
            for entry in self.result.journal
            if entry.actor == user and entry.sender == "NSX-A"
        ]

    def rejects(self, user: str) -> list[str]:
        return [line for line in self.to(user) if "Reject" in line]

    def states(self) -> list[str]:
        """Return what became of the markets: states, and what could not be done."""
        said = []
        for entry in self.result.journal:
            match entry.payload:
                case SecurityStatus(symbol=symbol, trading_state=state) if entry.sender is None:
                    said.append(f"{symbol} {state}")
                case OperationRefused(text=text):
                    said.append(text)
                case _:
                    pass
        return said

    def order(self, user: str, name: str) -> OrderRow:
        (row,) = [
            row
            for row in self.result.windows()[user].orders.values()
            if (row.user, row.cl_ord_id) == (user, name)
        ]
        return row


def play(*steps: str, state: str = "OPEN", seed: int | None = None) -> Told:
    """Run *steps*: who, what, and the rest of the table, one second after the other."""
    text = EXAMPLE.partition("# Before the opening, at 10:00.")[0]
    text = text.replace("  [[exchange.board]]", f"{FREE}\n  [[exchange.board]]", 1)
    text = text.replace('state = "PREOPEN"\n  timetable', f'state = "{state}"\n  timetable', 1)
    head, _, tail = text.partition("  timetable = [")
    text = head + tail.partition("  ]\n")[2]
    for second, step in enumerate(steps):
        who, do, *rest = step.split(maxsplit=2)
        text += f'[[step]]\nat = "{second}s"\nwho = "{who}"\ndo = "{do}"\n{"".join(rest)}\n'
    return Told(floorproof.run(floorproof.parse(text), seed=seed))


def enter(who: str, name: str, side: str, quantity: int, price: str | None, **more: Any) -> str:
    """Return a step that enters an order."""
    table = {"symbol": "NCL", "side": side, "quantity": quantity, "price": price, **more}
    shown = [f"{key} = {_toml(value)}" for key, value in table.items() if value is not None]
    return f'{who} enter order = {{ id = "{name}", {", ".join(shown)} }}'


def _toml(value: object) -> str:
    text = str(value)
    return text if text[:2] == "20" and text[4:5] == "-" else json.dumps(value)


# --- what administrators do -------------------------------------------------------------


def test_an_administrator_halts_a_market_and_lets_it_rejoin_its_board() -> None:
    told = play(
        'SUPERVISOR halt symbol = "NCL"',
        enter("BANK", "b1", "buy", 5, "10.00"),
        enter("FUND", "f1", "sell", 5, "9.90"),
        'SUPERVISOR resume symbol = "NCL"',
    )

    assert told.states() == ["NCL HALT", "NCL OPEN"]
    assert told.to("BANK") == [
        "OrderAck b1 working 5 @ 10.00",
        "OrderFill b1 5 @ 10.00, cum 5, leaves 0",
    ]


def test_an_administrator_changes_the_state_of_a_board_or_an_instrument() -> None:
    told = play(
        'SUPERVISOR change_state board = "MAIN"\nstate = "PREOPEN"',
        'SUPERVISOR change_state symbol = "FREE"\nstate = "CLOSE"',
        'SUPERVISOR resume symbol = "FREE"',
        'SUPERVISOR halt symbol = "NCL"\nstate = "CLOSE"',
    )

    assert told.states() == ["NCL PREOPEN", "FREE CLOSE", "FREE CONTINUOUS", "NCL CLOSE"]


def test_what_cannot_be_is_on_record_and_in_the_story() -> None:
    told = play(
        enter("BANK", "b1", "buy", 5, "10.00"),
        enter("FUND", "f1", "sell", 5, "9.90"),
        'SUPERVISOR change_state board = "MAIN"\nstate = "CONTINUOUS"',
        "SUPERVISOR bust trade = 7",
        state="PREOPEN",
    )

    crossed, busted = told.states()
    assert crossed.startswith("state 'CONTINUOUS': expected one that uncrosses the book of NCL")
    assert busted == "the venue has no trade 7; nobody has traded"


def test_an_administrator_busts_a_trade_and_both_windows_forget_it() -> None:
    told = play(
        enter("BANK", "b1", "buy", 9, "10.00"),
        enter("FUND", "f1", "sell", 4, "10.00"),
        enter("FUND", "f2", "sell", 2, "10.00"),
        'SUPERVISOR bust trade = 1\ntext = "a slip"',
    )

    assert told.to("BANK")[-1] == "OrderBusted b1 4 @ 10.00 taken back, cum 2"
    assert told.to("FUND")[-1] == "OrderBusted f1 4 @ 10.00 taken back, cum 0"
    assert (told.order("BANK", "b1").cum_qty, told.order("BANK", "b1").leaves_qty) == (2, 3)
    assert told.order("BANK", "b1").traded == 2 * 1000
    assert told.order("FUND", "f1").traded == 0
    windows = told.result.windows()
    assert [fill.last_qty for fill in windows["BANK"].fills] == [2]
    assert [fill.order for fill in windows["FUND"].fills] == ["f2"]


# fmt: off
CANCELED = {
    "a user's":        ('user = "BANK"', ["b1", "b2"]),
    "an instrument's": ('symbol = "NCL"', ["b1", "f1"]),
    "a user's in one": ('symbol = "FREE"\nuser = "BANK"', ["b2"]),
    "a session's":     ('session = "NSX-A"', ["b1", "b2", "f1"]),
}
# fmt: on


@pytest.mark.rule("OPS-2")
@pytest.mark.parametrize(("whose", "gone"), CANCELED.values(), ids=CANCELED.keys())
def test_an_administrator_cancels_orders(whose: str, gone: Sequence[str]) -> None:
    told = play(
        enter("BANK", "b1", "buy", 5, "9.00"),
        enter("BANK", "b2", "buy", 5, "9.00", symbol="FREE"),
        enter("FUND", "f1", "sell", 5, "11.00"),
        f'SUPERVISOR cancel_orders {whose}\ntext = "risk"',
    )

    said = [line for user in ("BANK", "FUND") for line in told.to(user) if "Canceled" in line]
    assert said == [f"OrderCanceled {name} cum 0, risk" for name in gone]


# --- orders -------------------------------------------------------------------------------

# fmt: off
ORDERS = {
    "a stop":         (enter("BANK", "b1", "buy", 5, None, type="stop", stop="10.50"), "OrderAck b1 waiting for 10.50, 5 @ market"),
    "a stop-limit":   (enter("BANK", "b1", "buy", 5, "10.60", type="stop_limit", stop="10.50"), "OrderAck b1 waiting for 10.50, 5 @ 10.60"),
    "an iceberg":     (enter("BANK", "b1", "buy", 5, "9.00", display=2), "OrderAck b1 working 5 @ 9.00"),
    "good till a date": (enter("BANK", "b1", "buy", 5, "9.00", time_in_force="gtd", expires="2026-03-02"), "OrderAck b1 working 5 @ 9.00"),
    "only to rest":   (enter("BANK", "b1", "buy", 5, "9.00", post_only=True), "OrderAck b1 working 5 @ 9.00"),
    "market-limit":   (enter("BANK", "b1", "buy", 5, None, type="market_limit"), "OrderAck b1 working 5 @ 10.00"),
}
REJECTED = {
    "a trigger on a limit":    (enter("BANK", "b1", "buy", 5, "10.00", stop="10.50"), "stop_px 10.50", "ORD-2"),
    "a stop without trigger":  (enter("BANK", "b1", "buy", 5, None, type="stop"), "stop_px", "ORD-2"),
    "a limit without price":   (enter("BANK", "b1", "buy", 5, None, type="limit"), "price", "ORD-1"),
    "a date on a day order":   (enter("BANK", "b1", "buy", 5, "9.00", expires="2026-03-02"), "expire_date 2026-03-02", "ORD-9"),
    "no date":                 (enter("BANK", "b1", "buy", 5, "9.00", time_in_force="gtd"), "expire_date", "ORD-9"),
    "display of nothing":      (enter("BANK", "b1", "buy", 5, "9.00", display=0), "display_qty 0", "ORD-6"),
    "minimum above all":       (enter("BANK", "b1", "buy", 5, "9.00", minimum=6), "min_qty 6", "ORD-7"),
    "would trade":             (enter("BANK", "b1", "buy", 5, "10.00", post_only=True), "price 10.00", "ORD-8"),
}
# fmt: on


@pytest.mark.parametrize(("order", "answer"), ORDERS.values(), ids=ORDERS.keys())
def test_an_order_is_what_its_step_says(order: str, answer: str) -> None:
    told = play(enter("FUND", "f1", "sell", 1, "10.00"), order)

    assert told.to("BANK")[0] == answer


@pytest.mark.parametrize(("order", "field", "rule"), REJECTED.values(), ids=REJECTED.keys())
def test_a_wrong_combination_is_the_venues_to_refuse(order: str, field: str, rule: str) -> None:
    told = play(enter("FUND", "f1", "sell", 1, "10.00"), order)

    (reject,) = told.to("BANK")
    assert reject.startswith(f"OrderReject b1: {field}")
    assert reject.endswith(f"[{rule}]")


def test_all_or_nothing_at_once() -> None:
    told = play(
        enter("FUND", "f1", "sell", 3, "10.00"),
        enter("BANK", "b1", "buy", 5, "10.00", time_in_force="fok"),
        enter("BANK", "b2", "buy", 5, "10.00", minimum=4),
        enter("BANK", "b3", "buy", 5, "10.00", minimum=3),
    )

    assert told.to("BANK") == [
        "OrderAck b1 working 5 @ 10.00",
        "OrderEliminated b1 cum 0",
        "OrderAck b2 working 5 @ 10.00",
        "OrderEliminated b2 cum 0",
        "OrderAck b3 working 5 @ 10.00",
        "OrderFill b3 3 @ 10.00, cum 3, leaves 2",
    ]


# --- changes ------------------------------------------------------------------------------


def change(order: str, to: str, quantity: int, more: str = "", symbol: str = "NCL") -> str:
    return (
        f'BANK change order = "{order}"\nid = "{to}"\nsymbol = "{symbol}"\n'
        f"quantity = {quantity}\n{more}"
    )


def test_a_change_keeps_what_it_does_not_say() -> None:
    told = play(
        enter(
            "BANK", "b1", "buy", 9, "9.00",
            display=3, post_only=True, time_in_force="gtd", expires="2026-03-04",
        ),
        change("b1", "b2", 8),
    )  # fmt: skip

    (sent,) = [
        entry.payload for entry in told.result.journal
        if label(entry.payload) == "Change" and entry.actor == "NSX"
    ]  # fmt: skip
    assert sent.price == 900
    assert told.result.scenario.wording.key_fields(sent).partition(" to ")[2] == (
        "Buy 8 NCL @ 9.00 GTD 2026-03-04, shows 3, post-only"
    )
    assert told.order("BANK", "b2").display_qty == 3


def test_a_change_drops_what_the_new_type_or_life_has_not() -> None:
    told = play(
        enter("BANK", "b1", "buy", 5, "10.60", type="stop_limit", stop="10.50",
              time_in_force="gtd", expires="2026-03-04"),
        change("b1", "b2", 5, 'type = "stop"'),
        change("b2", "b3", 5, 'stop = "10.40"'),
        change("b3", "b4", 5, 'type = "limit"\nprice = "9.00"\ntime_in_force = "gtc"'),
        change("b4", "b5", 5, 'type = "stop_limit"\nstop = "8.90"'),
    )  # fmt: skip

    assert told.rejects("BANK") == []
    assert told.to("BANK") == [
        "OrderAck b1 waiting for 10.50, 5 @ 10.60",
        "OrderChanged b2 waiting for 10.50, 5 @ market",
        "OrderChanged b3 waiting for 10.40, 5 @ market",
        "OrderChanged b4 working 5 @ 9.00",
        "OrderChanged b5 waiting for 8.90, 5 @ 9.00",
    ]
    row = told.order("BANK", "b5")
    assert (row.ord_type, row.time_in_force) == (OrdType.STOP_LIMIT, TimeInForce.GOOD_TILL_CANCEL)


def test_what_is_left_of_a_market_order_is_changed_as_the_limit_order_that_it_is() -> None:
    told = play(
        enter("FUND", "f1", "sell", 2, "10.00", symbol="FREE"),
        enter("BANK", "b1", "buy", 5, None, symbol="FREE"),
        change("b1", "b2", 4, symbol="FREE"),
    )

    assert told.to("BANK") == [
        "OrderAck b1 working 5 @ 10.50",
        "OrderFill b1 2 @ 10.00, cum 2, leaves 3",
        "OrderChanged b2 working 2 @ 10.50",
    ]


# --- mass cancels ---------------------------------------------------------------------------

# fmt: off
MASS = {
    "all":              ("", ["b1", "b2", "b3"]),
    "a side":           ('side = "buy"', ["b1", "b3"]),
    "an instrument":    ('symbol = "NCL"', ["b1", "b2"]),
    "a side of one":    ('symbol = "NCL"\nside = "sell"', ["b2"]),
    "through its gateway": ('gateway = "NSX-A"', ["b1", "b2", "b3"]),
}
# fmt: on


@pytest.mark.rule("REP-5")
@pytest.mark.parametrize(("which", "gone"), MASS.values(), ids=MASS.keys())
def test_a_user_cancels_all_his_orders_that_fit_and_nobody_elses(
    which: str, gone: Sequence[str]
) -> None:
    told = play(
        enter("BANK", "b1", "buy", 5, "9.00"),
        enter("BANK", "b2", "sell", 5, "11.00"),
        enter("BANK", "b3", "buy", 5, "9.00", symbol="FREE"),
        enter("FUND", "f1", "buy", 5, "9.00"),
        f'BANK mass_cancel id = "m1"\n{which}',
    )

    assert told.to("BANK")[3:] == [
        *["OrderCanceled m1 cum 0"] * len(gone),
        f"MassCancelReport m1: {len(gone)} canceled",
    ]
    alive = {row.cl_ord_id for row in told.result.windows()["BANK"].orders.values() if row.is_alive}
    assert alive == {"b1", "b2", "b3"} - set(gone)
    assert told.order("FUND", "f1").is_alive


def test_a_mass_cancel_that_is_refused_says_why() -> None:
    told = play(
        'SUPERVISOR change_state board = "MAIN"\nstate = "CLOSE"',
        'BANK mass_cancel id = "m1"\nsymbol = "NCL"',
    )

    assert told.to("BANK") == [
        "MassCancelReport m1: state CLOSE: expected one that takes cancels [SES-1]"
    ]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_floor_with_states_is_the_same_however_it_is_hosted(seed: int) -> None:
    scenario = floorproof.parse(EXAMPLE)

    as_tasks = floorproof.run(scenario, seed=seed)

    assert floorproof.run(scenario, seed=seed, in_place=True).digest == as_tasks.digest
