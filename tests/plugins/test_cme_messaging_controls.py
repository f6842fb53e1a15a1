"""CME's messaging controls: rate limits of sessions, and cancel on disconnect."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from fix_desk import VENUE, Desk
from oracle.shorthand import request
from smp import X, book, exchange_with

from floorproof.market.fix import ExecRestatementReason
from floorproof.market.fix_line import ConnectSession, DisconnectSession, LogOutSession
from floorproof.market.instrument import Instrument, TickTable
from floorproof.market.messages import ExecutionReport
from floorproof.market.operations import ChangeTradingState
from floorproof.market.rejects import SessionReject
from floorproof.market.rules import RuleFailed
from floorproof.plugins.cme.messaging_controls import MessagingControls, Rate
from floorproof.plugins.hookspecs import hookimpl
from floorproof.scenario.errors import ScenarioError
from floorproof.scenario.reading import structure

INSTRUMENTS = {X: Instrument(symbol=X, price_decimals=0, ticks=TickTable.uniform(1))}
SECOND = 1_000_000_000
SLOW = MessagingControls(
    orders=Rate(reject=1, logout=2),
    cancels=Rate(reject=2, logout=2),
    quotes=Rate(reject=1, logout=9),
)


def desk(controls: object = SLOW) -> Desk:
    sessions: dict[str, tuple[str, str | None]] = {"A": ("A00100", None), "B": ("B00200", "80")}
    return Desk(exchange_with(rule=None), INSTRUMENTS, sessions, rule_sets={"controls": controls})


def orders(at: Desk, count: int, who: str = "A", first: int = 1) -> None:
    for number in range(first, first + count):
        at.send(who, request(f"{who} o{number} BUY 1 @ {number}"))


def rejects(at: Desk, who: str = "A") -> list[str]:
    heard = at.traders[who].heard
    return [
        f"{each.ref_id} {each.session_reject_reason} {each.text}"
        for each in heard
        if isinstance(each, SessionReject)
    ]


@pytest.mark.rule("CTL-1")
def test_what_is_above_the_rate_is_rejected_and_reaches_nobody() -> None:
    at = desk()

    orders(at, 5)

    assert rejects(at) == [
        f"o{number} 72 Volume Controls initiated Reject. Current TPS:1" for number in (4, 5)
    ]
    assert book(at.exchange) == ["o3 1 @ 3", "o2 1 @ 2", "o1 1 @ 1"]
    assert at.is_logged_on("A")


@pytest.mark.rule("CTL-1")
@pytest.mark.parametrize(("after_ns", "taken"), [(3 * SECOND - 1, 3), (3 * SECOND, 4)])
def test_a_window_is_three_seconds_from_its_first_message(after_ns: int, taken: int) -> None:
    at = desk()
    at.now_ns = SECOND
    orders(at, 1)
    at.now_ns = SECOND + 2 * SECOND
    orders(at, 2, first=2)
    at.now_ns = SECOND + after_ns

    orders(at, 1, first=4)

    assert len(book(at.exchange)) == taken


@pytest.mark.rule("CTL-1")
def test_each_session_and_each_kind_is_counted_by_itself() -> None:
    at = desk()

    orders(at, 3)
    orders(at, 3, "B")
    for number in (1, 2, 3):
        at.send("A", request(f"A c{number} CANCEL BUY o{number}"))

    assert rejects(at) == rejects(at, "B") == []
    assert len(book(at.exchange)) == 3


@pytest.mark.rule("CTL-1")
def test_a_quote_above_the_rate_is_rejected_by_its_name() -> None:
    at = desk()

    for number in range(4):
        at.send("A", request(f"A q{number} QUOTE X:5@10/7@12"))

    assert rejects(at) == ["q3 70 Volume Controls initiated Reject. Current TPS:1"]
    assert any("|371=q3|373=70|" in text for text in at.texts)


@pytest.mark.rule("CTL-2", "CTL-3")
def test_who_goes_on_is_logged_out_and_loses_his_day_orders() -> None:
    at = desk()
    at.send("A", request("A stays SELL 1 @ 99 GTC"))

    orders(at, 6)

    assert not at.is_logged_on("A")
    assert book(at.exchange) == ["stays 1 @ 99"]
    assert any(
        "35=5" in text and "58=Volume Controls initiated Logout" in text for text in at.texts
    )


@pytest.mark.rule("CTL-3")
@pytest.mark.parametrize(
    ("act", "controls", "left"),
    [
        (DisconnectSession(VENUE), SLOW, ["gtc 1 @ 99"]),
        (LogOutSession(VENUE), SLOW, ["gtc 1 @ 99", "day 1 @ 5"]),
        (
            DisconnectSession(VENUE),
            attrs.evolve(SLOW, opted_out=("A",)),
            ["gtc 1 @ 99", "day 1 @ 5"],
        ),
        (
            DisconnectSession(VENUE),
            attrs.evolve(SLOW, cancel_on_disconnect=False),
            ["gtc 1 @ 99", "day 1 @ 5"],
        ),
    ],
    ids=["lost", "logged out", "opted out", "off"],
)
def test_what_a_session_that_ends_leaves(
    act: object, controls: MessagingControls, left: list[str]
) -> None:
    at = desk(controls)
    at.send("A", request("A day BUY 1 @ 5"))
    at.send("A", request("A gtc SELL 1 @ 99 GTC"))
    at.send("B", request("B other BUY 1 @ 4"))

    at.do("A", act)

    assert [each for each in book(at.exchange) if not each.startswith("other")] == left


@pytest.mark.rule("CTL-3")
def test_a_state_without_cancels_keeps_the_orders_of_a_lost_session() -> None:
    at = desk()
    at.send("A", request("A day BUY 1 @ 5"))
    closed = attrs.evolve(at.exchange.view(X).state, name="CLOSED", cancel=False)
    at.exchange._venue.states[closed.name] = closed
    at.say("scenario", VENUE, ChangeTradingState(symbol=X, state="CLOSED"))

    at.do("A", DisconnectSession(VENUE))

    assert book(at.exchange) == ["day 1 @ 5"]


@pytest.mark.rule("CTL-3")
def test_the_cancels_are_told_after_the_next_logon() -> None:
    at = desk()
    at.send("A", request("A day BUY 1 @ 5"))
    at.do("A", DisconnectSession(VENUE))

    at.do("A", ConnectSession(VENUE))

    report = at.traders["A"].heard[-1]
    assert isinstance(report, ExecutionReport)
    assert report.exec_restatement_reason is ExecRestatementReason.CANCEL_ON_DISCONNECT
    assert any("|378=100|" in text for text in at.texts)


# --- settings -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"orders": {"reject": 5, "logout": 4}}, "orders.logout: must be >= reject (5), was 4"),
        ({"orders": {"reject": 0, "logout": 4}}, "orders.reject: must be >= 1, was 0"),
        ({"cancels": {"reject": 5}}, "cancels: the key 'logout' is missing"),
        ({"quotes": 5}, "quotes: expected a table, found 5"),
        ({"window_s": 0}, "window_s: must be >= 1, was 0"),
        ({"window_s": "3s"}, "window_s: expected a whole number"),
        ({"opted_out": ["A", "A"]}, "must name each session once"),
        ({"cancel_on_disconect": True}, "did you mean cancel_on_disconnect"),
    ],
)
def test_wrong_settings_are_refused(settings: dict[str, Any], text: str) -> None:
    with pytest.raises(ScenarioError) as raised:
        structure(settings, MessagingControls, "controls")

    assert text in str(raised.value)


class _Strange:
    @hookimpl
    def accept_message(self, msg_type: str, session: object) -> list[str]:
        return ["no effect"]


def test_a_rule_set_that_answers_anything_else_ends_the_run() -> None:
    at = desk(_Strange())

    with pytest.raises(RuleFailed, match="accept_message may not answer 'no effect'"):
        orders(at, 1)
