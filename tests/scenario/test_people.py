"""Logins as a scenario declares them, and what messages show of them."""

from __future__ import annotations

import pytest
from commands import STAGED_ORDER, changed

import floorproof
from floorproof.market.identifiers import Account, CompID
from floorproof.market.staging import Permission, StagedAck
from floorproof.runtime.errors import FloorproofError

GOOD = STAGED_ORDER.read_text(encoding="utf-8")
MAPPING = 'exchange_mgt = "TTSSE/SE1/001"\n  account = "123"'  # PM1's


@pytest.mark.parametrize("first", ["001", "002"])
def test_of_several_exchange_traders_the_first_is_used_and_shown(first: str) -> None:
    other = {"001": "002", "002": "001"}[first]
    several = MAPPING.replace(
        '"TTSSE/SE1/001"', f'["TTSSE/SE1/{first}", "TTSSE/SE1/{other}"]'
    )  # both are desk traders of the example

    result = floorproof.run(floorproof.parse(changed(GOOD, MAPPING, several)))

    shown = {
        (entry.payload.routing_mgt, entry.payload.exchange_mgt)
        for entry in result.journal
        if isinstance(entry.payload, StagedAck)
    }
    assert shown == {("TTORDAB/001/001", f"TTSSE/SE1/{first}")}


# --- permissions ---------------------------------------------------------------------

ET1 = 'role = "execution_trader"\npermissions = ["staged_order_management"]'
WITHOUT = "manage_staged_orders_without_claiming"
HELD = "only_allow_price_improvements_on_child_orders"

# fmt: off
BAD_PERMISSIONS = {
    "an unknown one": (
        'permissions = ["staged_order_managment"]',
        "user[0].permissions[0]: ", "staged_order_management"),
    "a user's own for an account": (
        '[[user.account]]\naccount = "123"\npermissions = ["staged_order_creation"]',
        "user[0].account[0].permissions: staged_order_creation is a user's, for all accounts;"
        " found account '123'"),
    "OMS Allowed in the list": (
        'permissions = ["oms_allowed"]',
        "user[0].permissions: oms_allowed is no permission of this list: everybody has it from"
        " whom `oms_allowed = false` does not take it"),
    "an account twice": (
        '[[user.account]]\naccount = "123"\n[[user.account]]\naccount = "123"',
        "user[0].account[1]: account 123 has a table already"),
    "held to price and full access": (
        f'permissions = ["{WITHOUT}", "{HELD}"]',
        f"user[0].permissions: ET1 has {HELD}, which needs {WITHOUT} off"),
    "held to price for an account, full access for all": (
        f'permissions = ["{WITHOUT}"]\n[[user.account]]\naccount = "1"\n'
        f'permissions = ["{HELD}"]',
        f"user[0].account[0].permissions: ET1 has {HELD}, which needs {WITHOUT} off"),
    "a table without its account": (
        '[[user.account]]\npermissions = ["submit_staged_orders"]',
        "user[0].account[0]: the key 'account' is missing"),
}
# fmt: on


@pytest.mark.rule("STAGE-11")
@pytest.mark.parametrize(
    ("table", "said"),
    [pytest.param(table, said, id=name) for name, (table, *said) in BAD_PERMISSIONS.items()],
)
def test_permissions_that_cannot_be_are_refused(table: str, said: list[str]) -> None:
    text = changed(GOOD, ET1, f'role = "execution_trader"\n{table}')

    with pytest.raises(FloorproofError) as raised:
        floorproof.parse(text)

    for each in said:
        assert each in str(raised.value)


@pytest.mark.rule("STAGE-11", "STAGE-13")
def test_what_a_scenario_gives_is_what_users_may() -> None:
    table = (
        'oms_allowed = false\npermissions = ["manage_own_staged_orders"]\n'
        '[[user.account]]\naccount = "123"\npermissions = ["submit_staged_orders"]'
    )
    given = floorproof.parse(changed(GOOD, ET1, f'role = "execution_trader"\n{table}'))
    permissions = given.plan.permissions()
    trader, account = CompID("ET1"), Account("123")

    assert permissions.may(trader, Permission.SUBMIT, account)
    assert not permissions.may(trader, Permission.SUBMIT, Account("456"))
    assert permissions.may(trader, Permission.MANAGE_OWN, account)
    assert not permissions.may(trader, Permission.MANAGEMENT)
    assert not permissions.may(trader, Permission.OMS)
    assert permissions.may(CompID("ET2"), Permission.OMS)
