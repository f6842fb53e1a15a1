"""A journal read back: what it says in messages, and who was on its floor."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from operator import attrgetter

import attrs
import msgspec

from ..market.centre_wording import WITH_SECRETS
from ..market.identifiers import Symbol
from ..market.instrument import Instrument
from ..market.profile import VenueProfile
from ..market.synthetic import OrderSchedule
from ..market.wording import LABELS
from ..plugins.manager import Plugins
from ..plugins.synthetic import InstrumentMaker, SyntheticInstrument
from ..runtime.journal import Entry, Recording
from .errors import ScenarioError
from .profiles import described
from .reading import parse_duration, read_scenario, structure
from .schema import ScenarioFile
from .venues import instruments_of

_CLASSES: Mapping[str, type] = {
    cls.__name__: cls for cls in LABELS.values() if cls not in WITH_SECRETS
}
_FACTS: Mapping[str, type] = {"schedule": OrderSchedule}
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d):([0-5]\d)(?:\.(\d{1,9}))?", re.ASCII)
_NUMBER = re.compile(r"#?([0-9]{1,18})", re.ASCII)


def _step(entry: Entry) -> tuple[int, int]:
    return entry.time, entry.phase


def _profile(name: str) -> VenueProfile:
    """Return the profile of a venue that is installed."""
    return Plugins.discover().venues[name].cls


def _makers(tables: ScenarioFile) -> Iterator[InstrumentMaker]:
    """Yield the order types that make instruments, with their settings, of installed plugins."""
    offers = Plugins.discover().order_types
    for index, gateway in enumerate(tables.gateway):
        for name in gateway.order_types:
            if gateway.kind == "sse" and name in offers:
                settings = dict(gateway.settings.get(name, {}))
                cls: type[object] = offers[name].cls
                order_type = structure(settings, cls, f"gateway[{index}].settings.{name}")
                if isinstance(order_type, InstrumentMaker):
                    yield order_type


@attrs.frozen
class Place:
    """A moment of a recorded run: what has been written by then."""

    count: int
    """How many entries."""

    time_ns: int


class RecordedRun:
    """A run as its journal has it.

    Raises:
        ScenarioError: if the journal's header holds no scenario that can be read.
    """

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        header = recording.header
        tables = read_scenario(header.scenario, header.overrides)
        self.tables: ScenarioFile = described(tables, _profile)
        self.listed: Mapping[Symbol, Instrument] = instruments_of(self.tables)
        """What exchanges list."""

        self.made: Mapping[Symbol, tuple[InstrumentMaker, SyntheticInstrument]] = {
            made.instrument.symbol: (maker, made)
            for maker in _makers(self.tables)
            for made in maker.instruments(self.listed)
        }
        """What order types make of that, by those that are installed."""

        self.instruments: Mapping[Symbol, Instrument] = {
            **self.listed,
            **{symbol: made.instrument for symbol, (_, made) in self.made.items()},
        }

    @property
    def users(self) -> tuple[str, ...]:
        return tuple(user.name for user in self.tables.user)

    @property
    def centre_users(self) -> tuple[str, ...]:
        """Who uses the request centre."""
        centre = self.tables.request_centre
        return () if centre is None else tuple(user.name for user in centre.user)

    @property
    def exchange_of(self) -> Mapping[Symbol, str]:
        """Where each instrument is listed."""
        return {
            Symbol(each.symbol): exchange.name
            for exchange in self.tables.exchange
            for each in exchange.instrument
        }

    def entries(self, upto: Place | None = None) -> Sequence[Entry]:
        """Return the entries up to and with a place, their payloads as messages again.

        Messages that only a plugin knows stay plain, and so do facts but schedules.

        Raises:
            ScenarioError: if a message is not what its class has.
        """
        written = self.recording.entries
        return list(self._restored(written if upto is None else written[: upto.count]))

    def _restored(self, written: Iterable[Entry]) -> Iterator[Entry]:
        for entry in written:
            cls = (_CLASSES if entry.is_delivery else _FACTS).get(entry.kind)
            if cls is None:
                yield entry
            else:
                try:
                    payload: object = msgspec.convert(entry.payload, cls)
                except (msgspec.ValidationError, ValueError, TypeError) as error:
                    raise ScenarioError(
                        f"entry {entry.seq}", f"no {entry.kind} as this floorproof has it: {error}"
                    ) from None
                yield msgspec.structs.replace(entry, payload=payload)

    @property
    def last(self) -> Place:
        """Where it ends."""
        written = self.recording.entries
        return Place(len(written), written[-1].time if written else 0)

    def place(self, text: str, option: str = "--until") -> Place:
        """Return the place that *text* means.

        Args:
            text: an entry's number (``"57"``, ``"#57"``), a duration since the start
                (``"90s"``), or a time of day as the tables print it (``"13:30:04.5"``), on the
                run's first day unless that is over.

        Raises:
            ScenarioError: if it is none of these, or there is no such entry.
        """
        written = self.recording.entries
        number = _NUMBER.fullmatch(text)
        if number is None:
            until_ns = self._moment(text, option)
            return Place(bisect_right(written, until_ns, key=attrgetter("time")), until_ns)
        seq = int(number[1])
        place = bisect_left(written, seq, key=attrgetter("seq"))
        if place == len(written) or written[place].seq != seq:
            numbers = f"{written[0].seq} to {written[-1].seq}" if written else "none: it is empty"
            raise ScenarioError(option, f"expected an entry from {numbers}, found {seq}")
        return Place(place + 1, written[place].time)

    def at_rest(self, place: Place) -> Place:
        """Return the next place at which all that comes at one moment is over."""
        written, count = self.recording.entries, place.count
        while 0 < count < len(written) and _step(written[count]) == _step(written[count - 1]):
            count += 1
        return attrs.evolve(place, count=count)

    def _moment(self, text: str, option: str) -> int:
        """Return the nanoseconds since the start that *text* means."""
        found = _CLOCK.fullmatch(text)
        if found is None:
            try:
                return parse_duration(text)
            except ValueError:
                raise ScenarioError(
                    option, f"expected 90s, 13:30:04.5 or an entry's number, found {text!r}"
                ) from None
        hours, minutes, seconds = (int(part) for part in found.groups()[:3])
        start = self.tables.scenario.start
        since_midnight = timedelta(
            hours=start.hour,
            minutes=start.minute,
            seconds=start.second,
            microseconds=start.microsecond,
        )
        started_ns = since_midnight // timedelta(microseconds=1) * 1_000
        asked_ns = ((hours * 60 + minutes) * 60 + seconds) * 1_000_000_000
        asked_ns += int((found[4] or "0").ljust(9, "0"))
        day_ns = 24 * 3_600 * 1_000_000_000
        return (asked_ns - started_ns) % day_ns
