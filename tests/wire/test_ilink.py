"""The market's messages in iLink 2's FIX text, and what of it is refused."""

from __future__ import annotations

import attrs
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from wire.fix_ends import pairs_of
from wire.ilink_messages import DIALECT, GATEWAY, MNQ, acquainted, reports, requests

from floorproof.market.fix import (
    BusinessRejectReason,
    ExecRestatementReason,
    ExecType,
    OrdRejReason,
    OrdStatus,
    Side,
    TimeInForce,
)
from floorproof.market.identifiers import Account, ClOrdID, CompID, ExecID, OrderID
from floorproof.market.messages import ExecutionReport, NewOrderSingle, OrderCancelRequest
from floorproof.market.rejects import SessionReject
from floorproof.wire.fix_text import Pairs, Unsayable, parse, write
from floorproof.wire.ilink import Message, Refused, Said, decode, encode, speaks
from floorproof.wire.ilink_dictionary import FIELDS
from floorproof.wire.ilink_forms import Talk, escaped, unescaped
from floorproof.wire.ilink_names import Names


def header(said: Said, *, comes_in: bool) -> Pairs:
    """Return what a session puts before a message."""
    if comes_in:
        return ((35, said.msg_type), (50, said.sub_id or "ABC400"))
    return ((35, said.msg_type), (57, (said.sub_id or "ABC400").upper()))


def carried(said: Said, *, comes_in: bool) -> Pairs:
    """Return a message as it arrives: as bytes, and with its header."""
    return parse(write((*header(said, comes_in=comes_in), *said.body)))


@given(requests)
@pytest.mark.rule("ILINK-1")
def test_a_request_means_the_same_when_it_has_been_text(request: Message) -> None:
    talk = Talk(dialect=DIALECT, names=acquainted(), now_ns=1_234_567_891)

    said = encode(request, talk)
    heard = decode(said.msg_type, carried(said, comes_in=True), talk)

    assert heard == request
    assert encode(heard, talk) == said


@given(reports)
@pytest.mark.rule("ILINK-1")
def test_a_report_means_the_same_when_it_has_been_text(report: Message) -> None:
    talk = Talk(dialect=DIALECT, names=acquainted(), returns=True)
    if isinstance(report, SessionReject):
        talk.names.numbers[report.ref_msg_type, report.ref_id] = 7
        talk.names.requests[7] = (report.ref_msg_type, report.ref_id)

    said = encode(report, talk)
    heard = decode(said.msg_type, carried(said, comes_in=False), talk)

    assert heard == report
    assert encode(heard, talk) == said


# --- what CME prints ------------------------------------------------------------------

VENUE = Talk(dialect=DIALECT, names=Names(), returns=True)
CLIENT = Talk(dialect=DIALECT, names=Names())

FILL = ExecutionReport(
    target_comp_id=GATEWAY,
    cl_ord_id=ClOrdID("a1"),
    order_id=OrderID(42),
    exec_id=ExecID(9),
    exec_type=ExecType.TRADE,
    ord_status=OrdStatus.PARTIALLY_FILLED,
    symbol=MNQ.symbol,
    side=Side.BUY,
    order_qty=10,
    leaves_qty=7,
    cum_qty=3,
    transact_time_ns=1_000_000,
    price=1535150,
    last_qty=3,
    last_px=1535125,
    aggressor_indicator=False,
    trd_match_id=12,
    target_sub_id=CompID("et2"),
    account=Account("acme"),
)


def printed(report: ExecutionReport, *tags: int) -> str:
    said = dict(encode(report, VENUE).body)
    return "|".join(f"{tag}={said[tag]}" if tag in said else f"no {tag}" for tag in tags)


def test_a_fill_as_cme_prints_it() -> None:
    said = "|".join(f"{tag}={value}" for tag, value in encode(FILL, VENUE).body)

    assert said == (
        "1=ACME|6=0|11=a1|14=3|17=9:M:12TN0000012|20=0|31=15351.25|32=3|37=42|38=10|39=1|40=2|41=0|"
        "44=15351.50|48=1|54=1|55=MNQ|59=0|60=20230717-13:30:00.124|75=20230717|107=MNQU3|150=1|"
        "151=7|337=TRADE|375=CME000A|432=00000000|442=1|527=422023071712|1028=Y|1057=N|5979=1689600600124456000|"
        "9717=a1|37711=12"
    )


PRINTS: dict[str, tuple[dict[str, object], str]] = {
    "a full fill": (
        {"ord_status": OrdStatus.FILLED, "leaves_qty": 0, "cum_qty": 10},
        "39=2|150=2|14=10|no 20014",
    ),
    "a cancel": (
        {"exec_type": ExecType.CANCELED, "ord_status": OrdStatus.CANCELED},
        "39=4|150=4|14=0|20014=3|no 527",
    ),
    "an elimination": (
        {"exec_type": ExecType.EXPIRED, "ord_status": OrdStatus.EXPIRED},
        "39=C|150=C|14=0|20014=3",
    ),
    "how an order stands": (
        {"exec_type": ExecType.ORDER_STATUS, "exec_id": ExecID(0), "last_qty": 0, "last_px": None},
        "39=1|150=I|14=3|17=0|20=3|no 31|no 32|no 527",
    ),
    "a cancel of nothing": (
        {"exec_type": ExecType.CANCELED, "ord_status": OrdStatus.CANCELED, "cum_qty": 0},
        "39=4|150=4|14=0|no 20014",
    ),
    "a change": (
        {"exec_type": ExecType.REPLACED, "ord_status": OrdStatus.PARTIALLY_FILLED},
        "39=5|150=5|14=3|no 20014|no 20039",
    ),
    "a bust": (
        {"exec_type": ExecType.TRADE_CANCEL, "exec_ref_id": ExecID(9), "exec_id": ExecID(11)},
        "39=H|150=H|20=1|17=11|19=TN0000012|20019=9|no 20039",
    ),
    "a bust of the dead": (
        {"exec_type": ExecType.TRADE_CANCEL, "ord_status": OrdStatus.FILLED},
        "39=H|20039=2",
    ),
    "an unknown symbol": (
        {
            "exec_type": ExecType.REJECTED,
            "ord_status": OrdStatus.REJECTED,
            "ord_rej_reason": OrdRejReason.UNKNOWN_SYMBOL,
        },
        "39=8|103=2047|no 20103",
    ),
    "nobody to trade with": (
        {
            "exec_type": ExecType.REJECTED,
            "ord_status": OrdStatus.REJECTED,
            "ord_rej_reason": OrdRejReason.BROKER_OPTION,
            "text": "x [REJ-5]",
        },
        "103=2013|20103=0",
    ),
    "a stop's limit": (
        {
            "exec_type": ExecType.REJECTED,
            "ord_status": OrdStatus.REJECTED,
            "ord_rej_reason": OrdRejReason.OTHER,
            "text": "x [ORD-3]",
            "side": Side.SELL,
        },
        "103=2059|no 20103",
    ),
    "fill or kill": ({"time_in_force": TimeInForce.FILL_OR_KILL}, "59=3|110=10"),
    "fill and kill": ({"time_in_force": TimeInForce.IMMEDIATE_OR_CANCEL}, "59=3|no 110"),
    "SMP": (
        {
            "exec_restatement_reason": ExecRestatementReason.SELF_MATCH_OLDEST,
            "self_match_prevention_id": "1234567",
        },
        "378=103|7928=1234567|no 8000",
    ),
}


@pytest.mark.rule("ILINK-3", "ILINK-4", "ILINK-6", "ILINK-8")
@pytest.mark.parametrize(("fields", "expected"), PRINTS.values(), ids=PRINTS.keys())
def test_how_cme_prints_a_report(fields: dict[str, object], expected: str) -> None:
    report = msgspec.structs.replace(FILL, **fields)
    tags = [int(part.removeprefix("no ").partition("=")[0]) for part in expected.split("|")]

    assert printed(report, *tags) == expected


@pytest.mark.rule("ILINK-3")
def test_names_that_come_back_in_capitals_are_spelled_as_they_were() -> None:
    names = Names()
    order = NewOrderSingle(
        sender_comp_id=GATEWAY,
        cl_ord_id=ClOrdID("a1"),
        symbol=MNQ.symbol,
        side=Side.BUY,
        order_qty=10,
        price=1535150,
        sender_sub_id=CompID("et2"),
        account=Account("acme"),
    )
    names.asked("D", order, 3)
    said = encode(FILL, VENUE)

    heard = decode("8", ((57, "ET2"), *said.body), Talk(dialect=DIALECT, names=names, returns=True))

    assert heard == FILL


@pytest.mark.rule("ILINK-5")
def test_a_cancel_says_the_venues_number_of_its_order() -> None:
    names = Names()
    names.told(FILL)
    cancel = OrderCancelRequest(
        sender_comp_id=GATEWAY,
        cl_ord_id=ClOrdID("c1"),
        orig_cl_ord_id=ClOrdID("a1"),
        symbol=MNQ.symbol,
        side=Side.BUY,
    )

    said = encode(cancel, Talk(dialect=DIALECT, names=names))

    assert dict(said.body)[37] == "42"


@pytest.mark.rule("ILINK-5")
@pytest.mark.parametrize(
    ("tags", "meant"),
    [
        ("37=42|41=a1", "a1"),
        ("37=42", "a2"),
        ("37=42|41=a2", "a2"),
        ("37=42|41=b1", "0"),
        ("37=99", "0"),
        ("37=99|41=a1", "0"),
    ],
)
def test_which_order_a_cancel_is_for(tags: str, meant: str) -> None:
    names = Names()
    names.told(FILL)
    changed = {"exec_type": ExecType.REPLACED, "cl_ord_id": "a2", "orig_cl_ord_id": "a1"}
    names.told(msgspec.structs.replace(FILL, **changed))
    names.told(msgspec.structs.replace(FILL, cl_ord_id=ClOrdID("b1"), order_id=OrderID(43)))
    body = f"1=NONE|11=c1|54=1|60=20230717-13:30:00|107=MNQU3|1028=Y|9717=a1|{tags}"

    heard = decode("F", pairs_of(body), Talk(dialect=DIALECT, names=names))

    assert isinstance(heard, OrderCancelRequest)
    assert heard.orig_cl_ord_id == meant


# --- what is refused ------------------------------------------------------------------

ORDER = (
    "1=ACME|11=a1|38=10|40=2|44=15351.50|54=1|55=MNQ|60=20230717-13:30:00.000|107=MNQU3|204=0|"
    "1028=Y|1031=Y|9702=4|9717=a1"
)
CHANGE = f"{ORDER}|37=42|41=a0"
CANCEL = "1=ACME|11=c1|37=42|54=1|60=20230717-13:30:00.000|107=MNQU3|1028=Y|9717=a1"
ACTION = "11=m1|60=20230717-13:30:00.000|107=MNQU3|1028=Y|1373=3|1374=1"
QUOTE = (
    "117=q|204=0|1028=Y|1031=Y|9702=4|9771=MM|296=1|302=A|304=1|295=1|299=1|55=MNQ|107=MNQU3|"
    "132=15350|134=5"
)
TEXTS = {"D": ORDER, "G": CHANGE, "F": CANCEL, "CA": ACTION, "i": QUOTE, "Z": "117=q|298=4|1028=Y"}
STRICT = attrs.evolve(DIALECT, order_id_required=True)


def changed(msg_type: str, edits: str) -> Pairs:
    """Return a sound message with *edits*: ``44=1`` instead, ``-44`` without, ``+44=1`` besides."""
    pairs = list(pairs_of(TEXTS[msg_type]))
    for edit in edits.split("|"):
        tag = int(edit.lstrip("+-").partition("=")[0])
        value = edit.partition("=")[2]
        place = next((at for at, pair in enumerate(pairs) if pair[0] == tag), len(pairs))
        if edit.startswith("-"):
            del pairs[place]
        elif edit.startswith("+"):
            pairs.insert(place, (tag, value))
        else:
            pairs[place : place + 1] = [(tag, value)]
    return tuple(pairs)


@pytest.mark.parametrize("msg_type", TEXTS)
def test_the_texts_below_are_sound(msg_type: str) -> None:
    assert decode(msg_type, pairs_of(TEXTS[msg_type]), Talk(dialect=STRICT, names=Names()))


# fmt: off
WRONG = [
    ("D", "-11",             "ClOrdID (11) tag is not present"),
    ("D", "11=0",
          "ClOrdID (11) tag has an incorrect value: should be a name other than 0, which stands for"
          " none"),
    ("D", "-38",             "OrderQty (38) tag is not present"),
    ("D", "-9717",           "CorrelationClOrdID (9717) tag is not present"),
    ("D", "+54=2",           "Side (54) tag appears more than once"),
    ("D", "44=",             "Price (44) tag has no value"),
    ("D", "7928=",           "SelfMatchPreventionID (7928) tag has no value"),
    ("D", "7928=1234567890123",
          "SelfMatchPreventionID (7928) tag has an incorrect value: (1234567890123), should be"
          " String(12)"),
    ("D", "8000=X",
          "SelfMatchPreventionInstruction (8000) tag has an incorrect value: (X), should be N"
          " or O"),
    ("G", "8000=n",
          "SelfMatchPreventionInstruction (8000) tag has an incorrect value: (n), should be N"
          " or O"),
    ("D", "7928=1234567|8000=NO",
          "SelfMatchPreventionInstruction (8000) tag has an incorrect value: (NO), should be N"
          " or O"),
    ("D", "54=3",            "Side (54) tag has an incorrect value: (3), should be 1 or 2"),
    ("D", "59=4",
          "TimeInForce (59) tag has an incorrect value: (4), should be 0 or 1 or 3 or 6"),
    ("D", "38=ten",          "OrderQty (38) tag has an incorrect value: (ten), should be Int(9)"),
    ("D", "38=1234567890",
          "OrderQty (38) tag has an incorrect value: (1234567890), should be Int(9)"),
    ("D", "38=0",            "order_qty must be a whole number above zero, was 0"),
    ("D", "38=-5",           "order_qty must be a whole number above zero, was -5"),
    ("D", "44=1.5e3",        "Price (44) tag has an incorrect value: (1.5e3), should be Price"),
    ("D", "44=1234567890",
          "Price (44) tag has an incorrect value: (1234567890), should be Price"),
    ("D", "44=15351.505",
          "Price (44) tag has an incorrect value: should be MNQU3: price '15351.505' has more than"
          " 2 decimals"),
    ("D", "432=20231399",
          "ExpireDate (432) tag has an incorrect value: should be a date, found 20231399"),
    ("D", "60=now",
          "TransactTime (60) tag has an incorrect value: (now), should be UTCTimestamp"),
    ("D", "1028=X",
          "ManualOrderIndicator (1028) tag has an incorrect value: (X), should be Boolean"),
    ("D", "11=123456789012345678901",
          "ClOrdID (11) tag has an incorrect value: (123456789012345678901), should be String(20)"),
    ("G", "-37",
          "OrderID (37) must be present on a Cancel or Cancel Replace Request."),
    ("F", "-37",
          "OrderID (37) must be present on a Cancel or Cancel Replace Request."),
    ("F", "37=x",            "OrderID (37) tag has an incorrect value: (x), should be Int(17)"),
    ("CA", "1374=10",
          "MassActionScope (1374) tag has an incorrect value: (10), should be 1 or 9"),
    ("CA", "-107",
          "SecurityDesc (107) tag has an incorrect value: should be an instrument where 1374 is 1,"
          " found none"),
    ("CA", "6115=101",
          "Account (1) tag is not present where MassCancelRequestType (6115) is 101"),
    ("CA", "1374=9|-107",
          "MarketSegmentID (1300) tag is not present where MassActionScope is 9"),
    ("CA", "1374=9|-107|+1300=77",
          "MarketSegmentID (1300) tag has an incorrect value: (77), should be ALL"),
    ("CA", "59=0",
          "TimeInForce (59) tag is not supported on an Order Mass Action Request"),
    ("CA", "40=2",
          "OrdType (40) tag is not supported on an Order Mass Action Request"),
    ("i", "8000=X",
          "SelfMatchPreventionInstruction (8000) tag has an incorrect value: (X), should be N"
          " or O"),
    ("i", "295=2",
          "NoQuoteEntries (295) tag has an incorrect value: (2), found 1"),
    ("i", "296=2",           "NoQuoteSets (296) tag has an incorrect value: (2), found 1"),
    ("i", "302=LONG",
          "QuoteSetID (302) tag has an incorrect value: (LONG), should be String(3)"),
    ("i", "-107",            "SecurityDesc (107) tag is not present"),
    ("i", "134=5|-132",
          "bid_px and bid_size must be both there or neither, were None and 5"),
    ("Z", "298=3",
          "QuoteCancelType (298) tag has an incorrect value: (3), should be 1 or 4 or 100"),
    ("Z", "298=100",
          "quote_set_id must be there if the cancel is for a set, and only so"),
]
# fmt: on


@pytest.mark.rule("ILINK-2", "ILINK-5")
@pytest.mark.parametrize(("msg_type", "edits", "text"), WRONG)
def test_what_does_not_fit_is_refused(msg_type: str, edits: str, text: str) -> None:
    talk = Talk(dialect=STRICT, names=Names())

    with pytest.raises(Refused) as raised:
        decode(msg_type, changed(msg_type, edits), talk)

    assert raised.value.text == text
    business = BusinessRejectReason.OTHER if msg_type in ("i", "Z") else None
    assert raised.value.reason is business


@pytest.mark.rule("ILINK-7")
@pytest.mark.parametrize(("qty", "fits"), [(99_999, True), (100_000, False)])
def test_the_session_has_a_largest_order(qty: int, fits: bool) -> None:
    pairs = changed("D", f"38={qty}")

    if fits:
        assert decode("D", pairs, CLIENT)
    else:
        with pytest.raises(Refused, match=r"OrderQty \(38\) .* \(100000\), above 99999"):
            decode("D", pairs, CLIENT)


@pytest.mark.parametrize("msg_type", ["8", "9", "H", "AF", "V", "B"])
def test_what_no_client_says_is_not_supported(msg_type: str) -> None:
    with pytest.raises(Refused, match="MsgType") as raised:
        decode(msg_type, (), CLIENT)

    assert raised.value.reason is BusinessRejectReason.UNSUPPORTED_MESSAGE_TYPE


def test_tags_that_nobody_knows_are_passed_over() -> None:
    assert decode("D", changed("D", "9999=x|+78=1"), CLIENT) == decode("D", pairs_of(ORDER), CLIENT)


def test_an_order_for_what_nobody_lists_is_the_markets_to_refuse() -> None:
    heard = decode("D", changed("D", "107=XYZ|44=1.25"), CLIENT)

    assert isinstance(heard, NewOrderSingle)
    assert heard.symbol == "XYZ"


@pytest.mark.rule("ILINK-6")
def test_fill_and_kill_of_all_is_fill_or_kill() -> None:
    heard = decode("D", changed("D", "59=3|110=10"), CLIENT)

    assert isinstance(heard, NewOrderSingle)
    assert (heard.time_in_force, heard.min_qty) == (TimeInForce.FILL_OR_KILL, None)


UNSAYABLE: dict[str, tuple[dict[str, object], str]] = {
    "a name too long": ({"cl_ord_id": "x" * 21}, "tag 11: expected ClOrdID of String(20)"),
    "the name of none": ({"cl_ord_id": "0"}, "tag 11: expected a name other than 0"),
    "the account of none": ({"account": "none"}, "tag 1: expected an account other than NONE"),
    "the session's user": ({"sender_sub_id": "ABC400"}, "tag 50: expected another name"),
    "two minima": (
        {"min_qty": 3, "time_in_force": TimeInForce.FILL_OR_KILL},
        "tag 110: expected no minimum quantity",
    ),
    "an arrow": (
        {"parent_id": "P", "parent_gateway": "a>b"},
        "tag 5149: expected a gateway's name",
    ),
    "a long memo": ({"parent_id": "P" * 75}, "tag 5149: expected Memo of String(75)"),
    "a price too large": ({"price": 10**12}, "tag 44: expected Price"),
}


@pytest.mark.parametrize(("fields", "text"), UNSAYABLE.values(), ids=UNSAYABLE.keys())
def test_what_has_no_text_is_not_sent(fields: dict[str, object], text: str) -> None:
    order = decode("D", pairs_of(ORDER), CLIENT)
    assert isinstance(order, NewOrderSingle)

    with pytest.raises(Unsayable) as raised:
        encode(msgspec.structs.replace(order, **fields), CLIENT)

    assert text in str(raised.value)


@given(st.sampled_from([*TEXTS]), st.data())
@pytest.mark.rule("ILINK-2")
def test_any_change_of_a_tag_is_taken_or_refused(msg_type: str, data: st.DataObject) -> None:
    """Whatever a sound message is made into, it is a message, or it is refused: no other end."""
    pairs = list(pairs_of(TEXTS[msg_type]))
    values = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=12)
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(pairs) - 1))
        tag = data.draw(st.sampled_from(sorted(FIELDS)) | st.just(pairs[place][0]))
        what = data.draw(st.sampled_from(["drop", "repeat", "value", "insert"]))
        if what == "drop":
            del pairs[place]
        elif what == "repeat":
            pairs.insert(place, pairs[place])
        elif what == "value":
            pairs[place] = (pairs[place][0], data.draw(values))
        else:
            pairs.insert(place, (tag, data.draw(values | st.sampled_from(["1", "2", "Y"]))))
        if not pairs:
            return

    try:
        message = decode(msg_type, tuple(pairs), CLIENT)
    except Refused:
        return
    assert speaks(message)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("plain: [REJ-6] 'x'", "plain: [REJ-6] 'x'"),
        ("a\\b", "a\\\\b"),
        ("öl\n", "\\xf6l\\x0a"),
        ("→", "\\u2192"),
        ("\x01", "\\x01"),
    ],
)
def test_a_text_beyond_ascii_is_escaped(text: str, written: str) -> None:
    assert escaped(text) == written
    assert unescaped(written) == text


def test_a_backslash_that_escapes_nothing_stays() -> None:
    assert unescaped("\\q \\xg \\") == "\\q \\xg \\"
