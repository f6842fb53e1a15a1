# ruff: noqa: E501  # a case is a line
"""Bad scenarios: exit status 2, one clear message with path and value, and nothing written."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from commands import STAGED_ORDER, assert_refused, changed, command, process, write
from hypothesis import given
from hypothesis import strategies as st

import floorproof
from floorproof.runtime.errors import FloorproofError

GOOD = STAGED_ORDER.read_text(encoding="utf-8")

# A table more, before the first step.
STEP = '[[step]]\nat = "0s"\nwho = "PM1"\ndo = "stage"'
# PM1's account and mapping at the synthetic gateway.
MAPPING = 'exchange_mgt = "TTSSE/SE1/001"\n  account = "123"'
# Where the exchange's own keys end.
VENUE = 'gateway = "CME-A"\n\n'
PRICE = 'price = "15352.00", account'


def link(rest: str) -> str:
    return f"[[link]]\n{rest}\n\n{STEP}"


def flow(rest: str) -> str:
    return f'[[flow]]\nexchange = "CME"\nsettings = {{ symbol = "MNQU3", {rest} }}\n\n{STEP}'


# What to write in place of what, and what the message has to say.
# fmt: off
CASES: dict[str, tuple[str, str, *tuple[str, ...]]] = {
    # --- names that nothing has, with the nearest that something has
    "unknown table":          (STEP, f"[[stpe]]\n{STEP}", "scenario: unknown key 'stpe'; did you mean step?"),
    "unknown table [scenario]": ("[scenario]", "[scenari]", "unknown key 'scenari'; did you mean scenario?"),
    "unknown key":            ('role = "portfolio', 'rol = "x"\nrole = "portfolio', "user[2]: unknown key 'rol'; did you mean role?"),
    "unknown key, none near": (VENUE, f'zzz = 1\n{VENUE}', "exchange[0]: unknown key 'zzz'", "there are: name, gateway, rules"),
    "misspelt key":           ('parent = "P1"', 'parnt = "P1"', "step[3].order: unknown key 'parnt'; did you mean parent?"),
    "unknown role":           ('"portfolio_manager"', '"portfolio_mangler"', "user[2].role: expected one of", "'portfolio_mangler'", "did you mean portfolio_manager?"),
    "unknown gateway kind":   ('kind = "sse"', 'kind = "ssex"', "gateway[0].kind: expected one of sse, exchange; found 'ssex'; did you mean sse?"),
    "unknown permission":     ('"staged_order_creation"', '"staged_order_creatoin"', "user[2].permissions[0]: expected one of", "did you mean staged_order_creation"),
    "unknown user in a step": ('who = "ET2"', 'who = "ET9"', "step[1].who: no user named 'ET9'; did you mean ET2 or ET1?", "there are: ET1, ET2, PM1, PM2, LP"),
    "a gateway as user":      ('who = "ET2"', 'who = "SSE-A"', "step[1].who: no user named 'SSE-A'"),
    "unknown gateway, login": ('gateway = "SSE-A"', 'gateway = "SSE-B"', "user[0].login[0].gateway: no gateway named 'SSE-B'; did you mean SSE-A"),
    "unknown gateway, venue": (VENUE, 'gateway = "CME-B"\n\n', "exchange[0].gateway: no exchange gateway named 'CME-B'; did you mean CME-A?"),
    "venue at the SSE":       (VENUE, 'gateway = "SSE-A"\n\n', "exchange[0].gateway: no exchange gateway named 'SSE-A'"),
    "unknown gateway, order": ('text = "by', 'gateway = "CME-B", text = "by', "step[0]", "no exchange gateway named 'CME-B'; did you mean CME-A?"),
    "an order to the SSE":    ('text = "by', 'gateway = "SSE-A", text = "by', "step[0]", "no exchange gateway named 'SSE-A'"),
    "not logged in there":    (STEP, f'{STEP}\nvia = "CME-A"', "step[0]", "PM1 is not logged in at 'CME-A', but at: SSE-A"),
    "logged in nowhere":      (STEP, STEP.replace("PM1", "LP"), "step[0]", "LP is logged in at no SSE gateway"),
    "unknown symbol":         ('symbol = "MNQU3", side = "buy"', 'symbol = "MNQZ3", side = "buy"', "step[0]", "no instrument named 'MNQZ3'; did you mean MNQU3?"),
    "unknown action":         ('do = "claim"', 'do = "clam"', "step[1].do: no scenario action named 'clam'; did you mean 'claim' or 'unclaim'?", "approve, ", ", bust, "),
    "unknown key of a step":  ('do = "claim"', 'do = "claim"\nordr = "P1"', "step[1]: unknown key 'ordr'; did you mean order?"),
    "unknown algorithm":      ('symbol = "MNQU3"\n', 'symbol = "MNQU3"\nalgorithm = "Z"\n', "exchange[0].instrument[0].algorithm: no matching algorithm named 'Z'", "installed: A, C, F, K, O, Q, S, T"),
    "unknown order type":     ('kind = "sse"', 'kind = "sse"\norder_types = ["BROKR"]', "gateway[0].order_types[0]: no order type named 'BROKR'; did you mean 'BROKER'?"),
    "unknown rule set":       (VENUE, f'rules = ["nosuch"]\n{VENUE}', "exchange[0].rules: no rule set named 'nosuch'"),
    "unknown participant":    (STEP, f'[[participant]]\nname = "X"\nkind = "nosuch"\n{STEP}', "participant[0].kind: no participant named 'nosuch'"),
    "unknown plugin file":    ("[scenario]", '[scenario]\nplugins = ["nosuch.py"]', "scenario.plugins: plugin 'nosuch.py': cannot be read: No such file"),
    "unknown session":        (STEP, f'[[drop_copy]]\nname = "X"\nsessions = ["CME-B"]\n{STEP}', "drop_copy[0].sessions[0]: no session named 'CME-B'; did you mean CME-A?"),
    "a session twice":        (STEP, f'[[drop_copy]]\nname = "X"\nsessions = ["CME-A", "CME-A"]\n{STEP}', "drop_copy[0].sessions[1]: X watches CME-A already"),
    "link from nobody":       (STEP, link('from = "PM9"\nto = "SSE-A"'), "link[0].from: no participant or role named 'PM9'; did you mean PM2 or PM1?"),
    "link to nobody":         (STEP, link('from = "PM1"\nto = "SSE-B"'), "link[0].to: no participant named 'SSE-B'; did you mean SSE-A?"),
    "flow at no exchange":    (STEP, flow('start_mid = "1.00"').replace('"CME"', '"CMX"'), "flow[0].exchange: no exchange named 'CMX'; did you mean CME?"),
    "flow in no instrument":  (STEP, flow('start_mid = "1.00"').replace('"MNQU3"', '"ESU3"'), "flow[0].settings.symbol: no instrument of CME named 'ESU3'"),
    "setting of no rule set": (VENUE, f"settings = {{ smp = {{ x = 1 }} }}\n{VENUE}", "exchange[0].settings.smp: no rule set of this exchange named 'smp'"),
    "setting of no type":     ('kind = "sse"', 'kind = "sse"\nsettings = { BROKR = { } }', "gateway[0].settings.BROKR: no order type of this gateway named 'BROKR'; did you mean BROKER?"),
    "unknown setting":        ('kind = "sse"', 'kind = "sse"\nsettings = { BROKER = { staging = true } }', "gateway[0].settings.BROKER: unknown key 'staging'; did you mean staging_enabled?"),
    "order types elsewhere":  ('kind = "exchange"', 'kind = "exchange"\nsettings = { BROKER = { } }', "gateway[1].settings: only an SSE gateway has order types"),
    # --- of the wrong type
    "text for a number":      ("quantity = 10", 'quantity = "10"', "step[0].order.quantity: expected a whole number, found '10', text"),
    "a fraction of a lot":    ("quantity = 10", "quantity = 1.5", "step[0].order.quantity: expected a whole number, found 1.5"),
    "a boolean for a number": ("quantity = 10", "quantity = true", "step[0].order.quantity: expected a whole number, found True, a boolean"),
    "a number for text":      ('name = "PM2"', "name = 2", "user[3].name: expected text in quotes, found 2, a number"),
    "a number for a boolean": ('kind = "sse"', 'kind = "sse"\nsettings = { BROKER = { staging_enabled = 1 } }', "gateway[0].settings.BROKER.staging_enabled: expected true or false, found 1"),
    "a table for text":       ('do = "claim"\norder = "P1"', 'do = "claim"\norder = { id = "P1" }', "step[1].order: expected text in quotes, found {'id': 'P1'}, a table"),
    "text for a table":       ("order = { id =", 'order = "P1" # ', "step[0].order: expected a table, found 'P1', text"),
    "text for a list":        ('to = ["ET1"]', 'to = "ET1"', "expect[2].to: expected a list, found 'ET1', text"),
    "a table for a list":     ("[[gateway]]\nname = \"SSE-A\"", '[gateway]\nname = "SSE-A"', "not a TOML file"),
    "a price as a float":     (PRICE, "price = 15352.00, account", "step[0].order.price: expected text in quotes, found 15352.0, a number with a point"),
    "a decimal as a float":   ('point_value = "2"', "point_value = 2.5", 'exchange[0].instrument[0].point_value: expected a decimal in quotes, such as "0.25", found 2.5'),
    "an exponent":            ('point_value = "2"', 'point_value = "1e999999999"', "exchange[0].instrument[0].point_value: expected a decimal number, found '1e999999999'"),
    "a tick as a float":      ('tick = "0.25"', "tick = 0.25", "exchange[0].instrument[0].tick: expected text in quotes, found 0.25"),
    "an enormous number":     ("quantity = 10", "quantity = 1" + "0" * 30, "step[0].order.quantity: expected a whole number of at most 18 digits"),
    "no TOML":                ("[scenario]", "[scenario", "scenario: not a TOML file", "line 10"),
    "a key twice":            ('kind = "sse"', 'kind = "sse"\nkind = "sse"', "scenario: not a TOML file", "line 17"),
    # --- what is missing
    "no tick":                ('tick = "0.25"', "", "exchange[0].instrument[0]: expected either tick or ticks, found neither"),
    "tick and ticks":         ('tick = "0.25"', 'tick = "0.25"\nticks = [{ start = "0", tick = "0.25" }]', "exchange[0].instrument[0]: expected either tick or ticks, found both"),
    "no time of a step":      ('at = "1s"', "", "step[1]: the key 'at' is missing"),
    "no start":               ("start = 2023-07-17T13:30:00Z", "", "scenario: the key 'start' is missing"),
    "an empty name":          ('name = "PM2"', 'name = ""', "user[3].name: must not be empty"),
    # --- times and prices
    "a naive start":          ("13:30:00Z", "13:30:00", "scenario.start: expected a time with its offset", "found 2023-07-17T13:30:00"),
    "start as text":          ("2023-07-17T13:30:00Z", '"monday"', "scenario.start: expected a time such as 2023-07-17T13:30:00Z, found 'monday'"),
    "start out of range":     ("2023-07-17", "9999-12-31", "scenario.start: expected a year from 1900 to 2999, found 9999-12-31"),
    "before the start":       ('at = "1s"', 'at = "-1s"', "step[1].at: '-1s' is before the start"),
    "latency without unit":   (STEP, link('from = "PM1"\nto = "SSE-A"\nlatency = "3"'), "link[0].latency: expected a duration such as", "found '3'"),
    "latency as a number":    (STEP, link('from = "PM1"\nto = "SSE-A"\nlatency = 3'), "link[0].latency: expected a duration such as", "found 3, a number"),
    "a link twice":           (STEP, link('from = "PM1"\nto = "SSE-A"\n[[link]]\nfrom = "PM1"\nto = "SSE-A"'), "link[1]: the link from PM1 to SSE-A is given already, link[0]"),
    "a step in a thousand years": ('at = "7s"', 'at = "9999999h"', "step[7].at: '9999999h' is longer than a run can be"),
    "off tick":               (PRICE, 'price = "15352.10", account', "step[0]", "MNQU3: price 15352.10 is off tick, which is 0.25"),
    "too many decimals":      (PRICE, 'price = "15352.001", account', "step[0]", "MNQU3: price '15352.001' has more than 2 decimals"),
    "no price at all":        (PRICE, 'price = "market", account', "step[0]", "MNQU3: 'market' is not a decimal price"),
    "tick of no decimals":    ('tick = "0.25"', 'tick = "0.125"', "exchange[0].instrument[0].tick", "'0.125' has more than 2 decimals"),
    "tick 0":                 ('tick = "0.25"', 'tick = "0"', "exchange[0].instrument[0].tick: a tick must be > 0, was '0'"),
    "bands that fall":        ('tick = "0.25"', 'ticks = [{ start = "9", tick = "1" }, { start = "1", tick = "1" }]', "exchange[0].instrument[0].ticks: tick bands must rise"),
    "a band without tick":    ('tick = "0.25"', 'ticks = [{ start = "0", tick = "x" }]', "exchange[0].instrument[0].ticks[0].tick", "'x' is not a decimal price"),
    "negative decimals":      ("price_decimals = 2", "price_decimals = -2", "exchange[0].instrument[0].price_decimals: must be >= 0, was -2"),
    "point value 0":          ('point_value = "2"', 'point_value = "0"', "exchange[0].instrument[0].point_value: must be > 0, was 0"),
    "quantity 0":             ("quantity = 10", "quantity = 0", "step[0].order.quantity: must be > 0, was 0"),
    "quantity negative":      ("quantity = 6", "quantity = -6", "step[3].order.quantity: must be > 0, was -6"),
    "unknown side":           ('side = "buy"', 'side = "byu"', "step[0].order.side: expected one of buy, sell; found 'byu'; did you mean buy?"),
    "flow off tick":          (STEP, flow('start_mid = "1.10"'), "flow[0].settings: start_mid 1.10 is off tick"),
    "flow out of range":      (STEP, flow('start_mid = "1.00", cancel_share = "2"'), "flow[0].settings.cancel_share: must be <= 1, was 2"),
    "flow sizes the wrong way": (STEP, flow('start_mid = "1.00", min_qty = 5, max_qty = 2'), "flow[0].settings.max_qty: max_qty must be at least min_qty 5, was 2"),
    # --- names twice
    "two users of one name":  ('name = "PM2"', 'name = "PM1"', "user[3].name: the name 'PM1' is taken (user[2].name)"),
    "a user as a gateway":    ('name = "SSE-A"', 'name = "PM1"', "gateway[0].name: the name 'PM1' is taken"),
    "the environment's name": ('name = "LP"', 'name = "scenario"', "user[4].name: the name 'scenario' is taken"),
    "a role's name":          ('name = "LP"', 'name = "execution_trader"', "user[4].name: the name 'execution_trader' is taken (a role's name)"),
    "a name out of line":     ('name = "LP"', 'name = "L\\nP"', r"user[4].name: expected printable text", r"found 'L\nP'"),
    "two of one symbol":      ("# The desk:", '  [[exchange.instrument]]\n  symbol = "MNQU3"\n  price_decimals = 2\n  tick = "0.25"\n# The desk:', "exchange[0].instrument[1].symbol: 'MNQU3' is listed already, at exchange[0].instrument[0]"),
    # --- logins
    "maps to nobody":         (MAPPING, MAPPING.replace("TTSSE/SE1/001", ""), "user[2].login[0].exchange_mgt: TTORDAB/001/001 maps to no exchange trader"),
    "maps to an empty list":  (MAPPING, MAPPING.replace('"TTSSE/SE1/001"', "[]"), "user[2].login[0].exchange_mgt: expected text or a list of texts, found []"),
    "maps to whom no ET holds": (MAPPING, MAPPING.replace("001", "009"), "user[2].login[0].exchange_mgt: TTORDAB/001/001 maps to TTSSE/SE1/009, which no execution trader holds at SSE-A"),
    "maps to a proxy":        (MAPPING, MAPPING.replace("TTSSE/SE1/001", "TTORDAB/001/001"), "user[2].login[0].exchange_mgt", "must map to an exchange trader, was TTORDAB/001/001"),
    "no credential":          (MAPPING, MAPPING.replace("TTSSE/SE1/001", "TTSSE"), "user[2].login[0].exchange_mgt: expected a credential Member/Group/Trader, was 'TTSSE'"),
    "direct, yet mapped":     ('routing_mgt = "XYZ/XYZ/001"', 'routing_mgt = "XYZ/XYZ/002"', "user[4].login[0].exchange_mgt: XYZ/XYZ/002 is a direct login"),
    "two logins at one gateway": ('  [[user.login]]\n  gateway = "CME-A"', '  [[user.login]]\n  gateway = "SSE-A"', "user[0].login[1]: ET1 has two logins at SSE-A, one is allowed"),
    "an administrator's login": ('name = "LP"\nrole = "execution_trader"', 'name = "LP"\nrole = "administrator"', "user[4]: LP is an administrator, who has no logins"),
    "an administrator claims": (STEP, f'[[user]]\nname = "ADMIN"\nrole = "administrator"\n[[step]]\nat = "0s"\nwho = "ADMIN"\ndo = "claim"\norder = "P1"\n{STEP}', "step[0].do: ADMIN is an administrator, who sets permissions and cannot 'claim'"),
    "a user permits":         (STEP, f'[[step]]\nat = "0s"\nwho = "PM1"\ndo = "permit"\nuser = "PM1"\npermission = "staged_order_creation"\n{STEP}', "step[0]", "only an administrator sets permissions, PM1 is none"),
    "permits nobody":         (STEP, f'[[user]]\nname = "ADMIN"\nrole = "administrator"\n[[step]]\nat = "0s"\nwho = "ADMIN"\ndo = "permit"\nuser = "PM9"\npermission = "staged_order_creation"\n{STEP}', "step[0]", "no user named 'PM9'; did you mean PM2 or PM1?"),
    "habits of a manager":    ('name = "PM2"', 'name = "PM2"\nhabits = { claims_whatever_is_available = true }', "user[3].habits: PM2 is no execution trader"),
    "children of nothing":    ('name = "ET2"', 'name = "ET2"\nhabits = { works_in_children_of = 0 }', "user[1].habits.works_in_children_of: must be > 0, was 0"),
    "shared books, no group": ('kind = "sse"', 'kind = "sse"\nshared_books = [["ABC", "XYZ/XYZ"]]', "gateway[0].shared_books[0]: expected two of the form Member/Group, found ['ABC', 'XYZ/XYZ']"),
    "shared books, not two":  ('kind = "sse"', 'kind = "sse"\nshared_books = [["ABC/ABC"]]', "gateway[0].shared_books[0]: expected a list of 2, found ['ABC/ABC']"),
    # --- expectations
    "no form":                ('nothing_to = "PM2"', "", "expect[6]: expected one of kind, sequence, nothing_to, order, fact; found none"),
    "two forms":              ('nothing_to = "PM2"', 'nothing_to = "PM2"\nkind = "Claim"', "expect[6]: expected one of kind,", "found kind, nothing_to"),
    "a key of another form":  ('nothing_to = "PM2"', 'nothing_to = "PM2"\nwhere = { x = 1 }', "expect[6].where: an expectation by 'nothing_to' looks at nothing_to alone, not at 'where'"),
    "unknown form":           ('nothing_to = "PM2"', 'nothing_for = "PM2"', "expect[6]: unknown key 'nothing_for'; did you mean nothing_to?"),
    "nothing to nobody":      ('nothing_to = "PM2"', 'nothing_to = "PM9"', "expect[6].nothing_to: no participant named 'PM9'; did you mean PM2 or PM1?"),
    "unknown message":        ('kind = "StagedAck"', 'kind = "StagedAk"', "expect[0].kind: no message named 'StagedAk'; did you mean StagedAck"),
    "unknown field":          ("where = { code = 44 }", "where = { cod = 44 }", "expect[2].where.cod: no field of StagedReject named 'cod'; did you mean code?"),
    "a float in where":       ('last_px = "15351.50"', "last_px = 15351.50", 'expect[4].where.last_px: expected a decimal in quotes, such as "0.25", found 15351.5'),
    "unknown recipient":      ('to = ["ET1"]', 'to = ["ET9"]', "expect[2].to[0]: no participant named 'ET9'"),
    "unknown sender":         ('from = "CME-A"', 'from = "CME-B"', "expect[3].from: no participant named 'CME-B'; did you mean CME-A"),
    "no line of a sequence":  ('"Claim ET2 > SSE-A"', '"Claim ET2 SSE-A"', 'expect[7].sequence[2]: expected "StagedAck SSE-A > PM1", found \'Claim ET2 SSE-A\''),
    "unknown in a sequence":  ('"Claim ET2 > SSE-A"', '"Claim ET9 > SSE-A"', "expect[7].sequence[2]: no participant named 'ET9'"),
    "no message in a sequence": ('"Claim ET2 > SSE-A"', '"Clam ET2 > SSE-A"', "expect[7].sequence[2]: no message named 'Clam'; did you mean Claim?"),
    "unknown column":         ("state = { status", "state = { statu", "expect[8].state.statu: no column named 'statu'; did you mean status"),
    "no state":               ('state = { status = "Filled", owner = "ET2", cum_qty = 10, working_qty = 0, free_qty = 0 }', "", "expect[8].state: expected columns and their values"),
    "in nobody's window":     ('order = "P1"\nstate', 'order = "P1"\nuser = "CME"\nstate', "expect[8].user: no user named 'CME'"),
    "a negative count":       ("times = 3", "times = -1", "expect[5].times: must be >= 0, was -1"),
}
# fmt: on


@pytest.mark.parametrize(("old", "new", "said"), [
    pytest.param(old, new, said, id=name) for name, (old, new, *said) in CASES.items()
])  # fmt: skip
def test_bad_scenario_is_refused_and_nothing_written(
    old: str, new: str, said: list[str], tmp_path: Path
) -> None:
    scenario = write(tmp_path, changed(GOOD, old, new))

    ran = command(
        "run", scenario, "--journal", tmp_path / "j", "--export", f"messages-csv={tmp_path / 'e'}"
    )

    assert_refused(ran, *said)
    assert len(ran.err.splitlines()) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["scenario.toml"]


@pytest.mark.parametrize("name", ["check", "verify", "run"])
def test_each_command_refuses_alike(name: str, tmp_path: Path) -> None:
    scenario = write(tmp_path, changed(GOOD, "quantity = 10", "quantity = 0"))

    assert_refused(process(name, scenario), "step[0].order.quantity: must be > 0, was 0")


def test_several_faults_are_told_the_first_of_them_first(tmp_path: Path) -> None:
    text = changed(changed(GOOD, "quantity = 10", "quantity = 0"), 'side = "buy"', 'side = "b"')

    ran = command("check", write(tmp_path, text))

    assert_refused(ran)
    first, second = ran.err.splitlines()
    assert first.startswith("error: step[0].order.side: ")
    assert second.startswith("  also step[0].order.quantity: ")


# --- plugins ---------------------------------------------------------------------------

RULES = """
import attrs
from attrs import validators
from floorproof.market.rules import Reject
from floorproof.plugins.hookspecs import hookimpl

floorproof_contract = 1

@attrs.frozen
class Cap:
    lots: int = attrs.field(validator=validators.gt(0))

    @hookimpl
    def accept_request(self, request, market):
        return None

@attrs.frozen
class Rival:
    conflicts = ("cap",)

@attrs.frozen
class Wary:
    @hookimpl
    def accept_request(self, request, market):
        return None

    after = ("cap",)

@attrs.frozen
class Odd:
    amount: int

    def instructions(self, who, plan):
        raise RuntimeError("out of order")

@hookimpl
def rule_sets():
    return {"cap": Cap, "rival": Rival, "wary": Wary}

@hookimpl
def scenario_actions():
    return {"odd": Odd}
"""

# fmt: off
PLUGIN_CASES = {
    "rules that conflict": ('rules = ["cap", "rival"]\nsettings = { cap = { lots = 1 } }', "exchange[0].rules: ", "'cap'", "'rival'"),
    "rules out of order":  ('rules = ["wary", "cap"]\nsettings = { cap = { lots = 1 } }', "exchange[0].rules: ", "'cap'", "'wary'"),
    "a near rule set":     ('rules = ["capp"]', "exchange[0].rules: no rule set named 'capp'; did you mean 'cap'?"),
    "a missing setting":   ('rules = ["cap"]', "exchange[0].settings.cap: the key 'lots' is missing"),
    "a wrong setting":     ('rules = ["cap"]\nsettings = { cap = { lots = 0 } }', "exchange[0].settings.cap.lots: must be > 0, was 0"),
    "an unknown setting":  ('rules = ["cap"]\nsettings = { cap = { lot = 1 } }', "exchange[0].settings.cap: unknown key 'lot'; did you mean lots?"),
    "settings left over":  ('rules = ["cap"]\nsettings = { cap = { lots = 1 }, wary = { } }', "exchange[0].settings.wary: no rule set of this exchange named 'wary'"),
}
# fmt: on


@pytest.mark.parametrize(("venue", "said"), [
    pytest.param(venue, said, id=name) for name, (venue, *said) in PLUGIN_CASES.items()
])  # fmt: skip
def test_rule_sets_that_cannot_be_are_refused(venue: str, said: list[str], tmp_path: Path) -> None:
    write(tmp_path, RULES, "rules.py")
    text = changed(GOOD, "[scenario]", '[scenario]\nplugins = ["rules.py"]')
    scenario = write(tmp_path, changed(text, VENUE, f"{venue}\n{VENUE}"))

    assert_refused(command("run", scenario), *said)


def test_an_action_that_raises_is_named_with_its_plugin(tmp_path: Path) -> None:
    write(tmp_path, RULES, "rules.py")
    text = changed(GOOD, "[scenario]", '[scenario]\nplugins = ["rules.py"]')
    step = '[[step]]\nat = "0s"\nwho = "PM1"\ndo = "odd"\namount = 1\n'
    scenario = write(tmp_path, changed(text, STEP, step + STEP))

    ran = command("run", scenario)

    assert_refused(ran, "step[0]: the action 'odd' of plugin 'rules.py' raised RuntimeError: out")


def test_a_plugin_file_with_a_wrong_line_is_named(tmp_path: Path) -> None:
    write(tmp_path, "floorproof_contract = 1\nx = = 2\n", "wrong.py")
    scenario = write(tmp_path, changed(GOOD, "[scenario]", '[scenario]\nplugins = ["wrong.py"]'))

    ran = command("run", scenario)

    assert_refused(ran, "scenario.plugins: plugin 'wrong.py': line 2: SyntaxError")


# --- whatever else a file may hold -----------------------------------------------------

VALUES = ["", "x", "1", "-1", '"x"', '""', "true", "1.5", "[]", "{}", "[[1]]", "2023-07-17", '"1s"']
LINES = GOOD.splitlines()
ASSIGNMENTS = [index for index, line in enumerate(LINES) if re.match(r"\s*\w+ = ", line)]
TABLES = [index for index, line in enumerate(LINES) if line.lstrip().startswith("[")]

edits = st.one_of(
    st.tuples(st.sampled_from(ASSIGNMENTS), st.sampled_from(VALUES)),
    st.tuples(st.sampled_from(range(len(LINES))), st.none()),
    st.tuples(st.sampled_from(TABLES), st.sampled_from([LINES[each] for each in TABLES])),
)


def edited(edit: tuple[int, str | None], lines: list[str]) -> None:
    index, value = edit
    if value is None:
        lines[index] = ""
    elif index in TABLES:
        lines[index] = value
    else:
        lines[index] = f"{lines[index].partition('=')[0]}= {value}"


@given(st.lists(edits, min_size=1, max_size=4))
def test_no_scenario_raises_anything_but_an_error_of_ours(
    changes: list[tuple[int, str | None]],
) -> None:
    lines = list(LINES)
    for change in changes:
        edited(change, lines)

    refusal = ""
    try:
        floorproof.parse("\n".join(lines))
    except FloorproofError as error:
        refusal = str(error)
    assert re.match(r"$|[^\s:]+: \S", refusal), "a refusal begins with the path"
