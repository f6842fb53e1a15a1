"""Asking, and waiting for the answer."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from floorproof.runtime.errors import ReplyTimeout
from floorproof.runtime.journal import Entry, Journal
from floorproof.runtime.kernel import Kernel
from floorproof.runtime.mailbox import Mailbox
from floorproof.runtime.participant import Answer, Delivery, Run, Send

MS = 1_000_000
DAYS_NS = 200 * 24 * 3600 * 1_000_000_000


class Replies:
    """Answers a number with a reply after that many nanoseconds, and with an aside at once."""

    def receive(self, delivery: Delivery) -> Iterator[Answer]:
        assert isinstance(delivery.message, int)
        yield Send(delivery.sender, f"aside {delivery.message}")
        yield delivery.reply(f"reply {delivery.message}", delivery.message)


def facts(run: Run, begin_ns: int = 0) -> list[Entry]:
    journal = Journal()
    kernel = Kernel(journal=journal)
    kernel.add("asks", run)
    kernel.add("replies", lambda _context: Replies())
    kernel.schedule(begin_ns, "asks", "begin")
    kernel.run_to_end()
    return [
        entry
        for entry in journal.entries
        if not entry.is_delivery and entry.kind != "undeliverable"
    ]


def test_a_request_gets_its_reply_and_the_rest_is_set_aside_in_order() -> None:
    async def asks(mailbox: Mailbox) -> None:
        mailbox.send("replies", 1)
        reply = await mailbox.request("replies", 7)
        mailbox.report("got", reply.message)
        async for delivery in mailbox:
            mailbox.report("got", delivery.message)

    got = facts(asks)

    assert [entry.payload for entry in got] == ["reply 7", "begin", "aside 1", "aside 7", "reply 1"]


def test_what_follows_a_reply_has_it_as_cause_and_what_was_set_aside_its_own() -> None:
    async def asks(mailbox: Mailbox) -> None:
        reply = await mailbox.request("replies", 7)
        mailbox.report("cause", reply.seq)
        mailbox.report("cause", (await mailbox.receive()).seq)

    for entry in facts(asks):
        assert entry.cause == entry.payload


def test_two_requests_are_told_apart_by_their_replies() -> None:
    async def asks(mailbox: Mailbox) -> None:
        with pytest.raises(ReplyTimeout):
            await mailbox.request("replies", 5, timeout_ns=1)
        reply = await mailbox.request("replies", 50)  # the first one's comes meanwhile
        mailbox.report("got", reply.message)

    assert facts(asks)[0].payload == "reply 50"


# fmt: off
DEADLINES = {
    "well before":     (MS,     MS - 1, True),
    "at the deadline": (MS,     MS,     True),
    "1 ns after":      (MS - 1, MS,     False),
    "a phase later":   (1,      0,      True),
}
# fmt: on


@pytest.mark.parametrize(
    ("timeout_ns", "takes_ns", "in_time"), DEADLINES.values(), ids=DEADLINES.keys()
)
def test_a_reply_at_its_deadline_is_in_time(timeout_ns: int, takes_ns: int, in_time: bool) -> None:
    async def asks(mailbox: Mailbox) -> None:
        try:
            reply = await mailbox.request("replies", takes_ns, timeout_ns=timeout_ns)
            mailbox.report("got", reply.message)
        except ReplyTimeout as timeout:
            mailbox.report("timeout", [mailbox.now_ns, timeout.recipient, timeout.message])

    first, *_ = facts(asks)

    assert first.kind == ("got" if in_time else "timeout")
    if not in_time:
        assert first.payload == [timeout_ns, "replies", takes_ns]


@pytest.mark.parametrize("after_ns", range(DAYS_NS, DAYS_NS + 12))
def test_late_in_a_long_run_no_timeout_is_early(after_ns: int) -> None:
    async def asks(mailbox: Mailbox) -> None:
        await mailbox.receive()
        reply = await mailbox.request("replies", MS, timeout_ns=MS)
        mailbox.report("got", reply.message)

    assert facts(asks, after_ns)[0].payload == f"reply {MS}"


def test_a_late_reply_arrives_as_any_message() -> None:
    async def asks(mailbox: Mailbox) -> None:
        await mailbox.receive()
        with pytest.raises(ReplyTimeout):
            await mailbox.request("replies", 5, timeout_ns=4)
        async for delivery in mailbox:
            mailbox.report("got", (delivery.message, delivery.now_ns))

    assert [entry.payload for entry in facts(asks)] == [("aside 5", 0), ("reply 5", 5)]
