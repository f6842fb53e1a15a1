"""Requests and reports as one line of text, so that a test's table reads like a blotter.

    ALPHA a1 BUY 10 @ 50              a limit order
    ALPHA a1 SELL 10 MARKET           a market order; MARKET_LIMIT one whose rest rests
    ALPHA a1 BUY 10 STOP 55           a stop; with @ 56 a stop-limit
    ALPHA x1 CANCEL BUY a1            x1 cancels ALPHA's buy order a1
    ALPHA a2 CHANGE BUY a1 8 @ 50     a1 becomes a2; whatever an order may say may follow
    ALPHA m1 MASS SELL                cancels all of ALPHA's offers; without a side, all
    ALPHA q1 QUOTE X:5@10/7@12 Y:-    a mass quote: bids 5 at 10 and offers 7 at 12 in X,
                                      takes off what there is in Y; its entries are q1.1
                                      and q1.2, in the quote set S, or set=T
    ALPHA z1 UNQUOTE X Y              cancels quotes in X and Y, without any in all
    ALPHA z1 UNQUOTE set=T SELL       cancels the offers of the quote set T

An order may go on with how long it lives (GTC, IOC, FOK, until=2026-01-30), with ``post``
(it only rests), show=2 (its display quantity) and min=3 (its minimum quantity).  Any
request may have ``account``, ``symbol`` (X where there is none, except on MASS) and
``user``; orders, changes and mass quotes may have ``id`` and ``instr``, the tags of
self-match prevention.  What no sound order says has words too: ``type=LIMIT`` beside a trigger, GTD
without a date, DAY with one.
"""

from __future__ import annotations

import datetime

from floorproof.market.exchange import Request
from floorproof.market.execution import Answer
from floorproof.market.fix import (
    ExecType,
    MassActionResponse,
    OrdType,
    QuoteCancelType,
    Side,
    TimeInForce,
)
from floorproof.market.identifiers import Account, ClOrdID, CompID, QuoteID, Symbol
from floorproof.market.messages import (
    ExecutionReport,
    MarketDataRequest,
    NewOrderSingle,
    OrderCancelReject,
    OrderCancelReplaceRequest,
    OrderCancelRequest,
    OrderMassActionReport,
    OrderMassActionRequest,
    OrderStatusRequest,
)
from floorproof.market.quotes import (
    MassQuote,
    MassQuoteAck,
    QuoteCancel,
    QuoteCancelAck,
    QuoteEntry,
    QuoteSet,
)
from floorproof.market.rejects import BusinessMessageReject, SessionReject

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
    smp_id, instruction = options.get("id"), options.get("instr")
    if verb == "QUOTE":
        entries = tuple(
            _entry(ClOrdID(f"{name}.{number}"), word) for number, word in enumerate(rest, 1)
        )
        return MassQuote(
            sender_comp_id=session,
            quote_id=QuoteID(name),
            quote_sets=(QuoteSet(quote_set_id=options.get("set", "S"), entries=entries),),
            sender_sub_id=user,
            account=account,
            self_match_prevention_id=smp_id,
            self_match_prevention_instruction=instruction,
        )
    if verb == "UNQUOTE":
        of_set = options.get("set")
        kind = QuoteCancelType.ALL if of_set is None else QuoteCancelType.QUOTE_SET
        return QuoteCancel(
            sender_comp_id=session,
            quote_id=QuoteID(name),
            quote_cancel_type=QuoteCancelType.SYMBOLS if rest and of_set is None else kind,
            symbols=() if of_set is not None else tuple(map(Symbol, rest)),
            quote_set_id=of_set,
            side=Side[rest[0]] if rest and of_set is not None else None,
            sender_sub_id=user,
        )
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
            self_match_prevention_id=smp_id,
            self_match_prevention_instruction=instruction,
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
        self_match_prevention_id=smp_id,
        self_match_prevention_instruction=instruction,
    )


def _entry(name: ClOrdID, word: str) -> QuoteEntry:
    """Return the entry of a mass quote that ``X:5@10/7@12`` describes."""
    symbol, _, quoted = word.partition(":")
    bid, _, offer = quoted.partition("/")
    bid_size, _, bid_px = bid.partition("@")
    offer_size, _, offer_px = offer.partition("@")
    return QuoteEntry(
        quote_entry_id=name,
        symbol=Symbol(symbol),
        bid_px=int(bid_px) if bid_px else None,
        bid_size=int(bid_size) if bid_px else 0,
        offer_px=int(offer_px) if offer_px else None,
        offer_size=int(offer_size) if offer_px else 0,
    )


def _quoted(entry: QuoteEntry) -> str:
    """Return the word from which `_entry` makes *entry*."""
    bid = "-" if entry.bid_px is None else f"{entry.bid_size}@{entry.bid_px}"
    offer = "" if entry.offer_px is None else f"/{entry.offer_size}@{entry.offer_px}"
    return f"{entry.symbol}:{bid}{offer}"


def order(line: str) -> NewOrderSingle:
    """Return the order that *line* describes."""
    described = request(line)
    assert isinstance(described, NewOrderSingle)
    return described


def line(asked: Request) -> str:
    """Return the line from which `request` makes *asked*."""
    assert not isinstance(asked, MarketDataRequest | OrderStatusRequest), "it has no shorthand"
    words: list[str] = [asked.sender_comp_id]
    match asked:
        case MassQuote():
            words += [asked.quote_id, "QUOTE", *map(_quoted, asked.entries)]
            of_set = asked.quote_sets[0].quote_set_id
            words += [] if of_set == "S" else [f"set={of_set}"]
        case QuoteCancel():
            words += [asked.quote_id, "UNQUOTE", *asked.symbols]
            words += [f"set={asked.quote_set_id}"] if asked.quote_set_id else []
            words += [asked.side.name] if asked.side else []
        case _:
            words.append(asked.cl_ord_id)
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
        case MassQuote() | QuoteCancel():
            pass
    if not isinstance(asked, OrderMassActionRequest | MassQuote | QuoteCancel):
        words += [] if asked.symbol == "X" else [f"symbol={asked.symbol}"]
    if isinstance(asked, NewOrderSingle | OrderCancelReplaceRequest | MassQuote):
        smp_id = asked.self_match_prevention_id
        instruction = asked.self_match_prevention_instruction
        words += [] if smp_id is None else [f"id={smp_id}"]
        words += [] if instruction is None else [f"instr={instruction}"]
    if not isinstance(asked, OrderCancelRequest | QuoteCancel) and asked.account is not None:
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
    if isinstance(report, MassQuoteAck):
        return _told_of_quotes(report)
    if isinstance(report, QuoteCancelAck):
        return _told_of_cancel(report)
    if isinstance(report, SessionReject):
        return f"{report.target_comp_id} {report.ref_id} SESSION REJECT: {report.text}"
    if isinstance(report, BusinessMessageReject):
        name = report.business_reject_ref_id
        return f"{report.target_comp_id} {name} BUSINESS REJECT: {report.text}"
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


def _told_of_quotes(ack: MassQuoteAck) -> str:
    line = f"{ack.target_comp_id} {ack.quote_id} QUOTE {ack.quote_status.name}"
    if not ack.quote_sets:
        assert ack.quote_reject_reason is not None
        return f"{line} {ack.quote_reject_reason.name}: {ack.text}"
    said = []
    for entry in (entry for quote_set in ack.quote_sets for entry in quote_set.entries):
        reason = entry.quote_entry_reject_reason
        why = "" if reason is None else f" {reason.name}: {entry.text}"
        said.append(f"{entry.quote_entry_id}{why}")
    return f"{line}: {', '.join(said)}"


def _told_of_cancel(ack: QuoteCancelAck) -> str:
    line = f"{ack.target_comp_id} {ack.quote_id or 'unsolicited'} QUOTES"
    if ack.quote_reject_reason is not None:
        return f"{line} REFUSED {ack.quote_reject_reason.name}: {ack.text}"
    gone = [f"{one.quote_entry_id} {one.side.name} {one.leaves_qty}" for one in ack.canceled]
    why = ack.unsolicited_cancel_type
    return f"{line} CANCELED: {', '.join(gone)}" + (f", {why.name}" if why else "")
