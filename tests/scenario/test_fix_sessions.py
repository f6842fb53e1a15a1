"""Floors on which sessions speak FIX text, as scenario files declare them."""

from __future__ import annotations

from pathlib import Path

import pytest
from commands import command

import floorproof
from floorproof.market.fix_line import FixText
from floorproof.market.messages import ExecutionReport
from floorproof.market.rejects import SessionReject
from floorproof.market.wording import label
from floorproof.runtime.journal import Entry
from floorproof.scenario.errors import ScenarioError
from floorproof.scenario.floor import Result, parse
from floorproof.wire.fix_text import parse as parse_text

FLOOR = """
[scenario]
name = "a gateway that speaks FIX"
start = 2023-07-17T13:30:00Z

[[gateway]]
name = "CME-A"
kind = "exchange"

[[registry.firm]]
gfid = "400"
entity = "Acme"

[[registry.sender_comp]]
comp_id = "ABC400"
session = "CME-A"
kind = "CGW"

[[exchange]]
name = "CME"
gateway = "CME-A"
rules = ["cme-smp"]
settings.cme-smp.registered = { 1234567 = ["400"] }

[[exchange.instrument]]
symbol = "MNQU3"
price_decimals = 2
tick = "0.25"
@SESSION

[[user]]
name = "ADMIN"
role = "administrator"

[[user]]
name = "ET1"
role = "execution_trader"
[[user.login]]
gateway = "CME-A"
routing_mgt = "CME/001/001"
exchange_mgt = "CME/001/001"

[[user]]
name = "et2"
role = "execution_trader"
[[user.login]]
gateway = "CME-A"
routing_mgt = "CME/002/001"
exchange_mgt = "CME/002/001"
account = "acme"
"""

SESSION = """
[[exchange.session]]
name = "CME-A"
"""


def order(at: str, who: str, id: str, side: str, quantity: int, price: str, more: str = "") -> str:
    terms = f'id = "{id}", symbol = "MNQU3", side = "{side}", quantity = {quantity}'
    return f"""
[[step]]
at = "{at}"
who = "{who}"
do = "enter"
order = {{ {terms}, price = "{price}"{more} }}
"""


def step(at: str, who: str, do: str, more: str = "") -> str:
    return f"""
[[step]]
at = "{at}"
who = "{who}"
do = "{do}"
{more}
"""


TRADES = (
    order("1s", "ET1", "a1", "buy", 5, "15351.50")
    + order("2s", "et2", "b1", "sell", 3, "15351.50", ', account = "acme"')
    + order("3s", "et2", "b2", "sell", 9, "15352.25", ', smp_id = "1234567"')
    + order("4s", "ET1", "a2", "buy", 4, "15352.25", ', smp_id = "1234567", smp_instruction = "N"')
    + order("5s", "ET1", "a3", "buy", 4, "15352.00", ", display = 9")
    + order("6s", "ET1", "a4", "buy", 4, "15351.00", ', smp_id = "7654321"')
    + step("7s", "ET1", "change", 'order = "a1"\nid = "a1b"\nsymbol = "MNQU3"\nquantity = 9')
    + step("8s", "ET1", "cancel", 'order = "a1b"')
    + step("9s", "et2", "mass_cancel", 'id = "m1"')
)


def run(steps: str, session: str = SESSION, *, in_place: bool = False) -> Result:
    scenario = parse(FLOOR.replace("@SESSION", session) + steps)
    return floorproof.run(scenario, in_place=in_place)


def at_users(result: Result) -> list[tuple[object, ...]]:
    """Return what people were told, and when."""
    return [(e.time, e.actor, e.sender, e.payload) for e in result.journal if _is_theirs(e)]


def _is_theirs(entry: Entry) -> bool:
    return entry.sender not in (None, "scenario") and entry.actor in ("ET1", "et2")


def what_is_told(result: Result, user: str) -> list[str]:
    told = [e for e in result.journal if e.actor == user and e.sender == "CME-A"]
    return [e.payload.exec_type.value for e in told]


@pytest.mark.rule("ILINK-1")
def test_people_hear_the_same_with_text_in_between() -> None:
    with_text, without = run(TRADES), run(TRADES, "")

    assert at_users(with_text) == at_users(without)
    assert len(at_users(with_text)) > 10
    published = [fact.kind for fact in without.journal if fact.sender is None]
    assert [
        fact.kind for fact in with_text.journal if fact.sender is None and fact.kind != "session"
    ] == published


def test_hosting_makes_no_difference() -> None:
    assert run(TRADES).digest == run(TRADES, in_place=True).digest


def test_a_floor_with_a_session_ends() -> None:
    assert run("").end_ns == 0


def test_heartbeats_go_while_something_is_to_come() -> None:
    result = run(order("100s", "ET1", "a1", "buy", 5, "15351.50"))

    beats = [
        e for e in result.journal if isinstance(e.payload, FixText) and "|35=0|" in e.payload.shown
    ]
    assert [e.time // 10**9 for e in beats if e.sender == "CME-A"] == [0, 30, 60, 90]
    assert result.end_ns == 100 * 10**9


def test_what_happens_meanwhile_is_told_after_a_reconnection() -> None:
    steps = (
        order("1s", "ET1", "a1", "buy", 5, "15351.50")
        + step("2s", "ADMIN", "cut_off", 'session = "CME-A"')
        + order("3s", "et2", "b1", "sell", 3, "15351.50")
        + step("4s", "ADMIN", "bust", "trade = 1")
        + step("5s", "ADMIN", "connect", 'session = "CME-A"')
        + step("6s", "ADMIN", "fail_over", 'session = "CME-A"')
        + step("7s", "ET1", "cancel", 'order = "a1"')
        + step("8s", "ADMIN", "log_out", 'session = "CME-A"\ntext = "good night"')
    )
    result = run(steps)

    refused = [e for e in result.journal if e.actor == "et2" and e.kind == "ExecutionReport"]
    assert [e.payload.text for e in refused] == ["the session with CME is disconnected"]
    assert [
        e.payload.exec_type for e in result.journal if e.actor == "ET1" and e.sender == "CME-A"
    ] == [
        "0",
        "4",
    ]
    session = [f"{e.actor} {e.payload.event}" for e in result.journal if e.kind == "session"]
    assert session.count("CME logged on") == 2
    assert session[-1] == "CME-A disconnected"


# fmt: off
BAD: dict[str, tuple[str, str]] = {
    "nobody's":       (SESSION.replace("CME-A", "CME-B"),
                       "exchange[0].session[0].name: no session named 'CME-B'"),
    "twice":          (SESSION + SESSION,
                       "exchange[0].session[1].name: CME-A has a session at CME already"),
    "a segment":      (SESSION + 'segment = "80"',
                       "exchange[0].session[0].segment: ABC400 is a CGW session: expected no"),
    "a wide segment": (SESSION + 'segment = "800"', "exchange[0].session[0].segment: "),
    "a slow beat":    (SESSION + 'heartbeat = "1.5s"',
                       "exchange[0].session[0].heartbeat: expected whole seconds"),
    "an indicator":   (SESSION + 'indicator = "B"',
                       "exchange[0].session[0].indicator: expected one of N, U; found 'B'"),
    "a stranger key": (SESSION + "heartbeats = 3",
                       "exchange[0].session[0]: unknown key 'heartbeats'"),
    "a long symbol":  ('[[exchange.instrument]]\nsymbol = "A-SYMBOL-THAT-IS-MUCH-TOO-LONG"\n'
                       'price_decimals = 2\ntick = "0.25"\n' + SESSION,
                       "session[0]: 'A-SYMBOL-THAT-IS-MUCH-TOO-LONG' has no place in"),
}
# fmt: on


@pytest.mark.parametrize(("session", "text"), BAD.values(), ids=BAD.keys())
def test_a_session_that_cannot_be(session: str, text: str) -> None:
    with pytest.raises(ScenarioError) as raised:
        parse(FLOOR.replace("@SESSION", session))

    assert text in str(raised.value)


def test_a_session_needs_a_comp_id() -> None:
    text = FLOOR.replace("@SESSION", SESSION).replace('session = "CME-A"', 'session = "ABSENT"')

    with pytest.raises(ScenarioError):
        parse(text)

    head, _, tail = FLOOR.replace("@SESSION", SESSION).partition("[[registry.sender_comp]]")
    with pytest.raises(ScenarioError, match=r"CME-A has no comp id: expected a \[\[registry"):
        parse(head + tail[tail.index("[[exchange]]") :])


@pytest.mark.parametrize(
    ("do", "more", "text"),
    [
        ("connect", 'session = "CME"', "no session in FIX text named 'CME'"),
        ("log_out", 'session = "CME-A"\ntext = "ö"', "text must be printable ASCII"),
        ("cut_off", 'session = "CME-A"\nexchange = "NSX"', "NSX"),
    ],
)
def test_an_act_that_cannot_be(do: str, more: str, text: str) -> None:
    with pytest.raises(ScenarioError) as raised:
        parse(FLOOR.replace("@SESSION", SESSION) + step("1s", "ADMIN", do, more))

    assert text in str(raised.value)


def test_only_an_administrator_touches_sessions() -> None:
    with pytest.raises(ScenarioError, match="only an administrator connects sessions, ET1 is none"):
        parse(
            FLOOR.replace("@SESSION", SESSION) + step("1s", "ET1", "connect", 'session = "CME-A"')
        )


# --- whose firm a session is ----------------------------------------------------------


@pytest.mark.rule("SMP-6", "FIRM-1")
def test_the_comp_id_says_whose_firm_a_session_is() -> None:
    fine = order("1s", "ET1", "a1", "buy", 5, "15351.50", ', smp_id = "1234567"')

    result = run(fine, "")

    assert [
        e.payload.exec_type for e in result.journal if e.actor == "ET1" and e.sender == "CME-A"
    ] == ["0"]


@pytest.mark.parametrize(
    ("more", "text"),
    [
        (
            'settings.cme-smp.firms = { CME-A = "500" }',
            "exchange[0].settings.cme-smp: firms.CME-A: expected 400, as its comp id says; was 500",
        ),
        (
            'settings.cme-smp.registered.7654321 = ["999"]',
            "exchange[0].settings.cme-smp: registered.7654321: expected registered firms (400), was"
            " '999'",
        ),
    ],
)
def test_smp_and_the_registry_agree(more: str, text: str) -> None:
    wrong = FLOOR.replace('rules = ["cme-smp"]', f'rules = ["cme-smp"]\n{more}')
    wrong = wrong.replace(
        "settings.cme-smp.registered = { 1234567 =", "settings.cme-smp.registered.1234567 ="
    ).replace('["400"] }', '["400"]')

    with pytest.raises(ScenarioError) as raised:
        parse(wrong.replace("@SESSION", ""))

    assert text in str(raised.value)


# --- printing -------------------------------------------------------------------------


def test_run_prints_the_raw_messages(tmp_path: Path) -> None:
    file, out = tmp_path / "floor.toml", tmp_path / "out.fix"
    file.write_text(FLOOR.replace("@SESSION", SESSION) + TRADES, encoding="utf-8")

    printed = command("run", file, "--quiet", "--fix")
    written = command("run", file, "--quiet", "--fix", out)

    lines = out.read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith(
        "8=FIX.4.2|9=136|35=A|34=1|369=0|52=20230717-13:30:00.000|49=ABC400N|"
    )
    assert printed.out.startswith("\n".join(lines))
    assert printed.out.splitlines()[-1] == written.out.splitlines()[-1]
    for line in lines:
        assert parse_text(line.replace("|", "\x01").encode())


def test_a_run_without_fix_text_has_none_to_print(tmp_path: Path) -> None:
    file = tmp_path / "floor.toml"
    file.write_text(FLOOR.replace("@SESSION", "") + TRADES, encoding="utf-8")

    result = command("run", file, "--quiet", "--fix")

    assert result.status == 2
    assert "no session speaks FIX text: declare one in [[exchange.session]]" in result.err


def test_how_an_order_stands_is_not_asked_in_text() -> None:
    steps = order("1s", "ET1", "a1", "buy", 5, "15351.50") + step(
        "2s", "ET1", "status", 'order = "a1"'
    )
    plain, in_text = run(steps, session=""), run(steps)

    (answer,) = [told for *_, told in at_users(plain) if label(told) == "OrderStatus"]
    (reject,) = [told for *_, told in at_users(in_text) if isinstance(told, SessionReject)]
    assert isinstance(answer, ExecutionReport)
    assert (answer.cl_ord_id, reject.ref_id) == ("a1", "a1")
    assert reject.text == "an order status request (35=H) has no text in the session with CME"
    assert [label(told) for *_, told in at_users(in_text)] == ["OrderAck", "SessionReject"]
