"""Formulas: what is read, what is refused and how that is said, and that solving is exact."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from floorproof.plugins.autospreader.formula import Formula, FormulaError

VALUES = {"Leg1": Fraction(15351), "Leg2": Fraction("4492.5"), "Leg3": Fraction(0)}

# fmt: off
WORTH = {
    "Leg1":                          "15351",
    "Leg1 - Leg2":                   "10858.5",
    "Leg1 * 2 / (Leg2 * 5)":         "30702/22462.5",
    "-Leg1 + +Leg2":                 "-10858.5",
    "0.1 + 0.2":                     "0.3",
    "1 - 2 - 3":                     "-4",
    "12 / 2 / 3":                    "2",
    "2 + 3 * 4":                     "14",
    "(2 + 3) * 4":                   "20",
    "100 * (Leg1 / Leg2 - 1)":       "1085850/4492.5",
    "Leg3 / Leg1":                   "0",
}
UNREADABLE = {
    "":                      "expected decimal numbers",
    "Leg1 Leg2":             "invalid syntax",
    "Leg1 +":                "invalid syntax",
    "(Leg1":                 "never closed",
    "Leg1 ** 2":             r"'Leg1 \*\* 2' is neither",
    "Leg1 // 2":             "'Leg1 // 2' is neither",
    "Leg1(2)":               r"'Leg1\(2\)' is neither",
    "Leg1 if Leg2 else 3":   "is neither",
    "Leg1 or Leg2":          "is neither",
    "True":                  "'True' is neither",
    "__import__('os')":      "expected decimal numbers",
    "().__class__":          "expected decimal numbers",
    "Leg1.price.x":          "expected decimal numbers",
    "1e9":                   "expected decimal numbers",
    "0x10":                  "expected decimal numbers",
    "1_000":                 "expected decimal numbers",
    "1and 2":                "expected decimal numbers",
    "\u0663":                "expected decimal numbers",
    "1" * 19:                "expected decimal numbers",
    "a" * 400 + "!":         "expected decimal numbers",
    "1 + " * 200 + "1":      "at most 500 characters, found 801",
}
# fmt: on


@pytest.mark.rule("ASE-4")
@pytest.mark.parametrize(("text", "worth"), WORTH.items())
def test_a_formula_is_reckoned_exactly(text: str, worth: str) -> None:
    up, _, down = worth.partition("/")

    assert Formula(text).value(VALUES) == Fraction(up) / Fraction(down or 1)


@pytest.mark.rule("ASE-4")
@pytest.mark.parametrize(("text", "error"), UNREADABLE.items())
def test_what_is_no_formula_is_refused(text: str, error: str) -> None:
    with pytest.raises(FormulaError, match=error):
        Formula(text)


@pytest.mark.rule("ASE-4")
@pytest.mark.parametrize("text", ["Leg1 / Leg3", "1 / 0", "Leg1 / (Leg2 - Leg2)"])
def test_a_division_by_zero_is_named(text: str) -> None:
    with pytest.raises(FormulaError, match=r"'.* / .*' divides by zero"):
        Formula(text).value(VALUES)


@pytest.mark.rule("ASE-4")
def test_an_unknown_leg_is_named() -> None:
    with pytest.raises(FormulaError, match="names 'Leg9'; there are: Leg1, Leg2, Leg3"):
        Formula("Leg1 - Leg9").value(VALUES)


# fmt: off
SOLVED = {
    "a difference":         ("Leg1 - Leg2", "Leg1", "3", "4495.5"),
    "the other leg":        ("Leg1 - Leg2", "Leg2", "3", "15348"),
    "a quotient":           ("Leg1 / Leg2", "Leg1", "2", "8985"),
    "its other leg":        ("Leg1 / Leg2", "Leg2", "2", "7675.5"),
    "on both sides":        ("(Leg1 - 1) / (Leg1 + 1)", "Leg1", "3", "-2"),
    "what cancels out":     ("Leg1 * Leg1 / Leg1", "Leg1", "7", "7"),
    "what is left of that": ("Leg2 / Leg1 - Leg2 * Leg1 / (Leg1 * Leg1) + Leg1", "Leg1", "5", "5"),
}
UNSOLVED = {
    "not in it":             ("Leg2", "Leg1", "does not depend on it"),
    "falls out of it":       ("Leg1 - Leg1 + Leg2", "Leg1", "does not depend on it"),
    "squared":               ("Leg1 * Leg1", "Leg1", "is of a higher degree in it"),
    "in two quotients":      ("1 / Leg1 + Leg1", "Leg1", "is of a higher degree in it"),
    "divided by zero there": ("(Leg1 + 1) * 0 + Leg2 / 0", "Leg1", "'Leg2 / 0' divides by zero"),
}
# fmt: on


@pytest.mark.parametrize("row", SOLVED.values(), ids=SOLVED.keys())
def test_a_formula_is_solved_for_one_name(row: tuple[str, str, str, str]) -> None:
    text, name, target, solution = row
    others = {each: value for each, value in VALUES.items() if each != name}

    assert Formula(text).of(name, others).solve(Fraction(target)) == Fraction(solution)


@pytest.mark.parametrize("row", UNSOLVED.values(), ids=UNSOLVED.keys())
def test_what_has_no_one_solution_is_refused(row: tuple[str, str, str]) -> None:
    text, name, error = row

    with pytest.raises(FormulaError, match=error):
        Formula(text).of(name, VALUES).solve(Fraction(3))


numbers = st.fractions(-20, 20, max_denominator=8)
texts = st.recursive(
    st.sampled_from(["Leg1", "Leg2", "3", "0.25"]),
    lambda inner: st.tuples(inner, st.sampled_from("+-*/"), inner).map(
        lambda parts: f"({' '.join(parts)})"
    ),
    max_leaves=6,
)


@given(texts, numbers, numbers)
def test_a_solution_brings_the_formula_to_its_target(
    text: str, other: Fraction, target: Fraction
) -> None:
    formula = Formula(text)
    try:
        solution = formula.of("Leg1", {"Leg2": other}).solve(target)
        reckoned = formula.value({"Leg1": solution, "Leg2": other})
    except FormulaError:
        assume(False)

    assert reckoned == target


@given(texts, numbers, numbers)
def test_a_formula_is_worth_what_python_says(text: str, one: Fraction, other: Fraction) -> None:
    values = {"Leg1": one, "Leg2": other}
    exact = text.replace("0.25", "quarter").replace("3", "three")
    try:
        # Of a text that this test has made itself.
        expected = eval(exact, {"quarter": Fraction(1, 4), "three": Fraction(3), **values})
    except ZeroDivisionError:
        with pytest.raises(FormulaError, match="divides by zero"):
            Formula(text).value(values)
        return

    assert Formula(text).value(values) == expected


def test_the_direction_of_a_formula_is_that_of_its_slope() -> None:
    formula, at = Formula("Leg1 / Leg2"), Fraction(1)

    assert formula.of("Leg1", VALUES).rises_at(at) is True
    assert formula.of("Leg2", VALUES).rises_at(at) is False
    assert formula.of("Leg1", {**VALUES, "Leg2": Fraction(-1)}).rises_at(at) is False
    assert Formula("Leg2 * 2").of("Leg1", VALUES).rises_at(at) is None
