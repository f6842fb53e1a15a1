"""What of the request centre's messages is worth a line."""

from __future__ import annotations

from collections.abc import Iterable
from typing import get_args

from .centre_messages import (
    AnswerDialog,
    AnswerFactor,
    AskKey,
    Banner,
    CentreAnswer,
    CentreRefusal,
    CentreRequest,
    Decide,
    DeleteByTarget,
    DeleteGroups,
    DeleteKey,
    DraftClosed,
    DraftOpen,
    Email,
    ExpirationsShown,
    FactorCode,
    FillIn,
    GroupDialog,
    GroupGone,
    GroupLive,
    GroupsShown,
    KeyFile,
    KeysLive,
    KeysShown,
    RequestUpdate,
    ServicesAgain,
    ServicesTold,
    ServiceUpdate,
    ShowExpirations,
    ShowGroups,
    ShowKeys,
    StartEdit,
    StartGroup,
    Submit,
)

WITH_SECRETS: tuple[type, ...] = (KeyFile, KeysLive)
"""Messages that a journal does not hold whole, so that none can be read back."""

CENTRE_MESSAGES: tuple[type, ...] = (
    *get_args(CentreRequest),
    *get_args(CentreAnswer),
    *get_args(ServiceUpdate),
    ServicesAgain,
    ServicesTold,
)
"""Every message of the request centre's."""


def centre_fields(message: object) -> str | None:
    """Return the fields that a reader wants, or None if it is no message of the centre's."""
    match message:
        case StartGroup():
            return f"of {message.entity}, {message.market}"
        case AnswerDialog():
            return f"{message.draft} {'proceed' if message.proceed else 'cancel'}"
        case FillIn():
            return f"{message.draft} {message.step}: {_all((*message.values, *message.gfids))}"
        case Submit() | DraftClosed():
            return message.draft
        case StartEdit():
            return f"{message.group} of {message.entity}"
        case DeleteGroups():
            return f"{_all(message.groups)} of {message.entity}"
        case DeleteByTarget():
            return f"that of {message.target}"
        case Decide():
            verdict = "approve" if message.approve else "reject"
            return f"{verdict} {message.request_id}" + (f": {message.text}" if message.text else "")
        case AskKey():
            what = "download" if message.download else "generate"
            return f"{what} for {message.session_id}, {message.method}{_key(message.key)}"
        case AnswerFactor():
            return message.challenge
        case DeleteKey():
            return f"of {message.session_id}{_key(message.key)}"
        case ShowKeys():
            return f"of {message.session_id}"
        case ShowGroups():
            return f"of {message.entity}"
        case ShowExpirations():
            return ""
        case CentreRefusal():
            return f"{message.refused}: {message.text}"
        case GroupDialog():
            costs = f", another one costs {message.fee} USD" if message.chargeable else ", free"
            return f"{message.draft} groups {message.existing}{costs}"
        case DraftOpen():
            following = "submit" if message.next_step is None else message.next_step.value
            return f"{message.draft} next is: {following}"
        case RequestUpdate():
            fee = "" if message.fee is None else f", fee {message.fee} USD"
            mine = ", to approve" if message.to_approve else ""
            why = f": {message.text}" if message.text else ""
            return (
                f"{message.request_id} {message.kind} {message.subject},"
                f" {message.status}{fee}{mine}{why}"
            )
        case FactorCode():
            return f"{message.challenge} by {message.method}"
        case Banner():
            return message.text
        case Email():
            return f"to {message.address or 'no address'}: {message.subject}"
        case KeyFile():
            return f"{message.session_id} {message.access_key_id}, until {message.expires}"
        case KeysShown():
            keys = (f"{key} until {expires} {status}" for key, expires, status in message.keys)
            return f"{message.session_id}: {_all(keys)}"
        case GroupsShown():
            return f"{message.entity}: {_all(group.name for group in message.groups)}"
        case ExpirationsShown():
            return (
                f"drop copy {_all(message.drop_copy)}; order entry {_all(message.order_entry)};"
                f" market data {_all(message.market_data)}"
            )
        case GroupLive():
            group = message.group
            return f"{group.name} of {message.entity}: {_all(group.sources)}"
        case GroupGone():
            return f"{message.name} of {message.entity}"
        case ServicesTold():
            return ""
        case ServicesAgain():
            return _all(name for _, name in message.groups)
        case KeysLive():
            return f"{message.session_id}: {_all(key.access_key_id for key in message.keys)}"
        case _:
            return None


def _all(words: Iterable[str]) -> str:
    return ", ".join(words) or "none"


def _key(key: str | None) -> str:
    return "" if key is None else f", key {key}"
