"""W2 and W2s in SimPy: processes on stores, a bare timeout a message."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Generator
from typing import Any

import simpy  # type: ignore[import-not-found]  # only the peers' environment has it

CLIENTS = range(2, 102)
ROUNDS = 500
LINK_NS = 1_000_000


def main(stagger_ns: int) -> None:
    env = simpy.Environment()
    gateway_in, server_in = simpy.Store(env), simpy.Store(env)
    client_in = {number: simpy.Store(env) for number in CLIENTS}
    check = 0
    end_ns = 0

    def send(store: Any, message: tuple[bool, int, int], delay_ns: int = LINK_NS) -> None:
        env.timeout(delay_ns, message).callbacks.append(lambda event: store.put(event.value))

    def client(number: int) -> Generator[Any, Any, None]:
        nonlocal end_ns
        send(gateway_in, (True, number, 1), LINK_NS + (number - CLIENTS[0]) * stagger_ns)
        while True:
            _, _, answered = yield client_in[number].get()
            end_ns = env.now
            if answered < ROUNDS:
                send(gateway_in, (True, number, answered + 1))

    def gateway() -> Generator[Any, Any, None]:
        while True:
            message = yield gateway_in.get()
            is_request, number, _ = message
            send(server_in if is_request else client_in[number], message)

    def server() -> Generator[Any, Any, None]:
        nonlocal check
        while True:
            _, number, count = yield server_in.get()
            check = (check * 1_000_003 + env.now * 131 + number * 7 + count) % (2**61 - 1)
            send(gateway_in, (False, number, count))

    env.process(gateway())
    env.process(server())
    for number in CLIENTS:
        env.process(client(number))

    start = time.perf_counter()
    env.run()
    seconds = time.perf_counter() - start
    print(json.dumps({"seconds": seconds, "check": check, "end_ns": end_ns}))


if __name__ == "__main__":
    main(int(sys.argv[1]))
