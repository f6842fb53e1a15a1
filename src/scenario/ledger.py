"""Which tests show which rules, read from the tests' own marks."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator


def tests_by_rule(files: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Return, by rule id, the tests that are marked ``@pytest.mark.rule(id, ...)``.

    Args:
        files: names of test modules and their texts.

    Returns:
        Tests as ``file::name``, in the order of the files.  A mark on a class or in a
        module's ``pytestmark`` counts for the class or the module.
    """
    shown: dict[str, list[str]] = {}
    for name, text in files:
        tree = ast.parse(text)
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                test = f"{name}::{node.name}"
                marks = [each for mark in node.decorator_list for each in _ids(mark)]
            elif isinstance(node, ast.Assign) and any(
                isinstance(target, ast.Name) and target.id == "pytestmark"
                for target in node.targets
            ):
                test, marks = name, list(_ids(node.value))
            else:
                continue
            for rule in marks:
                shown.setdefault(rule, []).append(test)
    return shown


def _ids(mark: ast.expr) -> Iterator[str]:
    for node in ast.walk(mark):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "rule"
        ):
            for argument in node.args:
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    yield argument.value
