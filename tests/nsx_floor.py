"""A floor of one NSX share with its public feed, for tests to have things happen on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from floorproof.runtime.journal import Entry
from floorproof.wire.itch import Message, decode
from floorproof.wire.itch_session import FeedMessages

TEXT = """
[scenario]
name = "a share of NSX, and its feed"
start = 2026-01-05T00:30:00Z

[[gateway]]
name = "NSX-A"
kind = "exchange"

[[exchange]]
name = "NSX"
gateway = "NSX-A"
rules = ["nsx-etr", "nsx-sessions"]

  [[exchange.instrument]]
  symbol = "X"
  price_decimals = 3
  tick = "0.005"
  reference = "1.000"

  [[exchange.board]]
  name = "NCRP"
  symbols = ["X"]
  state = "OPEN"

  [[exchange.feed]]
  name = "ITCH"
  session = "NSX1"
  firms = { "NSX-A" = 12 }
    [[exchange.feed.book]]
    symbol = "X"
    orderbook = 7

[[feed_reader]]
name = "TAPE"
feed = "ITCH"

[[user]]
name = "T"
role = "execution_trader"
  [[user.login]]
  gateway = "NSX-A"
  routing_mgt = "T/T/001"
  exchange_mgt = "T/T/001"
"""

# Seconds, side, quantity, price: E4, and then E13's second pause.
E4 = [(1, "sell", 200, "1.610"), (2, "buy", 200, "1.610")]
E13 = [*E4, (200, "sell", 100, "2.575"), (201, "sell", 100, "2.580"), (202, "buy", 150, "2.600")]

Order = tuple[int, str, int, str]


def text(orders: Iterable[Order] = E13, more: str = "") -> str:
    steps = (
        f'[[step]]\nat = "{at}s"\nwho = "T"\ndo = "enter"\n'
        f'order = {{ id = "o{number}", symbol = "X", side = "{side}",'
        f' quantity = {qty}, price = "{price}" }}\n'
        for number, (at, side, qty, price) in enumerate(orders)
    )
    return TEXT + more + "".join(steps)


def told(journal: Sequence[Entry]) -> list[FeedMessages]:
    """Return what the feed has told, moment by moment."""
    return [entry.payload for entry in journal if isinstance(entry.payload, FeedMessages)]


def messages(journal: Sequence[Entry]) -> list[Message]:
    return [decode(data) for each in told(journal) for data in each.messages]


def payloads(journal: Sequence[Entry], kind: type, actor: str) -> list[Any]:
    """Return what *actor* got of a kind."""
    return [
        entry.payload
        for entry in journal
        if entry.sender is not None and entry.actor == actor and isinstance(entry.payload, kind)
    ]
