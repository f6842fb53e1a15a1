"""Whole floors in a few lines of text, and what was said on them, so that a desk can read along.

A step is a line: when, who, what.

    0s PM1 stage P1 buy 10 @ 15352.00 for 123     for an account
    1s ET2 claim P1
    2s ET2 child C1 of P1 6 @ 15351.50            without a price: at the market
    3s LP enter o1 sell 4 @ 15351.50              ioc may follow
    4s ET2 change C1 to C1a 8                     at its price, or @ another
    5s ET2 cancel C1a
    6s ADMIN permit ET1 creation                  or revoke; any permission; for an account
    7s PM1 cancel_staged P1
    7s PM1 change_staged P1 12 @ 15352.25         or 12, or @ 15352.25, or market
    8s ET2 approve P1                             push may follow; or reject; or request 1
    9s ET2 unclaim P1                             or hold

`on SYMBOL`, `type NAME`, `via GATEWAY`, `buy` or `sell` may follow where they make sense.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any

import attrs
import trio
from hypothesis import strategies as st

import floorproof
from floorproof.market.window import Window
from floorproof.market.wording import label
from floorproof.runtime.choices import Choices
from floorproof.runtime.journal import Entry
from floorproof.runtime.mailbox import Mailbox
from floorproof.scenario.expect import windows

NS = 1_000_000_000

# TT, "Staging Orders to Execution Traders Who Use Exchange Trader Credentials".  LP is
# somebody else's firm, that sells to the desk's children.
EXCHANGE_TRADERS = """
    ET1  SSE-A  TTSSE/SE1/001    TTSSE/SE1/001  -
    ET1  CME-A  ABC/ABC/ABC      ABC/ABC/ABC    -
    ET2  SSE-A  TTSSE/SE1/002    TTSSE/SE1/002  -
    ET2  CME-A  ABC/ABC/ABF      ABC/ABC/ABF    -
    PM1  SSE-A  TTORDAB/001/001  TTSSE/SE1/001  123
    PM1  CME-A  TTORDAB/001/001  ABC/ABC/ABC    123
    PM2  SSE-A  TTORDAB/002/001  TTSSE/SE1/001  456
    PM2  CME-A  TTORDAB/002/001  ABC/ABC/ABC    456
    LP   CME-A  XYZ/XYZ/001      XYZ/XYZ/001    -
"""

# ET3 shares the desk's book where parents are held, and not where children trade.
APART_ON_CME = (
    EXCHANGE_TRADERS
    + """\
    ET3  SSE-A  TTSSE/SE1/003    TTSSE/SE1/003  -
    ET3  CME-A  DEF/DEF/DEF      DEF/DEF/DEF    -
"""
)

INTERNAL = ("SSE-A", "CME-A", "CME")
"""What users do not see: gateways and the exchange among themselves."""

_PERMISSIONS = {"creation": "staged_order_creation", "management": "staged_order_management"}


def floor(
    steps: str,
    *,
    users: str = EXCHANGE_TRADERS,
    permissions: Mapping[str, str] | None = None,
    habits: Mapping[str, str] | None = None,
    links: Iterable[str] = (),
    staging_enabled: bool = True,
    broker: str = "",
    extra: str = "",
) -> str:
    """Return a scenario's text.

    Args:
        users: their logins, one a line: user, gateway, routing and exchange credential,
            account.  PMs may create staged orders, ETs may manage them.
        permissions: what some users may do instead, by name.
        habits: the table of a trader's habits, as the file has it.
        links: ``"ET1 SSE-A 1ms 200us"``: sender or role, recipient, latency, jitter.
        broker: more settings of the order type ``BROKER``.
        extra: more of the file.
    """
    logins: dict[str, list[list[str]]] = {}
    for user, *login in map(str.split, users.strip().splitlines()):
        logins.setdefault(user, []).append(login)
    allowed = {
        user: {"PM": "creation", "ET": "management"}.get(user[:2], "") for user in logins
    } | dict(permissions or {})
    lines = [
        "[scenario]",
        'name = "a test\'s floor"',
        "start = 2023-07-17T13:30:00Z",
        '[[gateway]]\nname = "SSE-A"\nkind = "sse"',
        "[gateway.settings.BROKER]",
        f"staging_enabled = {json.dumps(staging_enabled)}",
        broker,
        '[[gateway]]\nname = "CME-A"\nkind = "exchange"',
        '[[exchange]]\nname = "CME"\ngateway = "CME-A"',
    ]
    for symbol in ("MNQU3", "MESU3"):
        lines.append(
            f'[[exchange.instrument]]\nsymbol = "{symbol}"\nprice_decimals = 2\ntick = "0.25"\n'
            "max_order_qty = 1000"
        )
    for user, its_logins in logins.items():
        role = "portfolio_manager" if user.startswith("PM") else "execution_trader"
        may = [_PERMISSIONS.get(word, word) for word in allowed[user].split()]
        lines.append(f'[[user]]\nname = "{user}"\nrole = "{role}"\npermissions = {json.dumps(may)}')
        if habits and user in habits:
            lines.append(f"habits = {habits[user]}")
        for gateway, routing, exchange, account in its_logins:
            lines.append(
                f'[[user.login]]\ngateway = "{gateway}"\nrouting_mgt = "{routing}"\n'
                f'exchange_mgt = "{exchange}"'
            )
            if account != "-":
                lines.append(f'account = "{account}"')
    lines.append('[[user]]\nname = "ADMIN"\nrole = "administrator"')
    for link in links:
        sender, recipient, latency, *jitter = link.split()
        lines.append(f'[[link]]\nfrom = "{sender}"\nto = "{recipient}"\nlatency = "{latency}"')
        lines.extend(f'jitter = "{each}"' for each in jitter)
    lines.extend(map(step, filter(str.strip, steps.splitlines())))
    return "\n".join([*lines, extra])


def road(name: str, recipient: str) -> st.SearchStrategy[str]:
    """Return links that take up to 60 ms, and up to 60 ms longer."""
    return st.tuples(st.integers(0, 60), st.integers(0, 60)).map(
        lambda each: f"{name} {recipient} {each[0]}ms {each[1]}ms"
    )


def step(line: str) -> str:
    """Return one line of steps as the file has it."""
    at, who, do, *words = line.split()
    table: dict[str, object] = {}
    if do in ("permit", "revoke"):
        table = {
            "user": words[0],
            "permission": _PERMISSIONS.get(words[1], words[1]),
            "account": _after("for", words),
        }
    elif do in ("claim", "unclaim", "cancel_staged", "hold", "status"):
        table = {"order": words[0]}
    elif do in ("approve", "reject"):
        number = _after("request", words)
        table = {
            "order": words[0],
            "request": int(number) if number else None,
            "push": True if "push" in words else None,
        }
    elif do == "change_staged":
        table = {
            "order": words[0],
            "symbol": _after("on", words) or "MNQU3",
            "quantity": int(words[1]) if words[1:] and words[1].isdigit() else None,
            "price": _after("@", words),
            "type": "market" if "market" in words else None,
            "side": next((word for word in words if word in ("buy", "sell")), None),
        }
    elif do == "cancel":
        table = {"order": words[0], "id": _after("as", words)}
    elif do == "change":
        table = {
            "order": words[0],
            "id": words[2],
            "symbol": "MNQU3",
            "quantity": int(words[3]),
            "price": _after("@", words),
        }
    else:
        order = {
            "id": words[0],
            "symbol": _after("on", words) or "MNQU3",
            "parent": _after("of", words),
            "side": next((word for word in words if word in ("buy", "sell")), None),
            "quantity": next(int(word) for word in words[1:] if word.isdigit()),
            "price": _after("@", words),
            "account": _after("for", words),
            "type": _after("type", words),
            "gateway": _after("via", words),
            "time_in_force": "ioc" if "ioc" in words else None,
        }
        table = {"order": {key: value for key, value in order.items() if value is not None}}
    told = ["[[step]]", f'at = "{at}"', f'who = "{who}"', f'do = "{do}"']
    told += [f"{key} = {_toml(value)}" for key, value in table.items() if value is not None]
    return "\n".join(told)


def _after(word: str, words: Sequence[str]) -> str | None:
    return words[words.index(word) + 1] if word in words else None


def _toml(value: object) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {_toml(each)}" for key, each in value.items()) + " }"
    return json.dumps(value)


# --- what was said -------------------------------------------------------------------


@attrs.frozen
class Told:
    """A run, as those on the floor heard it."""

    result: floorproof.Result

    @property
    def messages(self) -> list[Entry]:
        """What was delivered, but for what people decide themselves."""
        return [entry for entry in self.result.journal if entry.sender not in (None, "scenario")]

    def payloads(self, kind: str, to: str | None = None) -> list[Any]:
        """Return the messages that the desk calls *kind*, all or those to one."""
        return [
            entry.payload
            for entry in self.messages
            if label(entry.payload) == kind and to in (None, entry.actor)
        ]

    def table(
        self, since: str = "0s", *, inside: Sequence[str] = (), without: Sequence[str] = ()
    ) -> list[str]:
        """Return who told whom what: one line for what one tells several alike.

        What gateways and the exchange say among themselves is left out.

        Args:
            since: from this moment.
            inside: of what is left out, what is shown all the same: ``"CME ChildFill"``.
            without: users whose traffic is left out, too.
        """
        rows: list[list[str]] = []
        last: object = None
        for entry in self.messages:
            word = label(entry.payload)
            within = entry.sender in INTERNAL and entry.actor in INTERNAL
            if entry.time < _ns(since) or entry.sender in without or entry.actor in without:
                continue
            if within and f"{entry.sender} {word}" not in inside:
                continue
            fields = self.result.scenario.wording.key_fields(entry.payload)
            told = (entry.time, entry.phase, entry.sender, entry.cause, word, fields)
            if told == last and entry.actor not in INTERNAL:
                rows[-1][1] += f" {entry.actor}"
            else:
                assert entry.sender is not None
                rows.append([entry.sender, entry.actor, f"{word}: {fields}" if fields else word])
            last = told
        return [f"{sender} > {to} {what}" for sender, to, what in rows]

    def to(self, user: str, since: str = "0s") -> list[str]:
        """Return what one user was told, with its key fields."""
        fields = self.result.scenario.wording.key_fields
        return [
            f"{label(entry.payload)} {fields(entry.payload)}"
            for entry in self.messages
            if entry.actor == user and entry.time >= _ns(since)
        ]

    def audience(self, kind: str) -> str:
        """Return which users got a message of that kind, in the order of their names."""
        found = {entry.actor for entry in self.messages if label(entry.payload) == kind}
        return " ".join(sorted(found.difference(INTERNAL)))

    def windows(self, until: str) -> dict[str, Window]:
        """Return every user's window as of a moment, that moment included."""
        entries = [entry for entry in self.result.journal if entry.time <= _ns(until)]
        return windows(entries, self.result.scenario.users)


def _ns(text: str) -> int:
    return int(text.removesuffix("s")) * NS


def play(
    steps: str,
    *,
    seed: int | None = None,
    choices: Choices | None = None,
    in_place: bool = False,
    guests: Mapping[str, Callable[[Mailbox], Awaitable[None]]] | None = None,
    **options: Any,
) -> Told:
    """Run a floor; *guests* are programs in the seats of users, or beside them."""
    made = floorproof.Floor(floorproof.parse(floor(steps, **options)))
    for name, run in (guests or {}).items():
        made.add(name, run)
    return Told(made.run(seed=seed, choices=choices, in_place=in_place))


def saying(*said: tuple[int, str, object]) -> Callable[[Mailbox], Awaitable[None]]:
    """Return a program that sends messages, each at its second, whatever screens allow."""

    async def run(mailbox: Mailbox) -> None:
        for at_s, recipient, message in said:
            await trio.sleep(at_s - mailbox.now_ns / NS)
            mailbox.send(recipient, message)
        async for _ in mailbox:
            pass

    return run


def rows(table: str) -> list[str]:
    """Return the lines of a table, each with single blanks."""
    return [" ".join(line.split()) for line in table.strip().splitlines() if line.strip()]
