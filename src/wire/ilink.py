"""CME's iLink 2 order entry: the market's messages to FIX 4.2 text and back.

Everything about a tag stands in `floorproof.wire.ilink_dictionary`; here are the two ways
through its tables.  `decode` refuses what does not fit them, in the words and at the level
in which the venue does.  A message's header belongs to its session
(`floorproof.wire.fix_session`): of it only the operator is a message's own.

Source: as the dictionary's; docs/readings.md, FIX order entry.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeAlias, TypeGuard

import attrs

from ..market.fix import BusinessRejectReason
from ..market.identifiers import CompID
from ..market.ledger import Rule
from ..market.messages import (
    ExecutionReport,
    OrderCancelReject,
    OrderMassActionReport,
    OrderMassActionRequest,
)
from ..market.quotes import MassQuoteAck, QuoteCancelAck
from ..market.rejects import BusinessMessageReject, SessionReject
from .fix_header import HEADER_TAGS, first_values
from .fix_text import Pair, Pairs, Unsayable
from .ilink_dictionary import FIELDS, LAYOUTS, Group, Layout, Need, Row, layout_of
from .ilink_forms import Talk
from .ilink_names import Request

_WIKI = "CME Group Client Systems Wiki, iLink 2"
_READINGS = "docs/readings.md"

RULES = (
    Rule(
        "ILINK-1",
        "Each request and each report has a text of its own, and that text means the same message"
        " again; what CME prints otherwise than it is has its true figure in a tag of ours.",
        f"{_WIKI} message pages; {_READINGS}, true figures",
    ),
    Rule(
        "ILINK-2",
        "An order, a change or a cancel in which a tag is missing, stands twice, has no value or"
        " one of another kind, and a mass action that would be for more orders than it says, is"
        " rejected at the level of the session (35 = 3), with its number"
        " and a text; a mass quote or quote cancel at the level of the business (35 = j).",
        f"{_WIKI} Session Level Reject (46990055), Business Level Reject (46465746);"
        f" {_READINGS}, texts of rejects; {_READINGS}, tags that are left out",
    ),
    Rule(
        "ILINK-3",
        "CumQty (14) is 0 on cancels and eliminations, AvgPx (6) always; a fill says 1 or 2 in 39"
        " and 150, a change 5, a bust H; operators and accounts come back in capitals.",
        f"{_WIKI} Execution Report (47088215, 46465582, 46989899), Message Header (46170608)",
    ),
    Rule(
        "ILINK-4",
        "ExecID (17) of a fill ends with TN and the number of its trade, which both sides have; a"
        " bust names it in 19.",
        f"{_WIKI} identifiers (46170525), Trade Cancel (46924390)",
    ),
    Rule(
        "ILINK-5",
        "A cancel and a change name their order by the venue's number (37); without one they are"
        " rejected.",
        f"{_WIKI} Order Cancel Request (46236317); {_READINGS}, which order a cancel is for",
        ("order_id_required",),
    ),
    Rule(
        "ILINK-6",
        "Fill or kill is 59 = 3 with a minimum quantity (110) of all of the order.",
        f"{_WIKI} New Order (46596619), tag 59; {_READINGS}, immediate orders",
    ),
    Rule(
        "ILINK-7",
        "An order for more than 99,999 is rejected at the level of the session.",
        f"{_WIKI} New Order (46596619), tag 38",
        ("largest_order_qty",),
    ),
    Rule(
        "ILINK-8",
        "Reject reasons are CME's own codes.",
        f"{_WIKI} reject codes (47022266, 457324354); {_READINGS}, true figures",
    ),
)

Report: TypeAlias = (
    ExecutionReport
    | OrderCancelReject
    | OrderMassActionReport
    | MassQuoteAck
    | QuoteCancelAck
    | SessionReject
    | BusinessMessageReject
)
Message: TypeAlias = Request | Report

QUOTES = ("i", "Z")
"""The requests that are refused at the level of the business."""


class Refused(ValueError):
    """A message does not fit the dialect.

    Attributes:
        text: what the reject says (58).
        reason: the reason of a business level reject (380); None for a session level one.
    """

    def __init__(self, text: str, reason: BusinessRejectReason | None = None) -> None:
        super().__init__(text)
        self.text = text
        self.reason = reason


@attrs.frozen
class Said:
    """A message in the dialect, without its header."""

    msg_type: str
    body: Pairs
    sub_id: str | None
    """Whose it is, or whom it is for; None where that is the session itself."""


def speaks(message: object) -> TypeGuard[Message]:
    """Return whether the dialect has a text for *message*."""
    return type(message) in LAYOUTS


def message_type(message: Message) -> str:
    """Return what stands in tag 35 of *message*."""
    return LAYOUTS[type(message)].msg_type


# --- saying ---------------------------------------------------------------------------

_AS_SENT = (7928, 8000)
"""What a client may send wrongly: it is the venue that refuses it."""


def encode(message: Message, talk: Talk) -> Said:
    """Return what *message* says.

    Raises:
        Unsayable: if a value has no form.
    """
    layout = LAYOUTS[type(message)]
    sub_id = _sub_id(message, layout)
    if sub_id == talk.dialect.operator:
        raise Unsayable(50, sub_id, f"another name than the session's own, {sub_id}")
    return Said(layout.msg_type, tuple(_say(message, layout.rows, talk)), sub_id)


def _sub_id(message: Any, layout: Layout) -> str | None:
    sub_id: str | None = message.sender_sub_id if layout.comes_in else message.target_sub_id
    return sub_id


def _say(message: Any, rows: Iterable[Row | Group], talk: Talk) -> Iterator[Pair]:
    for row in rows:
        if isinstance(row, Group):
            entries = getattr(message, row.count.field)
            if entries:
                yield row.count.tag, str(len(entries))
            for entry in entries:
                yield from _say(entry, row.rows, talk)
            continue
        text = row.form.say(message, row.field, row.tag, talk)
        if text is None:
            continue
        field = FIELDS[row.tag]
        if row.tag not in _AS_SENT and not field.fits(text, reported=talk.returns):
            raise Unsayable(row.tag, text, f"{field.name} of {field.type}({field.size})")
        yield row.tag, text


# --- hearing --------------------------------------------------------------------------


@attrs.define
class _Block:
    """The tags of one level: of a message, or of one entry of a group."""

    fields: dict[int, str] = attrs.field(factory=dict)
    groups: dict[int, list[_Block]] = attrs.field(factory=dict)


def decode(msg_type: str, pairs: Pairs, talk: Talk) -> Message:
    """Return what a message means.

    Args:
        pairs: all its tags; those that the dialect does not know are passed over.

    Raises:
        Refused: if it does not fit the dialect.
    """
    reason = BusinessRejectReason.OTHER if msg_type in QUOTES else None
    layout = layout_of(msg_type, frozenset(tag for tag, _ in pairs))
    if layout is None or layout.comes_in is talk.returns:
        text = f"MsgType (35) is not supported: ({msg_type})"
        raise Refused(text, BusinessRejectReason.UNSUPPORTED_MESSAGE_TYPE)
    header = first_values(pair for pair in pairs if pair[0] in HEADER_TAGS)
    talk = attrs.evolve(talk, header=header)
    try:
        body = [pair for pair in pairs if pair[0] not in HEADER_TAGS]
        block = _block(body, layout.rows, talk)
        _check_order(msg_type, block.fields, talk)
        _check_filters(msg_type, body, talk)
        values = _hear(block, layout.rows, talk)
        message: Message = layout.cls(**values, **_ends(layout, values, talk))
    except Refused as refused:
        raise Refused(refused.text, reason) from None
    except ValueError as error:
        raise Refused(str(error), reason) from None
    return message


def is_request(message: object) -> TypeGuard[Request]:
    """Return whether *message* is one that a client sends."""
    layout = LAYOUTS.get(type(message))
    return layout is not None and layout.comes_in


def _ends(layout: Layout, values: dict[str, object], talk: Talk) -> dict[str, object]:
    """Return who sends a message, or whom it is for."""
    session = talk.dialect.session
    if not layout.comes_in:
        user = talk.header.get(57)
        operator = talk.dialect.operator.upper()
        known = None if user in (None, operator) else talk.names.spelled.get(user or "", user)
        return {"target_comp_id": session, "target_sub_id": known}
    if layout.cls is OrderMassActionRequest:  # which says itself whether it is one user's
        return {"sender_comp_id": session}
    user = talk.header.get(50)
    own = user in (None, talk.dialect.operator)
    return {"sender_comp_id": session, "sender_sub_id": None if own else CompID(user or "")}


def _check_order(msg_type: str, fields: dict[int, str], talk: Talk) -> None:
    """Check what is the session's to refuse, and not the market's."""
    if msg_type in ("D", "G") and int(fields[38]) > talk.dialect.largest_order_qty:
        largest = talk.dialect.largest_order_qty
        raise Refused(f"OrderQty (38) tag has an incorrect value: ({fields[38]}), above {largest}")
    if msg_type in ("F", "G") and 37 not in fields and talk.dialect.order_id_required:
        raise Refused("OrderID (37) must be present on a Cancel or Cancel Replace Request.")


def _check_filters(msg_type: str, pairs: Sequence[Pair], talk: Talk) -> None:
    """Check that a mass action is not for more orders than its client means."""
    if msg_type != "CA":
        return
    fields = dict(pairs)
    for tag in _UNKNOWN_FILTERS:
        if tag in fields:
            raise Refused(f"{_named(tag)} tag is not supported on an Order Mass Action Request")
    if fields.get(6115) == "101" and 1 not in fields:
        raise Refused("Account (1) tag is not present where MassCancelRequestType (6115) is 101")
    if fields.get(1374) == "9":
        segment = talk.dialect.market_segment_id
        if 1300 not in fields:
            raise Refused("MarketSegmentID (1300) tag is not present where MassActionScope is 9")
        if fields[1300] != segment:
            raise Refused(
                f"{_named(1300)} tag has an incorrect value: ({fields[1300]}), should be {segment}"
            )


_UNKNOWN_FILTERS = (40, 59)
"""By which CME narrows a mass action and the market does not: passed over, more would go."""


def _block(pairs: Sequence[Pair], rows: Iterable[Row | Group], talk: Talk) -> _Block:
    """Return the tags of a message, by level.

    Raises:
        Refused: if one is missing, stands twice on its level, or is no value of its kind.
    """
    block, place, rows = _Block(), 0, tuple(rows)
    groups = {row.count.tag: row for row in rows if isinstance(row, Group)}
    known = {row.tag for row in rows if isinstance(row, Row)} | set(groups)
    while place < len(pairs):
        tag, text = pairs[place]
        place += 1
        if tag not in known:
            continue
        _check_value(tag, text, talk)
        if tag in block.fields:
            raise Refused(f"{_named(tag)} tag appears more than once")
        block.fields[tag] = text
        if tag in groups:
            entries, place = _entries(pairs, place, int(text), groups[tag], talk)
            block.groups[tag] = entries
    for row in rows:
        counted = row.count if isinstance(row, Group) else row
        needed = counted.need in (Need.FIX, Need.CME)
        if needed and counted.tag not in block.fields and counted.tag not in _SAID_OTHERWISE:
            raise Refused(f"{_named(counted.tag)} tag is not present")
    return block


_SAID_OTHERWISE = (37,)
"""What has a check and a text of its own where it is missing."""


def _entries(
    pairs: Sequence[Pair], place: int, count: int, group: Group, talk: Talk
) -> tuple[list[_Block], int]:
    """Return the entries of a group, and where in *pairs* what follows them begins."""
    tags = _tags(group.rows)
    first = _first(group.rows)
    entries = []
    while place < len(pairs) and pairs[place][0] == first:
        end = place + 1
        while end < len(pairs) and pairs[end][0] in tags and pairs[end][0] != first:
            end += 1
        entries.append(_block(pairs[place:end], group.rows, talk))
        place = end
    if len(entries) != count:
        raise Refused(
            f"{_named(group.count.tag)} tag has an incorrect value: ({count}), found {len(entries)}"
        )
    return entries, place


def _tags(rows: Iterable[Row | Group]) -> set[int]:
    """Return every tag that may stand in an entry, its own groups' included."""
    tags: set[int] = set()
    for row in rows:
        tags |= {row.count.tag} | _tags(row.rows) if isinstance(row, Group) else {row.tag}
    return tags


def _first(rows: Sequence[Row | Group]) -> int:
    first = rows[0]
    assert isinstance(first, Row), "a group's entries begin with a tag of their own"
    return first.tag


def _check_value(tag: int, text: str, talk: Talk) -> None:
    field = FIELDS[tag]
    if not text:
        raise Refused(f"{_named(tag)} tag has no value")
    if not field.takes(text, reported=talk.returns):
        raise Refused(
            f"{_named(tag)} tag has an incorrect value: ({text}), should be {field.expected}"
        )


def _named(tag: int) -> str:
    return f"{FIELDS[tag].name} ({tag})"


def _hear(block: _Block, rows: Iterable[Row | Group], talk: Talk) -> dict[str, object]:
    """Return the values of a message's fields."""
    values: dict[str, object] = {}
    for row in rows:
        if isinstance(row, Group):
            entries = block.groups.get(row.count.tag, ())
            values[row.count.field] = tuple(_entry(entry, row, talk) for entry in entries)
        elif row.field:
            try:
                values[row.field] = row.form.hear(block.fields, row.tag, talk)
            except ValueError as error:
                raise Refused(
                    f"{_named(row.tag)} tag has an incorrect value: should be {error}"
                ) from None
    return values


def _entry(block: _Block, group: Group, talk: Talk) -> object:
    if group.cls is not None:
        return group.cls(**_hear(block, group.rows, talk))
    row = group.rows[0]
    assert isinstance(row, Row), "an entry that is one value has one tag"
    return row.form.hear(block.fields, row.tag, talk)
