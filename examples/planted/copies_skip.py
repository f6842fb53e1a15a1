"""A planted bug: a drop copy gateway that fills a gap where it should send again.

Asked for what a desk has missed, it sends the first message again and says of the others that
they were nothing to keep (a gap fill).  The desk's numbers are in order, and its story is not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import attrs

from floorproof.plugins.hookspecs import CONTRACT_VERSION, hookimpl
from floorproof.runtime.participant import Context, Factory, Participant
from floorproof.testing.planting import Patched
from floorproof.wire.fix_session import Session
from floorproof.wire.fix_session_values import Output

floorproof_contract = CONTRACT_VERSION

again = Session._again


def only_the_first(session: Session, first: int, last: int, now_ns: int) -> Iterator[Output]:
    """Yield what stands for the numbers *first* to *last*, with the bug."""
    yield from again(session, first, first, now_ns)
    if last > first:
        yield session._gap_fill(first + 1, last + 1, session._time(now_ns))


@attrs.frozen
class CopiesSkip:
    """The kind ``copies-skip``."""

    def in_front_of(self, make: Factory, context: Context) -> Participant:
        return Patched(make(context), Session, "_again", only_the_first)


@hookimpl
def participants() -> Mapping[str, type]:
    return {"copies-skip": CopiesSkip}
