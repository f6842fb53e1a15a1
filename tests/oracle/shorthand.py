"""Requests and reports as one line of text, so that a test's table reads like a blotter.

    ALPHA a1 BUY 10 @ 50              a limit order
    ALPHA a1 SELL 10 MARKET           a market order; MARKET_LIMIT one whose rest rests
    ALPHA a1 BUY 10 STOP 55           a stop; with @ 56 a stop-limit
    ALPHA x1 CANCEL BUY a1            x1 cancels ALPHA's buy order a1
    ALPHA a2 CHANGE BUY a1 8 @ 50     a1 becomes a2; whatever an order may say may follow
    ALPHA m1 MASS SELL                cancels all of ALPHA's offers; without a side, all

An order may go on with how long it lives (GTC, IOC, FOK, until=2026-01-30), with ``post``
(it only rests), show=2 (its display quantity) and min=3 (its minimum quantity).  Any
request may have ``account``, ``symbol`` (X where there is none, except on MASS) and
``user``.  What no sound order says has words too: ``type=LIMIT`` beside a trigger, GTD
without a date, DAY with one.
"""

from __future__ import annotations

import datetime

from floorproof.market.exchange import Request
from floorproof.market.execution import Answer
from floorproof.market.fix import ExecType, MassActionResponse, OrdType, Side, TimeInForce
from floorproof.market.identifiers import Account, ClOrdID, CompID, Symbol
from floorproof.market.messages import (
    ExecutionReport,
    MarketDataRequest,
    NewOrderSingle,
    OrderCancelReject,
    OrderCancelReplaceRequest,
    OrderCancelRequest,
    OrderMassActionReport,
    OrderMassActionRequest,
)

LIVES = {
    "DAY": TimeInForce.DAY,
    "GTC": TimeInForce.GOOD_TILL_CANCEL,
    "IOC": TimeInForce.IMMEDIATE_OR_CANCEL,
    "FOK": TimeInForce.FILL_OR_KILL,
    "GTD": TimeInForce.GOOD_TILL_DATE,
}


def request(line: str) -> Request:
    """Return the request that *line* describes."""
    words = [word for word in line.split() if "=" not in word]
    options = dict(word.split("=") for word in line.split() if "=" in word)
    sender, name, verb, *rest = words
    session, cl_ord_id = CompID(sender), ClOrdID(name)
    symbol = Symbol(options.get("symbol", "X"))
    user = CompID(options["user"]) if "user" in options else None
    account = Account(options["account"]) if "account" in options else None
    if verb == "MASS":
        return OrderMassActionRequest(
            sender_comp_id=session,
            cl_ord_id=cl_ord_id,
            symbol=symbol if "symbol" in options else None,
            side=Side[rest[0]] if rest else None,
            account=account,
            sender_sub_id=user,
        )
    if verb == "CANCEL":
        return OrderCancelRequest(
            sender_comp_id=session,
            cl_ord_id=cl_ord_id,
            orig_cl_ord_id=ClOrdID(rest[1]),
            symbol=symbol,
            side=Side[rest[0]],
            sender_sub_id=user,
        )
    if verb == "CHANGE":
        side, orig, *terms = rest
    else:
        side, orig, terms = verb, "", rest
    order_qty = int(terms[0])
    price, stop_px = _after("@", terms), _after("STOP", terms)
    display_qty = int(options["show"]) if "show" in options else None
    until = options.get("until")
    expire_date = datetime.date.fromisoformat(until) if until else None
    lives = TimeInForce.GOOD_TILL_DATE if expire_date else TimeInForce.DAY
    lives = next((LIVES[word] for word in terms if word in LIVES), lives)
    ord_type = OrdType[options["type"]] if "type" in options else _type(terms)
    post_only = "post" in terms
    if verb == "CHANGE":
        return OrderCancelReplaceRequest(
            sender_comp_id=session,
            cl_ord_id=cl_ord_id,
            orig_cl_ord_id=ClOrdID(orig),
            symbol=symbol,
            side=Side[side],
            order_qty=order_qty,
            price=price,
            ord_type=ord_type,
            time_in_force=lives,
            sender_sub_id=user,
            account=account,
            stop_px=stop_px,
            display_qty=display_qty,
            expire_date=expire_date,
            post_only=post_only,
        )
    return NewOrderSingle(
        sender_comp_id=session,
        cl_ord_id=cl_ord_id,
        symbol=symbol,
        side=Side[side],
        order_qty=order_qty,
        price=price,
        ord_type=ord_type,
        time_in_force=lives,
        sender_sub_id=user,
        account=account,
        stop_px=stop_px,
        display_qty=display_qty,
        expire_date=expire_date,
        post_only=post_only,
        min_qty=int(options["min"]) if "min" in options else None,
    )


def order(line: str) -> NewOrderSingle:
    """Return the order that *line* describes."""
    described = request(line)
    assert isinstance(described, NewOrderSingle)
    return described


def line(asked: Request) -> str:
    """Return the line from which `request` makes *asked*."""
    assert not isinstance(asked, MarketDataRequest), "a request for data has no shorthand"
    words: list[str] = [asked.sender_comp_id, asked.cl_ord_id]
    match asked:
        case OrderMassActionRequest():
            words += ["MASS", *([asked.side.name] if asked.side else [])]
            words += [f"symbol={asked.symbol}"] if asked.symbol else []
        case OrderCancelRequest():
            words += ["CANCEL", asked.side.name, asked.orig_cl_ord_id]
        case OrderCancelReplaceRequest():
            words += ["CHANGE", asked.side.name, asked.orig_cl_ord_id, *_terms(asked)]
        case NewOrderSingle():
            words += [asked.side.name, *_terms(asked)]
            words += [] if asked.min_qty is None else [f"min={asked.min_qty}"]
    if not isinstance(asked, OrderMassActionRequest) and asked.symbol != "X":
        words.append(f"symbol={asked.symbol}")
    if not isinstance(asked, OrderCancelRequest) and asked.account is not None:
        words.append(f"account={asked.account}")
    if asked.sender_sub_id is not None:
        words.append(f"user={asked.sender_sub_id}")
    return " ".join(words)


def told(report: Answer) -> str:
    """Return what *report* says, in a line: who, which order, what, and where it stands."""
    if isinstance(report, OrderCancelReject):
        return (
            f"{report.target_comp_id} {report.cl_ord_id} REFUSED"
            f" {report.cxl_rej_reason.name}: {report.text}"
        )
    if isinstance(report, OrderMassActionReport):
        line = f"{report.target_comp_id} {report.cl_ord_id} MASS"
        if report.mass_action_response == MassActionResponse.REJECTED:
            return f"{line} REFUSED: {report.text}"
        ids = "".join(f" #{order_id}" for order_id in report.affected_order_ids)
        return f"{line} CANCELED {report.total_affected_orders}{':' if ids else ''}{ids}"
    assert isinstance(report, ExecutionReport)
    line = f"{report.target_comp_id} {report.cl_ord_id} {report.exec_type.name}"
    if report.exec_type is ExecType.REJECTED:
        assert report.ord_rej_reason is not None
        return f"{line} {report.ord_rej_reason.name}: {report.text}"
    if report.exec_type is ExecType.TRADE:
        line += f" {report.last_qty} @ {report.last_px}"
    line += f", leaves {report.leaves_qty} cum {report.cum_qty}"
    if report.exec_restatement_reason is not None:
        line += f", {report.exec_restatement_reason.name}"
    return line


def _after(word: str, terms: list[str]) -> int | None:
    return int(terms[terms.index(word) + 1]) if word in terms else None


def _type(terms: list[str]) -> OrdType:
    for ord_type in (OrdType.MARKET, OrdType.MARKET_LIMIT):
        if ord_type.name in terms:
            return ord_type
    if "STOP" in terms:
        return OrdType.STOP_LIMIT if "@" in terms else OrdType.STOP
    return OrdType.LIMIT


def _terms(asked: NewOrderSingle | OrderCancelReplaceRequest) -> list[str]:
    words = [str(asked.order_qty)]
    if asked.ord_type in (OrdType.MARKET, OrdType.MARKET_LIMIT):
        words.append(asked.ord_type.name)
    if asked.price is not None:
        words += ["@", str(asked.price)]
    if asked.stop_px is not None:
        words += ["STOP", str(asked.stop_px)]
    if _type(words) is not asked.ord_type:
        words.append(f"type={asked.ord_type.name}")
    dated = asked.expire_date is not None
    if asked.time_in_force is not (TimeInForce.GOOD_TILL_DATE if dated else TimeInForce.DAY):
        words += [word for word, lives in LIVES.items() if lives is asked.time_in_force]
    if dated:
        words.append(f"until={asked.expire_date}")
    if asked.display_qty is not None:
        words.append(f"show={asked.display_qty}")
    if asked.post_only:
        words.append("post")
    return words
