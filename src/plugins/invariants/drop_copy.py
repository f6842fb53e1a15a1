"""Order entry and drop copy tell one story: the reconciliation.

What sessions were told is read off the deliveries to them, what drop copy was told of it
off those to its gateways, and what desks made of it off the copies that they processed.
Each desk's stream is worked out here once more: which groups were live, what their filters
admit, which number a message has at its source, and what it says.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from typing import Protocol, get_args, runtime_checkable

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


@attrs.frozen
class OneStory:
    """Order entry and drop copy tell the same: every message that a filter admits is copied.

    Once, in order, unchanged, to every group that should have it and to no other; also where
    a copy session is cut off, catches up, or fails over.  A desk that is not logged on, or
    has not caught up, at the end has heard the beginning of its story.
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
        self._numbers: dict[CompID, int] = {}
        self._names: dict[CompID, Names] = {}
        self._texts: dict[tuple[CompID, CompID], dict[int, _Line]] = {}
        """By session and venue, and by number: what one of the two has heard."""

        self._stories: dict[tuple[CompID, CompID], _Story] = {}
        """By gateway and target session."""

        self._targets = {desk: target for target, desk in setup.desks.items()}
        self._clocks: dict[CompID, int] = {}
        """How far the clock of each whose is off is ahead, in nanoseconds."""

    def see(self, entry: Entry) -> Broken | None:
        payload = entry.payload
        actor = CompID(entry.actor)
        if entry.sender is None:
            if isinstance(payload, CopyReceived) and entry.kind == "copy":
                return self._received(actor, payload, entry.seq)
            if isinstance(payload, NotCopied):
                self._take_back(actor, payload)
            elif isinstance(payload, Fault) and payload.kind == "skew":
                self._clocks[actor] = payload.lasts_ns
            return None
        sender = CompID(entry.sender)
        match payload:
            case GroupLive(entity=entity, group=group) if sender == self._setup.centre:
                self._groups[actor, entity, group.name] = group
            case GroupGone(entity=entity, name=name) if sender == self._setup.centre:
                self._groups.pop((actor, entity, name), None)
            case SourceReport(source_comp_id=source, report=report) if sender in self._venues:
                self._reported(actor, source, report, entry)
                mine, theirs = self._copied, self._heard
                return self._compare(mine, theirs, (source, sender), (entry.seq, report))
            case SourceText(source_comp_id=source, text=text) if sender in self._venues:
                line = _read(text.replace(SOH, "|"), entry.seq)
                kind = kind_of_text(first_values(parse(text.encode("latin-1"))))
                self._is_to_be_copied(actor, self._sources[source], line, kind)
                return self._compare_texts((source, sender), line)
            case FixText(text=text) if actor in self._sources and sender in self._venues:
                line = _read(text.replace(SOH, "|"), entry.seq)
                if line.msg_type in _COPIED and "|43=Y|" not in text.replace(SOH, "|"):
                    return self._compare_texts((actor, sender), line)
            case GroupLive() | GroupGone() | SourceReport() | SourceText() | FixText():
                pass  # of another session, or from somebody who has no say
            case _ if actor in self._sources and sender in self._venues:
                mine, theirs = self._heard, self._copied
                return self._compare(mine, theirs, (actor, sender), (entry.seq, payload))
        return None

    # --- what sessions are told, and what drop copy hears of it ------------------------

    def _compare(
        self,
        mine: dict[tuple[CompID, CompID], deque[tuple[int, Report]]],
        theirs: dict[tuple[CompID, CompID], deque[tuple[int, Report]]],
        key: tuple[CompID, CompID],
        told: tuple[int, Report],
    ) -> Broken | None:
        """Hold what one of the two heard against what the other did, if he has."""
        waiting = theirs.get(key)
        if not waiting:
            mine.setdefault(key, deque()).append(told)
            return None
        other = waiting.popleft()
        if other[1] == told[1]:
            return None
        heard, copied = (told, other) if mine is self._heard else (other, told)
        return Broken(
            _side_by_side(
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
            _side_by_side(
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
        number = self._numbers[source] = self._numbers.get(source, 0) + 1
        try:
            line = self._line(comp, number, report, gateway, entry)
        except Unsayable:
            return  # which the gateway cannot say either, and puts on record
        self._is_to_be_copied(gateway, comp, line, kind_of(report))

    def _is_to_be_copied(
        self, gateway: CompID, comp: SenderComp, line: _Line, kind: MessageKind | None
    ) -> None:
        if kind is None or comp.kind is not self._setup.gateways.get(gateway):
            return
        for (at, _, _), group in self._groups.items():
            if at != gateway or not has_copied(group, comp):
                continue
            filters = [CopyFilter(each) for each in group.filters]
            if admits(filters, kind, order_rejects=self._setup.order_rejects):
                for target in group.targets:
                    served = self._setup.registry.targets[target].kind is comp.kind
                    if target in self._setup.desks and served:
                        self._story(gateway, target).meant.append(line)

    def _story(self, gateway: CompID, target: CompID) -> _Story:
        return self._stories.setdefault((gateway, target), _Story())

    def _line(
        self, comp: SenderComp, number: int, report: Report, gateway: CompID, entry: Entry
    ) -> _Line:
        names = self._names.setdefault(comp.session, Names())
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
        for (at, _), story in self._stories.items():
            if at == gateway:
                story.meant = [
                    line
                    for line in story.meant
                    if (line.source, line.number) != (comp.comp_id, refused.msg_seq_num)
                ]

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
        rows = []
        for index in range(max(0, place - 2), place + 1):
            pair = (
                str(stories[index]) if index < len(stories) else "nothing"
                for stories in (story.meant, story.told)
            )
            rows.append(tuple(pair))
        meant = story.meant[place].seq if place < len(story.meant) else None
        return Broken(
            _side_by_side(
                f"the copies of {desk} differ from what sessions were told, at copy {place + 1}",
                ("sessions were told", f"{desk} got"),
                rows,
            ),
            (*(() if meant is None else (meant,)), *seqs),
        )

    def end(self) -> Broken | None:
        for (source, venue), waiting in [*self._heard.items(), *self._copied.items()]:
            if waiting:
                heard = bool(self._heard.get((source, venue)))
                return Broken(
                    f"{venue} tells {source if heard else 'drop copy'} what it does not tell "
                    f"{'drop copy' if heard else source}: {waiting[0][1]}",
                    (waiting[0][0],),
                )
        for (gateway, target), story in self._stories.items():
            desk = self._setup.desks[target]
            if not self._has_caught_up(gateway, target, desk):
                continue
            if len(story.told) < len(story.meant):
                return self._differ(desk, story, len(story.told), ())
            wrong = [*_positions_apart(story)]
            if wrong:
                return Broken(f"the copies of {desk} add up to other positions: {wrong[0]}")
        return None

    def _has_caught_up(self, gateway: CompID, target: CompID, desk: CompID) -> bool:
        sends, gets = self._floor.participant(gateway), self._floor.participant(desk)
        if not (isinstance(sends, _Gateway) and isinstance(gets, _Desk)):
            return False
        return gets.next_in(gateway) == sends.next_out(target)


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


def _positions_apart(story: _Story) -> Iterator[str]:
    """Yield where the sum of the copies is not the position that sessions were told of."""
    meant, told = (_positions(lines) for lines in (story.meant, story.told))
    for key in sorted({*meant, *told}):
        if meant.get(key, 0) != told.get(key, 0):
            source, symbol = key
            yield f"{source} in {symbol} {told.get(key, 0)} instead of {meant.get(key, 0)}"


def _positions(lines: Sequence[_Line]) -> dict[tuple[str, Symbol], int]:
    positions: dict[tuple[str, Symbol], int] = {}
    for line in lines:
        if line.msg_type != "8":
            continue
        fields = dict(pair.split("=", 1) for pair in line.body.split("|"))
        if fields.get("150") in _TRADED:
            sign = 1 if fields["54"] == Side.BUY else -1
            sign *= -1 if fields["150"] == ExecType.TRADE_CANCEL else 1
            key = (line.source, Symbol(fields["107"]))
            positions[key] = positions.get(key, 0) + sign * int(fields.get("32", "0"))
    return positions


_COPIED = ("0", "3", "8", "9", "BZ", "b", "j")
"""The types of message to a session that drop copy hears of."""

_TRADED = ("1", "2", ExecType.TRADE_CANCEL.value)


def _side_by_side(title: str, headings: tuple[str, str], rows: Sequence[tuple[str, ...]]) -> str:
    """Return two stories beside each other; the last row is where they part."""
    width = max(len(left) for left, *_ in [headings, *rows])
    lines = [f"      {headings[0]:<{width}}  {headings[1]}"]
    for index, (left, right) in enumerate(rows):
        mark = ">" if index == len(rows) - 1 else " "
        lines.append(f"    {mark} {left:<{width}}  {right}")
    return "\n".join([f"{title}:", *lines, "   "])
