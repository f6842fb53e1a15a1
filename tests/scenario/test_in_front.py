"""Whoever stands in front of somebody: he hears and says what that one does, or something else."""

from __future__ import annotations

from pathlib import Path

import pytest
from commands import assert_refused, changed, command, write
from floors import floor

import floorproof
from floorproof.market import exchange
from floorproof.market.exchange import _keeps_priority
from floorproof.market.messages import ExecutionReport
from floorproof.plugins.in_front import InFront
from floorproof.runtime.choices import Recorded
from floorproof.runtime.mailbox import Mailbox
from floorproof.testing.planting import Patched

KINDS = """
from collections.abc import Iterator

import attrs

from floorproof.market.messages import ExecutionReport
from floorproof.plugins.hookspecs import CONTRACT_VERSION, hookimpl
from floorproof.plugins.in_front import InFront, message_of

floorproof_contract = CONTRACT_VERSION


class Silent(InFront):
    def __init__(self, inner, every):
        super().__init__(inner)
        self.left = every

    def said(self, answer, delivery):
        if isinstance(message_of(answer), ExecutionReport):
            self.left -= 1
            if self.left < 0:
                return
        yield answer


@attrs.frozen
class Mute:
    every: int = 2

    def in_front_of(self, make, context):
        return Silent(make(context), self.every)


class Somebody:
    def receive(self, delivery):
        return ()


class Through:
    def in_front_of(self, make, context):
        return InFront(make(context))


class Amnesia:
    def in_front_of(self, make, context):
        return InFront(make(attrs.evolve(context, store={})))


@hookimpl
def participants():
    return {
        "amnesia": attrs.frozen(Amnesia),
        "mute": Mute,
        "through": attrs.frozen(Through),
        "somebody": attrs.frozen(Somebody),
    }
"""

WORKED = """
    0s LP enter o1 sell 4 @ 15351.50
    1s ET1 enter o2 buy 4 @ 15351.50
"""


def played(tmp_path: Path, table: str, seed: int | None = None) -> floorproof.Result:
    return floorproof.run(floorproof.load(scenario(tmp_path, table)), seed=seed)


def scenario(tmp_path: Path, table: str) -> Path:
    write(tmp_path, KINDS, "kinds.py")
    text = changed(
        floor(WORKED, extra=table), "[scenario]\n", '[scenario]\nplugins = ["kinds.py"]\n'
    )
    return write(tmp_path, text)


def reports(result: floorproof.Result) -> int:
    return sum(
        isinstance(each.payload, ExecutionReport) and each.sender == "CME"
        for each in result.journal
    )


def test_whoever_changes_nothing_is_not_noticed(tmp_path: Path) -> None:
    plain = played(tmp_path, "")

    behind = played(tmp_path, '[[participant]]\nname = "CME"\nkind = "through"\nin_front = true')

    assert behind.digest == plain.digest
    assert "uncrossed-books" in behind.invariants


def test_what_somebody_says_may_be_kept_back(tmp_path: Path) -> None:
    table = '[[participant]]\nname = "CME"\nkind = "mute"\nin_front = true\nsettings.every = 3'

    result = played(tmp_path, table)

    assert (reports(played(tmp_path, "")), reports(result)) == (4, 3)
    assert {each.invariant for each in result.violations} == {"both-sides", "positions-conserve"}


def test_several_stand_one_before_the_other(tmp_path: Path) -> None:
    through = '[[participant]]\nname = "CME"\nkind = "through"\nin_front = true\n'
    mute = '[[participant]]\nname = "CME"\nkind = "mute"\nin_front = true'

    assert reports(played(tmp_path, f"{through}{mute}")) == 2


def test_each_run_has_one_of_its_own(tmp_path: Path) -> None:
    table = '[[participant]]\nname = "CME"\nkind = "mute"\nin_front = true'
    loaded = floorproof.load(scenario(tmp_path, table))

    assert floorproof.run(loaded).digest == floorproof.run(loaded).digest


@pytest.mark.parametrize("sessions", ["", 'sessions = ["LP>CME-A", "CME>CME-A"]'])
def test_who_forgets_what_he_had_written_down_does_not_agree(tmp_path: Path, sessions: str) -> None:
    """Where nothing is lost on the way, a crash is no excuse."""
    worked = "0s LP enter o1 sell 4 @ 15351.50\n1s LP enter o2 sell 4 @ 15351.50"
    table = '[[participant]]\nname = "CME-A"\nkind = "amnesia"\nin_front = true\n'
    faults = f'[faults]\ncrash = 1\nactors = ["CME-A"]\n{sessions}'
    write(tmp_path, KINDS, "kinds.py")
    text = changed(
        floor(worked, extra=table + faults),
        "[scenario]\n",
        '[scenario]\nplugins = ["kinds.py"]\n',
    )

    crash = Recorded({"crash CME-A>CME-A 3": 1_000})
    result = floorproof.run(floorproof.load(write(tmp_path, text)), choices=crash)

    assert result.facts("fault")
    assert [each.invariant for each in result.violations] == (["agreement"] if sessions else [])


# fmt: off
WRONG = {
    'name = "CMA"\nkind = "through"\nin_front = true':
        "participant[0].name: no participant named 'CMA'",
    'name = "CME"\nkind = "somebody"\nin_front = true':
        "participant[0].in_front: somebody is somebody himself: expected `in_front = false`",
    'name = "X"\nkind = "through"':
        "participant[0].in_front: through stands in front of others: expected `in_front = true`",
    'name = "CME"\nkind = "somebody"':
        "the name 'CME' is taken",
}
# fmt: on


@pytest.mark.parametrize(("table", "said"), WRONG.items())
def test_who_cannot_stand_there_is_refused(tmp_path: Path, table: str, said: str) -> None:
    path = scenario(tmp_path, f"[[participant]]\n{table}")

    assert_refused(command("check", path), said)


def test_whoever_waits_by_himself_has_nobody_before_him() -> None:
    class Waits:
        async def run(self, mailbox: Mailbox) -> None: ...

    with pytest.raises(TypeError, match="expected a participant that only answers"):
        InFront(Waits())


def test_what_is_planted_is_so_for_one_participant_alone() -> None:
    class Asks:
        def receive(self, delivery: object) -> list[object]:
            return [exchange._keeps_priority]

    patched = Patched(Asks(), exchange, "_keeps_priority", "planted")  # type: ignore[arg-type]

    planted: list[object] = [*patched.receive(None)]  # type: ignore[arg-type]
    assert planted == ["planted"]
    assert exchange._keeps_priority is _keeps_priority
    with pytest.raises(AttributeError):
        Patched(Asks(), exchange, "_no_such_thing", 0)  # type: ignore[arg-type]
