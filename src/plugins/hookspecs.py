"""The contract between floorproof and its plugins.

Two kinds of hooks.  *Providers* are called once, when a floor is assembled; each
returns what a plugin offers, by name.  *Rules* are called while an exchange runs,
of the rule sets that a scenario chose for it, in their declared order.  A rule's
answer is a value from `floorproof.market.rules`: it decides, the exchange acts.

Every provider's class is an attrs class.  Its fields are its settings, filled from
its table in the scenario file; an unknown or wrong setting is refused before the
run starts.

An exception raised in a rule ends the run before anything of the request is
applied, and is reported with the rule set's name, the hook and what was asked: a
rule that cannot decide is a bug, not a reject.  ``after_request`` and ``after_trades``
are the exceptions: they are asked about a request that has been applied, so that the
request stands, and none of the settle effects is carried out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import attrs
import pluggy

if TYPE_CHECKING:
    import click

    from ..market.ledger import Rule
    from ..market.messages import NewOrderSingle, OrderRequest
    from ..market.profile import VenueProfile
    from ..market.rules import (
        Admitted,
        Guard,
        MarketView,
        Prevention,
        Reject,
        RestingOrder,
        SettleEffect,
    )
    from ..market.session_rules import EndEffect, MessageEffect, SessionView
    from ..market.sessions import TradingState
    from ..runtime.journal import Entry
    from .ordering import Bundle

CONTRACT_VERSION = 1
"""A plugin says for which version it was built in ``floorproof_contract``."""

hookspec = pluggy.HookspecMarker("floorproof")
hookimpl = pluggy.HookimplMarker("floorproof")


# --- providers -----------------------------------------------------------------------


@hookspec
def matching_algorithms() -> Mapping[str, type]:
    """Offer matching algorithms: name in the scenario to `floorproof.market.matching.Algorithm`."""
    raise NotImplementedError


@hookspec
def rule_sets() -> Mapping[str, type | Bundle]:
    """Offer rule sets: name to a class that implements some of the rule hooks below.

    A tuple of names in place of a class is a *bundle*: several rule sets, or bundles, of
    this plugin or of others, under one name.  A bundle has no settings of its own, and
    settles no order among its members: where two of them implement one hook, ``after``
    must, or a scenario that lists the bundle is refused.

    A rule-set class may declare, as class attributes, ``after`` (names of rule sets
    that are asked before it where both are loaded), ``requires`` (names that are
    loaded with it) and ``conflicts`` (names it cannot be loaded with), each a tuple
    of names.  It may have methods of its settings: ``applies_to(symbol) -> bool`` to
    stay out of an instrument; ``trading_states() -> Iterable[TradingState]``, the states
    that it brings to its venue, for boards, timetables and its own changes of state;
    ``auction_chain() -> Chain``, how auctions choose their price at its venue, where an
    instrument does not say;
    ``check_instrument(instrument)``, which raises ValueError before the run where its
    settings do not go with an instrument that it is asked about;
    ``with_firms(firms, registered)``, which returns the rule set with the executing firm of
    each registered session (name to GFID), or raises ValueError where its settings say
    something else; and for public feeds
    ``opening(market)`` and ``announced(board)``, what they say of an instrument and of a
    board's day as they begin, as values that it could publish, and ``cross_type(state)``, of
    which auction an indicative price in a state is.  For speed alone it may have
    ``indifferent(market)``, which returns a `floorproof.market.rules.Indifferent`: the trades,
    orders and cancels that it has nothing against, whoever's they are, and the trades that it
    need not hear of, until it next remembers something; about these it is then not asked.
    It may be ``level_by_level``, a bool, to be asked so in ``before_match``.
    For the map of what runs have reached it may have ``signs``, a mapping of an effect's class
    name to the ids of the rules that such an effect of its shows.
    It holds settings only: what it must remember it says with `Remember`.
    """
    raise NotImplementedError


@hookspec
def order_types() -> Mapping[str, type]:
    """Offer order types of the synthetic gateway: the type's name to its class.

    See `floorproof.plugins.desk.OrderType` for what such a class does on a desk of people, and
    `floorproof.plugins.synthetic.SyntheticOrderType` for those that work orders by themselves.
    """
    raise NotImplementedError


@hookspec
def participants() -> Mapping[str, type]:
    """Offer participants: the kind's name in ``[[participant]]`` to its class.

    An instance has ``receive(delivery)`` or ``async run(mailbox)``; see
    `floorproof.runtime.participant`.  A class may declare, as a class attribute,
    ``facts``: a tuple of all kinds of facts that it puts on record.  Only what is
    declared may a scenario expect *not* to be on record.
    """
    raise NotImplementedError


@hookspec
def scenario_actions() -> Mapping[str, type]:
    """Offer actions for ``[[step]]``: the word after ``do`` to its class.

    See `floorproof.plugins.actions.Action` for what such a class does.
    """
    raise NotImplementedError


@attrs.frozen
class ShortForm:
    """An export with an option of its own: ``run --NAME FILE`` for ``--export NAME=FILE``.

    Where ``run`` has an option of that name itself, the long form alone leads to it.
    """

    export: Callable[[Sequence[Entry]], bytes]
    help: str
    """What ``run --help`` says of the option, a sentence."""

    is_text: bool = False
    """Whether it is text for people: ``run FILE --NAME``, without a file, then prints it."""

    def __call__(self, entries: Sequence[Entry]) -> bytes:
        return self.export(entries)


@hookspec
def invariants() -> Mapping[str, type]:
    """Offer invariants, which must hold in every run: name to class.

    See `floorproof.plugins.watching.Invariant` for what such a class does.  All that are
    offered watch every run, but for those that are ``costly``, which a scenario names.
    """
    raise NotImplementedError


@hookspec
def sometimes_invariants() -> Mapping[str, type]:
    """Offer what some run should come to: name to class.

    See `floorproof.plugins.watching.Sometimes` for what such a class does.
    """
    raise NotImplementedError


@hookspec
def exporters() -> Mapping[str, Callable[..., bytes]]:
    """Offer exports of a run: name to a function of journal entries to bytes.

    A `ShortForm` around it gives it an option of its own.  What an export finds wrong with
    a run (it has nothing to export, say) it raises as a
    `floorproof.runtime.errors.FloorproofError`; nothing is written then.
    """
    raise NotImplementedError


@hookspec
def commands() -> Mapping[str, click.Command]:
    """Offer commands for the ``floorproof`` program, by name."""
    raise NotImplementedError


@hookspec
def venues() -> Mapping[str, VenueProfile]:
    """Offer venues: the name in ``venue`` of an ``[[exchange]]`` to what is known of it."""
    raise NotImplementedError


@hookspec
def rules() -> Sequence[Rule] | Mapping[str, Sequence[Rule]]:
    """Say which rules the plugin implements, for the ledger that ``floorproof rules`` prints.

    A mapping says which of the names that the plugin offers has which rules: a rule set, a
    bundle, an algorithm.  A plain sequence is of all that it offers.  A rule may belong to
    several names, also of several plugins, if it is the same everywhere.  The rules of a
    venue stand in its profile.
    """
    raise NotImplementedError


# --- rules ---------------------------------------------------------------------------


@hookspec(firstresult=True)
def admit_request(request: Admitted) -> Reject | None:
    """Refuse a message for what it says by itself, before the exchange looks at it.

    Phase *admit*.  Asked once for every new order, change and mass quote, of all rule sets
    of the exchange in their order, and before the exchange's own objections: nobody has
    looked yet for the instrument, so that there is no market to see, and ``applies_to`` is
    not asked.  A mass quote is one message here, whatever it quotes or cancels.  The first
    answer that is not None is final, and the rest are not asked.

    Args:
        request: the message as its session sent it; a mass quote as a
            `floorproof.market.quotes.MassQuote`.

    Returns:
        The reject to answer with, or None to have no objection.
    """


@hookspec(firstresult=True)
def accept_request(request: OrderRequest, market: MarketView) -> Reject | None:
    """Refuse *request* before anything happens to it.

    Phase *accept*.  Asked once for every order, change and cancel to which the exchange
    itself does not object, of the rule sets in their order; the first answer that is
    not None is final, and the rest are not asked.  A mass action is not put to them.  Of a
    mass quote each side is, as a `floorproof.market.quotes.QuotedOrder`: a reject refuses its
    entry, or at another level than that of the execution the whole message.

    Args:
        request: the request as its session sent it.
        market: the instrument as it stood before the request.

    Returns:
        The reject to answer with, or None to have no objection.
    """


@hookspec
def before_match(
    aggressor: NewOrderSingle, candidates: Sequence[RestingOrder], market: MarketView
) -> Sequence[Prevention] | None:
    """Say which orders the aggressor may not meet, and who is canceled for it.

    Phase *prevent*.  Under an algorithm in which the aggressor *would* trade (FIFO)
    asked for one resting order at a time, when it is reached and the aggressor has
    quantity left; where it *could* trade (all others), once, with every order inside
    the aggressor's limit, best first, or, of a rule set that is ``level_by_level``, with
    every order of a price, when that is reached and the aggressor has quantity left.
    All rule sets are asked, those that are not ``level_by_level`` before those that are;
    a resting order that one has canceled is not shown to the next.

    Args:
        aggressor: the order that arrived; after a change, the order as changed.
        candidates: resting orders of the other side, in the order of the book.
        market: the instrument as it stood before the request.

    Returns:
        What to do, in order: `CancelResting` takes that order out of the way,
        `CancelAggressor` ends the aggressor before it reaches the first candidate
        shown (*would*, ``level_by_level``) or at all (*could*).  None or nothing to have
        no objection.
    """


@hookspec(firstresult=True)
def before_trade(price: int, quantity: int, market: MarketView) -> Guard | None:
    """Stop the aggressor before a trade.

    Phase *guard*.  Asked for every trade that the plan holds, in order, before it is
    made, of the rule sets in their order; the first answer that is not None is final.

    Args:
        price: where the trade would be.
        quantity: how much would trade.
        market: the instrument as it stood before the request.

    Returns:
        `StopSweep`, whose ``remainder`` says whether what is left of the aggressor
        joins the book or is canceled (a market that goes on matching is crossed if it
        joins, as its limit reaches the order that it was kept from: that is for a venue
        that wants this); `Interrupt`, after which the instrument is in
        another state as well, and whose ``fills`` says whether the trades planned so
        far stand; or None to let the trade happen.
    """


@hookspec
def after_request(events: Sequence[object], market: MarketView) -> Sequence[SettleEffect] | None:
    """Say what else changes or is published because of a request.

    Phase *settle*.  Asked once after each request that was applied, of all rule sets
    in their order.

    Args:
        events: what happened, first to last (`floorproof.market.matching.BookEvent`).
        market: the instrument after the request.
    """


@hookspec
def after_trades(events: Sequence[object], market: MarketView) -> Sequence[SettleEffect] | None:
    """Say what else changes or is published because something has traded.

    Phase *settle*.  Asked as ``after_request`` is, and after it, but of those requests and
    changes of state alone in which anything has traded: a rule set that follows the last
    price costs the others nothing.

    Args:
        events: what happened, first to last, trades among it.
        market: the instrument after the request.
    """


@hookspec
def scheduled(name: str, market: MarketView) -> Sequence[SettleEffect] | None:
    """Say what happens at a moment that this rule set asked for with `Schedule`.

    Only the rule set that scheduled it is asked.
    """


@hookspec
def trading_session_changed(
    old: TradingState, new: TradingState, market: MarketView
) -> Sequence[SettleEffect] | None:
    """Say what else changes or is published because an instrument entered a state.

    Phase *session*.  Asked of all rule sets in their order, after the state's own
    consequences (its auction, the end of the day) and before the stops that its auction
    elects; `MarketView.auction` says what the auction came to.
    """


@hookspec(firstresult=True)
def auction_reference(market: MarketView) -> int | None:
    """Say which price an auction refers to.

    Phase *session*.  Asked whenever an auction's price is looked for, of the rule sets
    in their order; the first answer that is not None is final.  Without one it is the
    last trade's price, and before the first trade the instrument's reference price.
    """


# --- rules of sessions ---------------------------------------------------------------


@hookspec
def accept_message(msg_type: str, session: SessionView) -> Sequence[MessageEffect] | None:
    """Say whether a session may send a message.

    Asked of every application message of a session in FIX text, in its place, before it is
    read, of the rule sets in their order.  The first that refuses it or ends the session
    decides, and the rest are not asked.

    Args:
        msg_type: its type (FIX 35).
        session: the session as it stood before the message.
    """


@hookspec
def session_ended(is_own_logout: bool, session: SessionView) -> Sequence[EndEffect] | None:
    """Say what the end of a connection comes to, of which somebody was logged on.

    Asked of all rule sets in their order.

    Args:
        is_own_logout: whether the client logged out; else the connection was lost, or the
            venue ended it.
    """
