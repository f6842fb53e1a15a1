"""Formulas over the prices of legs: read without `eval`, reckoned exactly, solved for one name.

Sums, differences, products and quotients of decimal numbers and names: ``(Leg1 * 50) /
(Leg2 * 5)``.  A formula is a quotient of two polynomials in each of its names; where
these are of the first degree it can be solved for the name, which is how a leg is
quoted from the prices of the others.

Source: TT, Autospreader, "Spread configuration", formula; ``docs/readings.md``, custom
formulas.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import zip_longest
from typing import TypeAlias

import attrs

_LONGEST = 500
_NUMBER = r"\d{1,18}(?:\.\d{1,18})?"
_NAME = r"[A-Za-z]\w*(?:\.[A-Za-z]\w*)?"
# Python's own parser reads far more, and warns of some of it: only this gets there.
# Possessive and atomic, or a long name that ends badly would be tried in all its parts.
_TOKENS = re.compile(rf"(?:\s*+(?>{_NUMBER}(?![\w.])|{_NAME}|[-+*/()]))++\s*+", re.ASCII)

_Polynomial: TypeAlias = tuple[Fraction, ...]
"""The coefficients, the constant first; the last one is not zero, and zero has none."""


class FormulaError(ValueError):
    """A formula that cannot be read, reckoned or solved; the text says where."""


@attrs.frozen
class Formula:
    """A formula that has been read.

    Raises:
        FormulaError: if *text* is not one.
    """

    text: str
    _tree: ast.expr = attrs.field(init=False, eq=False, repr=False)
    names: tuple[str, ...] = attrs.field(init=False, eq=False, repr=False)
    """The names in it, as they come up."""

    @_tree.default
    def _read(self) -> ast.expr:
        text = self.text
        if len(text) > _LONGEST:
            raise FormulaError(f"a formula has at most {_LONGEST} characters, found {len(text)}")
        if not _TOKENS.fullmatch(text):
            raise FormulaError(
                f"{text!r} is no formula: expected decimal numbers, names, + - * / and parentheses"
            )
        try:
            return ast.parse(text.strip(), mode="eval").body
        except SyntaxError as error:
            raise FormulaError(f"{text!r} is no formula: {error.msg}") from None

    @names.default
    def _named(self) -> tuple[str, ...]:
        found: dict[str, None] = {}
        self._check(self._tree, found)
        return tuple(found)

    def value(self, values: Mapping[str, Fraction]) -> Fraction:
        """Return what the formula comes to.

        Raises:
            FormulaError: if it divides by zero, or names what has no value.
        """
        result = self._reckon(self._tree, {name: _constant(each) for name, each in values.items()})
        return result.at(Fraction(0))

    def solve(self, name: str, values: Mapping[str, Fraction], target: Fraction) -> Fraction:
        """Return the value of *name* at which the formula comes to *target*.

        Args:
            values: of all other names.

        Raises:
            FormulaError: if there is no such value, or it is not the only one, or the
                formula divides by zero.
        """
        function = self._function(name, values)
        difference = _plus(function.numerator, _times((-target,), function.denominator))
        if len(difference) != 2:
            how = "does not depend on" if len(difference) < 2 else "is of a higher degree in"
            raise FormulaError(f"{self.text!r} cannot be solved for {name}: it {how} it")
        solution = -difference[0] / difference[1]
        function.at(solution)  # which may be where the formula divides by zero
        return solution

    def rises_with(self, name: str, values: Mapping[str, Fraction]) -> bool | None:
        """Return whether the formula rises with *name*; None where it does not depend on it.

        Args:
            values: of all names, *name* too: where the question is asked.
        """
        function = self._function(name, values)
        up, down = function.numerator, function.denominator
        slope = _at(
            _plus(_times(_derived(up), down), _times((Fraction(-1),), _times(up, _derived(down)))),
            values[name],
        )
        return slope > 0 if slope else None

    def _function(self, name: str, values: Mapping[str, Fraction]) -> _Quotient:
        """Return the formula as a function of *name*."""
        known = {each: _constant(value) for each, value in values.items()}
        known[name] = _Quotient((Fraction(0), Fraction(1)), (Fraction(1),))
        return self._reckon(self._tree, known)

    # --- the tree ---------------------------------------------------------------------

    def _check(self, node: ast.expr, found: dict[str, None]) -> None:
        match node:
            case ast.BinOp(left, ast.Add() | ast.Sub() | ast.Mult() | ast.Div(), right):
                self._check(left, found)
                self._check(right, found)
            case ast.UnaryOp(ast.UAdd() | ast.USub(), operand):
                self._check(operand, found)
            case ast.Name() | ast.Attribute(ast.Name()):
                found[self._said(node)] = None
            case ast.Constant() if re.fullmatch(_NUMBER, self._said(node), re.ASCII):
                pass
            case _:
                raise FormulaError(
                    f"{self.text!r} is no formula: {self._said(node)!r} is neither a decimal"
                    " number nor a name, nor one of + - * / between two of them"
                )

    def _reckon(self, node: ast.expr, values: Mapping[str, _Quotient]) -> _Quotient:
        match node:
            case ast.BinOp(left, operator, right):
                a, b = self._reckon(left, values), self._reckon(right, values)
                match operator:
                    case ast.Add():
                        return a.plus(b)
                    case ast.Sub():
                        return a.plus(b.times(_constant(Fraction(-1))))
                    case ast.Mult():
                        return a.times(b)
                    case _:
                        if not b.numerator:
                            raise FormulaError(f"{self._said(node)!r} divides by zero")
                        return a.times(_Quotient(b.denominator, b.numerator))
            case ast.UnaryOp(operator, operand):
                sign = _constant(Fraction(-1 if isinstance(operator, ast.USub) else 1))
                return self._reckon(operand, values).times(sign)
            case ast.Constant():
                return _constant(Fraction(self._said(node)))
            case _:
                name = self._said(node)
                if name not in values:
                    raise FormulaError(
                        f"{self.text!r} names {name!r}; there are: {', '.join(values) or 'none'}"
                    )
                return values[name]

    def _said(self, node: ast.expr) -> str:
        said = ast.get_source_segment(self.text.strip(), node)
        assert said is not None, "every node of a tree that was read has its text"
        return said


# --- quotients of polynomials ---------------------------------------------------------


@attrs.frozen
class _Quotient:
    """One polynomial over another, reduced."""

    numerator: _Polynomial
    denominator: _Polynomial

    def plus(self, other: _Quotient) -> _Quotient:
        up = _plus(
            _times(self.numerator, other.denominator), _times(other.numerator, self.denominator)
        )
        return _reduced(up, _times(self.denominator, other.denominator))

    def times(self, other: _Quotient) -> _Quotient:
        return _reduced(
            _times(self.numerator, other.numerator), _times(self.denominator, other.denominator)
        )

    def at(self, x: Fraction) -> Fraction:
        below = _at(self.denominator, x)
        if not below:
            raise FormulaError(f"the formula divides by zero at {x}")
        return _at(self.numerator, x) / below


def _constant(value: Fraction) -> _Quotient:
    return _Quotient((value,) if value else (), (Fraction(1),))


def _reduced(up: _Polynomial, down: _Polynomial) -> _Quotient:
    common, rest = down, up
    while rest:
        common, rest = rest, _divided(common, rest)[1]
    return _Quotient(_divided(up, common)[0], _divided(down, common)[0])


def _stripped(coefficients: Sequence[Fraction]) -> _Polynomial:
    end = len(coefficients)
    while end and not coefficients[end - 1]:
        end -= 1
    return tuple(coefficients[:end])


def _plus(a: _Polynomial, b: _Polynomial) -> _Polynomial:
    return _stripped([x + y for x, y in zip_longest(a, b, fillvalue=Fraction(0))])


def _times(a: _Polynomial, b: _Polynomial) -> _Polynomial:
    product = [Fraction(0)] * (len(a) + len(b))
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            product[i + j] += x * y
    return _stripped(product)


def _divided(a: _Polynomial, b: _Polynomial) -> tuple[_Polynomial, _Polynomial]:
    """Return quotient and remainder of *a* over *b*, which is not zero."""
    quotient = [Fraction(0)] * len(a)
    while len(a) >= len(b):
        degree, factor = len(a) - len(b), a[-1] / b[-1]
        quotient[degree] = factor
        a = _plus(a, _times((*[Fraction(0)] * degree, -factor), b))
    return _stripped(quotient), a


def _derived(a: _Polynomial) -> _Polynomial:
    return _stripped([degree * factor for degree, factor in enumerate(a)][1:])


def _at(a: _Polynomial, x: Fraction) -> Fraction:
    total = Fraction(0)
    for factor in reversed(a):
        total = total * x + factor
    return total
