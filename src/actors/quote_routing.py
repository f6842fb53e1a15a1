"""Quotes on their way through an exchange gateway, which is one session for many users.

As with orders, each user names his quotes as he likes; at the venue they have names of the
gateway's session.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import attrs
import msgspec

from ..market.credentials import Logins
from ..market.fix import BusinessRejectReason, QuoteRejectReason, QuoteStatus
from ..market.identifiers import ClOrdID, CompID, QuoteID, Symbol
from ..market.messages import ExecutionReport
from ..market.quotes import MassQuote, MassQuoteAck, QuoteCancel, QuoteCancelAck, QuoteEntry
from ..market.rejects import BusinessMessageReject, SessionReject
from ..runtime.participant import Send


@attrs.frozen
class _Named:
    """What a name of the gateway's session stands for."""

    user: CompID
    name: str
    """The user's."""

    audience: tuple[CompID, ...]
    """Who hears of it."""


@attrs.define(eq=False)
class QuoteRouting:
    """Passes quotes on to the venue, and the venue's word on them to everyone who may see."""

    _gateway: CompID
    _logins: Logins
    _exchanges: Mapping[Symbol, CompID]
    _is_order: Callable[[CompID, ClOrdID], bool]
    """Whether a user has an order of that name, so that no quote can have it."""

    _known: dict[str, _Named] = attrs.field(init=False, factory=dict)
    """By the names of the session, of messages and of entries."""

    _used: set[tuple[CompID, str]] = attrs.field(init=False, factory=set)
    """The names of his messages that each user has used."""

    _entries: set[tuple[CompID, ClOrdID]] = attrs.field(init=False, factory=set)
    """The names of the entries that each user has quoted."""

    _names: int = attrs.field(init=False, default=0)

    def is_quote(self, user: CompID, name: ClOrdID) -> bool:
        """Return whether *user* has quoted under *name*, so that no order can have it."""
        return (user, name) in self._entries

    def knows(self, name: str) -> bool:
        """Return whether *name* is a quote's, or a message's about quotes, at the venue."""
        return name in self._known

    # --- from users ------------------------------------------------------------------

    def quote(self, request: MassQuote, user: CompID, now_ns: int) -> Iterator[Send]:
        objection = self._objection(request, user)
        if objection is not None:
            reason, text = objection
            ack = MassQuoteAck(
                target_comp_id=user,
                quote_id=request.quote_id,
                quote_status=QuoteStatus.REJECTED,
                transact_time_ns=now_ns,
                quote_reject_reason=reason,
                text=text,
                target_sub_id=user,
                account=request.account,
                self_match_prevention_id=request.self_match_prevention_id,
            )
            yield Send(user, ack)
            return
        self._used.add((user, request.quote_id))
        audience = self._logins.audience(user, request.account)
        sets = tuple(
            msgspec.structs.replace(
                quote_set,
                entries=tuple(self._sent(entry, user, audience) for entry in quote_set.entries),
            )
            for quote_set in request.quote_sets
        )
        sent = msgspec.structs.replace(
            request,
            sender_comp_id=self._gateway,
            sender_sub_id=user,
            quote_id=QuoteID(self._name(_Named(user, request.quote_id, audience))),
            quote_sets=sets,
        )
        yield Send(self._exchanges[request.entries[0].symbol], sent)

    def cancel(self, request: QuoteCancel, user: CompID, now_ns: int) -> Iterator[Send]:
        """Pass a request to cancel quotes on, to every venue that it may concern."""
        objection = self._objection(request, user)
        if objection is not None:
            reason, text = objection
            ack = QuoteCancelAck(
                target_comp_id=user,
                quote_status=QuoteStatus.REJECTED,
                transact_time_ns=now_ns,
                quote_id=request.quote_id,
                quote_reject_reason=reason,
                text=text,
                target_sub_id=user,
            )
            yield Send(user, ack)
            return
        self._used.add((user, request.quote_id))
        sent = msgspec.structs.replace(
            request,
            sender_comp_id=self._gateway,
            sender_sub_id=user,
            quote_id=QuoteID(self._name(_Named(user, request.quote_id, (user,)))),
        )
        for venue in dict.fromkeys(self._exchanges.values()):
            of_it = tuple(one for one in request.symbols if self._exchanges[one] == venue)
            if of_it or not request.symbols:
                yield Send(venue, msgspec.structs.replace(sent, symbols=of_it))

    def _objection(
        self, request: MassQuote | QuoteCancel, user: CompID
    ) -> tuple[QuoteRejectReason, str] | None:
        if request.sender_comp_id != user or user not in self._logins.by_user:
            text = f"{request.sender_comp_id} is not logged in here as {user}"
            return QuoteRejectReason.OTHER, text
        if (user, request.quote_id) in self._used:
            text = f"{user} has used the name {request.quote_id} before"
            return QuoteRejectReason.DUPLICATE_QUOTE, text
        if isinstance(request, QuoteCancel):
            symbols = request.symbols
        else:
            symbols = (request.entries[0].symbol,)
            for entry in request.entries:
                if self._is_order(user, entry.quote_entry_id):
                    text = f"{user} has an order of the name {entry.quote_entry_id}"
                    return QuoteRejectReason.DUPLICATE_QUOTE, text
        for symbol in symbols:
            if symbol not in self._exchanges:
                known = ", ".join(self._exchanges)
                text = f"{self._gateway} lists no {symbol!r}; it lists: {known}"
                return QuoteRejectReason.UNKNOWN_SYMBOL, text
        return None

    def _sent(self, entry: QuoteEntry, user: CompID, audience: tuple[CompID, ...]) -> QuoteEntry:
        self._entries.add((user, entry.quote_entry_id))
        name = self._name(_Named(user, entry.quote_entry_id, audience))
        return msgspec.structs.replace(entry, quote_entry_id=ClOrdID(name))

    def _name(self, named: _Named) -> str:
        self._names += 1
        name = f"{self._gateway}-Q{self._names}"
        self._known[name] = named
        return name

    # --- from the venue --------------------------------------------------------------

    def acknowledged(self, ack: MassQuoteAck) -> Iterator[Send]:
        named = self._known[ack.quote_id]
        sets = tuple(
            msgspec.structs.replace(
                quote_set,
                entries=tuple(
                    msgspec.structs.replace(entry, quote_entry_id=self._own(entry.quote_entry_id))
                    for entry in quote_set.entries
                ),
            )
            for quote_set in ack.quote_sets
        )
        told = msgspec.structs.replace(ack, quote_id=QuoteID(named.name), quote_sets=sets)
        if not sets:  # it has not been looked at, and its name may be used again
            self._used.discard((named.user, named.name))
        audience = named.audience if sets else (named.user,)
        for user in audience:
            yield Send(user, msgspec.structs.replace(told, target_comp_id=user))

    def canceled(self, ack: QuoteCancelAck) -> Iterator[Send]:
        user = ack.target_sub_id
        assert user is not None, "this session's quotes name their user"
        audience = {user: None}
        for one in ack.canceled:
            audience |= dict.fromkeys(self._known[one.quote_entry_id].audience)
        gone = tuple(
            msgspec.structs.replace(one, quote_entry_id=self._own(one.quote_entry_id))
            for one in ack.canceled
        )
        quote_id = None
        if ack.quote_id is not None:
            quote_id = QuoteID(self._known[ack.quote_id].name)
            if ack.quote_reject_reason is not None:
                self._used.discard((user, quote_id))
        told = msgspec.structs.replace(ack, quote_id=quote_id, canceled=gone)
        for each in audience:
            yield Send(each, msgspec.structs.replace(told, target_comp_id=each))

    def reported(self, report: ExecutionReport) -> Iterator[Send]:
        named = self._known[report.cl_ord_id]
        name = ClOrdID(named.name)
        for user in named.audience:
            told = msgspec.structs.replace(report, target_comp_id=user, cl_ord_id=name)
            yield Send(user, told)

    def refused(self, reject: SessionReject | BusinessMessageReject) -> Iterator[Send]:
        """Tell of a message that the venue has refused; users have no part in its session."""
        if isinstance(reject, SessionReject):
            name, reason = reject.ref_id, BusinessRejectReason.OTHER
        else:
            name, reason = reject.business_reject_ref_id, reject.business_reject_reason
        named = self._known[name]
        self._used.discard((named.user, named.name))
        told = BusinessMessageReject(
            target_comp_id=named.user,
            ref_msg_type=reject.ref_msg_type,
            business_reject_ref_id=named.name,
            text=reject.text,
            transact_time_ns=reject.transact_time_ns,
            business_reject_reason=reason,
            target_sub_id=named.user,
        )
        yield Send(named.user, told)

    def _own(self, name: ClOrdID) -> ClOrdID:
        """Return the user's name for what the session calls *name*."""
        return ClOrdID(self._known[name].name)
