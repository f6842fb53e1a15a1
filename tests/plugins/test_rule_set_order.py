"""Which lists of rule sets are admitted, in which order, and what is said of the others."""

from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from floorproof.plugins.errors import RuleSetsRefused, UnknownPlugin
from floorproof.plugins.ordering import Bundle, Declaration, Declared, resolve


def accepting(
    after: tuple[str, ...] = (), requires: tuple[str, ...] = (), conflicts: tuple[str, ...] = ()
) -> Declaration:
    return Declaration(("accept_request",), after, requires, conflicts)


# Capitals share one hook; `quiet` has one for itself, and `idle` has none.
DECLARED: dict[str, Declaration | Bundle] = {
    "A": accepting(),
    "B": accepting(),
    "AFTER-A": accepting(after=("A",)),
    "AFTER-THAT": accepting(after=("AFTER-A",)),
    "AFTER-GONE": accepting(after=("gone",)),
    "AFTER-BUNDLE": accepting(after=("settled",)),
    "NEEDS-A": accepting(requires=("A",)),
    "NEEDS-BOTH": accepting(requires=("A", "B")),
    "NEEDS-AFTER-A": accepting(requires=("AFTER-A",)),
    "NEEDS-GONE": accepting(requires=("gone",)),
    "NEEDS-B": accepting(requires=("B",)),
    "NO-A": accepting(conflicts=("A",)),
    "NO-A-NEEDS-A": accepting(requires=("NEEDS-A",), conflicts=("A",)),
    "NO-SETTLED": accepting(conflicts=("settled",)),
    "EGG": accepting(after=("HEN",)),
    "HEN": accepting(after=("EGG",)),
    "NEEDS-BACK": accepting(requires=("BACK",)),
    "BACK": accepting(requires=("NEEDS-BACK",)),
    "quiet": Declaration(("scheduled",)),
    "idle": Declaration(),
    "LAST": accepting(after=("family",)),
    "SOLE": accepting(conflicts=("family",)),
    "family": ("LAST", "SOLE", "A"),
    "settled": ("A", "AFTER-A"),
    "nested": ("idle", "settled"),
    "loop": ("loop", "A"),
    "unsettled": ("A", "B"),
    "other-hooks": ("A", "quiet", "idle"),
    "broken": ("gone",),
}

# fmt: off
ADMITTED = {
    "nothing":                            ("", ""),
    "the list settles it":                ("B A", "B A"),
    "the list in its order, hook or no":  ("quiet A idle", "quiet A idle"),
    "after agrees with the list":         ("A AFTER-A", "A AFTER-A"),
    "after one that is not loaded":       ("AFTER-A", "AFTER-A"),
    "after one that is not installed":    ("AFTER-GONE", "AFTER-GONE"),
    "a middle one is not needed":         ("AFTER-THAT A", "AFTER-THAT A"),
    "required, just before who needs it": ("B NEEDS-A", "B A NEEDS-A"),
    "required, but listed elsewhere":     ("NEEDS-A A", "NEEDS-A A"),
    "required one requires another":      ("NEEDS-BACK", "BACK NEEDS-BACK"),
    "required, and after settles":        ("A NEEDS-AFTER-A", "A AFTER-A NEEDS-AFTER-A"),
    "a bundle at its place":              ("B settled", "B A AFTER-A"),
    "a bundle before another":            ("settled B", "A AFTER-A B"),
    "a bundle in a bundle":               ("nested", "A AFTER-A idle"),
    "a bundle that names itself":         ("loop", "A"),
    "a bundle, one of it listed":         ("unsettled A", "B A"),
    "a bundle of different hooks":        ("other-hooks", "A idle quiet"),
    "after a bundle":                     ("settled AFTER-BUNDLE", "A AFTER-A AFTER-BUNDLE"),
    "after what comes in later":          ("AFTER-A quiet settled", "A AFTER-A quiet"),
    "after its own bundle":               ("A LAST", "A LAST"),
    "conflicts with its own bundle":      ("SOLE", "SOLE"),
    "conflicts with one not loaded":      ("NO-A B", "NO-A B"),
}
REFUSED = {
    "listed twice":            ("A B A",              ["A"], "'A' is listed twice"),
    "against after":           ("AFTER-A A",          ["AFTER-A", "A"], "list 'A' first"),
    "against after, far away": ("AFTER-THAT A NEEDS-AFTER-A", ["AFTER-THAT", "A"],
                                "list 'A' first"),
    "against a bundle":        ("AFTER-BUNDLE A",     ["AFTER-BUNDLE", "A"], "list 'A' first"),
    "a circle":                ("EGG HEN",            ["EGG", "HEN"], "round in a circle"),
    "conflict":                ("A NO-A",             ["NO-A", "A"], "conflicts with 'A' (listed)"),
    "conflict with a bundle":  ("NO-SETTLED A",       ["NO-SETTLED", "A"], "conflicts with"),
    "conflict, brought in":    ("NO-A-NEEDS-A",       ["NO-A-NEEDS-A", "A"],
                                "conflicts with 'A' (required by 'NEEDS-A')"),
    "in one bundle":           ("unsettled",          ["A", "B"],
                                "'A' (of the bundle 'unsettled') or 'B' (of the bundle"),
    "required by one":         ("NEEDS-BOTH",         ["A", "B"],
                                "'A' (required by 'NEEDS-BOTH') or 'B' (required by"),
    "required by two":         ("NEEDS-A NEEDS-B",    ["A", "B"],
                                "'A' (required by 'NEEDS-A') or 'B' (required by 'NEEDS-B')"),
    "bundled and required":    ("settled NEEDS-B",    ["A", "B"], "both implement accept_request"),
}
UNKNOWN = {
    "listed":   "gone",
    "required": "NEEDS-GONE",
    "bundled":  "broken",
}
# fmt: on


@pytest.mark.parametrize(("listed", "expected"), ADMITTED.values(), ids=ADMITTED.keys())
def test_after_comes_first_and_then_the_list(listed: str, expected: str) -> None:
    assert " ".join(resolve(listed.split(), DECLARED)) == expected


@pytest.mark.parametrize(("listed", "names", "said"), REFUSED.values(), ids=REFUSED.keys())
def test_what_nothing_settles_is_refused_by_name(listed: str, names: list[str], said: str) -> None:
    with pytest.raises(RuleSetsRefused) as refused:
        resolve(listed.split(), DECLARED)

    assert sorted(refused.value.rule_sets) == sorted(names)
    assert said in str(refused.value)
    assert all(repr(name) in str(refused.value) for name in names)


@pytest.mark.parametrize("listed", UNKNOWN.values(), ids=UNKNOWN.keys())
def test_a_name_that_is_not_installed_is_refused(listed: str) -> None:
    with pytest.raises(UnknownPlugin, match="no rule set named 'gone'") as unknown:
        resolve([listed], DECLARED)

    assert unknown.value.known == tuple(sorted(DECLARED))


def test_a_circle_through_the_list_is_refused() -> None:
    # R stands before A, which needs it, and after Q, which stands behind A.
    declared = {
        "A": accepting(requires=("R",)),
        "R": accepting(after=("Q",)),
        "C": accepting(requires=("Q",)),
        "Q": accepting(),
    }

    with pytest.raises(RuleSetsRefused, match="circle"):
        resolve(["A", "C"], declared)


def test_what_a_refusal_says_does_not_depend_on_the_order_within_a_bundle() -> None:
    declared = {
        "A": accepting(),
        "R": accepting(),
        "p": Declaration(requires=("R",)),
        "q": Declaration(requires=("R",)),
    }

    for bundle in itertools.permutations(("A", "p", "q")):
        with pytest.raises(RuleSetsRefused, match=r"'R' \(required by 'p'\)"):
            resolve(["all"], declared | {"all": bundle})


# --- for every set of declarations ---------------------------------------------------

NAMES = "abcdef"
names = st.lists(st.sampled_from(NAMES), max_size=2, unique=True).map(tuple)
declarations = st.builds(
    Declaration,
    hooks=st.sampled_from(
        [(), ("accept_request",), ("scheduled",), ("accept_request", "scheduled")]
    ),
    after=names,
    requires=names,
    conflicts=st.just(()) | names,
)
bundles = st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True).map(tuple)
declared = st.fixed_dictionaries(
    dict.fromkeys(NAMES, declarations) | {"bundle": bundles}  # always in the same order
)
listed = st.lists(st.sampled_from([*NAMES, "bundle"]), max_size=4, unique=True)


def verdict(listed: list[str], declared: Declared) -> tuple[str, ...]:
    """Return the order, or why there is none."""
    try:
        return resolve(listed, declared)
    except RuleSetsRefused as refused:
        return ("refused", str(refused))


@given(listed, declared, st.randoms(use_true_random=False))
def test_no_order_of_declarations_or_in_a_bundle_matters(
    listed: list[str], declared: dict[str, Declaration | Bundle], shuffler: random.Random
) -> None:
    shuffled = {
        name: tuple(shuffler.sample(it, len(it))) if isinstance(it, tuple) else it
        for name, it in shuffler.sample([*declared.items()], len(declared))
    }

    assert verdict(listed, shuffled) == verdict(listed, declared)


@given(listed, declared)
def test_an_admitted_order_keeps_every_promise(
    listed: list[str], declared: dict[str, Declaration | Bundle]
) -> None:
    order = verdict(listed, declared)
    if "refused" in order:
        return
    place = {name: order.index(name) for name in order}
    loaded = {name: it for name in order if isinstance(it := declared[name], Declaration)}

    assert len(place) == len(order)
    assert [name for name in order if name in listed] == [n for n in listed if n != "bundle"]
    for name, rule_set in loaded.items():
        assert all(other in place for other in rule_set.requires)
        assert not any(other in place for other in rule_set.conflicts if other != name)
        assert all(place[it] < place[name] for it in rule_set.after if it in place and it != name)


@given(st.permutations(NAMES))
def test_the_admitted_permutations_of_a_chain_are_one(chain: list[str]) -> None:
    row: dict[str, Declaration | Bundle] = {chain[0]: accepting()}
    row |= {name: accepting(after=(before,)) for before, name in itertools.pairwise(chain)}

    verdicts = {verdict(list(permuted), row) for permuted in itertools.permutations(chain[:4])}

    assert {order for order in verdicts if "refused" not in order} == {tuple(chain[:4])}
    assert verdict(["all"], row | {"all": tuple(sorted(chain))}) == tuple(chain)
