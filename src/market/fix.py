"""FIX enumerations, each member with its value on the wire (FIX 5.0 SP2 unless it says)."""

from __future__ import annotations

from enum import StrEnum


class Side(StrEnum):
    """Tag 54."""

    BUY = "1"
    SELL = "2"

    @property
    def opposite(self) -> Side:
        return Side.SELL if self is Side.BUY else Side.BUY


class OrdType(StrEnum):
    """Tag 40."""

    MARKET = "1"
    LIMIT = "2"
    STOP = "3"
    """Trades once its trigger has been reached: at any price, or at what protects it."""
    STOP_LIMIT = "4"
    MARKET_LIMIT = "K"
    """Trades at the touch alone; what is left rests there (market with left over as limit)."""


class TimeInForce(StrEnum):
    """Tag 59."""

    DAY = "0"
    GOOD_TILL_CANCEL = "1"
    IMMEDIATE_OR_CANCEL = "3"
    """CME's fill and kill."""
    FILL_OR_KILL = "4"
    GOOD_TILL_DATE = "6"


class ExecType(StrEnum):
    """Tag 150: what a report announces."""

    NEW = "0"
    CANCELED = "4"
    REPLACED = "5"
    REJECTED = "8"
    EXPIRED = "C"
    """The venue took the rest of the order off: CME calls it an elimination."""
    TRADE = "F"
    TRADE_CANCEL = "H"
    """The venue took a trade back: a bust."""
    ORDER_STATUS = "I"
    """Nothing has happened: somebody asked how the order stands."""
    TRIGGERED = "L"
    """A stop was elected, and is an order like others from now on."""


class OrdStatus(StrEnum):
    """Tag 39: where the order stands after the report."""

    NEW = "0"
    PARTIALLY_FILLED = "1"
    FILLED = "2"
    CANCELED = "4"
    REJECTED = "8"
    EXPIRED = "C"


class OrdRejReason(StrEnum):
    """Tag 103; the standard's own codes.  A venue's codec has the venue's."""

    BROKER_OPTION = "0"
    UNKNOWN_SYMBOL = "1"
    EXCHANGE_CLOSED = "2"
    ORDER_EXCEEDS_LIMIT = "3"
    UNKNOWN_ORDER = "5"
    DUPLICATE_ORDER = "6"
    UNSUPPORTED_ORDER_CHARACTERISTIC = "11"
    INCORRECT_QUANTITY = "13"
    PRICE_EXCEEDS_CURRENT_PRICE_BAND = "16"
    INVALID_PRICE_INCREMENT = "18"
    OTHER = "99"


class CxlRejReason(StrEnum):
    """Tag 102."""

    TOO_LATE_TO_CANCEL = "0"
    UNKNOWN_ORDER = "1"
    BROKER_OPTION = "2"
    ORDER_ALREADY_IN_PENDING_STATUS = "3"
    DUPLICATE_CL_ORD_ID = "6"
    PRICE_EXCEEDS_CURRENT_PRICE_BAND = "8"
    INVALID_PRICE_INCREMENT = "18"
    OTHER = "99"


class CxlRejResponseTo(StrEnum):
    """Tag 434: which request a cancel reject answers."""

    ORDER_CANCEL_REQUEST = "1"
    ORDER_CANCEL_REPLACE_REQUEST = "2"


class MassActionResponse(StrEnum):
    """Tag 1375."""

    REJECTED = "0"
    ACCEPTED = "1"


class ExecRestatementReason(StrEnum):
    """Tag 378: why the venue changed an order that nobody asked it to change."""

    MARKET_OPTION = "8"
    """A market order's or an immediate order's rest found nobody to trade with."""
    OTHER = "99"
    CANCEL_ON_DISCONNECT = "100"
    """CME's: the session was lost."""
    SELF_MATCH_OLDEST = "103"
    """CME's: the resting order, which would have met one of its own."""
    SELF_MATCH_NEWEST = "107"
    """CME's: the aggressor, which would have."""


class MsgType(StrEnum):
    """Tag 35: what kind of message a reject is about."""

    ORDER_CANCEL_REQUEST = "F"
    ORDER_CANCEL_REPLACE_REQUEST = "G"
    NEW_ORDER_SINGLE = "D"
    ORDER_MASS_ACTION_REQUEST = "CA"
    MASS_QUOTE = "i"
    QUOTE_CANCEL = "Z"
    ORDER_STATUS_REQUEST = "H"


class BusinessRejectReason(StrEnum):
    """Tag 380."""

    OTHER = "0"
    UNKNOWN_ID = "1"
    UNKNOWN_SECURITY = "2"
    UNSUPPORTED_MESSAGE_TYPE = "3"
    APPLICATION_NOT_AVAILABLE = "4"
    CONDITIONALLY_REQUIRED_FIELD_MISSING = "5"
    NOT_AUTHORIZED = "6"
    DELIVER_TO_FIRM_NOT_AVAILABLE = "7"


class SelfMatchPreventionInstruction(StrEnum):
    """Tag 8000, CME's: who goes when an aggressor with this would meet one of its own."""

    CANCEL_NEWEST = "N"
    """The aggressor."""
    CANCEL_OLDEST = "O"
    """The resting order; so it is also where there is no instruction."""


# --- quotes ---------------------------------------------------------------------------


class QuoteStatus(StrEnum):
    """Tag 297: what became of a mass quote, or of a request to cancel quotes."""

    ACCEPTED = "0"
    CANCELED_FOR_SYMBOLS = "1"
    CANCELED_ALL = "4"
    REJECTED = "5"
    CANCELED_FOR_QUOTE_SET = "100"
    """CME's."""


class QuoteCancelType(StrEnum):
    """Tag 298: which quotes a request means."""

    SYMBOLS = "1"
    ALL = "4"
    QUOTE_SET = "100"
    """CME's."""


class QuoteRejectReason(StrEnum):
    """Tags 300 and 368: why a mass quote, or one entry of it, is refused."""

    UNKNOWN_SYMBOL = "1"
    EXCHANGE_CLOSED = "2"
    QUOTE_EXCEEDS_LIMIT = "3"
    UNKNOWN_QUOTE = "5"
    DUPLICATE_QUOTE = "6"
    INVALID_BID_ASK_SPREAD = "7"
    INVALID_PRICE = "8"
    OTHER = "99"


class UnsolicitedCancelType(StrEnum):
    """Tag 9775, CME's: why the venue canceled a quote."""

    DISCONNECT = "A"
    """The session broke off."""
    LOGOUT = "B"
    CANCELED_BY_OPERATIONS = "C"
    """The venue's own people canceled all."""
    CANCELED_GROUP_BY_OPERATIONS = "D"
    EXPIRED = "E"
    QUOTE_PROTECTION = "F"
    NOT_RECOVERED = "G"
    SELF_MATCH_PREVENTION = "H"


# --- market data ----------------------------------------------------------------------


class SubscriptionRequestType(StrEnum):
    """Tag 263."""

    SNAPSHOT = "0"
    SNAPSHOT_PLUS_UPDATES = "1"
    DISABLE_PREVIOUS = "2"


class MDUpdateAction(StrEnum):
    """Tag 279."""

    NEW = "0"
    CHANGE = "1"
    DELETE = "2"


class MDEntryType(StrEnum):
    """Tag 269: what an entry is about."""

    BID = "0"
    OFFER = "1"
    TRADE = "2"
    OPENING_PRICE = "4"
    CLOSING_PRICE = "5"
    TRADING_SESSION_HIGH_PRICE = "7"
    TRADING_SESSION_LOW_PRICE = "8"
    TRADE_VOLUME = "B"


class MDReqRejReason(StrEnum):
    """Tag 281: why a request for market data is refused."""

    UNKNOWN_SYMBOL = "0"
    DUPLICATE_MD_REQ_ID = "1"
