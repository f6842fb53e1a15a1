"""A FIX session's two ends: numbers, logons, heartbeats, resends, logouts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta, timezone

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from wire.fix_ends import CLIENT, SECOND, START, VENUE, Line, pairs_of, spoiled, told

from floorproof.market.secure_logon import Answer, LogonRefusal, Reason
from floorproof.wire.fix_header import utc_timestamp
from floorproof.wire.fix_session import Session
from floorproof.wire.fix_session_values import Noted, Received, SessionState, Transmit
from floorproof.wire.fix_text import Pairs, parse, write


def logged_on() -> Line:
    line = Line.of()
    line.connect()
    line.drain()
    return line


def client_says(line: Line, *pairs: tuple[int, str], without: int | None = None) -> list[str]:
    """Let the venue get a message of the client's with other tags, and return what came of it."""
    usual: dict[int, str] = {
        35: "0",
        34: str(line.venue.next_in),
        369: "0",
        52: utc_timestamp(START, line.now_ns),
        49: "ABC400N",
        50: "ET1",
        56: "CME",
        57: "G",
        142: "US,IL",
    }
    usual |= dict(pairs)
    usual.pop(without or 0, None)
    said: list[str] = []
    for output in line.venue.received(write_as_is(tuple(usual.items())), line.now_ns):
        if isinstance(output, Transmit):
            said.append(told(output.data))
        elif isinstance(output, Received):
            said.append(f"received {output.msg_seq_num}")
        elif isinstance(output, Noted):
            said.append(f"noted {output.kind}")
    return said


def write_as_is(pairs: Pairs) -> bytes:
    """Return a message that may have empty values."""
    body = b"".join(b"%d=%b\x01" % (tag, value.encode()) for tag, value in pairs)
    head = b"8=FIX.4.2\x019=%d\x01" % len(body)
    return head + body + b"10=%03d\x01" % (sum(head + body) % 256)


# --- logon ----------------------------------------------------------------------------


@pytest.mark.rule("FIX-4")
def test_a_logon_is_answered_with_a_logon_and_a_test_request() -> None:
    line = Line.of()

    line.connect()

    assert line.said == [
        "client: 35=A|34=1|108=30|141=N",
        "venue: 35=A|34=1|108=30|141=N",
        "venue: 35=1|34=2|112=LOGON2",
        "client: 35=0|34=2|112=LOGON2",
    ]
    assert line.client.is_logged_on
    assert line.venue.is_logged_on


@pytest.mark.rule("FIX-4")
def test_in_the_middle_of_the_week_a_logon_has_the_next_number() -> None:
    line = logged_on()
    line.cut()

    line.connect()

    assert line.drain()[0] == "client: 35=A|34=3|108=30|141=N"
    assert line.venue.is_logged_on


@pytest.mark.rule("FIX-4")
def test_who_is_logged_on_may_begin_both_numbers_anew() -> None:
    line = logged_on()
    line.send("venue", "lost for ever")

    line.do("client", line.client.log_on_again(line.now_ns))

    assert line.drain()[1:] == [
        "client: 35=A|34=1|108=30|141=Y",
        "venue: 35=A|34=1|108=30|141=Y",
        "venue: 35=1|34=2|112=LOGON2",
        "client: 35=0|34=2|112=LOGON2",
    ]
    assert (line.client.next_out, line.client.next_in) == (3, 3)


LOGON = ((108, "30"), (141, "N"), (1603, "app"), (1604, "1"), (1605, "us"))

REFUSED: dict[str, tuple[str, str]] = {
    "a reset at first": (
        "141=Y",
        "ResetSeqNumFlag (141) must be N on a first logon. Logout forced.",
    ),
    "a heartbeat too fast": (
        "108=4",
        "Error during logon. Heartbeat tag invalid.",
    ),
    "a heartbeat too slow": (
        "108=61",
        "Error during logon. Heartbeat tag invalid.",
    ),
    "a heartbeat of words": (
        "108=x",
        "Error during logon. Heartbeat tag invalid.",
    ),
    "a resent logon": (
        "122=20230717-13:30:00.000",
        "OrigSendingTime (122) must not be on a logon. Logout forced.",
    ),
    "another's comp id": (
        "49=XYZ400N",
        "Invalid SenderCompID (49) tag. Logout forced.",
    ),
    "a backup at first": (
        "49=ABC400B",
        "Invalid SenderCompID (49) tag. Logout forced.",
    ),
    "six characters": (
        "49=ABC400",
        "Invalid SenderCompID (49) tag. Logout forced.",
    ),
    "another venue": (
        "56=CBT",
        "TargetCompId (56) tag has an incorrect value: (CBT) should be CME",
    ),
    "another gateway": (
        "57=80",
        "TargetSubId (57) tag has an incorrect value: (80), should be G",
    ),
    "no operator": (
        "50=",
        "SenderSubId (50) tag is not present",
    ),
    "no location": (
        "142=",
        "SenderLocationId (142) tag is not present",
    ),
    "no system": (
        "1603=",
        "ApplicationSystemName (1603) tag is not present",
    ),
    "no version": (
        "1604=",
        "TradingSystemVersion (1604) tag is not present",
    ),
    "an hour off": (
        "52=20230717-14:30:00.000",
        "SendingTime (52) tag is out of tolerance: (20230717-14:30:00.000)",
    ),
    "the 99th of a month": (
        "52=20230799-14:30:00.000",
        "SendingTime (52) tag has no time: (20230799-14:30:00.000)",
    ),
}


@pytest.mark.rule("FIX-4", "FIX-8")
@pytest.mark.parametrize(("wrong", "text"), REFUSED.values(), ids=REFUSED.keys())
def test_a_wrong_logon_is_answered_with_a_logout(wrong: str, text: str) -> None:
    line = Line.of()
    line.do("venue", line.venue.connected(0))

    said = client_says(line, (35, "A"), *LOGON, *pairs_of(wrong))

    assert said == ["noted logon refused", f"35=5|34=1|58={text}|789=1"]
    assert line.venue.state is SessionState.DISCONNECTED


@pytest.mark.rule("FIX-4")
@pytest.mark.parametrize(
    ("number", "flag", "goes"), [("1", "Y", False), ("3", "Y", True), ("1", "N", True)]
)
def test_a_logon_of_who_is_logged_on_has_number_1_and_asks_for_the_reset(
    number: str, flag: str, goes: bool
) -> None:
    line = logged_on()

    said = client_says(line, (35, "A"), *LOGON, (34, number), (141, flag))

    if goes:
        text = "In session logon message must have 34=1. Logout forced."
        assert said == [f"35=5|34=3|58={text}|789=3"]
    else:
        assert said == ["35=A|34=1|108=30|141=Y", "35=1|34=2|112=LOGON2"]


@pytest.mark.rule("FIX-4")
def test_a_number_that_has_been_used_is_none_for_a_logon() -> None:
    line = logged_on()
    line.cut()
    line.do("venue", line.venue.connected(0))

    said = client_says(line, (35, "A"), *LOGON, (34, "2"))

    assert said[-1] == "35=5|34=3|58=MsgSeqNum too low, expecting 3 but received 2|789=3"


@pytest.mark.rule("FIX-4")
def test_an_undefined_indicator_becomes_primary() -> None:
    line = Line.of(client=attrs.evolve(CLIENT, sender_comp_id="ABC400U"))
    line.connect()

    line.send("client", "as primary")

    assert dict(line.heard["venue"][0].fields)[49] == "ABC400P"
    line.cut()
    line.connect()
    assert line.venue.is_logged_on


@pytest.mark.rule("FIX-8")
def test_nothing_but_a_logon_is_taken_before_it() -> None:
    line = Line.of()
    line.do("venue", line.venue.connected(0))

    said = client_says(line, (35, "D"))

    text = "Non logon message received while not logged on."
    assert said == [f"35=5|34=1|58={text}|789=1"]
    assert line.venue.state is SessionState.DISCONNECTED


@pytest.mark.rule("FIX-4")
def test_a_connection_without_a_logon_is_closed() -> None:
    line = Line.of()
    line.do("venue", line.venue.connected(0))

    line.wait(60)

    assert line.drain() == ["venue closes: no logon in time"]


@pytest.mark.parametrize("answer", Answer)
def test_who_knows_keys_judges_a_logon_instead(answer: Answer) -> None:
    refusal = LogonRefusal(answer=answer, reason=Reason.KEY, text="Invalid logon. Logout forced.")
    asked: list[str] = []

    def check(fields: object, now_ns: int) -> LogonRefusal | None:
        assert isinstance(fields, dict)
        asked.append(fields[1402])
        return refusal

    venue = Session(VENUE, {}, check_logon=check)
    client = Session(CLIENT, {}, sign_logon=lambda fields: ((1401, "3"), (1402, fields[34] * 3)))
    line = Line(client, venue)
    line.connect()

    assert asked == ["111"]
    assert line.noted[0] == "venue logon refused: key: Invalid logon. Logout forced."
    answered = [said for said in line.said if said.startswith("venue")]
    if answer is Answer.LOGOUT:
        assert answered[0] == "venue: 35=5|34=1|58=Invalid logon. Logout forced.|789=1"
        assert line.noted[1] == "client logon refused: Invalid logon. Logout forced."
    else:
        assert answered == []
        assert venue.state is SessionState.CONNECTED


@pytest.mark.rule("FIX-4")
@pytest.mark.parametrize("answer", Answer)
def test_a_reset_that_is_refused_resets_nothing(answer: Answer) -> None:
    """Whoever has no key cannot have what was sent forgotten by asking for a reset."""
    good = [True]

    def check(fields: object, now_ns: int) -> LogonRefusal | None:
        if good[0]:
            return None
        return LogonRefusal(answer=answer, reason=Reason.SIGNATURE, text="Invalid logon.")

    line = Line(Session(CLIENT, {}), Session(VENUE, {}, check_logon=check))
    line.connect()
    line.loses = lambda who, data: None
    line.send("venue", "not arrived")
    before = (line.venue.next_in, line.venue.next_out)
    good[0] = False

    said = client_says(line, (35, "A"), *LOGON, (34, "1"), (141, "Y"))

    logout = [f"35=5|34={before[1]}|58=Invalid logon.|789={before[0]}"]
    assert said == ["noted logon refused", *(logout if answer is Answer.LOGOUT else [])]
    assert line.venue.next_in == before[0]
    assert [number for number, _ in line.venue.sent_after(0)] == [before[1] - 1]
    assert line.venue.is_logged_on is (answer is not Answer.LOGOUT)


@pytest.mark.parametrize("restarts", [False, True])
def test_numbers_after_a_failed_logon(restarts: bool) -> None:
    line = Line.of(
        client=attrs.evolve(CLIENT, heartbeat_s=99, restarts_after_failed_logon=restarts),
        venue=attrs.evolve(VENUE, restarts_after_failed_logon=restarts),
    )

    line.connect()

    numbers = (line.client.next_out, line.venue.next_out)
    assert numbers == ((1, 1) if restarts else (2, 2))


# --- heartbeats -----------------------------------------------------------------------


@pytest.mark.rule("FIX-5")
def test_whoever_is_silent_sends_heartbeats() -> None:
    line = logged_on()

    line.wait(20)
    line.send("client", "busy")
    line.drain()
    line.wait(35)

    assert line.drain() == ["venue: 35=0|34=3", "client: 35=0|34=4"]


@pytest.mark.rule("FIX-5")
def test_the_silence_of_the_other_end_is_asked_about_and_then_ended() -> None:
    line = logged_on()
    line.loses = lambda who, data: None if who == "client" else data

    line.wait(200)

    assert [said for said in line.drain() if "35=0" not in said] == [
        "venue: 35=1|34=4|112=TEST4",
        "venue closes: silence",
    ]
    assert line.now_ns == 200 * SECOND
    assert line.venue.state is SessionState.DISCONNECTED


@pytest.mark.rule("FIX-5")
def test_an_answer_ends_the_suspicion() -> None:
    line = logged_on()
    quiet = attrs.evolve(CLIENT, heartbeat_s=60)
    line.client.settings = quiet
    line.client._interval_ns = 60 * SECOND

    line.wait(100)

    assert "venue: 35=1|34=4|112=TEST4" in line.said
    assert "client: 35=0|34=3|112=TEST4" in line.said
    assert line.venue.is_logged_on


# --- numbers --------------------------------------------------------------------------


def lose(*texts: str) -> Callable[[str, bytes], bytes | None]:
    """Return what loses messages with these texts, each the first time."""
    left = list(texts)

    def loses(_who: str, data: bytes) -> bytes | None:
        text = dict(parse(data)).get(58)
        if text in left:
            left.remove(text)
            return None
        return data

    return loses


@pytest.mark.rule("FIX-2", "FIX-3")
def test_what_is_missing_is_asked_for_and_sent_again_in_its_place() -> None:
    line = logged_on()
    line.loses = lose("b", "c")

    for text in "abcde":
        line.send("client", text)

    assert line.texts("venue") == ["a", "b", "c", "d", "e"]
    assert line.drain() == [
        "client: 35=B|34=3|58=a",
        "client: 35=B|34=4|58=b",
        "client: 35=B|34=5|58=c",
        "client: 35=B|34=6|58=d",
        "venue: 35=2|34=3|7=4|16=5",
        "client: 35=B|34=4|43=Y|122=20230717-13:30:00.000|58=b",
        "client: 35=B|34=5|43=Y|122=20230717-13:30:00.000|58=c",
        "client: 35=B|34=7|58=e",
    ]
    assert [each.poss_dup for each in line.heard["venue"]] == [False, True, True, False, False]


@pytest.mark.rule("FIX-3")
def test_a_gap_fill_stands_for_messages_of_the_session() -> None:
    line = logged_on()
    line.loses = lambda _who, data: None
    line.wait(29)
    line.send("client", "a")
    line.do("client", [line.client._say("0", (), line.now_ns)])
    line.do("client", [line.client._say("0", (), line.now_ns)])
    line.loses = lambda _who, data: data
    line.drain()

    line.send("client", "b")

    assert line.drain()[1:] == [
        "venue: 35=2|34=3|7=3|16=5",
        "client: 35=B|34=3|43=Y|122=20230717-13:30:29.000|58=a",
        "client: 35=4|34=4|43=Y|122=20230717-13:30:29.000|36=6|123=Y",
    ]
    assert line.texts("venue") == ["a", "b"]


@pytest.mark.rule("FIX-2")
def test_a_number_that_is_too_low_ends_the_session() -> None:
    line = logged_on()

    said = client_says(line, (34, "1"), (35, "B"))

    assert said == ["35=5|34=3|58=MsgSeqNum too low, expecting 3 but received 1|789=3"]
    assert line.venue.state is SessionState.DISCONNECTED


@pytest.mark.rule("FIX-2")
def test_a_possible_duplicate_that_was_there_is_dropped() -> None:
    line = logged_on()
    line.send("client", "a")

    assert client_says(line, (34, "3"), (35, "B"), (43, "Y")) == []
    assert line.venue.next_in == 4


@pytest.mark.rule("FIX-1")
def test_a_spoiled_message_is_not_answered_and_asked_for_at_the_next() -> None:
    line = logged_on()
    line.loses = lambda _who, data: spoiled(data)
    line.send("client", "a")
    line.loses = lambda _who, data: data
    said = line.drain()

    line.send("client", "b")

    assert said == ["client: 35=B|34=3|58=a"]
    assert line.noted[0].startswith("venue unparsable: expected a CheckSum (10) of")
    assert line.texts("venue") == ["a", "b"]
    assert line.venue.next_in == 5


@pytest.mark.rule("FIX-1")
def test_a_gap_that_cannot_be_filled_is_asked_for_once_an_interval() -> None:
    line = logged_on()
    line.loses = lambda _who, data: spoiled(data) if b"58=a\x01" in data else data
    line.send("client", "a")
    for text in "bcd":
        line.send("client", text)
    first = line.drain()

    line.wait(30)
    line.send("client", "e")

    assert [said for said in first if "35=2" in said] == ["venue: 35=2|34=3|7=3|16=3"]
    assert [said for said in line.drain() if "35=2|" in said] == ["venue: 35=2|34=4|7=3|16=3"]
    assert line.texts("venue") == []


@pytest.mark.rule("FIX-2", "FIX-3")
def test_no_more_is_asked_for_at_once_than_may_be() -> None:
    line = Line.of(
        client=attrs.evolve(CLIENT, max_resend=4), venue=attrs.evolve(VENUE, max_resend=4)
    )
    line.connect()
    line.drain()
    line.loses = lambda _who, data: None
    for number in range(10):
        line.send("client", str(number))
    line.loses = lambda _who, data: data

    line.send("client", "10")

    asked = [said for said in line.drain() if said.startswith("venue: 35=2")]
    assert asked == [
        "venue: 35=2|34=3|7=3|16=6",
        "venue: 35=2|34=4|7=7|16=10",
        "venue: 35=2|34=5|7=11|16=12",
    ]
    assert line.texts("venue") == [str(number) for number in range(11)]


@pytest.mark.rule("FIX-3")
def test_who_asks_for_too_much_is_refused() -> None:
    line = logged_on()
    for number in range(2_499):
        line.do("venue", line.venue.send("8", ((58, str(number)),), 0))

    too_much = client_says(line, (35, "2"), (7, "1"), (16, "0"))
    enough = client_says(line, (35, "2"), (7, "3"), (16, "0"))

    text = "Resend of 2501 messages: at most 2500"
    assert too_much == [f"35=3|34=2502|45=3|58={text}"]
    assert len(enough) == 2_500


WRONG_IN_SESSION: dict[str, tuple[str, str]] = {
    "a resend of nothing": (
        "35=2|7=9|16=9",
        "BeginSeqNo (7) tag has an incorrect value: (9) should be 1 to 2",
    ),
    "a resend of words": (
        "35=2|7=a|16=9",
        "BeginSeqNo (7) or EndSeqNo (16) tag has no value",
    ),
    "a gap fill backwards": (
        "35=4|123=Y|36=3",
        "NewSeqNo (36) tag has an incorrect value: (3) should be above 3",
    ),
    "a reset backwards": (
        "35=4|36=2",
        "NewSeqNo (36) tag has an incorrect value: (2) should be from 3",
    ),
    "a test without an id": (
        "35=1",
        "TestReqID (112) tag is not present",
    ),
    "no type": (
        "35=",
        "MsgType (35) tag has no value",
    ),
    "another venue": (
        "56=CBT",
        "TargetCompId (56) tag has an incorrect value: (CBT) should be CME",
    ),
    "another gateway": (
        "57=80",
        "TargetSubId (57) tag has an incorrect value: (80), should be G",
    ),
    "a time that is none": (
        "52=yesterday",
        "SendingTime (52) tag has an incorrect value: (yesterday)",
    ),
    "no operator": (
        "50=",
        "SenderSubId (50) tag is not present",
    ),
}


@pytest.mark.rule("FIX-8")
@pytest.mark.parametrize(("wrong", "text"), WRONG_IN_SESSION.values(), ids=WRONG_IN_SESSION.keys())
def test_a_wrong_message_is_rejected_and_keeps_its_number(wrong: str, text: str) -> None:
    line = logged_on()

    said = client_says(line, *pairs_of(wrong))

    assert said == [f"35=3|34=3|45=3|58={text}"]
    assert line.venue.next_in == (3 if "reset" in text or "from" in text else 4)


@pytest.mark.rule("FIX-8")
@pytest.mark.parametrize(("tag", "echo"), [(50, 57), (142, 143)])
def test_of_an_empty_mandatory_tag_the_reject_says_null(tag: int, echo: int) -> None:
    line = logged_on()
    pairs: Pairs = ((35, "D"), (34, "3"), (49, "ABC400N"), (50, "ET1"), (56, "CME"), (57, "G"))
    pairs += ((52, utc_timestamp(START, 0)), (142, "US,IL"))
    data = write_as_is(tuple((each, "" if each == tag else value) for each, value in pairs))

    (said,) = line.venue.received(data, 0)

    assert isinstance(said, Transmit)
    assert dict(parse(said.data))[echo] == "null"


@pytest.mark.rule("FIX-8")
@pytest.mark.parametrize(("pairs", "without"), [(((49, "XYZ400N"),), None), ((), 49)])
def test_a_stranger_ends_the_session(
    pairs: tuple[tuple[int, str], ...], without: int | None
) -> None:
    line = logged_on()

    (said,) = client_says(line, *pairs, without=without)

    assert said.startswith("35=5|34=3|58=")
    assert line.venue.state is SessionState.DISCONNECTED


@pytest.mark.rule("FIX-8")
@pytest.mark.parametrize("number", ["", "0", "x", "-1", "1234567890"])
def test_a_message_without_a_number_ends_the_session(number: str) -> None:
    line = logged_on()

    (said,) = client_says(line, (34, number))

    assert said == f"35=5|34=3|58=MsgSeqNum (34) tag has no value: ({number})|789=3"


@pytest.mark.rule("FIX-8")
def test_a_header_says_each_thing_once() -> None:
    line = logged_on()
    pairs = [(35, "D"), (34, "3"), (49, "ABC400N"), (50, "ET1"), (50, "ET2"), (56, "CME")]
    pairs += [(57, "G"), (52, utc_timestamp(START, 0)), (142, "US,IL")]

    (said,) = line.venue.received(write(pairs), 0)

    assert isinstance(said, Transmit)
    assert told(said.data) == "35=3|34=3|45=3|58=SenderSubId (50) tag appears more than once"


# --- logout, reconnecting, failover ---------------------------------------------------


@pytest.mark.rule("FIX-6")
def test_a_logout_is_answered_with_a_logout() -> None:
    line = logged_on()

    line.do("client", line.client.log_out(line.now_ns, "good night"))

    assert line.drain() == [
        "client: 35=5|34=3|58=good night|789=3",
        "venue: 35=5|34=3|789=4",
        "venue closes: good night",
        "client closes: logout",
    ]
    assert line.client.state is line.venue.state is SessionState.DISCONNECTED


@pytest.mark.rule("FIX-6")
def test_a_logout_waits_until_nothing_is_missing() -> None:
    line = logged_on()
    line.loses = lambda who, data: None if who == "venue" else data
    line.send("venue", "a")
    line.do("venue", line.venue.send("B", ((58, "b"),), 0))
    line.loses = lambda who, data: None if who == "client" else data
    line.send("venue", "c")

    line.do("client", line.client.log_out(line.now_ns))
    waits = line.client.state
    line.loses = lambda _who, data: data
    line.wait(31)

    assert waits is SessionState.LOGGED_ON
    assert line.texts("client") == ["a", "b", "c"]
    assert line.client.state is SessionState.DISCONNECTED


@pytest.mark.rule("FIX-6")
def test_a_logout_that_nobody_answers_ends_with_the_connection() -> None:
    line = logged_on()
    line.loses = lambda _who, _data: None

    line.do("client", line.client.log_out(line.now_ns))
    line.wait(30)

    assert "client closes: no logout in answer" in line.said


@pytest.mark.rule("FIX-9")
def test_what_is_sent_to_nobody_is_asked_for_after_the_next_logon() -> None:
    line = logged_on()
    line.cut()
    line.send("venue", "while you were out")
    line.send("venue", "and again")

    line.connect()

    assert line.texts("client") == ["while you were out", "and again"]
    assert all(each.poss_dup for each in line.heard["client"])


@pytest.mark.rule("FIX-9")
def test_what_it_keeps_outlasts_a_crash() -> None:
    mine: dict[str, object] = {}
    theirs: dict[str, object] = {}
    line = Line.of(stores=(mine, theirs))
    line.connect()
    line.send("venue", "a")
    line.loses = lambda _who, _data: None
    line.send("venue", "b")

    again = Line.of(stores=(mine, theirs))
    again.connect()

    assert again.texts("client") == ["b"]


@pytest.mark.rule("FIX-9")
def test_a_week_begins_at_1() -> None:
    line = logged_on()
    line.send("client", "a")
    with pytest.raises(ValueError, match="a week begins while disconnected, not while logged on"):
        line.client.begin_week()
    line.cut()

    line.client.begin_week()
    line.venue.begin_week()
    line.connect()

    assert "client: 35=A|34=1|108=30|141=N" in line.said
    assert line.venue.is_logged_on


@pytest.mark.rule("FIX-7")
def test_after_a_failover_the_numbers_go_on_a_large_step_higher() -> None:
    line = logged_on()
    line.send("venue", "before")
    line.venue.fail_over()

    line.send("venue", "after")

    assert line.texts("client") == ["before", "after"]
    assert line.client.next_in == 4_005
    fills = [said for said in line.said if said.startswith("venue: 35=4")]
    assert [fill.split("|")[-2] for fill in fills] == ["36=2504", "36=4004"]


def test_a_possible_resend_says_so() -> None:
    line = logged_on()

    line.do("venue", line.venue.send("n", ((58, "again"),), 0, poss_resend=True))

    assert line.heard["client"][0].poss_resend


def test_what_cannot_be_said_takes_no_number() -> None:
    line = logged_on()

    with pytest.raises(ValueError, match="tag 58: expected printable ASCII, was 'ö'"):
        line.client.send("B", ((58, "ö"),), 0)

    assert line.client.next_out == 3


def test_bytes_after_the_end_are_noted() -> None:
    line = logged_on()
    line.cut()

    assert line.venue.received(b"anything", 0) == [Noted("unread", "the connection is closed")]


# --- whatever happens -----------------------------------------------------------------


@given(st.binary(max_size=120), st.booleans())
@pytest.mark.rule("FIX-1")
def test_any_bytes_leave_a_session_as_it_was(data: bytes, on: bool) -> None:
    line = logged_on() if on else Line.of()
    if not on:
        line.do("venue", line.venue.connected(0))
    before = (line.venue.state, line.venue.next_in, line.venue.next_out)

    outputs = line.venue.received(data, 0)

    assert [type(output) for output in outputs] == [Noted]
    assert (line.venue.state, line.venue.next_in, line.venue.next_out) == before


HEADER = st.sampled_from([34, 35, 43, 49, 50, 52, 56, 57, 97, 122, 142, 369])
BODY = st.sampled_from([7, 16, 36, 45, 58, 108, 112, 123, 141, 354, 355, 789, 1603, 1604, 1605])
VALUES = st.one_of(
    st.sampled_from(["", "0", "1", "2", "3", "4", "5", "99", "A", "Y", "N", "B", "ABC400N", "CME"]),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=4),
)


@given(st.lists(st.tuples(HEADER | BODY, VALUES), max_size=12), st.booleans())
@pytest.mark.rule("FIX-8")
def test_any_tags_leave_the_numbers_in_order(pairs: list[tuple[int, str]], on: bool) -> None:
    line = logged_on() if on else Line.of()
    if not on:
        line.do("venue", line.venue.connected(0))
    usual = {34: "3" if on else "1", 49: "ABC400N", 50: "ET1", 56: "CME", 57: "G", 142: "US"}
    usual |= {52: utc_timestamp(START, 0), 108: "30", 1603: "a", 1604: "1", 1605: "a"}
    told = dict(pairs)
    message = ((35, told.pop(35, "B")), *(usual | told).items(), *pairs)
    before = line.venue.next_in, line.venue.next_out

    outputs = line.venue.received(write_as_is(message), 0)

    said = sum(isinstance(output, Transmit) for output in outputs)
    assert line.venue.next_out - before[1] <= said or line.venue.next_out <= 1 + said
    received = [output for output in outputs if isinstance(output, Received)]
    assert len(received) <= 1
    assert all(each.msg_seq_num < line.venue.next_in for each in received)


class AnyLine(RuleBasedStateMachine):
    """Whatever is lost, spoiled, cut and restarted: each application gets all, once, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.stores: tuple[dict[str, object], dict[str, object]] = ({}, {})
        self.settings = attrs.evolve(CLIENT, max_resend=3), attrs.evolve(VENUE, max_resend=3)
        self.line = Line.of(*self.settings, self.stores)
        self.line.connect()
        self.sent: dict[str, list[str]] = {"client": [], "venue": []}
        self.fate = "fine"

    def _meet(self, _who: str, data: bytes) -> bytes | None:
        fate, self.fate = self.fate, "fine"
        if fate == "lost":
            return None
        return spoiled(data) if fate == "spoiled" else data

    @rule(
        who=st.sampled_from(["client", "venue"]), fate=st.sampled_from(["fine", "lost", "spoiled"])
    )
    def send(self, who: str, fate: str) -> None:
        if who == "client" and not self.line.client.is_logged_on:
            return  # a client sends when it is logged on
        text = f"{who}{len(self.sent[who])}"
        self.sent[who].append(text)
        self.fate = fate
        self.line.loses = self._meet
        self.line.send(who, text)

    @rule(seconds=st.integers(1, 70), fate=st.sampled_from(["fine", "lost", "spoiled"]))
    def wait(self, seconds: int, fate: str) -> None:
        self.fate = fate
        self.line.loses = self._meet
        self.line.wait(seconds)
        self.fate = "fine"

    @rule()
    def cut(self) -> None:
        self.line.cut()

    @precondition(lambda self: self.line.client.state is SessionState.DISCONNECTED)
    @rule(fate=st.sampled_from(["fine", "lost", "spoiled"]))
    def connect(self, fate: str) -> None:
        self.fate = fate
        self.line.loses = self._meet
        self.line.connect()
        self.fate = "fine"

    @rule()
    def crash(self) -> None:
        heard, now_ns = self.line.heard, self.line.now_ns
        self.line = Line.of(*self.settings, self.stores)
        self.line.heard, self.line.now_ns = heard, now_ns

    @rule()
    def fail_over(self) -> None:
        self.line.venue.settings = attrs.evolve(self.line.venue.settings, failover_step=5)
        self.line.venue.fail_over()

    @invariant()
    def nothing_comes_twice_or_out_of_order(self) -> None:
        for who, other in (("client", "venue"), ("venue", "client")):
            got = self.line.texts(who)
            assert got == self.sent[other][: len(got)]

    def teardown(self) -> None:
        self.line.loses = lambda _who, data: data
        self.line.cut()
        self.line.connect()
        for _ in range(4):
            self.line.wait(31)
            self.send("client", "fine")
            self.send("venue", "fine")
        assert self.line.texts("client") == self.sent["venue"]
        assert self.line.texts("venue") == self.sent["client"]


TestAnyLine = AnyLine.TestCase


def test_times_are_milliseconds_of_utc() -> None:
    in_chicago = START.astimezone(timezone(timedelta(hours=-5)))

    assert utc_timestamp(in_chicago, 1_234_567_890) == "20230717-13:30:01.234"
