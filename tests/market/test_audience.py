"""Who sees an order: the tables of the two desks, and what holds on any gateway."""

from __future__ import annotations

from collections.abc import Mapping

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from floorproof.market.credentials import (
    Credential,
    Login,
    Logins,
    ParentOrder,
    SharedBooks,
    books_apart,
)
from floorproof.market.identifiers import Account, CompID

# TT, "Staging Orders to Execution Traders Who Use Exchange Trader Credentials": the
# traders are direct, and both portfolio managers go out on ET1's membership.
EXCHANGE_TRADERS = {
    "SSE-A": """
        ET1  TTSSE/SE1/001    TTSSE/SE1/001  -
        ET2  TTSSE/SE1/002    TTSSE/SE1/002  -
        PM1  TTORDAB/001/001  TTSSE/SE1/001  123
        PM2  TTORDAB/002/001  TTSSE/SE1/001  456
    """,
    "CME-A": """
        ET1  ABC/ABC/ABC      ABC/ABC/ABC    -
        ET2  ABC/ABC/ABF      ABC/ABC/ABF    -
        PM1  TTORDAB/001/001  ABC/ABC/ABC    123
        PM2  TTORDAB/002/001  ABC/ABC/ABC    456
    """,
}

# TT, "Staging Orders to Execution Traders Who Use TTORD Credentials": ET1 and ET2 are
# proxies in PM1's group, ET3 and ET4 are direct.
TTORD_DESK = {
    "SSE-A": """
        ET1  TTORDAB/001/002  TTSSE/SE1/001  -
        ET2  TTORDAB/001/003  TTSSE/SE1/001  -
        ET3  TTSSE/SE1/001    TTSSE/SE1/001  -
        ET4  TTSSE/SE1/002    TTSSE/SE1/002  -
        PM1  TTORDAB/001/001  TTSSE/SE1/001  123
    """,
    "CME-A": """
        ET1  TTORDAB/001/002  ABC/ABC/ABC    -
        ET2  TTORDAB/001/003  ABC/ABC/ABC    -
        ET3  ABC/ABC/ABC      ABC/ABC/ABC    -
        ET4  ABC/ABC/ABF      ABC/ABC/ABF    -
        PM1  TTORDAB/001/001  ABC/ABC/ABC    123
    """,
}

# ET3 shares the desk's book where parents are held, and not where children trade.
APART_ON_CME = {
    "SSE-A": EXCHANGE_TRADERS["SSE-A"] + "ET3  TTSSE/SE1/003  TTSSE/SE1/003  -",
    "CME-A": EXCHANGE_TRADERS["CME-A"] + "ET3  XYZ/XYZ/XYZ    XYZ/XYZ/XYZ    -",
}


def logins(table: str) -> Logins:
    """Return the logins of a gateway: a line has user, routing and exchange credential, account."""
    return Logins.of(
        Login(
            user=CompID(user),
            routing=Credential.parse(routing),
            exchange=Credential.parse(exchange),
            account=None if account == "-" else Account(account),
        )
        for user, routing, exchange, account in map(str.split, table.strip().splitlines())
    )


def audience(gateway: Logins, submitter: str, account: str = "", parent: str = "") -> str:
    """Return who sees an order; *parent* is its originator and, behind a blank, its account."""
    of = None
    if parent:
        originator, _, its_account = parent.partition(" ")
        of = ParentOrder(originator=CompID(originator), account=Account(its_account) or None)
    return " ".join(gateway.audience(CompID(submitter), Account(account) or None, of))


# fmt: off
EXCHANGE_TRADER_CASES = {
    "parent by PM1, his account":           ("SSE-A", "PM1", "123", "", "ET1 ET2 PM1"),
    "parent by PM2, his account":           ("SSE-A", "PM2", "456", "", "ET1 ET2 PM2"),
    "parent by ET1, PM1's account":         ("SSE-A", "ET1", "123", "", "ET1 ET2 PM1"),
    "parent by ET2, PM1's account":         ("SSE-A", "ET2", "123", "", "ET1 ET2 PM1"),
    "parent by ET1, no account":            ("SSE-A", "ET1", "",    "", "ET1 ET2"),
    "parent by ET1, PM2's account":         ("SSE-A", "ET1", "456", "", "ET1 ET2 PM2"),
    "parent by ET1, an account nobody has": ("SSE-A", "ET1", "999", "", "ET1 ET2"),
    "child by ET1 of PM1's parent":         ("CME-A", "ET1", "", "PM1 123", "ET1 ET2 PM1"),
    "child by ET2 of PM1's parent":         ("CME-A", "ET2", "", "PM1 123", "ET1 ET2 PM1"),
    "child by ET2 of PM1's, no account":    ("CME-A", "ET2", "", "PM1",     "ET1 ET2 PM1"),
    "child by ET1 of a parent by phone":    ("CME-A", "ET1", "", "ET1 123", "ET1 ET2 PM1"),
    "child by ET2 of ET1's, for PM2":       ("CME-A", "ET2", "", "ET1 456", "ET1 ET2 PM2"),
    "child by ET2 of ET1's, no account":    ("CME-A", "ET2", "", "ET1",     "ET1 ET2"),
    "child that names PM2's account":       ("CME-A", "ET2", "456", "PM1 123", "ET1 ET2 PM1"),
    "plain order by ET2":                   ("CME-A", "ET2", "",    "", "ET1 ET2"),
    "plain order by PM1":                   ("CME-A", "PM1", "123", "", "ET1 ET2 PM1"),
}
TTORD_CASES = {
    "parent by PM1, his account":           ("SSE-A", "PM1", "123", "", "ET1 ET2 ET3 ET4 PM1"),
    "parent by ET3, PM1's account":         ("SSE-A", "ET3", "123", "", "ET3 ET4 PM1"),
    "parent by ET3, no account":            ("SSE-A", "ET3", "",    "", "ET3 ET4"),
    "parent by ET1, no account":            ("SSE-A", "ET1", "",    "", "ET1 ET2 ET3 ET4 PM1"),
    "child by ET3 of PM1's parent":         ("CME-A", "ET3", "", "PM1 123", "ET1 ET2 ET3 ET4 PM1"),
    "child by ET3 of ET4's, no account":    ("CME-A", "ET3", "", "ET4",     "ET3 ET4"),
}
APART_CASES = {
    "parent by PM1":                        ("SSE-A", "PM1", "123", "", "ET1 ET2 ET3 PM1"),
    "child by ET1":                         ("CME-A", "ET1", "", "PM1 123", "ET1 ET2 PM1"),
    "child by ET3":                         ("CME-A", "ET3", "", "PM1 123", "ET3 PM1"),
    "child by ET1 of a parent by ET3":      ("CME-A", "ET1", "", "ET3 123", "ET1 ET2 ET3 PM1"),
}
# fmt: on

CASES = [
    pytest.param(fixture, *case, id=f"{desk}: {name}")
    for desk, fixture, cases in (
        ("exchange traders", EXCHANGE_TRADERS, EXCHANGE_TRADER_CASES),
        ("TTORD desk", TTORD_DESK, TTORD_CASES),
        ("apart on CME-A", APART_ON_CME, APART_CASES),
    )
    for name, case in cases.items()
]


@pytest.mark.rule("VIS-1", "VIS-2", "VIS-3", "VIS-4")
@pytest.mark.parametrize(
    ("fixture", "gateway", "submitter", "account", "parent", "expected"), CASES
)
def test_audience_is(
    fixture: Mapping[str, str],
    gateway: str,
    submitter: str,
    account: str,
    parent: str,
    expected: str,
) -> None:
    assert audience(logins(fixture[gateway]), submitter, account, parent) == expected


@pytest.mark.rule("VIS-1")
def test_shared_books_join_two_groups_both_ways() -> None:
    books: SharedBooks = frozenset({frozenset({("ABC", "ABC"), ("XYZ", "XYZ")})})
    gateway = attrs.evolve(logins(APART_ON_CME["CME-A"]), shared_books=books)

    assert audience(gateway, "ET1", "", "PM1 123") == "ET1 ET2 ET3 PM1"
    assert audience(gateway, "ET3") == "ET1 ET2 ET3"


# fmt: off
APART = {
    "exchange traders": (EXCHANGE_TRADERS, []),
    "TTORD desk":       (TTORD_DESK,       []),
    "apart on CME-A":   (APART_ON_CME,     ["ET1 ET3", "ET2 ET3"]),
}
# fmt: on


@pytest.mark.rule("VIS-1")
@pytest.mark.parametrize(("fixture", "pairs"), APART.values(), ids=APART.keys())
def test_who_shares_a_book_on_one_gateway_only(
    fixture: Mapping[str, str], pairs: list[str]
) -> None:
    held, traded = logins(fixture["SSE-A"]), logins(fixture["CME-A"])

    assert [" ".join(pair) for pair in books_apart(held, traded)] == pairs


@pytest.mark.rule("VIS-4")
def test_a_beneficiary_sees_a_child_where_his_login_has_no_account() -> None:
    held = logins(EXCHANGE_TRADERS["SSE-A"])
    traded = logins(EXCHANGE_TRADERS["CME-A"].replace("123", "-"))
    by_phone = ParentOrder(originator=CompID("ET1"), account=Account("123"))
    known = attrs.evolve(by_phone, beneficiaries=tuple(held.beneficiaries(by_phone)))

    assert traded.audience(CompID("ET2"), None, known) == ("ET1", "ET2", "PM1")


@pytest.mark.rule("VIS-3")
def test_the_parents_account_counts_where_only_the_childs_gateway_knows_it() -> None:
    traded = logins(EXCHANGE_TRADERS["CME-A"])
    parent = ParentOrder(
        originator=CompID("ET1"), account=Account("123"), beneficiaries=(CompID("ET1"),)
    )

    assert traded.audience(CompID("ET2"), None, parent) == ("ET1", "ET2", "PM1")


def test_login_must_map_to_an_exchange_trader() -> None:
    with pytest.raises(ValueError, match="PM1: TTORDAB/001/001 must map to an exchange trader"):
        logins("PM1 TTORDAB/001/001 TTORDAB/002/001 123")


# fmt: off
CREDENTIALS = {
    "direct":         ("ABC/DEF/001", Credential("ABC", "DEF", "001"), False),
    "proxy":          ("TTORDAB/001/001", Credential("TTORDAB", "001", "001"), True),
    "synthetic":      ("TTSSE/SE1/001", Credential("TTSSE", "SE1", "001"), False),
}
# fmt: on


@pytest.mark.parametrize(
    ("text", "credential", "is_ttord"), CREDENTIALS.values(), ids=CREDENTIALS.keys()
)
def test_credential_reads_and_prints(text: str, credential: Credential, is_ttord: bool) -> None:
    assert Credential.parse(text) == credential
    assert credential.is_ttord == is_ttord
    assert str(credential) == text


@pytest.mark.parametrize("text", ["", "ABC", "ABC/DEF", "A/B/C/D", "A//C", "/B/C", "A/B/"])
def test_credential_of_any_other_shape_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected a credential Member/Group/Trader"):
        Credential.parse(text)


# --- any gateway ---------------------------------------------------------------------

traders = st.sampled_from(["001", "002", "003"])
memberships = st.builds(
    Credential, st.sampled_from(["ABC", "TTSSE"]), st.sampled_from(["SE1", "SE2"]), traders
)
ttords = st.builds(Credential, st.just("TTORDAB"), st.sampled_from(["001", "002"]), traders)
accounts = st.sampled_from([None, Account("123"), Account("456")])
USERS = [CompID(user) for user in ("ET1", "ET2", "ET3", "PM1", "PM2")]


@st.composite
def one_login(draw: st.DrawFn, user: CompID) -> Login:
    routing = draw(memberships | ttords)
    exchange = draw(memberships) if routing.is_ttord else routing
    return Login(user=user, routing=routing, exchange=exchange, account=draw(accounts))


gateways = st.tuples(*map(one_login, USERS)).map(Logins.of)
users = st.sampled_from(USERS)
parents = st.builds(ParentOrder, originator=users, account=accounts)


@pytest.mark.rule("VIS-2")
@given(gateways, users, accounts, st.none() | parents)
def test_submitter_is_in_the_audience(
    gateway: Logins, submitter: CompID, account: Account | None, parent: ParentOrder | None
) -> None:
    assert submitter in gateway.audience(submitter, account, parent)


@pytest.mark.rule("VIS-4")
@given(gateways, gateways, users, accounts, parents)
def test_owner_submitter_and_beneficiary_see_a_child(
    held: Logins, traded: Logins, owner: CompID, account: Account | None, parent: ParentOrder
) -> None:
    beneficiaries = tuple(held.beneficiaries(parent))
    known = attrs.evolve(parent, beneficiaries=beneficiaries)

    told = traded.audience(owner, account, known)

    assert {owner, parent.originator, *beneficiaries} <= set(told)


@pytest.mark.rule("VIS-3")
@given(gateways, users, accounts, accounts, parents)
def test_the_account_on_a_child_changes_nothing(
    gateway: Logins,
    owner: CompID,
    account: Account | None,
    other: Account | None,
    parent: ParentOrder,
) -> None:
    assert gateway.audience(owner, account, parent) == gateway.audience(owner, other, parent)


@pytest.mark.rule("VIS-2", "VIS-3", "VIS-4")
@given(gateways, memberships, memberships, traders, traders)
def test_customers_in_different_groups_never_see_each_other(
    gateway: Logins, exchange_1: Credential, exchange_2: Credential, one: str, other: str
) -> None:
    # PM1 and PM2, whatever they map to; everybody else is direct.
    direct = [login for login in gateway.by_user.values() if not login.routing.is_ttord]
    desk = [login for login in direct if not login.user.startswith("PM")]
    desk += [Login(user=CompID("ET9"), routing=exchange_1, exchange=exchange_1)]
    pm1 = Login(
        user=CompID("PM1"),
        routing=Credential("TTORDAB", "001", one),
        exchange=exchange_1,
        account=Account("123"),
    )
    pm2 = Login(
        user=CompID("PM2"),
        routing=Credential("TTORDAB", "002", other),
        exchange=exchange_2,
        account=Account("456"),
    )
    floor = Logins.of([pm1, *desk, pm2])

    for mine, theirs in ((pm1, pm2), (pm2, pm1)):
        parent = ParentOrder(originator=mine.user, account=mine.account)
        assert theirs.user not in floor.audience(mine.user, mine.account)
        for trader in desk:
            by_phone = ParentOrder(originator=trader.user, account=mine.account)
            for of in (parent, by_phone):
                assert theirs.user not in floor.audience(trader.user, theirs.account, of)


@pytest.mark.rule("VIS-1")
@given(gateways, users, accounts, st.none() | parents)
def test_renaming_the_trader_part_changes_nothing(
    gateway: Logins, submitter: CompID, account: Account | None, parent: ParentOrder | None
) -> None:
    renamed = Logins.of(
        attrs.evolve(
            login,
            routing=attrs.evolve(login.routing, trader=f"X{number}"),
            exchange=attrs.evolve(login.exchange, trader="Y"),
        )
        for number, login in enumerate(gateway.by_user.values())
    )

    assert renamed.audience(submitter, account, parent) == gateway.audience(
        submitter, account, parent
    )


@pytest.mark.rule("VIS-1", "VIS-2")
@given(gateways, users, accounts, st.none() | parents)
def test_a_user_in_an_unrelated_book_changes_no_audience(
    gateway: Logins, submitter: CompID, account: Account | None, parent: ParentOrder | None
) -> None:
    elsewhere = Credential("QQQ", "QQQ", "001")
    stranger = Login(
        user=CompID("AAA"), routing=elsewhere, exchange=elsewhere, account=Account("789")
    )
    joined = Logins.of([stranger, *gateway.by_user.values()])

    assert joined.audience(submitter, account, parent) == gateway.audience(
        submitter, account, parent
    )


@given(gateways, users, accounts, st.none() | parents)
def test_audience_is_sorted_and_names_nobody_twice(
    gateway: Logins, submitter: CompID, account: Account | None, parent: ParentOrder | None
) -> None:
    told = gateway.audience(submitter, account, parent)

    assert list(told) == sorted(set(told))
