"""What is wrong with a scenario, and how it is said."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from ..runtime.errors import FloorproofError


class ScenarioError(FloorproofError):
    """A scenario cannot be run; it says where, what was expected and what was found."""

    def __init__(self, where: str, what: str, more: Sequence[str] = ()) -> None:
        lines = [f"{where}: {what}", *(f"  also {line}" for line in more)]
        super().__init__("\n".join(lines))
        self.where = where
        self.what = what
        self.more = tuple(more)


def near(name: str, known: Iterable[str]) -> str:
    """Return a hint at those of *known* that *name* may have been meant for, or nothing."""
    close = difflib.get_close_matches(name, list(known), n=2)
    return f"; did you mean {' or '.join(close)}?" if close else ""


def listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "none"


def unknown(what: str, name: str, known: Iterable[str]) -> str:
    """Return that there is no *what* of that name, with those that there are."""
    names = list(known)
    return f"no {what} named {name!r}{near(name, names)} (there are: {listed(names)})"


@contextmanager
def blamed_on(where: str) -> Iterator[None]:
    """Give an error of something that a scenario names the place where it names it."""
    try:
        yield
    except ScenarioError:
        raise
    except (FloorproofError, ValueError) as error:
        text = str(error.args[0]) if error.args else type(error).__name__
        raise ScenarioError(where, text) from None
