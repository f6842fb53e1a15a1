"""What the environment may vary: one space of names, each with a value of its own."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from floorproof.runtime.choices import Choice, Choices, Defaults, Recorded, Seeded
from floorproof.runtime.errors import FloorproofError

names = st.sampled_from(["PM1", "ET1", "CME", "a b", "a>b", ""])
choices = st.builds(
    Choice, st.sampled_from(["order", "jitter"]), names, names, st.integers(1, 10**6)
)
seeds = st.integers(0, 2**64)
bounds = st.integers(0, 10**12)


@given(seeds, choices, bounds, st.lists(st.tuples(choices, bounds)))
def test_a_value_depends_on_seed_and_name_alone(
    seed: int, choice: Choice, bound: int, before: list[tuple[Choice, int]]
) -> None:
    source = Seeded(seed)
    for other, other_bound in before:
        source.choose(other, other_bound)

    value = source.choose(choice, bound)

    assert value == Seeded(seed).choose(choice, bound)
    assert 0 <= value <= bound


def test_a_seed_means_the_same_on_every_machine() -> None:
    source = Seeded(7)

    drawn = [source.choose(Choice("jitter", "ET1", "CME-A", n), 999) for n in range(1, 6)]

    assert drawn == DRAWN_ON_THE_FIRST_MACHINE
    assert Seeded(7).stream("ET1", "gaps").random() == FIRST_GAP


def test_seeds_differ_and_so_do_names() -> None:
    one, two = Seeded(1), Seeded(2)
    links = [Choice("order", "a", "b", n) for n in range(50)]

    assert [one.choose(link, 999) for link in links] != [two.choose(link, 999) for link in links]
    assert len({one.choose(link, 10**9) for link in links}) == 50


@given(choices, bounds)
def test_by_default_nothing_varies(choice: Choice, bound: int) -> None:
    source = Defaults()

    assert source.choose(choice, bound) == 0
    assert not source.varies
    assert source.taken == {}


@given(seeds, st.lists(st.tuples(choices, bounds), max_size=20))
def test_a_recorded_run_chooses_what_the_seeded_one_chose(
    seed: int, asked: list[tuple[Choice, int]]
) -> None:
    asked = list(dict(asked).items())
    seeded = Seeded(seed)
    chosen = [seeded.choose(choice, bound) for choice, bound in asked]

    recorded = Recorded(seeded.taken)

    assert [recorded.choose(choice, bound) for choice, bound in asked] == chosen
    assert recorded.taken == seeded.taken
    assert 0 not in seeded.taken.values()


def test_a_recorded_value_never_exceeds_its_bound_and_what_is_absent_is_0() -> None:
    recorded = Recorded({"jitter a>b 1": 100})

    assert recorded.choose(Choice("jitter", "a", "b", 1), 9) == 9
    assert recorded.choose(Choice("jitter", "a", "b", 2), 9) == 0


@pytest.mark.parametrize("value", [-1, 0.5, True, "1", None], ids=repr)
def test_a_recorded_value_must_be_a_whole_number(value: object) -> None:
    with pytest.raises(FloorproofError, match="'order a>b 1' must be a whole number"):
        Recorded({"order a>b 1": value})  # type: ignore[dict-item]  # what a file may hold


# --- random streams ------------------------------------------------------------------


def some_of_everything(stream: random.Random) -> list[object]:
    deck = list(range(10))
    stream.shuffle(deck)
    return [
        stream.random(),
        stream.randint(1, 6),
        stream.expovariate(1.0),
        stream.gauss(0, 1),
        stream.choice("abc"),
        stream.sample(range(100), 5),
        deck,
        stream.uniform(1, 2),
    ]


@given(seeds, st.lists(st.tuples(names, names), max_size=5))
def test_a_stream_depends_on_its_owner_and_purpose_alone(
    seed: int, others: list[tuple[str, str]]
) -> None:
    alone, crowded = Seeded(seed), Seeded(seed)
    for actor, purpose in others:
        some_of_everything(crowded.stream(actor, purpose))

    drawn = some_of_everything(crowded.stream("ET9", "size"))

    assert drawn == some_of_everything(alone.stream("ET9", "size"))
    assert drawn != some_of_everything(alone.stream("ET9", "gap"))
    assert drawn != some_of_everything(alone.stream("ET8", "size"))


@given(seeds)
def test_recorded_draws_need_no_generator(seed: int) -> None:
    seeded = Seeded(seed)
    drawn = some_of_everything(seeded.stream("ET1", "size"))

    recorded = Recorded(seeded.taken)

    assert some_of_everything(recorded.stream("ET1", "size")) == drawn
    assert recorded.taken == seeded.taken


def test_draws_that_are_not_recorded_are_as_by_default_and_the_rest_stays_in_step() -> None:
    by_default = Defaults().stream("a", "p")
    replaced = Recorded({"draw a/p 2": 0}).stream("a", "p")

    assert replaced.random() == by_default.random()
    assert (replaced.random(), by_default.random() > 0) == (0.0, True)
    assert replaced.random() == by_default.random()


@pytest.mark.parametrize("source", [Defaults(), Seeded(1), Recorded({})], ids=repr)
def test_a_stream_can_be_neither_seeded_nor_set(source: Choices) -> None:
    stream = source.stream("ET1", "size")
    stream.random()

    with pytest.raises(FloorproofError, match="cannot be seeded"):
        stream.seed(1)
    with pytest.raises(FloorproofError, match="does not show its state"):
        stream.getstate()
    with pytest.raises(FloorproofError, match="cannot be set"):
        stream.setstate(random.Random(1).getstate())


@given(st.integers(0, 2**16))
def test_random_numbers_are_spread_evenly(seed: int) -> None:
    stream = Seeded(seed).stream("a", "p")

    mean = sum(stream.random() for _ in range(2000)) / 2000

    assert 0.45 < mean < 0.55


# From CPython 3.11.
DRAWN_ON_THE_FIRST_MACHINE = [200, 656, 555, 605, 488]
FIRST_GAP = 0.5950479450038654
