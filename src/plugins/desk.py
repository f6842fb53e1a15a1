"""What an order type of the synthetic gateway is, sees and answers.

An order type holds settings only.  What it must know of a parent order is a value
that it hands the gateway with `Keep` and is given back at the next event, so that it
survives a restart.  It is pure: an event and the desk in, effects out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol, TypeAlias

import attrs

from ..market.credentials import Login
from ..market.identifiers import Account, CompID, StagedOrderID, Symbol
from ..market.instrument import Instrument
from ..market.messages import OrderRequest, VenueReport
from ..market.staging import NewStagedOrder, Permission, ReserveChild, StagedRequest


class Parent(Protocol):
    """What the gateway itself must know of a parent order: who may see it."""

    @property
    def staged_order_id(self) -> StagedOrderID: ...
    @property
    def originator(self) -> CompID: ...
    @property
    def account(self) -> Account | None: ...


class Desk(Protocol):
    """The synthetic gateway as an order type sees it: read-only, as of now."""

    @property
    def now_ns(self) -> int:
        """Nanoseconds since the start of the run."""

    @property
    def name(self) -> CompID:
        """The gateway's own."""

    def may(self, user: CompID, permission: Permission, account: Account | None = None, /) -> bool:
        """Return whether the administrator allows *user* that for orders of *account*."""

    def login(self, user: CompID) -> Login | None:
        """Return *user*'s login on this gateway, or None."""

    def sees(self, user: CompID, parent: Parent) -> bool:
        """Return whether *user* is in the audience of *parent* on this gateway."""

    def beneficiaries(self, parent: Parent) -> Sequence[CompID]:
        """Return whom *parent* is for: the holders of its account here, else its originator."""

    def holders(self, account: Account) -> Sequence[CompID]:
        """Return the users who have *account* on any gateway that this one knows of."""

    def instrument(self, symbol: Symbol) -> Instrument | None:
        """Return the instrument, or None where no exchange of the floor lists it."""


@attrs.frozen
class ChildReport:
    """An exchange has said something about a child of the parent."""

    gateway: CompID
    """The child's gateway, which passed the report on."""

    report: VenueReport


DeskEvent: TypeAlias = StagedRequest | ReserveChild | ChildReport


@attrs.frozen
class Keep:
    """Keep *parent* as the parent's state from now on."""

    parent: Parent


@attrs.frozen
class Tell:
    """Send *message* to its ``target_comp_id`` alone."""

    message: object


@attrs.frozen
class Announce:
    """Send *message* to everyone who may see the parent, each in his own name.

    The gateway fills in ``target_comp_id``.
    """

    message: object


@attrs.frozen
class AskOnBehalf:
    """Have a child's gateway do *request* for the user whom it names as its sender.

    What comes of it arrives as a `ChildReport`, and its user is told as of a request of
    his own.  A new order names its parent.
    """

    gateway: CompID
    request: OrderRequest


@attrs.frozen
class Warn:
    """Put on record what an operator should look at; nobody on the floor is told."""

    text: str


DeskEffect: TypeAlias = Keep | Tell | Announce | AskOnBehalf | Warn


class OrderType(Protocol):
    """One kind of order that lives at the synthetic gateway."""

    def submit(self, request: NewStagedOrder, desk: Desk, /) -> Iterable[DeskEffect]:
        """Return what entering a new parent causes.

        The gateway has checked that the sender is logged in, that the name is new,
        and that the instrument is listed behind the gateway that the order names.
        Without a `Keep` the order does not come to be.
        """

    def handle(self, parent: Parent, event: DeskEvent, desk: Desk, /) -> Iterable[DeskEffect]:
        """Return what *event* causes for *parent*, which `Keep` handed over before."""
