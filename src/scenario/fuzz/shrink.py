"""The smallest story that still fails: delta debugging over steps, flow and choices.

A run is described by a `Variant`: which steps of the file and of its flows are played,
and what the environment chooses.  Whether one fails is asked of a function; nothing here
knows what a run is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

import attrs

T = TypeVar("T")


@attrs.frozen(kw_only=True)
class Variant:
    """A scenario with some of its steps left out, and with its choices written down."""

    steps: tuple[int, ...]
    """The places in the file of the steps that are played, from 0."""

    flows: Mapping[str, tuple[int, ...]] = attrs.field(factory=dict)
    """By the flow's name, the places of the steps that are played of it, from 0."""

    choices: Mapping[str, int] = attrs.field(factory=dict)
    """What is chosen, by the choice's name; all others are 0."""

    @property
    def size(self) -> tuple[int, int, int]:
        """How much there is to read: steps, choices, and what these add up to."""
        flow_steps = sum(map(len, self.flows.values()))
        return len(self.steps) + flow_steps, len(self.choices), sum(self.choices.values())


@attrs.define
class Shrinker:
    """Makes variants smaller as long as they fail.

    Args:
        fails: runs a variant and says whether it fails in the same way.
        keep_steps: leave all steps in: what is to be shown depends on them.
        max_runs: how many variants are run at most.
        progress: is called after each run.
    """

    _fails: Callable[[Variant], bool]
    _keep_steps: bool = False
    _max_runs: int = 2_000
    _progress: Callable[[], object] = attrs.field(default=lambda: None)
    runs: int = attrs.field(init=False, default=0)
    """How many variants have been run."""

    def shrink(self, variant: Variant) -> Variant:
        """Return the smallest variant that was found; *variant* fails."""
        while self.runs < self._max_runs:
            smaller = variant
            for shrink_part in self._passes():
                smaller = shrink_part(smaller)
            if smaller.size == variant.size:
                return smaller
            variant = smaller
        return variant

    def _passes(self) -> Iterator[Callable[[Variant], Variant]]:
        yield self._fewer_choices
        if not self._keep_steps:
            yield self._fewer_flow_steps
            yield self._fewer_steps
            yield self._fewer_steps_and_earlier_choices
        yield self._lower_choices

    def _still_fails(self, variant: Variant) -> bool:
        if self.runs >= self._max_runs:
            return False
        self.runs += 1
        failed = self._fails(variant)
        self._progress()
        return failed

    def _fewer_choices(self, variant: Variant) -> Variant:
        def chosen(names: Sequence[str]) -> Variant:
            return attrs.evolve(variant, choices={name: variant.choices[name] for name in names})

        names = fewest(list(variant.choices), lambda names: self._still_fails(chosen(names)))
        return chosen(names)

    def _fewer_steps(self, variant: Variant) -> Variant:
        def played(steps: Sequence[int]) -> Variant:
            return attrs.evolve(variant, steps=tuple(steps))

        return played(fewest(variant.steps, lambda steps: self._still_fails(played(steps))))

    def _fewer_flow_steps(self, variant: Variant) -> Variant:
        """Leave out steps of all flows at once, as they trade with each other."""
        everything = [(name, step) for name, steps in variant.flows.items() for step in steps]

        def played(kept: Sequence[tuple[str, int]]) -> Variant:
            flows = {name: tuple(s for n, s in kept if n == name) for name in variant.flows}
            return attrs.evolve(variant, flows=flows)

        return played(fewest(everything, lambda kept: self._still_fails(played(kept))))

    def _fewer_steps_and_earlier_choices(self, variant: Variant) -> Variant:
        """Leave out a step and let a link's choices come one message earlier.

        Without the step somebody has said one thing less, and what was chosen of his next
        message is chosen of the one before.
        """
        for step in variant.steps:
            rest = tuple(each for each in variant.steps if each != step)
            for choices in earlier_choices(variant.choices):
                without = attrs.evolve(variant, steps=rest, choices=choices)
                if self._still_fails(without):
                    variant = without
                    break
        return variant

    def _lower_choices(self, variant: Variant) -> Variant:
        for name in variant.choices:
            value = variant.choices[name]
            for lower in lower_values(value):
                changed = attrs.evolve(variant, choices={**variant.choices, name: lower})
                if self._still_fails(changed):
                    variant = changed
                    break
        return variant


def fewest(items: Sequence[T], fails: Callable[[Sequence[T]], bool]) -> list[T]:
    """Return some of *items*, in their order, that fail, and of which none can be left out.

    Larger parts are left out first (Zeller and Hildebrandt, "Simplifying and Isolating
    Failure-Inducing Input").

    Args:
        fails: of some of the items, in their order; all of them do.
    """
    kept = list(items)
    if kept and fails([]):
        return []
    size = len(kept) // 2
    while size:
        place, left_out = 0, False
        while place < len(kept):
            rest = kept[:place] + kept[place + size :]
            if len(rest) < len(kept) and rest and fails(rest):
                kept, left_out = rest, True
            else:
                place += size
        if size == 1 and not left_out:
            break
        size = size if size == 1 else size // 2
    return kept


def earlier_choices(choices: Mapping[str, int]) -> Iterator[Mapping[str, int]]:
    """Yield *choices* with those of one link a message earlier, for each link."""
    numbered = {name: (name.rpartition(" ")[0], int(name.rpartition(" ")[2])) for name in choices}
    for link in dict.fromkeys(link for link, _ in numbered.values()):
        moved: dict[str, int] = {}
        for name, value in choices.items():
            own, number = numbered[name]
            moved[f"{own} {number - 1}" if own == link and number > 1 else name] = value
        if moved != choices and len(moved) == len(choices):
            yield moved


def lower_values(value: int) -> Iterator[int]:
    """Yield what to try instead of a choice's *value*: the lowest first, then ever nearer."""
    lower = 1
    while lower < value:
        yield lower
        lower = lower + max(1, (value - lower) // 2)
