"""Floors with drop copy: two trading firms, a clearing firm, and desks in FIX text.

ALPHA and BRAVO trade in flows of their own, both cleared by CLEAR; DELTA trades as well and
is nobody's but its own.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import floorproof
from floorproof.actors.copy_gateway import CopyGateway, CopyGatewayConfig
from floorproof.market.copy_filters import CopyFilter
from floorproof.market.told import CopyReceived
from floorproof.runtime.participant import Context
from floorproof.scenario.floor import Floor

ALL = tuple(str(each) for each in CopyFilter)

REGISTERED: Mapping[str, tuple[str, str | None]] = {
    "AAA": ("ALPHA", "CCC"),
    "BBB": ("BRAVO", "CCC"),
    "CCC": ("CLEAR", None),
    "DDD": ("DELTA", None),
}
"""By GFID, whose each firm is, and who clears for it."""

SOURCES = {"ALPHA": "X01AAA", "BRAVO": "X02BBB", "DELTA": "X03DDD"}
TARGETS = {"COPY-A": ("A10000", "ALPHA"), "COPY-B": ("B10000", "BRAVO")}
TARGETS |= {"COPY-C": ("C10000", "CLEAR"), "COPY-D": ("D10000", "DELTA")}

GROUPS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "COPY-A": (ALL, ("X01AAA",)),
    "COPY-B": (("Trade - Fill Notice", "Trade Busts"), ("X02BBB",)),
    "COPY-C": (ALL, ("X01AAA", "X02BBB")),
    "COPY-D": (("Execution - Elimination", "Reject", "Acknowledgement"), ("X03DDD",)),
}
"""What each desk's group has copied."""


def scenario(
    steps: Iterable[tuple[float, str, str]] = (),
    *,
    groups: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = GROUPS,
    seconds: int = 8,
    kind: str = "CGW",
    fix: bool = False,
    session: str = "",
    extra: str = "",
    service: str = "",
    keys: bool = True,
    firms: Mapping[str, tuple[str, str | None]] = REGISTERED,
    targets: Mapping[str, tuple[str, str]] = TARGETS,
) -> str:
    """Return a scenario's text.

    Args:
        steps: what an administrator does to sessions: second, act, session.
        groups: by desk, the filters and the sources of its group.
        fix: whether ALPHA's session speaks FIX text.
        session: more of that session's table.
        firms: by GFID, the entity and the clearing firm.
        targets: by desk, its target session and the entity.
    """
    lines = [
        '[scenario]\nname = "drop copy"\nstart = 2023-07-17T13:30:00Z',
        '[[exchange]]\nname = "CME"',
        *(['[[exchange.session]]\nname = "ALPHA"\nheartbeat = "5s"\n' + session] if fix else []),
        '[[exchange.instrument]]\nsymbol = "MNQU3"\nprice_decimals = 2\ntick = "0.25"',
        '[[user]]\nname = "ADMIN"\nrole = "administrator"',
        '[registry]\nfront_ends = ["TT"]',
    ]
    for gfid, (entity, clearing) in firms.items():
        lines.append(f'[[registry.firm]]\ngfid = "{gfid}"\nentity = "{entity}"')
        lines += [f'clearing_firm = "{clearing}"'] if clearing else []
    for session, comp in SOURCES.items():
        lines.append(
            f'[[registry.sender_comp]]\ncomp_id = "{comp}"\nsession = "{session}"\nkind = "{kind}"'
        )
    for number, session in enumerate(SOURCES):
        lines.append(
            f'[[flow]]\nexchange = "CME"\nsettings = {{ name = "{session}", symbol = "MNQU3",'
            f' start_mid = "15000.00", duration_s = "{seconds}", orders_per_second = "4",'
            f" seed = {number} }}"
        )
    lines.append(f"[request_centre]\n[drop_copy_service]\n{service}")
    for desk, (target, entity) in targets.items():
        lines.append(
            f'[[registry.target]]\ncomp_id = "{target}"\nentity = "{entity}"\nkind = "{kind}"'
        )
        lines.append(f'[[drop_copy]]\nname = "{desk}"\ntarget = "{target}"\nheartbeat = "5s"')
        if keys:
            lines.append(f'[[request_centre.key]]\nsession = "{target}"\ncreated = 2023-01-02')
        if desk in groups:
            filters, sources = groups[desk]
            lines.append(
                f'[[request_centre.group]]\nentity = "{entity}"\nname = "{desk}"\n'
                f'front_end = "TT"\nfilters = {json.dumps(filters)}\n'
                f'sources = {json.dumps(sources)}\ntargets = ["{target}"]'
            )
    for at, act, session in steps:
        lines.append(f'[[step]]\nat = "{at}s"\nwho = "ADMIN"\ndo = "{act}"\nsession = "{session}"')
    return "\n".join([*lines, extra])


def run(
    text: str,
    *,
    gateway: Callable[[CopyGatewayConfig, Context], CopyGateway] | None = None,
    **options: Any,
) -> floorproof.Result:
    """Run a floor; *gateway* makes a copy gateway in place of the exchange's own."""
    parsed = floorproof.parse(text)
    floor = Floor(parsed)
    if gateway is not None:
        for name, config in parsed.plan.copying.gateways.items():
            floor.add(name, lambda context, config=config: gateway(config, context))
    return floor.run(**options)


def copies(result: floorproof.Result, desk: str) -> list[CopyReceived]:
    """Return the copies that a desk processed, in order."""
    return [
        entry.payload
        for entry in result.journal
        if entry.sender is None and entry.kind == "copy" and entry.actor == desk
    ]


def story(result: floorproof.Result) -> list[str]:
    """Return what the reconciliation found, without the entries that led there."""
    return [each.text for each in result.violations if each.invariant == "one-story"]
