"""Sessions in FIX text between traders and a venue: the same events, and what is sent wrongly."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs
import pytest
from fix_desk import START, VENUE, Desk
from hypothesis import given
from hypothesis import strategies as st
from oracle import algorithms, streams
from oracle.self_match import PlainSelfMatch
from oracle.shorthand import request, told
from oracle.venue import PlainVenue
from smp import SMP, X, book, exchange_with

from floorproof.actors.fix_end import SessionDue
from floorproof.market.book import Resting
from floorproof.market.exchange import Exchange
from floorproof.market.fix import Side
from floorproof.market.fix_line import (
    ConnectSession,
    DisconnectSession,
    FailOverSession,
    FixText,
    LogOutSession,
)
from floorproof.market.identifiers import CompID
from floorproof.market.instrument import Instrument, TickTable
from floorproof.market.messages import ExecutionReport
from floorproof.market.rejects import SessionReject
from floorproof.plugins.binding import admission, venue_manager, venue_rules
from floorproof.plugins.fifo import Fifo
from floorproof.wire import ilink
from floorproof.wire import ilink_forms as form
from floorproof.wire.fix_header import Fields, utc_timestamp
from floorproof.wire.fix_text import Pairs, Unparsable, Unsayable, parse
from floorproof.wire.ilink import encode
from floorproof.wire.ilink_dictionary import LAYOUTS, Layout, Row, layout_of
from floorproof.wire.ilink_forms import Talk

FIRMS = ("100", "200", "300", "400", "500", "600", "700")
INSTRUMENTS = {X: Instrument(symbol=X, price_decimals=0, ticks=TickTable.uniform(1))}

F1 = (
    "F100 s1 SELL 10 @ 1301 id=2345678",
    "F200 s2 SELL 20 @ 1301 id=3456789",
    "F300 s3 SELL 30 @ 1301 id=4567890",
    "F500 s4 SELL 500 @ 1301 id=5678901",
    "F600 s5 SELL 450 @ 1302 id=6789012",
    "F400 s6 SELL 20 @ 1302 id=1234567 instr=O",
    "F700 s7 SELL 30 @ 1302 id=7890123",
)
F2 = (
    *F1[:4],
    "F600 s5 SELL 10 @ 1302 id=6789012",
    "F400 s6 SELL 20 @ 1302 id=1234567 instr=N",
    F1[6],
)
AGGRESSOR = "F400 b BUY 1000 @ 1302 id=1234567 instr=O"


def desk(
    *kinds: str,
    rule: object | None = SMP,
    operators: tuple[str, ...] = (),
    firms: Sequence[str] = FIRMS,
) -> Desk:
    """Return a venue with a session for each firm; those of *kinds* lead to segment 80."""
    sessions = {
        f"F{firm}": (f"S{index:02}{firm}", "80" if f"F{firm}" in kinds else None)
        for index, firm in enumerate(firms)
    }
    return Desk(exchange_with(rule=rule), INSTRUMENTS, sessions, operators)


def heard(at: Desk) -> dict[str, list[object]]:
    return {name: trader.heard for name, trader in at.traders.items() if trader.heard}


def straight(*lines: str, rule: object | None = SMP) -> dict[str, list[object]]:
    """Return what the venue tells each session without any text in between."""
    exchange = exchange_with(rule=rule)
    told_to: dict[str, list[object]] = {}
    for line in lines:
        for report in exchange.receive(request(line), 0).reports:
            told_to.setdefault(str(report.target_comp_id), []).append(report)
    return told_to


# --- the same events ------------------------------------------------------------------


@pytest.mark.rule("ILINK-1", "SMP-1", "SMP-4")
@pytest.mark.parametrize("lines", [F1, F2], ids=["F1", "F2"])
@pytest.mark.parametrize(
    "kinds",
    [(), ("F400",), tuple(f"F{firm}" for firm in FIRMS if firm != "400")],
    ids=["all on CGW", "aggressor on MSGW", "aggressor on CGW and the others on MSGW"],
)
def test_smp_works_across_both_kinds_of_gateways(
    lines: tuple[str, ...], kinds: tuple[str, ...]
) -> None:
    at = desk(*kinds)

    for line in (*lines, AGGRESSOR):
        at.send(line.split()[0], request(line))

    assert heard(at) == straight(*lines, AGGRESSOR)
    assert ("b 400 @ 1302" in book(at.exchange)) == (lines is F2)


THREE: dict[str, tuple[str, str | None]] = {
    name: (f"S{index:02}{index}00", None) for index, name in enumerate(streams.SESSIONS, 1)
}


# All firms have an id together, and one has one alone.
IDS = {"1000001": ("100", "200", "300"), "1000002": ("300",)}
RULE = attrs.evolve(
    SMP, registered=IDS, firms={name: f"{i}00" for i, name in enumerate(streams.SESSIONS, 1)}
)


def tags(wish: streams.Wish) -> streams.Tags:
    """Return the tags that somebody sends: mostly the id that everybody may use."""
    others = {0: None, 7: None, 13: "seven", 17: "1000002"}
    return others.get(wish.about, "1000001"), (None, "N", "O", None)[wish.far]


def day() -> Exchange:
    """Return a venue under `RULE` of the instruments and states that the streams are about."""
    instruments = streams.instruments(3)
    symbols = [instrument.symbol for instrument in instruments]
    manager = venue_manager({"cme-smp": RULE})
    return Exchange(
        instruments,
        dict.fromkeys(symbols, Fifo()),
        {symbol: venue_rules(manager, symbol) for symbol in symbols},
        admit=admission(manager),
        boards=streams.BOARDS,
        states=[*streams.STARTS, *streams.ENDS],
        start=START,
    )


def plain_day() -> PlainVenue:
    instruments = streams.instruments(3)
    return PlainVenue(
        instruments,
        {instrument.symbol: algorithms.f() for instrument in instruments},
        boards=streams.BOARDS,
        today=START.date(),
        smp=PlainSelfMatch(IDS, {str(session): firm for session, firm in RULE.firms.items()}),
    )


def with_text_and_without(wished: Sequence[Any]) -> tuple[Desk, Exchange, dict[str, list[object]]]:
    """Let a venue with text in between and one without be asked the same.

    Returns:
        The desk, the venue without, and what that told each session.
    """
    listed = {each.symbol: each for each in streams.instruments(3)}
    at = Desk(day(), listed, THREE, order_id_required=False)
    exchange = day()
    wanted: dict[str, list[object]] = {}
    for number, deed in enumerate(streams.deeds(wished, plain_day(), tags), 1):
        at.now_ns = number
        if isinstance(deed, streams.Entered):
            outcome = exchange.operate(deed.operation, number)
            at.send(VENUE, deed.operation)
        else:
            try:
                encode(deed, at.talk(deed.sender_comp_id))
            except Unsayable:
                continue  # what has no text is refused before it is sent: no event at all
            outcome = exchange.receive(deed, number)
            at.send(deed.sender_comp_id, deed)
        for report in outcome.reports:
            wanted.setdefault(str(report.target_comp_id), []).append(report)
    return at, exchange, wanted


@given(streams.wishes(least=5, most=15))
@pytest.mark.rule("ILINK-1", "SMP-8")
def test_text_in_between_changes_no_event(wished: list[Any]) -> None:
    at, exchange, wanted = with_text_and_without(wished)

    assert heard(at) == wanted
    for symbol in (streams.X, streams.Y):
        ours, theirs = at.exchange.book(symbol), exchange.book(symbol)
        for side in Side:
            assert [*map(_rests, ours.resting(side))] == [*map(_rests, theirs.resting(side))]


def _rests(resting: Resting) -> tuple[object, ...]:
    return resting.order, resting.order_id, resting.leaves_qty


def without_true_cum_qty(fields: Fields, _tag: int, _talk: Talk) -> object:
    return int(fields[14])


def a_tick_off(fields: Fields, tag: int, talk: Talk) -> object:
    price = form.PRICE.hear(fields, tag, talk)
    return price + 1 if isinstance(price, int) else price


@pytest.mark.parametrize(
    ("sound", "broken"),
    [(form.TRUE_CUM_QTY, without_true_cum_qty), (form.PRICE, a_tick_off)],
    ids=["CumQty as CME prints it", "a price that is off"],
)
def test_a_codec_that_loses_something_is_caught(
    sound: Any, broken: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A negative control: what the property above compares tells a broken table."""
    reports = LAYOUTS[ExecutionReport]
    spoiled = attrs.evolve(sound, hear=broken)
    rows = [
        attrs.evolve(row, form=spoiled) if isinstance(row, Row) and row.form is sound else row
        for row in reports.rows
    ]
    layout = attrs.evolve(reports, rows=tuple(rows))

    def of(msg_type: str, tags: frozenset[int]) -> Layout | None:
        return layout if msg_type == "8" else layout_of(msg_type, tags)

    monkeypatch.setattr(ilink, "layout_of", of)
    lines = ("F100 a BUY 5 @ 1300", "F200 b SELL 3 @ 1300", "F100 c CANCEL BUY a")
    at = desk(rule=None)

    for line in lines:
        at.send(line.split()[0], request(line))

    assert heard(at) != straight(*lines, rule=None)


# --- connections ----------------------------------------------------------------------


def reports_of(at: Desk, who: str) -> list[str]:
    return [told(each) for each in at.traders[who].heard]  # type: ignore[arg-type]  # reports only


@pytest.mark.rule("FIX-9")
def test_what_happens_meanwhile_is_heard_after_the_next_logon() -> None:
    at = desk(rule=None)
    at.send("F100", request("F100 a BUY 5 @ 1300"))
    at.do("F100", DisconnectSession(VENUE))
    at.send("F200", request("F200 b SELL 3 @ 1300"))
    before = reports_of(at, "F100")

    at.do("F100", ConnectSession(VENUE))

    assert before == ["F100 a NEW, leaves 5 cum 0"]
    assert reports_of(at, "F100")[1:] == ["F100 a TRADE 3 @ 1300, leaves 2 cum 3"]


def test_without_a_connection_a_request_is_refused_at_once() -> None:
    at = desk(rule=None)
    at.do("F100", DisconnectSession(VENUE))

    at.send("F100", request("F100 a BUY 5 @ 1300"))

    (reject,) = at.traders["F100"].heard
    assert isinstance(reject, SessionReject)
    assert (reject.ref_id, reject.text) == ("a", "the session with CME is disconnected")
    assert book(at.exchange) == []


def test_what_has_no_text_is_refused_at_once() -> None:
    at = desk(rule=None)

    at.send("F100", request(f"F100 {'x' * 21} BUY 5 @ 1300"))

    (reject,) = at.traders["F100"].heard
    assert isinstance(reject, SessionReject)
    assert "tag 11: expected ClOrdID of String(20)" in reject.text


@pytest.mark.rule("FIX-6")
def test_a_session_logs_out_and_on_again() -> None:
    at = desk(rule=None)

    at.do("F100", LogOutSession(VENUE, "lunch"))
    out = at.is_logged_on("F100")
    at.do("F100", ConnectSession(VENUE))

    assert not out
    assert at.is_logged_on("F100")
    assert any("35=5" in text and "58=lunch" in text for text in at.texts)


@pytest.mark.rule("FIX-7")
def test_a_failover_costs_no_report() -> None:
    at = desk(rule=None)
    at.send(VENUE, FailOverSession(CompID("F100")))

    at.send("F100", request("F100 a BUY 5 @ 1300"))

    assert reports_of(at, "F100") == ["F100 a NEW, leaves 5 cum 0"]
    assert sum("35=2|" in text for text in at.texts) == 2  # 4,000 in two requests


@pytest.mark.parametrize(
    "act", [DisconnectSession(VENUE), LogOutSession(VENUE)], ids=["cut off", "log out"]
)
def test_what_is_not_connected_cannot_be_cut(act: object) -> None:
    at = desk(rule=None)
    at.do("F100", DisconnectSession(VENUE))

    at.do("F100", act)

    assert "not done" in at.facts[-1]


@pytest.mark.parametrize(
    "message",
    [ConnectSession(VENUE), FixText(1, "x"), SessionDue(VENUE)],
    ids=lambda m: type(m).__name__,
)
def test_only_whom_it_belongs_to_may_touch_a_session(message: object) -> None:
    at = desk(rule=None)
    facts = len(at.facts)

    at.say("F200", "F100", message)

    assert [fact.split()[:3] for fact in at.facts[facts:]] == [["F100", "session", "mismatch"]]


# --- what is sent wrongly -------------------------------------------------------------


def order(at: Desk, who: str = "F100", **instead: str) -> bytes:
    """Return a sound order of *who*, with tags of *instead* in place of its own (t44="1")."""
    body: dict[int, str] = {
        1: "NONE", 11: "raw", 38: "5", 40: "2", 44: "1300", 54: "1", 55: "X",
        60: utc_timestamp(START, at.now_ns), 107: "X", 204: "0", 1028: "Y", 1031: "Y", 9702: "4",
        9717: "raw",
    }  # fmt: skip
    pairs = dict(at.header(who, "D")) | body
    for name, value in instead.items():
        pairs[int(name.removeprefix("t"))] = value
    return framed(tuple((tag, value) for tag, value in pairs.items() if value != "-"))


def framed(pairs: Pairs) -> bytes:
    """Return a message that may have empty values."""
    body = b"".join(b"%d=%b\x01" % (tag, value.encode("latin-1")) for tag, value in pairs)
    head = b"8=FIX.4.2\x019=%d\x01" % len(body)
    return head + body + b"10=%03d\x01" % (sum(head + body) % 256)


def answer(texts: list[str]) -> str:
    """Return type, reference and text of the venue's one answer."""
    (said,) = [text for text in texts if text.startswith("CME")]
    fields = dict(part.partition("=")[::2] for part in said.split("|"))
    return "|".join(f"{tag}={fields[tag]}" for tag in ("35", "45", "58") if tag in fields)


@pytest.mark.rule("ILINK-2", "SMP-6", "SMP-7")
@pytest.mark.parametrize(
    ("instead", "expected"),
    [
        ({"t44": ""}, "35=3|45=3|58=Price (44) tag has no value"),
        ({"t38": "-"}, "35=3|45=3|58=OrderQty (38) tag is not present"),
        ({"t50": ""}, "35=3|45=3|58=SenderSubId (50) tag is not present"),
        (
            {"t8000": "X"},
            "35=3|45=3|58=SelfMatchPreventionInstruction (8000) tag has an incorrect value: (X),"
            " should be N or O",
        ),
        (
            {"t7928": "1234567"},
            "35=3|45=3|58=self_match_prevention_id '1234567': expected one registered to the firm"
            " 100 [SMP-6]",
        ),
        (
            {"t7928": "seven"},
            "35=3|45=3|58=self_match_prevention_id 'seven': expected one registered to the firm"
            " 100 [SMP-6]",
        ),
        (
            {"t7928": ""},
            "35=3|45=3|58=SelfMatchPreventionID (7928) tag has no value",
        ),
        # Of several faults the session's comes first, then the tags', then the market's.
        (
            {"t7928": "1234567", "t38": "-"},
            "35=3|45=3|58=OrderQty (38) tag is not present",
        ),
        (
            {"t7928": "1234567", "t55": "NONE", "t107": "NONE"},
            "35=3|45=3|58=self_match_prevention_id '1234567': expected one registered to the firm"
            " 100 [SMP-6]",
        ),
        (
            {"t7928": "seven", "t40": "1", "t44": "-"},
            "35=3|45=3|58=self_match_prevention_id 'seven': expected one registered to the firm"
            " 100 [SMP-6]",
        ),
    ],
)
def test_a_wrong_order_is_rejected_and_nothing_else(instead: dict[str, str], expected: str) -> None:
    at = desk()

    said = at.raw("F100", order(at, **instead))

    assert answer(said) == expected
    assert book(at.exchange) == []
    assert at.venue_expects("F100") == 4
    assert at.raw("F100", order(at))[-1].count("39=0") == 1


QUOTE = (
    "117=q1|204=0|1028=Y|1031=Y|9702=4|9771=MM|296=1|302=A|304=1|295=1|299=1|55=X|107=X|132=9|134=5"
)


@pytest.mark.rule("ILINK-2", "SMP-6", "SMP-7")
@pytest.mark.parametrize(
    ("place", "more", "expected"),
    [
        (
            "296=",
            "8000=X",
            "35=j|45=3|58=SelfMatchPreventionInstruction (8000) tag has an incorrect value: (X),"
            " should be N or O",
        ),
        (
            "296=",
            "7928=1234567",
            "35=j|45=3|58=self_match_prevention_id '1234567': expected one registered to the firm"
            " 100 [SMP-6]",
        ),
        ("295=", "304=2", "35=j|45=3|58=TotQuoteEntries (304) tag appears more than once"),
    ],
)
def test_a_wrong_mass_quote_is_rejected_by_the_business(
    place: str, more: str, expected: str
) -> None:
    at = desk()
    parts = (part.partition("=") for part in QUOTE.replace(place, f"{more}|{place}").split("|"))
    body = tuple((int(tag), value) for tag, _, value in parts)

    said = at.raw("F100", framed((*at.header("F100", "i"), *body)))

    assert answer(said) == expected
    assert "|1028=Y|" in said[-1]
    assert book(at.exchange) == []


@pytest.mark.rule("SMP-6", "SMP-13")
@pytest.mark.parametrize(
    "change",
    [("55=X|107=X", "55=NONE|107=NONE"), ("|132=9|134=5", "|132=0|134=0"), ("132=9", "132=-9")],
    ids=["of no instrument", "that only cancels", "below every price"],
)
def test_a_mass_quotes_id_is_looked_at_before_its_quotes(change: tuple[str, str]) -> None:
    at = desk()
    text = QUOTE.replace(*change).replace("296=", "7928=1234567|296=")
    body = tuple((int(tag), value) for tag, _, value in map(_parted, text.split("|")))

    said = at.raw("F100", framed((*at.header("F100", "i"), *body)))

    assert answer(said) == (
        "35=j|45=3|58=self_match_prevention_id '1234567': expected one registered to the firm"
        " 100 [SMP-6]"
    )


def _parted(part: str) -> tuple[str, str, str]:
    return part.partition("=")


@pytest.mark.parametrize(
    "instead",
    [{"t1": "none"}, {"t5149": ">" + "\\" * 74}, {"t50": "a" * 32}, {"t50": "S00100"}],
    ids=["an account", "a memo", "an operator", "the session itself"],
)
def test_what_comes_back_otherwise_ends_no_run(instead: dict[str, str]) -> None:
    at = desk(rule=None)

    said = at.raw("F100", order(at, **instead))

    assert "|39=0|" in said[-1]
    assert book(at.exchange) == ["raw 5 @ 1300"]


@pytest.mark.rule("ILINK-1")
def test_a_fill_at_a_price_that_no_fix_order_could_have_is_told() -> None:
    at = desk(rule=None)
    at.exchange.receive(request("F200 rich BUY 3 @ 5000000000"), 0)  # not as text

    at.send("F100", request("F100 s SELL 3 @ 1"))

    assert any("|31=5000000000|" in text for text in at.texts)
    fill = at.traders["F100"].heard[-1]
    assert isinstance(fill, ExecutionReport)
    assert fill.last_px == 5_000_000_000


def test_a_price_that_has_no_text_at_all_is_put_on_record_and_ends_no_run() -> None:
    at = desk(rule=None)
    at.exchange.receive(request(f"F200 rich BUY 3 @ {10**20}"), 0)

    at.send("F100", request("F100 s SELL 3 @ 1"))

    told = [fact for fact in at.facts if "not told" in fact]
    assert len(told) == 2, "the fill, to either session"
    assert all("expected LastPx of Price" in fact or "expected Price" in fact for fact in told)
    assert book(at.exchange) == []
    at.send("F100", request("F100 s2 SELL 3 @ 5"))
    assert book(at.exchange) == ["s2 3 @ 5"]
    assert at.is_logged_on("F100")


def test_only_registered_operators_may_send() -> None:
    at = desk(operators=("PM1", "PM2"))

    said = at.raw("F100", order(at))

    assert answer(said) == (
        "35=3|45=3|58=SenderSubId (50) tag has an incorrect value: (ET1) should be PM1 or PM2"
    )


@given(st.binary(max_size=150))
@pytest.mark.rule("FIX-1")
def test_any_bytes_leave_the_book_alone(data: bytes) -> None:
    at = desk(rule=None, firms=["100"])

    said = at.raw("F100", data)

    assert said[1:] == []  # the venue says nothing
    assert at.venue_expects("F100") == 3
    assert book(at.exchange) == []
    assert at.raw("F100", order(at))[-1].count("39=0") == 1


def framed_anew(data: bytes) -> bytes:
    """Return what is between the length and the checksum, with a length and checksum of its own."""
    body = data.partition(b"\x01")[2].partition(b"\x01")[2].rpartition(b"10=")[0]
    head = b"8=FIX.4.2\x019=%d\x01" % len(body)
    return head + body + b"10=%03d\x01" % (sum(head + body) % 256)


def spoiled(data: bytes, draw: st.DataObject) -> bytes:
    """Return *data* with bytes put in, taken out, exchanged or doubled, one to three times."""
    for _ in range(draw.draw(st.integers(1, 3))):
        start = draw.draw(st.integers(0, len(data) - 1))
        end = min(len(data), start + draw.draw(st.integers(0, 12)))
        likely = st.sampled_from([b"\x01", b"=", b"0", b"-", b"\xff", b"7928=", b"8000=N", b""])
        between = draw.draw(likely | st.binary(max_size=4) | st.just(2 * data[start:end]))
        data = data[:start] + between + data[end:] or b"8"
    return data


def is_message(data: bytes) -> bool:
    try:
        parse(data)
    except Unparsable:
        return False
    return True


TAGGED = QUOTE.replace("296=", "7928=2345678|296=")
SENDS = {
    "D": {"t7928": "2345678", "t8000": "N"},
    "G": {"t37": "1", "t41": "first", "t7928": "2345678"},
    "i": {},
}


@pytest.mark.rule("FIX-1", "ILINK-2", "SMP-6", "SMP-7")
@pytest.mark.parametrize("reframed", [False, True], ids=["as it is", "with a sound frame"])
@pytest.mark.parametrize("msg_type", SENDS)
@given(st.data())
def test_a_message_of_spoiled_bytes_is_one_or_leaves_the_book_alone(
    msg_type: str, reframed: bool, data: st.DataObject
) -> None:
    """Nothing that the venue has not acknowledged is in the book, and the session goes on."""
    at = desk(firms=["100"])
    at.raw("F100", order(at, t11="first", t9717="first"))
    was = book(at.exchange)
    if msg_type == "i":
        body = tuple((int(tag), value) for tag, _, value in map(_parted, TAGGED.split("|")))
        sound = framed((*at.header("F100", "i"), *body))
    else:
        sound = order(at, t35=msg_type, **SENDS[msg_type])
    sent = spoiled(sound, data)
    sent = framed_anew(sent) if reframed else sent

    said = at.raw("F100", sent)

    taken = ("|39=0|", "|39=5|", "|35=b|", "|150=")
    if not any(mark in text for text in said[1:] for mark in taken):
        assert book(at.exchange) == was
    if not is_message(sent):
        assert said[1:] == []
        assert book(at.exchange) == was
        assert at.venue_expects("F100") == 4
    if at.is_logged_on("F100") and at.venue_expects("F100") in (4, 5):
        at.raw("F100", order(at, t11="last", t9717="last"))
        assert "last 5 @ 1300" in book(at.exchange)


@given(st.data())
@pytest.mark.rule("ILINK-2", "FIX-8")
def test_any_change_of_an_order_is_an_order_or_is_refused(data: st.DataObject) -> None:
    """Whatever stands in its tags: no more in the book than was said, and one number used."""
    at = desk(firms=["100"])
    tags = st.sampled_from([1, 11, 18, 34, 35, 37, 38, 40, 44, 49, 50, 52, 54, 55, 56, 57, 59, 60])
    more = st.sampled_from([99, 107, 110, 142, 204, 210, 432, 1028, 1031, 7928, 8000, 9702, 9717])
    values = st.sampled_from(
        ["", "-", "0", "1", "3", "9", "N", "X", "G", "i", "1234567", "2345678"]
    )
    free = st.text(st.characters(min_codepoint=0, max_codepoint=255), max_size=6)
    instead = data.draw(st.dictionaries(tags | more, values | free, min_size=1, max_size=3))

    said = at.raw("F100", order(at, **{f"t{tag}": value for tag, value in instead.items()}))

    rests = book(at.exchange)
    assert len(rests) <= 1
    acknowledged = sum("|39=0|" in text for text in said)
    assert acknowledged >= len(rests)
    if at.is_logged_on("F100") and "35=2|" not in "".join(said[1:]):
        assert at.venue_expects("F100") in (3, 4)
        at.raw("F100", order(at, t11="next", t9717="next"))
        assert len(book(at.exchange)) == len(rests) + 1
