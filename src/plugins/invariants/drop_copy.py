"""Order entry, drop copy, trades and market data tell one story: the reconciliation.

What sessions were told is read off the deliveries to them, what drop copy was told of it
off those to its gateways, and what desks made of it off the copies that they processed.
Each desk's stream is worked out here once more: which groups were live, what their filters
admit, which number a message has at its source, and what it says.  What trades came to, and
what was printed of them, `trades` knows.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol, TypeAlias, get_args, runtime_checkable

import attrs

from ...market.centre_messages import GroupGone, GroupLive, GroupRow
from ...market.copy_filters import CopyFilter, MessageKind, admits, kind_of
from ...market.copy_groups import CopySetup, has_copied
from ...market.firms import SenderComp
from ...market.fix import ExecType, Side
from ...market.fix_line import SOH, FixText
from ...market.identifiers import CompID, Symbol
from ...market.messages import ExecutionReport
from ...market.told import CopyReceived, NotCopied, Report, SourceReport, SourceText
from ...runtime.faults import Fault
from ...runtime.journal import Entry
from ...wire.copies import kind_of_text
from ...wire.fix_header import first_values, utc_timestamp
from ...wire.fix_text import Unsayable, parse
from ...wire.ilink import encode
from ...wire.ilink_forms import Dialect, Talk
from ...wire.ilink_names import Names
from ..watching import Broken, WatchedFloor, Watcher
from .beside import side_by_side, up_to
from .trades import SEEN, Fill, TradeBook, fill_of, fill_of_text


@attrs.frozen
class OneStory:
    """Order entry, drop copy, the engine's trades and market data tell the same.

    Every message that a filter admits is copied once, in order, unchanged, to every group
    that should have it and to no other; both sides of a trade are told of it alike, and it
    is printed once; a desk's copies add up to what the trades of its sources come to, busts
    taken off.  Also where a copy session is cut off, catches up, or fails over, and where a
    desk or a gateway crashes.  A desk that is not logged on, or has not caught up, at the end
    has heard the beginning of its story; so has a session whose messages got lost, or a
    gateway that has not asked for them yet.
    """

    def watch(self, floor: WatchedFloor) -> Watcher | None:
        setup = floor.drop_copy
        return None if setup is None else _Reconciliation(floor, setup)


@attrs.frozen
class _Line:
    """One message of a story."""

    source: CompID
    """The source's comp id, six characters."""

    number: int
    msg_type: str
    body: str
    """What it says, with a bar for each separator, without header and trailer."""

    sent: str
    """When the source was told (FIX 52)."""

    segment: str
    seq: int
    """The journal's entry that it was read off."""

    def is_same(self, other: _Line) -> bool:
        return attrs.evolve(self, seq=0) == attrs.evolve(other, seq=0)

    def __str__(self) -> str:
        return f"{self.source} {self.number} 35={self.msg_type} {self.body}"


@attrs.define
class _Story:
    """What one desk is to be told over one gateway, and what it has been."""

    meant: list[_Line] = attrs.field(factory=list)
    told: list[_Line] = attrs.field(factory=list)


@runtime_checkable
class _Gateway(Protocol):
    def next_out(self, target: CompID) -> int: ...


@runtime_checkable
class _Venue(Protocol):
    def copies_told(self, session: CompID) -> int: ...


@runtime_checkable
class _Desk(Protocol):
    def next_in(self, gateway: CompID) -> int | None: ...


class _Reconciliation(Watcher):
    sees = (
        *get_args(Report),
        SourceReport,
        GroupLive,
        GroupGone,
        CopyReceived,
        NotCopied,
        SourceText,
        FixText,
        Fault,
        dict,
        *SEEN,
    )

    def __init__(self, floor: WatchedFloor, setup: CopySetup) -> None:
        self._floor = floor
        self._setup = setup
        self._venues = frozenset(floor.exchange_of.values())
        self._sources = {comp.session: comp for comp in setup.registry.sender_comps.values()}
        self._groups: dict[tuple[CompID, str, str], GroupRow] = {}
        self._heard: dict[tuple[CompID, CompID], deque[tuple[int, Report]]] = {}
        """By session and venue, what the session was told and drop copy not yet."""

        self._copied: dict[tuple[CompID, CompID], deque[tuple[int, Report]]] = {}
        self._next: dict[tuple[CompID, CompID, CompID], int] = {}
        """By gateway, venue and session: what the gateway takes next of what it is told."""

        self._numbers: dict[tuple[CompID, CompID], int] = {}
        self._names: dict[tuple[CompID, CompID], Names] = {}
        self._texts: dict[tuple[CompID, CompID], dict[int, _Line]] = {}
        """By session and venue, and by number: what one of the two has heard."""

        self._stories: dict[tuple[CompID, CompID], _Story] = {}
        """By gateway and target session."""

        self._targets = {desk: target for target, desk in setup.desks.items()}
        self._clocks: dict[CompID, int] = {}
        """How far the clock of each whose is off is ahead, in nanoseconds."""
        self._trades = TradeBook(floor)
        self._missed: set[tuple[CompID, CompID]] = set()
        """By venue and session: whom something he was told may not have reached as it was."""

        self._left_out: dict[tuple[CompID, CompID], Counter[_Position]] = {}
        """By gateway and target session, what of its sources' positions is not copied to it."""

    def see(self, entry: Entry) -> Broken | None:
        payload = entry.payload
        actor = CompID(entry.actor)
        if entry.sender is None:
            match payload:
                case CopyReceived() if entry.kind == "copy":
                    return self._received(actor, payload, entry.seq)
                case NotCopied():
                    self._take_back(actor, payload)
                case Fault(kind="skew"):
                    self._clocks[actor] = payload.lasts_ns
                case Fault():
                    self._went_wrong(payload)
                case {"sender": sender, "message": message} if entry.kind == "lost":
                    self._lost(CompID(str(sender)), actor, str(message))
                case _:
                    pass
            return None
        sender = CompID(entry.sender)
        match payload:
            case GroupLive(entity=entity, group=group) if sender == self._setup.centre:
                self._groups[actor, entity, group.name] = group
            case GroupGone(entity=entity, name=name) if sender == self._setup.centre:
                self._groups.pop((actor, entity, name), None)
            case SourceReport() | SourceText() if sender in self._venues:
                if self._is_next(actor, sender, payload):
                    return self._told(actor, sender, payload, entry)
            case FixText(text=text) if actor in self._sources and sender in self._venues:
                return self._told_in_text(actor, sender, text, entry)
            case GroupLive() | GroupGone() | SourceReport() | SourceText() | FixText():
                pass  # of another session, or from somebody who has no say
            case _ if type(payload) in _PRINTED:
                self._trades.see(entry)
            case _ if sender in self._venues:
                broken = self._traded(sender, actor, payload, entry)
                if broken is None and actor in self._sources:
                    mine, theirs = self._heard, self._copied
                    return self._compare(mine, theirs, (actor, sender), (entry.seq, payload))
                return broken
            case _:
                pass
        return None

    # --- what goes wrong on the way ----------------------------------------------------

    def _went_wrong(self, fault: Fault) -> None:
        if fault.kind not in ("delay", "pause", "slow"):
            self._lost(CompID(fault.sender), CompID(fault.recipient), fault.message)

    def _lost(self, sender: CompID, recipient: CompID, message: str) -> None:
        """Expect no whole story where a message got lost, or came twice or out of order.

        What is in FIX text, and what gateways are told, is asked for again.
        """
        if sender not in self._venues or message in _ASKED_FOR_AGAIN:
            return
        if message in _PRINTED_NAMES:
            self._trades.missed(sender, recipient)
            return
        key = (recipient, sender)
        self._missed.add((sender, recipient))
        self._heard.pop(key, None)
        self._copied.pop(key, None)

    def _is_next(self, gateway: CompID, venue: CompID, told: SourceReport | SourceText) -> bool:
        """Return whether a gateway takes something now: nothing twice, nothing before its turn."""
        key = (gateway, venue, told.source_comp_id)
        number = self._next.get(key, 1)
        if told.number != number:
            return False
        self._next[key] = number + 1
        return True

    # --- what sessions are told, and what drop copy hears of it ------------------------

    def _told(
        self, gateway: CompID, venue: CompID, told: SourceReport | SourceText, entry: Entry
    ) -> Broken | None:
        """Take in what drop copy hears that a session was told."""
        source = told.source_comp_id
        if isinstance(told, SourceReport):
            broken = self._traded(venue, source, told.report, entry)
            self._reported(gateway, source, told.report, entry)
            mine, theirs = self._copied, self._heard
            return broken or self._compare(mine, theirs, (source, venue), (entry.seq, told.report))
        line = _read(told.text.replace(SOH, "|"), entry.seq)
        fields = first_values(parse(told.text.encode("latin-1")))
        fill = fill_of_text({str(tag): value for tag, value in fields.items()}, source, self._floor)
        self._is_to_be_copied(gateway, self._sources[source], line, kind_of_text(fields), fill)
        broken = None if fill is None else self._trades.told(venue, fill, entry)
        return broken or self._compare_texts((source, venue), line)

    def _told_in_text(
        self, session: CompID, venue: CompID, text: str, entry: Entry
    ) -> Broken | None:
        line = _read(text.replace(SOH, "|"), entry.seq)
        if line.msg_type in _COPIED and f"{SOH}43=Y{SOH}" not in text:
            return self._compare_texts((session, venue), line)
        return None

    def _traded(
        self, venue: CompID, session: CompID, report: object, entry: Entry
    ) -> Broken | None:
        """Take in what a report says of a trade, if it does."""
        if not isinstance(report, ExecutionReport):
            return None
        fill = fill_of(report, session)
        return None if fill is None else self._trades.told(venue, fill, entry)

    def _compare(
        self,
        mine: dict[tuple[CompID, CompID], deque[tuple[int, Report]]],
        theirs: dict[tuple[CompID, CompID], deque[tuple[int, Report]]],
        key: tuple[CompID, CompID],
        told: tuple[int, Report],
    ) -> Broken | None:
        """Hold what one of the two heard against what the other did, if he has."""
        if (key[1], key[0]) in self._missed:
            return None
        waiting = theirs.get(key)
        if not waiting:
            mine.setdefault(key, deque()).append(told)
            return None
        other = waiting.popleft()
        if other[1] == told[1]:
            return None
        heard, copied = (told, other) if mine is self._heard else (other, told)
        return Broken(
            side_by_side(
                f"{key[1]} tells {key[0]} and drop copy two stories",
                (f"to {key[0]}", "to drop copy"),
                [(str(heard[1]), str(copied[1]))],
            ),
            (other[0],),
        )

    def _compare_texts(self, key: tuple[CompID, CompID], line: _Line) -> Broken | None:
        """Hold what a session in FIX text is told against what drop copy hears under its number.

        What the session is not told now it is told when it asks again: nothing need come.
        """
        texts = self._texts.setdefault(key, {})
        other = texts.pop(line.number, None)
        if other is None:
            texts[line.number] = line
            return None
        if line.is_same(other):
            return None
        return Broken(
            side_by_side(
                f"{key[1]} tells {key[0]} and drop copy two stories",
                ("one", "the other"),
                [(str(other), str(line))],
            ),
            (other.seq,),
        )

    # --- what a desk is to be told -----------------------------------------------------

    def _reported(self, gateway: CompID, source: CompID, report: Report, entry: Entry) -> None:
        """Take in what a session without FIX text is told, as the text that it would be."""
        comp = self._sources[source]
        number = self._numbers.get((gateway, source), 0) + 1
        self._numbers[gateway, source] = number
        fill = fill_of(report, source) if isinstance(report, ExecutionReport) else None
        try:
            line = self._line(comp, number, report, gateway, entry)
        except Unsayable:  # which the gateway cannot say either, and puts on record
            self._leave_out(gateway, comp, fill, self._setup.desks)
            return
        self._is_to_be_copied(gateway, comp, line, kind_of(report), fill)

    def _is_to_be_copied(
        self,
        gateway: CompID,
        comp: SenderComp,
        line: _Line,
        kind: MessageKind | None,
        fill: Fill | None,
    ) -> None:
        meant: list[CompID] = []
        for (at, _, _), group in self._groups.items():
            if kind is None or comp.kind is not self._setup.gateways.get(gateway):
                break
            if at != gateway or not has_copied(group, comp):
                continue
            filters = [CopyFilter(each) for each in group.filters]
            if admits(filters, kind, order_rejects=self._setup.order_rejects):
                for target in group.targets:
                    served = self._setup.registry.targets[target].kind is comp.kind
                    if target in self._setup.desks and served:
                        self._story(gateway, target).meant.append(line)
                        meant.append(target)
        self._leave_out(
            gateway, comp, fill, [each for each in self._setup.desks if each not in meant]
        )

    def _leave_out(
        self, gateway: CompID, comp: SenderComp, fill: Fill | None, targets: Iterable[CompID]
    ) -> None:
        """Expect the copies of desks to add up to a position without a fill."""
        if fill is not None:
            for target in targets:
                left_out = self._left_out.setdefault((gateway, target), Counter())
                left_out[comp.comp_id, fill.symbol] += fill.signed_qty

    def _story(self, gateway: CompID, target: CompID) -> _Story:
        return self._stories.setdefault((gateway, target), _Story())

    def _line(
        self, comp: SenderComp, number: int, report: Report, gateway: CompID, entry: Entry
    ) -> _Line:
        names = self._names.setdefault((gateway, comp.session), Names())
        if isinstance(report, ExecutionReport):
            names.told(report)
        dialect = Dialect(
            session=comp.session,
            operator=comp.comp_id,
            instruments=self._floor.instruments,
            start=self._setup.start,
        )
        now_ns = entry.time + self._clocks.get(gateway, 0)
        said = encode(report, Talk(dialect=dialect, names=names, now_ns=now_ns, returns=True))
        return _Line(
            source=comp.comp_id,
            number=number,
            msg_type=said.msg_type,
            body="|".join(f"{tag}={value}" for tag, value in said.body),
            sent=utc_timestamp(self._setup.start, now_ns),
            segment=self._setup.segments[gateway],
            seq=entry.seq,
        )

    def _take_back(self, gateway: CompID, refused: NotCopied) -> None:
        """Expect no copy of what is on record as not copied."""
        comp = self._sources[refused.source_comp_id]
        for (at, target), story in self._stories.items():
            if at != gateway:
                continue
            for line in [*story.meant]:
                if (line.source, line.number) == (comp.comp_id, refused.msg_seq_num):
                    story.meant.remove(line)
                    left_out = self._left_out.setdefault((gateway, target), Counter())
                    left_out.update(_position(line))

    # --- what it has been told ---------------------------------------------------------

    def _received(self, desk: CompID, copy: CopyReceived, seq: int) -> Broken | None:
        target = self._targets.get(desk)
        if target is None:
            return None
        story = self._story(copy.gateway, target)
        told = _read(copy.text, seq)
        place = len(story.told)
        story.told.append(told)
        if place < len(story.meant) and story.meant[place].is_same(told):
            return None
        return self._differ(desk, story, place, (seq,))

    def _differ(self, desk: CompID, story: _Story, place: int, seqs: Sequence[int]) -> Broken:
        meant = story.meant[place].seq if place < len(story.meant) else None
        return Broken(
            side_by_side(
                f"the copies of {desk} differ from what sessions were told, at copy {place + 1}",
                ("sessions were told", f"{desk} got"),
                up_to(place, story.meant, story.told),
            ),
            (*(() if meant is None else (meant,)), *seqs),
        )

    # --- as nothing is left to happen --------------------------------------------------

    def end(self) -> Broken | None:
        for (source, venue), waiting in [*self._heard.items(), *self._copied.items()]:
            if waiting and not self._is_behind(venue, source):
                heard = bool(self._heard.get((source, venue)))
                return Broken(
                    f"{venue} tells {source if heard else 'drop copy'} what it does not tell "
                    f"{'drop copy' if heard else source}: {waiting[0][1]}",
                    (waiting[0][0],),
                )
        whole = [venue for venue in sorted(self._venues) if self._has_told_all(venue)]
        for venue in whole:
            for broken in self._trades.differences(venue):
                return broken
        for (gateway, target), desk in self._ends():
            story = self._story(gateway, target)
            wrong: tuple[str, ...] = ()
            if len(whole) == len(self._venues):
                wrong = tuple(self._positions_apart(gateway, target, story))
            if len(story.told) < len(story.meant):
                broken = self._differ(desk, story, len(story.told), ())
                return attrs.evolve(broken, text="\n    ".join([broken.text.rstrip(), *wrong, ""]))
            if wrong:
                text = f"the copies of {desk} add up to other positions: {wrong[0]}"
                return Broken(text)
        return None

    def _ends(self) -> Iterator[tuple[tuple[CompID, CompID], CompID]]:
        """Yield the gateways' target sessions that have caught up, and whose each is."""
        for gateway, kind in self._setup.gateways.items():
            for target, desk in self._setup.desks.items():
                served = self._setup.registry.targets[target].kind is kind
                if served and self._has_caught_up(gateway, target, desk):
                    yield (gateway, target), desk

    def _has_caught_up(self, gateway: CompID, target: CompID, desk: CompID) -> bool:
        sends, gets = self._floor.participant(gateway), self._floor.participant(desk)
        if not (isinstance(sends, _Gateway) and isinstance(gets, _Desk)):
            return False
        return gets.next_in(gateway) == sends.next_out(target)

    def _has_told_all(self, venue: CompID) -> bool:
        """Return whether every session of a venue has been told all, or drop copy of it."""
        missed = [session for at, session in self._missed if at == venue]
        return all(session in self._sources for session in missed) and not any(
            self._is_behind(venue, session) for session in self._sources
        )

    def _is_behind(self, venue: CompID, session: CompID) -> bool:
        """Return whether drop copy has not heard all that a session was told at a venue."""
        tells = self._floor.participant(venue)
        if not isinstance(tells, _Venue):
            return False
        heard = (self._next.get((each, venue, session), 1) - 1 for each in self._setup.gateways)
        return max(heard, default=0) < tells.copies_told(session)

    def _positions_apart(self, gateway: CompID, target: CompID, story: _Story) -> Iterator[str]:
        """Yield where the sum of a desk's copies is not the position of his source's trades."""
        copied: Counter[_Position] = Counter()
        for line in story.told:
            copied.update(_position(line))
        left_out = self._left_out.get((gateway, target), Counter())
        for (session, symbol), position in self._trades.positions().items():
            comp = self._sources.get(session)
            if comp is None:
                continue
            key = (comp.comp_id, symbol)
            if key in copied or key in left_out:
                expected = position - left_out[key]
                if copied[key] != expected:
                    yield f"{comp.comp_id} in {symbol} {copied[key]} instead of {expected}"


def _read(text: str, seq: int) -> _Line:
    """Return what a message says, read off its text with bars."""
    pairs = [pair.split("=", 1) for pair in text.split("|")[:-1]]
    fields: dict[str, str] = {}
    for pair in pairs:
        fields.setdefault(pair[0], pair[-1])
    tags = [pair[0] for pair in pairs]
    body = pairs[tags.index("143") + 1 : -1] if "143" in tags else pairs
    return _Line(
        source=CompID(fields.get("56", "")[:6]),
        number=int(fields.get("34", "0")),
        msg_type=fields.get("35", ""),
        body="|".join("=".join(pair) for pair in body),
        sent=fields.get("52", ""),
        segment=fields.get("50", ""),
        seq=seq,
    )


_Position: TypeAlias = tuple[CompID, Symbol]
"""A source's comp id, and an instrument."""


def _position(line: _Line) -> dict[_Position, int]:
    """Return what a message does to its source's position."""
    if line.msg_type != "8":
        return {}
    fields = dict(pair.split("=", 1) for pair in line.body.split("|"))
    if fields.get("150") not in _TRADED:
        return {}
    sign = 1 if fields["54"] == Side.BUY else -1
    sign *= -1 if fields["150"] == ExecType.TRADE_CANCEL else 1
    return {(line.source, Symbol(fields["107"])): sign * int(fields.get("32", "0"))}


_COPIED = ("0", "3", "8", "9", "BZ", "b", "j")
"""The types of message to a session that drop copy hears of."""

_TRADED = ("1", "2", ExecType.TRADE_CANCEL.value)

_PRINTED = frozenset(SEEN)
_PRINTED_NAMES = frozenset(each.__name__ for each in SEEN)
_ASKED_FOR_AGAIN = frozenset(each.__name__ for each in (FixText, SourceReport, SourceText))
