"""The faults of `make mutants` are all still there to be planted; planting them takes longer."""

from __future__ import annotations

import ast
from collections import Counter

import pytest
from mutation.faults import FAULTS, ROOT, Fault

CATEGORIES = [
    *["priority", "allocation", "auction", "session", "replace", "iceberg"],
    *["minimum quantity", "stops", "limits", "quotes", "self-match prevention"],
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.breaks)
def test_fault_can_be_planted(fault: Fault) -> None:
    text = (ROOT / "src" / fault.path).read_text()

    planted = fault.planted(text)

    assert ast.dump(ast.parse(planted)) != ast.dump(ast.parse(text))


def test_a_fault_that_has_rotted_says_so() -> None:
    fault = Fault("priority", "market/book.py", "nothing", "price", "prize")

    with pytest.raises(ValueError, match="expected once, found 2 times, for the fault 'nothing'"):
        fault.planted("price by price")


def test_there_are_enough_faults_of_each_kind() -> None:
    counts = Counter(fault.category for fault in FAULTS)

    assert list(counts) == CATEGORIES
    assert min(counts.values()) >= 5
    assert counts.total() >= 45
    assert len({(fault.path, fault.found, fault.put) for fault in FAULTS}) == len(FAULTS)
