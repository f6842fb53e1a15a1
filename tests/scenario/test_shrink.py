"""Delta debugging, on functions that say what fails."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from floorproof.scenario.fuzz.shrink import Shrinker, Variant, earlier_choices, fewest, lower_values


@given(st.integers(1, 60), st.sets(st.integers(0, 59), max_size=4))
def test_nothing_can_be_left_out_of_what_is_kept(length: int, needed: set[int]) -> None:
    needed = {each for each in needed if each < length}

    kept = fewest(range(length), lambda some: needed <= set(some))

    assert kept == sorted(needed)


@given(st.integers(1, 40), st.integers(1, 5))
def test_it_does_not_matter_which_are_kept_as_long_as_none_can_go(length: int, most: int) -> None:
    kept = fewest(range(length), lambda some: len(some) >= min(most, length))

    assert len(kept) == min(most, length)
    assert kept == sorted(kept)


def test_what_fails_without_anything_is_found_at_once() -> None:
    asked: list[Sequence[int]] = []

    def note(some: Sequence[int]) -> bool:
        asked.append(some)
        return True

    assert fewest(range(100), note) == []
    assert asked == [[]]


@pytest.mark.parametrize(
    ("value", "tried"), [(1, []), (2, [1]), (3, [1, 2]), (15, [1, 8, 11, 13, 14])]
)
def test_lower_values_come_lowest_first(value: int, tried: list[int]) -> None:
    assert list(lower_values(value)) == tried


WHOLE = Variant(
    steps=tuple(range(8)),
    flows={"A": tuple(range(30)), "B": tuple(range(20))},
    choices={f"order X>Y {n}": 15 for n in range(40)} | {f"jitter X>Y {n}": 900 for n in range(40)},
)


def fails(variant: Variant) -> bool:
    """Return whether two steps, one of a flow, an order and a delay of enough come together."""
    return (
        {2, 5} <= set(variant.steps)
        and 17 in variant.flows["A"]
        and variant.choices.get("order X>Y 7", 0) >= 3
        and variant.choices.get("jitter X>Y 31", 0) >= 250
    )


def test_all_that_made_a_run_fail_shrinks_together() -> None:
    assert fails(WHOLE)

    smallest = Shrinker(fails).shrink(WHOLE)

    assert smallest.steps == (2, 5)
    assert smallest.flows == {"A": (17,), "B": ()}
    assert list(smallest.choices) == ["order X>Y 7", "jitter X>Y 31"]
    assert fails(smallest)
    assert smallest.choices["order X>Y 7"] <= 4
    assert smallest.choices["jitter X>Y 31"] < 900


def test_steps_stay_where_they_must() -> None:
    smallest = Shrinker(fails, keep_steps=True).shrink(WHOLE)

    assert (smallest.steps, smallest.flows) == (WHOLE.steps, WHOLE.flows)
    assert len(smallest.choices) == 2


def test_it_ends_when_its_runs_are_used_up_with_what_it_has() -> None:
    progress: list[None] = []
    shrinker = Shrinker(fails, max_runs=40, progress=lambda: progress.append(None))

    smallest = shrinker.shrink(WHOLE)

    assert fails(smallest)
    assert smallest.size < WHOLE.size
    assert shrinker.runs == len(progress) == 40


def test_a_choice_that_only_later_can_go_goes() -> None:
    """One pass finds nothing more, and the next does: a step keeps a choice in."""

    def stubborn(variant: Variant) -> bool:
        return 1 in variant.steps and (len(variant.steps) == 1 or bool(variant.choices))

    whole = Variant(steps=(0, 1), choices={"order X>Y 1": 1})

    assert Shrinker(stubborn).shrink(whole) == attrs.evolve(whole, steps=(1,), choices={})


def test_a_step_less_moves_a_choice_to_the_message_before() -> None:
    """The second thing that X says is late; without the first it is the first."""

    def late(variant: Variant) -> bool:
        said = [step for step in variant.steps if step in (0, 2)]
        return 2 in said and variant.choices.get(f"jitter X>Y {said.index(2) + 1}", 0) > 0

    whole = Variant(steps=(0, 1, 2, 3), choices={"jitter X>Y 2": 5, "jitter X>Y 1": 7})

    smallest = Shrinker(late).shrink(whole)

    assert smallest == Variant(steps=(2,), choices={"jitter X>Y 1": 1})


def test_choices_come_earlier_link_by_link_and_never_upon_each_other() -> None:
    choices = {"order X>Y 3": 1, "order X>Y 4": 2, "jitter Z>Y 1": 3}

    assert list(earlier_choices(choices)) == [
        {"order X>Y 2": 1, "order X>Y 3": 2, "jitter Z>Y 1": 3}
    ]
    assert list(earlier_choices({"order X>Y 1": 1, "order X>Y 2": 1})) == []
