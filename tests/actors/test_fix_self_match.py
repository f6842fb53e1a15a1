"""Self-match prevention in FIX text: what is printed of it (`reference/cme.md`, 1.4, 1.7, 1.8)."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from fix_desk import Desk
from oracle.shorthand import request
from smp import SMP, X, exchange_with

from floorproof.market.instrument import Instrument, TickTable

INSTRUMENTS = {X: Instrument(symbol=X, price_decimals=0, ticks=TickTable.uniform(1))}
TAGS = ("35", "39", "150", "378", "9775", "7928", "8000", "14", "151", "6", "372", "379", "380")


def told(*lines: str) -> list[str]:
    """Return what the venue prints because of the last of *lines*, of each message some tags."""
    sessions = {f"F{firm}": (f"S01{firm}", None) for firm in ("100", "400")}
    at = Desk(exchange_with(rule=SMP), INSTRUMENTS, sessions)
    for line in lines:
        before = len(at.texts)
        at.send(line.split()[0], request(line))
    return [_some(text) for text in at.texts[before:] if text.startswith("CME ")]


def _some(text: str) -> str:
    fields = dict(part.partition("=")[::2] for part in text.partition(" ")[2].split("|"))
    if "373" in fields:
        return f"373={fields['373']}"
    tags = (*TAGS, "1028") if fields["35"] in ("3", "j") else TAGS
    return "|".join(f"{tag}={fields[tag]}" for tag in tags if tag in fields)


OTHER = "F100 o SELL 10 @ 50"
OWN = "F400 own SELL 20 @ 50 id=1234567 instr=N"
QUOTE = "F400 q QUOTE X:-/20@50 id=1234567"
ACK = "35=8|39=0|150=0|7928=1234567|{}14=0|151=30|6=0"
FILL = "35=8|39={0}|150={0}|{1}14=10|151={2}|6=0"
# fmt: off
# What arrives, and what is printed of it, in the order in which it is sent.
PRINTED: dict[str, tuple[Sequence[str], Sequence[str]]] = {
    "the aggressor goes": (
        [OTHER, OWN, "F400 n BUY 30 @ 50 id=1234567 instr=N"],
        [ACK.format("8000=N|"),
         FILL.format("2", "", "0"),
         FILL.format("1", "7928=1234567|8000=N|", "20"),
         "35=8|39=4|150=4|378=107|7928=1234567|8000=N|14=0|151=0|6=0"]),
    "the resting order goes, with its own tags": (
        [OTHER, OWN, "F400 n BUY 30 @ 50 id=1234567"],
        [ACK.format(""),
         FILL.format("2", "", "0"),
         FILL.format("1", "7928=1234567|", "20"),
         "35=8|39=4|150=4|378=103|7928=1234567|8000=N|14=0|151=0|6=0"]),
    "a quote goes": (
        [OTHER, QUOTE, "F400 n BUY 30 @ 50 id=1234567 instr=O"],
        [ACK.format("8000=O|"),
         FILL.format("2", "", "0"),
         FILL.format("1", "7928=1234567|8000=O|", "20"),
         "35=b|9775=H|7928=1234567|151=20"]),
    "an order goes for a quote": (
        [OWN, "F400 q QUOTE X:5@50 id=1234567 instr=N"],
        ["35=b|7928=1234567",
         "35=8|39=4|150=4|378=103|7928=1234567|8000=N|14=0|151=0|6=0"]),
    "an instruction alone is not repeated": (
        ["F400 n BUY 30 @ 50 instr=N"],
        ["35=8|39=0|150=0|14=0|151=30|6=0"]),
    "an order's reject": (
        ["F100 n BUY 30 @ 50 id=1234567 instr=N"],
        ["35=3|1028=Y"]),
    "a change's reject": (
        ["F100 m BUY 30 @ 50", "F100 n CHANGE BUY m 30 @ 50 id=1234567"],
        ["35=3|1028=Y"]),
    "a mass quote's reject": (
        ["F100 q QUOTE X:5@50 id=1234567"],
        ["35=j|372=i|379=q|380=0|1028=Y"]),
    "a reject of a mass quote that only cancels": (
        ["F100 q QUOTE X:- id=1234567"],
        ["35=j|372=i|379=q|380=0|1028=Y"]),
}
# fmt: on


@pytest.mark.rule("SMP-2", "SMP-6", "SMP-8", "SMP-11", "SMP-13", "SMP-14", "ILINK-4")
@pytest.mark.parametrize(("lines", "expected"), PRINTED.values(), ids=PRINTED.keys())
def test_what_is_printed(lines: Sequence[str], expected: Sequence[str]) -> None:
    assert told(*lines) == expected
