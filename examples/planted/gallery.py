"""The gallery of planted bugs: how many seeds find each, and how small it gets.

    python examples/planted/gallery.py --write docs/gallery.md

Each scenario beside this file has a bug in its plugin, and is all right in the default run.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

import attrs

from floorproof.scenario.floor import Scenario, load, parse
from floorproof.scenario.fuzz.export import Found
from floorproof.scenario.fuzz.failures import of_seed
from floorproof.scenario.fuzz.hunt import shrink, whole
from floorproof.scenario.fuzz.search import Ran

HERE = Path(__file__).parent

SEEDS = 500
"""How many seeds a bug has to be found in."""

MOST_STEPS, MOST_CHOICES = 5, 3
"""How small it has to get."""


@attrs.frozen
class Planted:
    """One bug of the gallery."""

    name: str
    """Of its scenario and its plugin."""

    invariant: str
    """What has to find it."""

    instead: Mapping[str, str] = MappingProxyType({})
    """What the scenario has to say for the bug to be gone, for what it does say; where there
    is nothing, the bug stands in front of somebody."""

    @property
    def path(self) -> Path:
        return HERE / f"{self.name}.toml"

    @property
    def cause(self) -> str:
        return f"invariant {self.invariant}"

    @property
    def sentence(self) -> str:
        """What the bug is, by the first line of its plugin."""
        first = (HERE / f"{self.name}.py").read_text(encoding="utf-8").partition("\n")[0]
        return first.removeprefix('"""A planted bug: ')

    def load(self) -> Scenario:
        return load(self.path)

    def without(self) -> Scenario:
        """Return the scenario without its bug."""
        text = self.path.read_text(encoding="utf-8")
        for bug, right in self.instead.items():
            text = text.replace(bug, right)
        if not self.instead:
            before, _, rest = text.partition("[[participant]]")
            text = before + rest[rest.index("[[") :]
        return parse(text, HERE)

    def ran(self, scenario: Scenario, seed: int) -> Ran:
        """Return what a seed comes to."""
        outcome = of_seed(scenario, seed)
        return Ran(seed, outcome.failures, choices=outcome.choices)

    def first(self, scenario: Scenario, seeds: int = SEEDS) -> Ran:
        """Return the first run that finds the bug.

        Raises:
            ValueError: if none of so many does.
        """
        for seed in range(1, seeds + 1):
            ran = self.ran(scenario, seed)
            if self.cause in ran.causes:
                return ran
        raise ValueError(f"{self.name}: {self.invariant} holds in {seeds} seeds")

    def shrunk(self, scenario: Scenario, ran: Ran, max_runs: int = 2_000) -> Found:
        """Return the smallest run that shows the bug, from one that does.

        Raises:
            ValueError: if it does not show with every participant a task.
        """
        found = shrink(scenario, self.cause, [ran], max_runs=max_runs)
        if not isinstance(found, Found):
            raise ValueError(f"{self.name}: seed {ran.seed} fails in place alone")
        return found


GALLERY = (
    Planted("bust_stays", "order-quantities"),
    Planted("claim_race", "one-owner", {'"SENIORITY"': '"BROKER"'}),
    Planted("copies_skip", "one-story"),
    Planted("day_lives_on", "times-in-force"),
    Planted("etr_follows_trades", "trade-ranges", {'"etr-follows-trades"': '"nsx-etr"'}),
    Planted("forgets_fills", "parent-fills"),
    Planted("gtd_lives_on", "times-in-force"),
    Planted("hasty_cancel", "order-quantities"),
    Planted("iceberg_in_front", "price-time-priority"),
    Planted("keeps_priority", "price-time-priority"),
    Planted("mass_cancel_misses", "mass-cancels"),
    Planted("pro_rata_residual", "uncrossed-books", {'"ROUNDS-DOWN"': '"C"'}),
    Planted("reject_frees_room", "parent-room", {'"REJECT_IS_OVER"': '"BROKER"'}),
    Planted("resends_a_fill", "filled-once"),
    Planted("smp_other_trader", "self-matches", {"smp-one-trader": "cme-smp"}),
    Planted(
        "stale_quote",
        "hedges-fit-quotes",
        {'"spreader"': '"autospreader"', "settings.spreader": "settings.autospreader"},
    ),
    Planted("twap_counts_cancels", "synthetic-room", {'"HASTY_TWAP"': '"TT_TWAP"'}),
)


# --- the table ------------------------------------------------------------------------


@attrs.frozen
class Row:
    """What came of one bug."""

    planted: Planted
    seed: int
    before: tuple[int, int]
    """Steps and choices of the run that failed first; draws count as choices."""

    after: tuple[int, int]
    runs: int

    @property
    def is_small(self) -> bool:
        steps, choices = self.after
        return steps <= MOST_STEPS and choices <= MOST_CHOICES

    def __str__(self) -> str:
        steps, choices = self.before
        fewer, left = self.after
        return (
            f"| `{self.planted.name}`: {self.planted.sentence} | `{self.planted.invariant}`"
            f" | {self.seed} | {steps} | {fewer} | {choices} | {left} | {self.runs} |"
        )


def rows(seeds: int) -> Iterator[Row]:
    """Yield what comes of each bug.

    Raises:
        ValueError: if one is not found in so many seeds, or in place alone.
    """
    for planted in GALLERY:
        scenario = planted.load()
        ran = planted.first(scenario, seeds)
        found = planted.shrunk(scenario, ran)
        was = whole(scenario, dict(ran.choices or {})).size
        yield Row(planted, ran.seed, was[:2], found.variant.size[:2], found.runs)


HEAD = """# Bugs that are found

Each scenario in `examples/planted/` has a bug, planted with the public hooks, that the default run
does not show. For each the table has the invariant that finds it, the first seed that does, how
many steps (those of flows included) and choices its run had and how many are left when `floorproof
fuzz` has made it small, and in how many runs that was.

`make gallery` writes this page.

| bug | found by | seed | steps | left | choices | left | runs |
|---|---|---|---|---|---|---|---|
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=SEEDS, help="how many are tried of each")
    parser.add_argument("--write", type=Path, help="the page that gets the table")
    asked = parser.parse_args()
    made = []
    for row in rows(asked.seeds):
        print(row, flush=True)
        made.append(row)
    if asked.write is not None:
        asked.write.write_text(HEAD + "".join(f"{row}\n" for row in made), encoding="utf-8")
    large = [row.planted.name for row in made if not row.is_small]
    if large:
        print(f"not small: {', '.join(large)}", file=sys.stderr)
    return 1 if large else 0


if __name__ == "__main__":
    sys.exit(main())
