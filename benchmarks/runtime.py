"""W2 and W2s: messages through the runtime alone.

A hundred clients, a gateway, a server: client, gateway, server, gateway, client, and
the next request; 500 rounds each, every message a simulated millisecond.  In W2 all
clients begin together, in W2s 40,010 ns after each other, so that no two deliveries
share an instant.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator

import attrs
from measure import CHECK_BASE, CHECK_MODULUS, Row, in_turn, rates, say

from floorproof.runtime.journal import Journal
from floorproof.runtime.kernel import Kernel, Latency
from floorproof.runtime.participant import Answer, Delivery, Send

CLIENTS = range(2, 102)
ROUNDS = 500
DELIVERIES = 4 * ROUNDS * len(CLIENTS)
LINK = Latency(1_000_000)

STAGGER_NS = {"W2": 0, "W2s": 40_010}
ANSWERS = {
    "W2": {"check": 425404877659975304, "end_ns": 2_000_000_000},
    "W2s": {"check": 858232515401687890, "end_ns": 2_003_960_990},
}


@attrs.frozen
class Request:
    client: int
    round: int


class Client:
    """Asks, and asks again when it is answered."""

    def __init__(self, number: int, delay_ns: int) -> None:
        self._number = number
        self._delay_ns = delay_ns

    def start(self) -> Iterator[Answer]:
        yield Send("gateway", Request(self._number, 1), self._delay_ns)

    def receive(self, delivery: Delivery) -> Iterator[Answer]:
        answered = delivery.message
        assert isinstance(answered, Request)
        if answered.round < ROUNDS:
            yield Send("gateway", Request(self._number, answered.round + 1))


class Gateway:
    """Passes requests on to the server, and its answers back to the client."""

    def receive(self, delivery: Delivery) -> Iterator[Answer]:
        request = delivery.message
        assert isinstance(request, Request)
        if delivery.sender == "server":
            yield Send(f"client {request.client}", request)
        else:
            yield Send("server", request)


class Server:
    """Answers, and folds what it has seen into a check."""

    check = 0

    def receive(self, delivery: Delivery) -> Iterator[Answer]:
        request = delivery.message
        assert isinstance(request, Request)
        self.check = (
            self.check * CHECK_BASE + delivery.now_ns * 131 + request.client * 7 + request.round
        ) % CHECK_MODULUS
        yield delivery.reply(request)


def once(workload: str, hosting: str, journalled: str) -> None:
    kernel = Kernel(
        journal=Journal(keep=False) if journalled == "journal" else None,
        latency=lambda _sender, _recipient: LINK,
        in_place=hosting == "in place",
    )
    server = Server()
    kernel.add("gateway", lambda _context: Gateway())
    kernel.add("server", lambda _context: server)
    for number in CLIENTS:
        client = Client(number, (number - CLIENTS[0]) * STAGGER_NS[workload])
        kernel.add(f"client {number}", lambda _context, client=client: client)

    start = time.perf_counter()
    kernel.run_to_end()
    say(time.perf_counter() - start, check=server.check, end_ns=kernel.now_ns)


def rows() -> Iterator[Row]:
    """Yield W2 and W2s, hosted either way, journal off and on, beside SimPy."""
    for workload in ("W2", "W2s"):
        ours = {
            f"{workload}, {hosting}{', journalled' if journal else ''}": (
                workload,
                hosting,
                journal,
            )
            for hosting in ("tasks", "in place")
            for journal in ("", "journal")
        }
        peer = {"simpy": ("peers/simpy_runtime.py", (str(STAGGER_NS[workload]),))}
        mine, theirs = in_turn("runtime.py", ours, peer, ANSWERS[workload])
        versus = "SimPy, a bare timeout a message"
        yield from rates("deliveries/s", DELIVERIES, mine, theirs, versus)


if __name__ == "__main__":
    once(*sys.argv[1:])
