"""The gallery of planted bugs: each is found by its invariant, and made small; without it nothing
is.

Which seed finds which bug is read from `docs/gallery.md`, which `make gallery` writes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest
from commands import EXAMPLES, ROOT
from gallery import GALLERY, MOST_CHOICES, MOST_STEPS, SEEDS, Planted
from hypothesis import settings

import floorproof
from floorproof.scenario.floor import load
from floorproof.scenario.fuzz.failures import of_seed

PAGE = ROOT / "docs" / "gallery.md"
_ROW = re.compile(r"\| `(\w+)`: .* \| `([a-z-]+)` \| (\d+) \| ", re.ASCII)

each_bug = pytest.mark.parametrize("planted", GALLERY, ids=lambda planted: planted.name)
deep = pytest.mark.skipif(
    settings.get_current_profile_name() != "deep", reason="takes minutes: HYPOTHESIS_PROFILE=deep"
)


def table() -> Mapping[str, tuple[str, int]]:
    """Return the invariant and the seed of each bug, as the page has them."""
    rows = _ROW.findall(PAGE.read_text(encoding="utf-8"))
    return {name: (invariant, int(seed)) for name, invariant, seed in rows}


def test_the_page_has_every_bug_and_every_scenario_is_one() -> None:
    assert {name: invariant for name, (invariant, _) in table().items()} == {
        planted.name: planted.invariant for planted in GALLERY
    }
    assert sorted(path.stem for path in (EXAMPLES / "planted").glob("*.toml")) == [
        planted.name for planted in GALLERY
    ]
    assert len(GALLERY) >= 15


@each_bug
def test_the_default_run_does_not_show_it(planted: Planted) -> None:
    assert floorproof.run(planted.load(), in_place=True).held


@each_bug
def test_it_is_found_and_made_small(planted: Planted) -> None:
    scenario, seed = planted.load(), table()[planted.name][1]
    assert seed <= SEEDS

    ran = planted.ran(scenario, seed)
    assert planted.cause in ran.causes
    smallest = planted.shrunk(scenario, ran, max_runs=60).variant

    steps, choices, _ = smallest.size
    assert steps <= MOST_STEPS
    assert choices <= MOST_CHOICES


@each_bug
def test_without_it_nothing_is_found(planted: Planted) -> None:
    scenario, seed = planted.without(), table()[planted.name][1]

    for each in {*range(1, 9), seed}:
        assert of_seed(scenario, each).failures == ()


@deep
@each_bug
def test_without_it_nothing_is_found_in_all_seeds(planted: Planted) -> None:
    scenario = planted.without()

    assert [seed for seed in range(1, SEEDS + 1) if of_seed(scenario, seed).failures] == []


# --- no false alarm -------------------------------------------------------------------

# The replay's data is not ours to ship.
SOUND = sorted(path for path in EXAMPLES.glob("*.toml") if path.stem != "lobster_replay")
IN_ALL = 10_000
"""So many seeds over all examples."""


@deep
@pytest.mark.parametrize("path", SOUND, ids=lambda path: path.stem)
def test_seeds_find_nothing_in_examples_without_a_bug(path: object) -> None:
    scenario = load(str(path))
    each = -(-IN_ALL // len(SOUND))

    assert [seed for seed in range(1, each + 1) if of_seed(scenario, seed).failures] == []
