# ruff: noqa: E501  # a case is a line
"""Markets as a scenario declares them: instruments, algorithms, states, boards, timetables."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest
from commands import EXAMPLES, assert_refused, changed, command, write

import floorproof
from floorproof.market import auction
from floorproof.market.auction import CHAINS
from floorproof.market.fix import TimeInForce
from floorproof.market.identifiers import CompID
from floorproof.market.sessions import CONTINUOUS, TradingState, Transition
from floorproof.plugins.allocation.globex import Configurable
from floorproof.scenario.venues import Venue

GOOD = (EXAMPLES / "opening_auction.toml").read_text(encoding="utf-8")

MINUTE = 60 * 10**9
SETTINGS = """
[scenario]
name = "two markets"
start = 2026-03-02T09:58:00+11:00

[[exchange]]
name = "CME"

  [[exchange.instrument]]
  symbol = "K1"
  price_decimals = 2
  tick = "0.25"
  algorithm = "K"
  round_lot = 5
  protection = "1.50"
  reference = "99.90"
  auction = "cme"
    [exchange.instrument.matching]
    top_min = 5
    top_max = 20
    fifo_percent = "25"

  [[exchange.instrument]]
  symbol = "K2"
  price_decimals = 0
  tick = "1"
  algorithm = "K"
    [exchange.instrument.matching]
    leveling = false
    lmm = { MAKER = "10", OTHER = 5 }
    lmm_cap = "50"
"""


def venue_of(text: str) -> Venue:
    (venue,) = floorproof.parse(text).plan.venues.values()
    return venue


# --- what the tables become ------------------------------------------------------------


def test_each_instrument_has_an_algorithm_with_settings_of_its_own() -> None:
    venue = venue_of(SETTINGS)

    assert venue.algorithms == {
        "K1": Configurable(top_min=5, top_max=20, fifo_percent=Decimal(25)),
        "K2": Configurable(
            leveling=False,
            lmm={CompID("MAKER"): Decimal(10), CompID("OTHER"): Decimal(5)},
            lmm_cap=Decimal(50),
        ),
    }


def test_an_instrument_has_lots_protection_reference_and_a_chain() -> None:
    venue = venue_of(SETTINGS)

    first, second = venue.instruments.values()
    assert (first.round_lot, first.protection_points, first.reference_px) == (5, 150, 9990)
    assert (second.round_lot, second.protection_points, second.reference_px) == (1, None, None)
    assert venue.chains == {"K1": CHAINS["cme"], "K2": CHAINS["nsx"]}


def test_states_and_boards_are_as_the_file_says() -> None:
    venue = venue_of(changed(GOOD, "ends_day = true", 'ends_day = true\nlives = ["gtc", "day"]'))

    closed = TradingState(
        name="CLOSE",
        enter=False,
        modify=False,
        cancel=False,
        match=False,
        ends_day=True,
        lives=(TimeInForce.DAY, TimeInForce.GOOD_TILL_CANCEL),
    )
    assert venue.states == {
        "CONTINUOUS": CONTINUOUS,
        "PREOPEN": TradingState(name="PREOPEN", match=False, report=False, indicative=True),
        "OPEN": TradingState(name="OPEN", uncross=True),
        "HALT": TradingState(name="HALT", match=False, report=False, indicative=True),
        "CLOSE": closed,
    }
    (board,) = venue.boards
    assert (board.name, board.symbols, board.state.name) == ("MAIN", ("NCL",), "PREOPEN")
    assert board.timetable == (
        Transition(at_ns=2 * MINUTE, state=venue.states["OPEN"]),
        Transition(at_ns=8 * MINUTE, state=closed),
    )


def test_a_state_may_match_and_not_take_what_must_trade_at_once() -> None:
    venue = venue_of(changed(GOOD, "uncross = true", "uncross = true\nimmediate = false"))

    assert not venue.states["OPEN"].immediate


def test_what_is_on_no_board_is_always_open() -> None:
    text = changed(
        GOOD.partition("[[step]]")[0],
        "[[exchange.board]]",
        '[[exchange.instrument]]\nsymbol = "FREE"\nprice_decimals = 0\ntick = "1"\n[[exchange.board]]',
    )
    scenario = floorproof.parse(text)

    assert [fact.symbol for fact in floorproof.run(scenario).facts("trading state")] == [
        "NCL",
        "NCL",
    ]


def test_the_scenarios_start_is_the_venues_date_where_it_begins() -> None:
    # 09:58 of 2 March in Newcastle is still 1 March in London.
    order = 'order = { id = "z1", symbol = "NCL", side = "buy", quantity = 5, price = "9.40", time_in_force = "gtd", expires = 2026-03-01 }'
    text = f'{GOOD}\n[[step]]\nat = "0s"\nwho = "DESK"\ndo = "enter"\n{order}\n'

    result = floorproof.run(floorproof.parse(text))

    (reject,) = [
        entry.payload.text
        for entry in result.journal
        if entry.actor == "DESK" and getattr(entry.payload, "ord_rej_reason", None) is not None
    ]
    assert reject == "expire_date 2026-03-01: expected 2026-03-02 or later [ORD-9]"


@pytest.mark.parametrize(("auction", "reference", "price"), [
    ("nsx", "10.00", 1010), ("bahrain", "10.00", 1000), ("bahrain", "10.05", 1005),
])  # fmt: skip
def test_an_auction_goes_by_the_chain_and_the_reference_of_its_instrument(
    auction: str, reference: str, price: int
) -> None:
    text = changed(GOOD, 'auction = "nsx"', f'auction = "{auction}"')
    text = changed(text, 'reference = "10.00"', f'reference = "{reference}"')

    first, *_ = floorproof.run(floorproof.parse(text)).facts("indicative price")

    assert (first.price, first.quantity) == (price, 60)


def test_a_board_changes_before_anybody_does_anything_at_that_moment() -> None:
    text = changed(GOOD, 'at = "9m"', 'at = "8m"')

    result = floorproof.run(floorproof.parse(text))

    assert result.held, result.verdicts


# --- what is wrong with them -----------------------------------------------------------

STATE = '  [[exchange.state]]\n  name = "OPEN"'
BOARD = "  [[exchange.board]]"
SYMBOLS = 'symbols = ["NCL"]'
K1, K2 = "top_max = 20", "leveling = false"

# What to write in place of what, and what the message has to say.
# fmt: off
CASES: dict[str, tuple[str, str, *tuple[str, ...]]] = {
    # --- instruments
    "round lot 0":            ('tick = "0.05"', 'tick = "0.05"\nround_lot = 0', "exchange[0].instrument[0].round_lot: must be >= 1, was 0"),
    "protection as a float":  ('tick = "0.05"', 'tick = "0.05"\nprotection = 0.5', "exchange[0].instrument[0].protection: expected text in quotes, found 0.5"),
    "protection below 0":     ('tick = "0.05"', 'tick = "0.05"\nprotection = "-0.5"', "exchange[0].instrument[0].protection: must be >= 0, was '-0.5'"),
    "protection too fine":    ('tick = "0.05"', 'tick = "0.05"\nprotection = "0.001"', "exchange[0].instrument[0].protection: NCL: price '0.001' has more than 2 decimals"),
    "no decimal":             ('"10.00"  #', '"ten"  #', "exchange[0].instrument[0].reference: NCL: 'ten' is not a decimal price"),
    "unknown chain":          ('auction = "nsx"', 'auction = "nsy"', "exchange[0].instrument[0].auction: expected one of nsx, cme, bahrain, average, volume; found 'nsy'; did you mean nsx?"),
    # --- states
    "unknown key of a state": (STATE, f"{STATE}\nmach = false", "exchange[0].state[1]: unknown key 'mach'; did you mean match?"),
    "no name of a state":     (STATE, "  [[exchange.state]]", "exchange[0].state[1]: the key 'name' is missing"),
    "text for a boolean":     (STATE, f'{STATE}\nmatch = "no"', "exchange[0].state[1].match: expected true or false, found 'no', text"),
    "at once, and no match":  (STATE, f"{STATE}\nmatch = false\nimmediate = true", "exchange[0].state[1].immediate: state OPEN: takes orders that must trade at once, and does not match"),
    "unknown life":           (STATE, f'{STATE}\nlives = ["day", "dya"]', "exchange[0].state[1].lives: expected one of day, gtc, ioc, fok, gtd; found 'dya'; did you mean day?"),
    "no list of lives":       (STATE, f'{STATE}\nlives = "day"', "exchange[0].state[1].lives: expected a list, found 'day', text"),
    "a state twice":          (STATE, f'  [[exchange.state]]\n  name = "PREOPEN"\n{STATE}', "exchange[0].state[1].name: 'PREOPEN' is another state already (exchange[0].state[0])"),
    "the state of no board":  (STATE, f'  [[exchange.state]]\n  name = "CONTINUOUS"\n  cancel = false\n{STATE}', "exchange[0].state[1].name: 'CONTINUOUS' is another state already (it is the state of what is on no board"),
    # --- boards
    "unknown key of a board": (SYMBOLS, f"{SYMBOLS}\nstat = 1", "exchange[0].board[0]: unknown key 'stat'"),
    "unknown first state":    ('state = "PREOPEN"\n', 'state = "PREOPN"\n', "exchange[0].board[0].state: no state of NSX named 'PREOPN'; did you mean PREOPEN or OPEN?", "there are: CONTINUOUS, PREOPEN, OPEN, HALT, CLOSE"),
    "unknown symbol":         (SYMBOLS, 'symbols = ["NLC"]', "exchange[0].board[0].symbols[0]: no instrument of NSX named 'NLC'; did you mean NCL?"),
    "no symbols":             (SYMBOLS, "symbols = []", "exchange[0].board[0].symbols: must not be empty"),
    "a symbol twice":         (SYMBOLS, 'symbols = ["NCL", "NCL"]', "exchange[0].board[0].symbols[1]: NCL is on board 'MAIN' already"),
    "on two boards":          (BOARD, f'{BOARD}\nname = "SIDE"\n{SYMBOLS}\nstate = "OPEN"\n{BOARD}', "exchange[0].board[1].symbols[0]: NCL is on board 'SIDE' already"),
    "two boards of one name": (BOARD, f'{BOARD}\nname = "MAIN"\n{SYMBOLS}\nstate = "OPEN"\n{BOARD}', "exchange[0].board[1].name: the name 'MAIN' is taken (exchange[0].board[0].name)"),
    # --- timetables
    "unknown state in one":   ('at = "8m", state = "CLOSE"', 'at = "8m", state = "CLOSED"', "exchange[0].board[0].timetable[1].state: no state of NSX named 'CLOSED'; did you mean CLOSE?"),
    "a timetable goes back":  ('at = "8m"', 'at = "1m"', "exchange[0].board[0].timetable[1].at: expected a moment after that of the line before it"),
    "twice at one moment":    ('at = "8m"', 'at = "2m"', "exchange[0].board[0].timetable[1].at: expected a moment after"),
    "no duration":            ('at = "8m"', "at = 8", "exchange[0].board[0].timetable[1].at: expected a duration such as", "found 8, a number"),
    "before the start":       ('at = "8m"', 'at = "-8m"', "exchange[0].board[0].timetable[1].at: '-8m' is before the start"),
    # --- steps
    "a user halts":           ('who = "SUPERVISOR"\ndo = "halt"', 'who = "BANK"\ndo = "halt"', "step[9]: only an administrator halts a market, BANK is none"),
    "a user resumes":         ('who = "SUPERVISOR"\ndo = "resume"', 'who = "BANK"\ndo = "resume"', "step[11]: only an administrator resumes a market, BANK is none"),
    "halt of nothing":        ('do = "halt"\nsymbol = "NCL"', 'do = "halt"\nsymbol = "NLC"', "step[9]: no instrument named 'NLC'; did you mean NCL?"),
    "halt without its state": ('name = "HALT"', 'name = "PAUSE"', "step[9]: no state of NSX named 'HALT' (there are: CONTINUOUS, PREOPEN, OPEN, PAUSE, CLOSE)"),
    "halt into nothing":      ('do = "halt"', 'do = "halt"\nstate = "HLAT"', "step[9]: no state of NSX named 'HLAT'; did you mean HALT?"),
    "neither nor":            ('do = "halt"\nsymbol = "NCL"', 'do = "change_state"\nstate = "OPEN"', "step[9]: expected either a board or a symbol"),
    "both":                   ('do = "halt"\nsymbol = "NCL"', 'do = "change_state"\nsymbol = "NCL"\nboard = "MAIN"\nstate = "OPEN"', "step[9]: expected either a board or a symbol"),
    "unknown board":          ('do = "halt"\nsymbol = "NCL"', 'do = "change_state"\nboard = "MIAN"\nstate = "OPEN"', "step[9]: no board named 'MIAN'; did you mean MAIN?"),
    "another exchange's":     ('do = "halt"\nsymbol = "NCL"', 'do = "change_state"\nsymbol = "NCL"\nexchange = "NYX"\nstate = "OPEN"', "step[9]: NCL is listed at NSX, not at 'NYX'"),
    "board of no exchange":   ('do = "halt"\nsymbol = "NCL"', 'do = "change_state"\nboard = "MAIN"\nexchange = "NYX"\nstate = "OPEN"', "step[9]: no exchange named 'NYX'; did you mean NSX?"),
    "change into nothing":    ('do = "halt"\nsymbol = "NCL"', 'do = "change_state"\nboard = "MAIN"\nstate = "OPNE"', "step[9]: no state of NSX named 'OPNE'; did you mean OPEN"),
    "bust at no exchange":    ('do = "halt"\nsymbol = "NCL"', 'do = "bust"\ntrade = 1\nexchange = "NYX"', "step[9]: no exchange named 'NYX'; did you mean NSX?"),
    "bust of trade 0":        ('do = "halt"\nsymbol = "NCL"', 'do = "bust"\ntrade = 0', "step[9].trade: must be > 0, was 0"),
    "a user busts":           ('who = "SUPERVISOR"\ndo = "halt"\nsymbol = "NCL"', 'who = "BANK"\ndo = "bust"\ntrade = 1', "step[9]: only an administrator busts trades, BANK is none"),
    "whose orders":           ('do = "halt"\nsymbol = "NCL"', 'do = "cancel_orders"', "step[9]: expected a user, a session or a symbol"),
    "nobody's orders":        ('do = "halt"\nsymbol = "NCL"', 'do = "cancel_orders"\nuser = "BNAK"', "step[9]: no user named 'BNAK'; did you mean BANK?"),
    "no session's orders":    ('do = "halt"\nsymbol = "NCL"', 'do = "cancel_orders"\nsession = "BANK"', "step[9]: no session named 'BANK' (there are: NSX-A)"),
    "mass cancel nowhere":    ('who = "SUPERVISOR"\ndo = "halt"\nsymbol = "NCL"', 'who = "BANK"\ndo = "mass_cancel"\nid = "m"\ngateway = "NSX-B"', "step[9]: no exchange gateway named 'NSX-B'; did you mean NSX-A?"),
    "mass cancel of a side":  ('who = "SUPERVISOR"\ndo = "halt"\nsymbol = "NCL"', 'who = "BANK"\ndo = "mass_cancel"\nid = "m"\nside = "byu"', "step[9].side: expected one of buy, sell; found 'byu'; did you mean buy?"),
    "an administrator enters": ('who = "SUPERVISOR"\ndo = "halt"\nsymbol = "NCL"', 'who = "SUPERVISOR"\ndo = "mass_cancel"\nid = "m"', "step[9].do: SUPERVISOR is an administrator"),
    "unknown order type":     ('type = "stop_limit"', 'type = "stop_limt"', "step[1]: no order type named 'stop_limt'; did you mean stop_limit or stop? (there are: limit, market, market_limit, stop, stop_limit)"),
    "unknown time in force":  ('time_in_force = "gtc"', 'time_in_force = "gct"', "step[5].order.time_in_force: expected one of day, gtc, ioc, fok, gtd; found 'gct'"),
    "a date in quotes":       ("expires = 2026-03-02", 'expires = "2026-03-02"', "step[7].order.expires: expected a date such as 2023-07-17, found '2026-03-02', text"),
    "a date with a time":     ("expires = 2026-03-02", "expires = 2026-03-02T10:00:00Z", "step[7].order.expires: expected a date such as 2023-07-17"),
    "a trigger off tick":     ('stop = "10.05"', 'stop = "10.06"', "step[1]: NCL: price 10.06 is off tick, which is 0.05"),
    "a trigger that is none": ('stop = "10.05"', 'stop = "soon"', "step[1]: NCL: 'soon' is not a decimal price"),
    "a display as text":      ("quantity = 100", 'quantity = 100, display = "10"', "step[0].order.display: expected a whole number, found '10', text"),
}
MATCHING = {
    "a bound the wrong way":  (K1, "top_max = 2", "exchange[0].instrument[0].matching.top_max: must be at least top_min, which is 5, was 2"),
    "out of range":           (K2, "top_max = 0", "exchange[0].instrument[1].matching.top_max: must be >= 1, was 0"),
    "text for a number":      (K2, 'top_max = "2"', "exchange[0].instrument[1].matching.top_max: expected a whole number, found '2', text"),
    "unknown":                (K2, "levelling = false", "exchange[0].instrument[1].matching: unknown key 'levelling'; did you mean leveling?"),
    "no table":               ('lmm = { MAKER = "10", OTHER = 5 }', "lmm = 3", "exchange[0].instrument[1].matching.lmm: expected a table, found 3, a number"),
    "in a table":             ("OTHER = 5", "OTHER = 5.5", 'exchange[0].instrument[1].matching.lmm.OTHER: expected a decimal in quotes, such as "0.25", found 5.5'),
    "too much together":      ("OTHER = 5", "OTHER = 45", "exchange[0].instrument[1].matching.lmm_cap: market makers are granted 10 + 45 %, expected at most 50 %"),
    "a percentage":           ('fifo_percent = "25"', 'fifo_percent = "125"', "exchange[0].instrument[0].matching.fifo_percent: must be from 0 to 100 %, was 125"),
    "of an algorithm without": ('algorithm = "K"\n  round_lot', 'algorithm = "F"\n  round_lot', "exchange[0].instrument[0].matching: unknown key 'top_min'"),
    "all of it no table":     (f"[exchange.instrument.matching]\n    {K2}", f"[exchange.instrument.x]\n    {K2}", "exchange[0].instrument[1]: unknown key 'x'"),
}
# fmt: on


@pytest.mark.parametrize(("text", "old", "new", "said"), [
    pytest.param(text, old, new, said, id=name)
    for text, cases in ((GOOD, CASES), (SETTINGS, MATCHING))
    for name, (old, new, *said) in cases.items()
])  # fmt: skip
def test_a_market_that_cannot_be_is_refused_with_its_path(
    text: str, old: str, new: str, said: list[str], tmp_path: Path
) -> None:
    scenario = write(tmp_path, changed(text, old, new))

    ran = command("run", scenario, "--journal", tmp_path / "j")

    assert_refused(ran, *said)
    assert [path.name for path in tmp_path.iterdir()] == ["scenario.toml"]


# --- where there are several exchanges --------------------------------------------------

SECOND = """
[[exchange]]
name = "NYX"
  [[exchange.instrument]]
  symbol = "PAR"
  price_decimals = 2
  tick = "0.01"
  [[exchange.state]]
  name = "OPEN"
  [[exchange.board]]
  name = "MAIN"
  symbols = ["PAR"]
  state = "CONTINUOUS"
"""
TWO = changed(GOOD, '[[user]]\nname = "BANK"', f'{SECOND}\n[[user]]\nname = "BANK"')


@pytest.mark.parametrize(("do", "why"), [
    ('do = "bust"\ntrade = 1', "expected one exchange, there are 2 (NSX, NYX): say which with `exchange`"),
    ('do = "cancel_orders"\nuser = "BANK"', "expected one exchange, there are 2 (NSX, NYX): say which with `exchange`"),
    ('do = "change_state"\nboard = "MAIN"\nstate = "OPEN"', "expected one exchange with a board 'MAIN', there are 2 (NSX, NYX): say which with `exchange`"),
])  # fmt: skip
def test_which_exchange_is_meant_must_be_said_where_nothing_else_says_it(
    do: str, why: str, tmp_path: Path
) -> None:
    text = changed(TWO, 'do = "halt"\nsymbol = "NCL"', do)

    assert_refused(command("check", write(tmp_path, text)), f"step[9]: {why}")
    assert (
        command("check", write(tmp_path, text.replace(do, f'{do}\nexchange = "NYX"'))).status == 0
    )


def test_states_and_boards_are_each_exchanges_own() -> None:
    do = 'do = "change_state"\nboard = "MAIN"\nexchange = "NYX"\nstate = "OPEN"'

    result = floorproof.run(floorproof.parse(changed(TWO, 'do = "halt"\nsymbol = "NCL"', do)))

    changes = [(fact.symbol, fact.trading_state) for fact in result.facts("trading state")]
    assert changes == [("NCL", "OPEN"), ("PAR", "OPEN"), ("NCL", "CLOSE")]


# --- the schema ---------------------------------------------------------------------------


def test_the_schema_knows_states_boards_and_orders() -> None:
    schema = json.loads(command("schema").out)

    exchange = schema["properties"]["exchange"]["items"]["properties"]
    state, table = exchange["state"]["items"], exchange["board"]["items"]
    assert state["required"] == ["name"]
    assert state["properties"]["lives"] == {
        "type": "array", "items": {"enum": ["day", "gtc", "ioc", "fok", "gtd"]},
    }  # fmt: skip
    assert state["properties"]["immediate"] == {"type": "boolean"}
    assert table["required"] == ["name", "symbols", "state"]
    assert table["properties"]["timetable"]["items"]["required"] == ["at", "state"]
    instrument = exchange["instrument"]["items"]["properties"]
    assert instrument["auction"] == {"enum": list(CHAINS)}
    steps = {
        step["properties"]["do"]["const"]: step
        for step in schema["properties"]["step"]["items"]["anyOf"]
    }
    order = steps["enter"]["properties"]["order"]["properties"]
    assert order["time_in_force"]["enum"] == ["day", "gtc", "ioc", "fok", "gtd"]
    assert order["expires"] == {"description": "a date"}
    assert {"halt", "resume", "change_state", "bust", "cancel_orders", "mass_cancel"} <= set(steps)


def test_every_chain_of_the_auctions_has_a_name() -> None:
    assert list(CHAINS.values()) == [
        value for value in vars(auction).values() if isinstance(value, auction.Chain)
    ]


# --- what is allowed and seldom meant ------------------------------------------------------


def test_a_timetable_that_may_meet_a_crossed_book_is_warned_of() -> None:
    text = changed(GOOD, "uncross = true\n", "")

    scenario = floorproof.parse(text)

    assert scenario.warnings == (
        "exchange[0].board[0].timetable[0]: OPEN matches and does not uncross; it is not entered"
        " if orders cross after PREOPEN",
    )
    (refused,) = floorproof.run(scenario).facts("operation refused")[:1]
    assert refused.text.startswith("state 'OPEN': expected one that uncrosses")
    assert floorproof.parse(GOOD).warnings == ()
