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
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from itertools import zip_longest
from typing import TypeAlias, TypeVar

import attrs

_LONGEST = 500
_NUMBER = r"\d{1,18}(?:\.\d{1,18})?"
_NAME = r"[A-Za-z]\w*(?:\.[A-Za-z]\w*)?"
# Python's own parser reads far more, and warns of some of it: only this gets there.
# Possessive and atomic, or a long name that ends badly would be tried in all its parts.
_TOKENS = re.compile(rf"(?:\s*+(?>{_NUMBER}(?![\w.])|{_NAME}|[-+*/()]))++\s*+", re.ASCII)


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
        return self._reckon(self._tree, values, Fraction)

    def of(self, name: str, values: Mapping[str, Fraction]) -> Function:
        """Return the formula as a function of *name*.

        Args:
            values: of all other names.

        Raises:
            FormulaError: if it divides by zero whatever *name* is, or names what has no
                value.
        """
        known = {each: _constant(value) for each, value in values.items()}
        known[name] = _Quotient((Fraction(0), Fraction(1)), _ONE)
        quotient = self._reckon(self._tree, known, lambda text: _constant(Fraction(text)))
        return Function(self.text, name, quotient)

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

    def _reckon(
        self, node: ast.expr, values: Mapping[str, _Number], number: Callable[[str], _Number]
    ) -> _Number:
        match node:
            case ast.BinOp(left, operator, right):
                a, b = self._reckon(left, values, number), self._reckon(right, values, number)
                match operator:
                    case ast.Add():
                        return a + b
                    case ast.Sub():
                        return a - b
                    case ast.Mult():
                        return a * b
                    case _:
                        if not b:
                            raise FormulaError(f"{self._said(node)!r} divides by zero")
                        return a / b
            case ast.UnaryOp(operator, operand):
                value = self._reckon(operand, values, number)
                return -value if isinstance(operator, ast.USub) else value
            case ast.Constant():
                return number(self._said(node))
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


# --- functions of one name ------------------------------------------------------------


@attrs.frozen
class Function:
    """A formula as a function of one of its names."""

    text: str
    name: str
    _quotient: _Quotient = attrs.field(repr=False)

    def solve(self, target: Fraction) -> Fraction:
        """Return the value of the name at which the formula comes to *target*.

        Raises:
            FormulaError: if there is no such value, or it is not the only one.
        """
        up, down = self._quotient.up, self._quotient.down
        difference = _plus(up, _times((-target,), down))
        if len(difference) != 2:
            how = "does not depend on" if len(difference) < 2 else "is of a higher degree in"
            raise FormulaError(f"{self.text!r} cannot be solved for {self.name}: it {how} it")
        solution = -difference[0] / difference[1]
        if not _at(down, solution):
            raise FormulaError(f"{self.text!r} divides by zero where {self.name} is {solution}")
        return solution

    def rises_at(self, x: Fraction) -> bool | None:
        """Return whether the formula rises with its name at *x*; None where it does neither."""
        up, down = self._quotient.up, self._quotient.down
        slope = _at(_times(_derived(up), down), x) - _at(_times(up, _derived(down)), x)
        return slope > 0 if slope else None


_Polynomial: TypeAlias = tuple[Fraction, ...]
"""The coefficients, the constant first; the last one is not zero, and zero has none."""

_ONE: _Polynomial = (Fraction(1),)


@attrs.frozen
class _Quotient:
    """One polynomial over another, reduced; it reckons as a number does."""

    up: _Polynomial
    down: _Polynomial

    def __bool__(self) -> bool:
        return bool(self.up)

    def __add__(self, other: _Quotient) -> _Quotient:
        up = _plus(_times(self.up, other.down), _times(other.up, self.down))
        return _reduced(up, _times(self.down, other.down))

    def __sub__(self, other: _Quotient) -> _Quotient:
        return self + -other

    def __neg__(self) -> _Quotient:
        return _Quotient(tuple(-factor for factor in self.up), self.down)

    def __mul__(self, other: _Quotient) -> _Quotient:
        return _reduced(_times(self.up, other.up), _times(self.down, other.down))

    def __truediv__(self, other: _Quotient) -> _Quotient:
        return self * _Quotient(other.down, other.up)


_Number = TypeVar("_Number", Fraction, _Quotient)


def _constant(value: Fraction) -> _Quotient:
    return _Quotient((value,) if value else (), _ONE)


def _reduced(up: _Polynomial, down: _Polynomial) -> _Quotient:
    if len(down) == 1:
        return _Quotient(up if down == _ONE else tuple(each / down[0] for each in up), _ONE)
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
