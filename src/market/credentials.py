"""Who may see an order: gateway logins, and the audience rule.

An order is seen by those who share an order book with one of its two credentials
(the login it was entered under, and the exchange membership it goes out on), and
by those whose login has its account.  Only a user's *routing* credential is
compared: a whole desk's customers go out on one membership, and would otherwise
see each other's orders.

Sources: TT, "Staging Orders to Execution Traders Who Use Exchange Trader
Credentials" and "... Who Use TTORD Credentials"; readings in ``docs/readings.md``.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

import attrs
from attrs import validators

from .identifiers import Account, CompID
from .ledger import Rule

RULES = (
    Rule(
        "VIS-1",
        "Two credentials share an order book when Member and Group are equal; an explicit"
        " table of shared books overrides.",
        'TT, "Staging Orders to Execution Traders Who Use TTORD Credentials";'
        " docs/readings.md, shared order books",
        ("gateway.shared_books",),
    ),
    Rule(
        "VIS-2",
        "An order is seen by every user of the gateway whose routing credential shares a book"
        " with the order's routing or exchange credential.",
        'TT, "Staging Orders to Execution Traders Who Use Exchange Trader Credentials", step 2',
    ),
    Rule(
        "VIS-3",
        "An order that has an account is seen by every user whose login has that account;"
        " for a child of a staged order only the parent's account counts.",
        "TT, same page, alternate workflow step 3; docs/readings.md, the account of a child",
    ),
    Rule(
        "VIS-4",
        "A child is also seen by those who share a book with its parent's submitter or"
        " with the parent's beneficiary.",
        "TT, same page, steps 4 and 5; docs/readings.md, whom a staged order is for",
    ),
)


@attrs.frozen
class Credential:
    """A gateway login's name: ``Member/Group/Trader``.

    Raises:
        ValueError: if a part is empty (`parse` also refuses any other number of
            parts than three).
    """

    member: str = attrs.field(validator=validators.min_len(1))
    group: str = attrs.field(validator=validators.min_len(1))
    trader: str = attrs.field(validator=validators.min_len(1))

    @classmethod
    def parse(cls, text: str) -> Credential:
        parts = text.split("/")
        if len(parts) != 3 or not all(parts):
            raise ValueError(f"expected a credential Member/Group/Trader, was {text!r}")
        return cls(*parts)

    @property
    def is_ttord(self) -> bool:
        """Whether it is a proxy login.

        Source: TT User Setup, "Mapping a TTORD to an Exchange Trader".
        """
        return self.member.startswith("TTORD")

    @property
    def book(self) -> tuple[str, str]:
        return (self.member, self.group)

    def __str__(self) -> str:
        return f"{self.member}/{self.group}/{self.trader}"


@attrs.frozen(kw_only=True)
class Login:
    """One user's way into one gateway.

    Raises:
        ValueError: if the exchange credential is a TTORD, which is no membership.
    """

    user: CompID
    routing: Credential
    exchange: Credential = attrs.field()
    """The membership that this user's orders go out on; a direct user's is his own."""

    account: Account | None = None

    @exchange.validator
    def _is_a_membership(self, _attribute: object, exchange: Credential) -> None:
        # A TTORD here would show this user's orders to the customers of its group.
        if exchange.is_ttord:
            raise ValueError(
                f"{self.user}: {self.routing} must map to an exchange trader, was {exchange}"
            )


SharedBooks: TypeAlias = frozenset[frozenset[tuple[str, str]]]
"""Pairs of ``(member, group)`` that share an order book although they are not equal."""


@attrs.frozen(kw_only=True)
class ParentOrder:
    """What a child's audience depends on of its parent."""

    originator: CompID
    account: Account | None
    beneficiaries: tuple[CompID, ...] = ()
    """Whom the parent is for, as the gateway that holds it knows them: a login there may
    have an account that the same user's login here has not."""


@attrs.frozen
class Logins:
    """All logins of one gateway, one for each user, in the order of the scenario."""

    by_user: Mapping[CompID, Login]
    shared_books: SharedBooks = frozenset()

    @classmethod
    def of(cls, logins: Iterable[Login], shared_books: SharedBooks = frozenset()) -> Logins:
        return cls({login.user: login for login in logins}, shared_books)

    def shares(self, one: Credential, other: Credential) -> bool:
        """Return whether the two see the same order book (VIS-1)."""
        return one.book == other.book or frozenset({one.book, other.book}) in self.shared_books

    def beneficiaries(self, parent: ParentOrder) -> Sequence[CompID]:
        """Return those a staged order is for: all who have its account, else its submitter.

        Asked of the parent's own gateway, the answer is what `ParentOrder` carries to
        the gateways of its children.
        """
        if parent.beneficiaries:
            return parent.beneficiaries
        owners = [
            login.user
            for login in self.by_user.values()
            if parent.account and login.account == parent.account
        ]
        return owners or [parent.originator]

    def audience(
        self, submitter: CompID, account: Account | None, parent: ParentOrder | None = None
    ) -> tuple[CompID, ...]:
        """Return who sees an order on this gateway, by name (VIS-2, VIS-3, VIS-4).

        Args:
            submitter: whose order it is; he has a login here.
            account: the order's account.  It does not count for a child.
            parent: the staged order that it is a child of, if it is one.

        Returns:
            The users in the order of their names, the submitter among them.
        """
        own = self.by_user[submitter]
        principals = [own.routing, own.exchange]
        accounts = {account} if account and parent is None else set()
        if parent is not None:
            for user in (parent.originator, *self.beneficiaries(parent)):
                if login := self.by_user.get(user):
                    principals.append(login.routing)
            if parent.account:
                accounts.add(parent.account)
        return tuple(
            sorted(
                login.user
                for login in self.by_user.values()
                if login.account in accounts
                or any(self.shares(login.routing, principal) for principal in principals)
            )
        )


def books_apart(held: Logins, traded: Logins) -> tuple[tuple[CompID, CompID], ...]:
    """Return the pairs of users who share a book on *held* and not on *traded*.

    Where *held* keeps staged orders and *traded* their children, each of a pair sees
    the other's parents and not his children, which is seldom meant.  A user without a
    login on both is in no pair.

    Returns:
        Pairs in the order of their names, each in one direction only.
    """
    both = sorted(user for user in held.by_user if user in traded.by_user)
    return tuple(
        (one, other)
        for one, other in itertools.combinations(both, 2)
        if held.shares(held.by_user[one].routing, held.by_user[other].routing)
        and not traded.shares(traded.by_user[one].routing, traded.by_user[other].routing)
    )
