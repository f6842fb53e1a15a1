"""Requests and reports as one line of text, so that a test's table reads like a blotter.

    ALPHA a1 BUY 10 @ 50              a limit order; IOC may follow
    ALPHA a1 SELL 10 MARKET           a market order
    ALPHA x1 CANCEL BUY a1            x1 cancels ALPHA's buy order a1
    ALPHA a2 CHANGE BUY a1 8 @ 50     a1 becomes a2

``key=value`` may follow: ``account``, ``symbol``, ``user``.
"""

from __future__ import annotations

from floorproof.market.exchange import Answer, Request
from floorproof.market.fix import ExecType, OrdType, Side, TimeInForce
from floorproof.market.identifiers import Account, ClOrdID, CompID, Symbol
from floorproof.market.messages import (
    ExecutionReport,
    NewOrderSingle,
    OrderCancelReject,
    OrderCancelReplaceRequest,
    OrderCancelRequest,
)


def request(line: str) -> Request:
    """Return the request that *line* describes."""
    words = [word for word in line.split() if "=" not in word]
    options = dict(word.split("=") for word in line.split() if "=" in word)
    sender, name, verb, *rest = words
    session, cl_ord_id = CompID(sender), ClOrdID(name)
    symbol = Symbol(options.get("symbol", "X"))
    user = CompID(options["user"]) if "user" in options else None
    account = Account(options["account"]) if "account" in options else None
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
    price = int(terms[terms.index("@") + 1]) if "@" in terms else None
    ord_type = OrdType.MARKET if "MARKET" in terms else OrdType.LIMIT
    lives = TimeInForce.IMMEDIATE_OR_CANCEL if "IOC" in terms else TimeInForce.DAY
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
    )


def order(line: str) -> NewOrderSingle:
    """Return the order that *line* describes."""
    described = request(line)
    assert isinstance(described, NewOrderSingle)
    return described


def told(report: Answer) -> str:
    """Return what *report* says, in a line: who, which order, what, and where it stands."""
    if isinstance(report, OrderCancelReject):
        return (
            f"{report.target_comp_id} {report.cl_ord_id} REFUSED"
            f" {report.cxl_rej_reason.name}: {report.text}"
        )
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
