"""Users as a scenario declares them: what each may be, and his logins at each gateway."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..market.credentials import Credential, Login, Logins, SharedBooks, books_apart
from ..market.identifiers import Account, CompID
from ..market.permissions import Pair, check_pair
from ..market.staging import Permission
from .errors import ScenarioError, blamed_on, unknown
from .schema import GatewayTable, LoginTable, ScenarioFile, UserTable


def logins(tables: ScenarioFile) -> dict[CompID, Logins]:
    """Return the logins of each gateway.

    Raises:
        ScenarioError: if a user is not what he can be, a login leads nowhere, or a
            proxy login maps to an exchange trader whom nobody is.
    """
    gateways = [gateway.name for gateway in tables.gateway]
    by_gateway: dict[str, list[Login]] = {name: [] for name in gateways}
    traders = {
        (login.gateway, login.routing_mgt)
        for user in tables.user
        if user.role == "execution_trader"
        for login in user.login
    }
    for index, user in enumerate(tables.user):
        _check_user(user, f"user[{index}]")
        for number, table in enumerate(user.login):
            where = f"user[{index}].login[{number}]"
            if table.gateway not in gateways:
                raise ScenarioError(f"{where}.gateway", unknown("gateway", table.gateway, gateways))
            login = _login(user, table, where)
            if any(other.user == login.user for other in by_gateway[table.gateway]):
                raise ScenarioError(
                    where, f"{user.name} has two logins at {table.gateway}, one is allowed"
                )
            if login.routing.is_ttord and (table.gateway, str(login.exchange)) not in traders:
                raise ScenarioError(
                    f"{where}.exchange_mgt",
                    f"{login.routing} maps to {login.exchange}, which no execution trader "
                    f"holds at {table.gateway}",
                )
            by_gateway[table.gateway].append(login)
    return {
        CompID(gateway.name): Logins.of(
            by_gateway[gateway.name], _shared_books(gateway, f"gateway[{index}]")
        )
        for index, gateway in enumerate(tables.gateway)
    }


def permissions_of(user: UserTable) -> dict[Pair, bool]:
    """Return what is set for a user as the run begins."""
    pairs: dict[Pair, bool] = {(permission, None): True for permission in user.permissions}
    if not user.oms_allowed:
        pairs[Permission.OMS, None] = False
    for table in user.account:
        for permission in table.permissions:
            pairs[permission, Account(table.account)] = True
    return pairs


def accounts(by_gateway: Mapping[CompID, Logins]) -> dict[Account, tuple[CompID, ...]]:
    """Return who has each account, on any gateway."""
    found: dict[Account, tuple[CompID, ...]] = {}
    for logins in by_gateway.values():
        for login in logins.by_user.values():
            if login.account and login.user not in found.get(login.account, ()):
                found[login.account] = (*found.get(login.account, ()), login.user)
    return found


def warnings(tables: ScenarioFile, by_gateway: Mapping[CompID, Logins]) -> Iterator[str]:
    """Yield what is allowed of logins and seldom meant."""
    for held in tables.gateway:
        for traded in tables.gateway:
            if (held.kind, traded.kind) != ("sse", "exchange"):
                continue
            pairs = books_apart(by_gateway[CompID(held.name)], by_gateway[CompID(traded.name)])
            for one, other in pairs:
                yield (
                    f"{one} and {other} share an order book at {held.name} but not at "
                    f"{traded.name}: each sees the other's staged orders and not their children"
                )


def _check_user(user: UserTable, where: str) -> None:
    habits = user.habits
    idle = not (habits.claims_whatever_is_available or habits.works_in_children_of)
    if user.role != "execution_trader" and not idle:
        raise ScenarioError(f"{where}.habits", f"{user.name} is no execution trader")
    if user.role == "administrator" and (user.login or user.permissions or user.account):
        raise ScenarioError(
            where, f"{user.name} is an administrator, who has no logins and no permissions"
        )
    _check_permissions(user, where)


def _check_permissions(user: UserTable, where: str) -> None:
    if Permission.OMS in user.permissions:
        raise ScenarioError(
            f"{where}.permissions",
            f"{Permission.OMS} is no permission of this list: everybody has it from whom "
            "`oms_allowed = false` does not take it",
        )
    accounts = [table.account for table in user.account]
    for number, table in enumerate(user.account):
        at = f"{where}.account[{number}]"
        if table.account in accounts[:number]:
            raise ScenarioError(at, f"account {table.account} has a table already")
        for permission in table.permissions:
            with blamed_on(f"{at}.permissions"):
                check_pair(permission, table.account)
        _check_held(user, {*user.permissions, *table.permissions}, f"{at}.permissions")
    _check_held(user, {*user.permissions}, f"{where}.permissions")


def _check_held(user: UserTable, permissions: set[Permission], where: str) -> None:
    without, held = Permission.MANAGE_WITHOUT_CLAIMING, Permission.ONLY_PRICE_IMPROVEMENTS
    if {without, held} <= permissions:
        raise ScenarioError(where, f"{user.name} has {held}, which needs {without} off")


def _login(user: UserTable, table: LoginTable, where: str) -> Login:
    first = table.exchange_mgt if isinstance(table.exchange_mgt, str) else table.exchange_mgt[0]
    if not first:
        raise ScenarioError(
            f"{where}.exchange_mgt",
            f"{table.routing_mgt} maps to no exchange trader; expected Member/Group/Trader",
        )
    with blamed_on(f"{where}.routing_mgt"):
        routing = Credential.parse(table.routing_mgt)
    with blamed_on(f"{where}.exchange_mgt"):
        login = Login(
            user=CompID(user.name),
            routing=routing,
            exchange=Credential.parse(first),
            account=Account(table.account) if table.account else None,
        )
    if not routing.is_ttord and login.exchange != routing:
        raise ScenarioError(
            f"{where}.exchange_mgt",
            f"{routing} is a direct login, whose exchange credential is its own; "
            f"found {login.exchange}",
        )
    return login


def _shared_books(gateway: GatewayTable, where: str) -> SharedBooks:
    pairs = []
    for index, pair in enumerate(gateway.shared_books):
        books = [tuple(book.split("/")) for book in pair]
        if not all(len(book) == 2 and all(book) for book in books):
            raise ScenarioError(
                f"{where}.shared_books[{index}]",
                f"expected two of the form Member/Group, found {list(pair)}",
            )
        pairs.append(frozenset((book[0], book[1]) for book in books))
    return frozenset(pairs)
