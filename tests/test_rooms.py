"""The house: imports point down only, and `src/` is found under its import name."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SRC = ROOT / "src"

# What each room may import of ours.  A room that is not here is a question for review.
ROOMS: dict[str, set[str]] = {
    "market": set(),
    "wire": {"market"},
    "runtime": set(),
    "plugins": {"market", "wire", "runtime"},
    "actors": {"market", "wire", "runtime", "plugins"},
    "scenario": {"market", "wire", "runtime", "plugins", "actors"},
    "testing": {"market", "wire", "runtime", "plugins", "actors", "scenario"},
}
TOP = set(ROOMS)
"""The package itself and the commands may import all."""

IMPURE = {"trio", "time", "random", "socket", "threading", "logging", "os", "pathlib", "uuid"}
"""What the pure rooms do without, too."""


def modules() -> Iterator[Path]:
    return (path for path in sorted(SRC.rglob("*.py")) if "__pycache__" not in path.parts)


every_module = pytest.mark.parametrize(
    "path", list(modules()), ids=lambda path: str(path.relative_to(SRC))
)


def room_of(parts: tuple[str, ...]) -> str:
    return parts[0] if parts and parts[0] in ROOMS else ""


def imported(source: str, parts: tuple[str, ...]) -> Iterator[tuple[str, int]]:
    """Yield what the module at *parts* of `src/` imports, as absolute names, with the lines."""
    package = ("floorproof", *parts[:-1])
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names):
                yield from ((alias.name, node.lineno) for alias in names)
            case ast.ImportFrom(module, names, level):
                base = package[: len(package) - level + 1] if level else ()
                name = ".".join([*base, *([module] if module else [])])
                yield name, node.lineno
                yield from ((f"{name}.{alias.name}", node.lineno) for alias in names)
            case _:
                pass  # imports nothing


def wrong_arrows(source: str, parts: tuple[str, ...]) -> list[str]:
    room = room_of(parts)
    allowed = {room} | (ROOMS[room] if room else TOP)
    wrong = []
    for name, line in imported(source, parts):
        top, *rest = name.split(".")
        if top == "floorproof" and rest:
            target = room_of(tuple(rest))
            if target not in allowed:
                wrong.append(f"line {line}: {name}")
    return wrong


def test_every_folder_is_a_room_that_the_map_knows() -> None:
    folders = {path.name for path in SRC.iterdir() if (path / "__init__.py").exists()}

    assert folders <= set(ROOMS)


@every_module
def test_imports_point_down_only(path: Path) -> None:
    assert not wrong_arrows(path.read_text(), path.relative_to(SRC).parts)


# fmt: off
ARROWS = {
    "down":              ("actors/x.py",  "from ..market.fix import Side",           True),
    "inside the room":   ("market/x.py",  "from .fix import Side",                   True),
    "of another's":      ("market/x.py",  "from attrs import validators",            True),
    "up":                ("market/x.py",  "from ..actors.lobster_replay import X",   False),
    "up, by the room":   ("market/x.py",  "from .. import runtime",                  False),
    "up, in a function": ("runtime/x.py", "def f():\n    from ..market import fix",  False),
    "up, absolute":      ("wire/x.py",    "import floorproof.plugins.fifo",          False),
    "to the top":        ("plugins/x.py", "from ..cli import main",                  False),
    "from the top":      ("cli.py",       "from .scenario import load",              True),
}
# fmt: on


@pytest.mark.parametrize(("place", "source", "fine"), ARROWS.values(), ids=ARROWS.keys())
def test_an_arrow_that_points_up_is_seen(place: str, source: str, fine: bool) -> None:
    assert (not wrong_arrows(source, tuple(place.split("/")))) == fine


@every_module
def test_inside_the_house_imports_are_relative(path: Path) -> None:
    tree = ast.parse(path.read_text())

    absolute = [
        node.lineno
        for node in ast.walk(tree)
        if (isinstance(node, ast.ImportFrom) and not node.level and node.module is not None)
        and node.module.split(".")[0] == "floorproof"
    ]

    assert not absolute


@pytest.mark.parametrize(
    "path",
    [path for path in modules() if room_of(path.relative_to(SRC).parts) in ("market", "wire")],
    ids=lambda path: str(path.relative_to(SRC)),
)
def test_the_pure_rooms_import_nothing_that_waits_or_varies(path: Path) -> None:
    assert (
        not {
            name.split(".")[0]
            for name, _ in imported(path.read_text(), path.relative_to(SRC).parts)
        }
        & IMPURE
    )


_CONTRACT = ("hookspecs", "desk", "synthetic", "errors")


def test_actors_know_of_plugins_the_contract_only() -> None:
    known = {f"floorproof.plugins.{module}" for module in _CONTRACT}
    wrong = {
        f"{path.name}: {name}"
        for path in modules()
        if room_of(path.relative_to(SRC).parts) == "actors"
        for name, _ in imported(path.read_text(), path.relative_to(SRC).parts)
        if name.startswith("floorproof.plugins.")
        and not any(name == module or name.startswith(module + ".") for module in known)
    }

    assert not wrong


def test_the_map_itself_has_no_circle() -> None:
    left = {room: set(below) for room, below in ROOMS.items()}
    while ground := [room for room, below in left.items() if not below]:
        for room in ground:
            del left[room]
        left = {room: below - set(ground) for room, below in left.items()}

    assert not left


def test_editable_installs_find_src_under_its_import_name() -> None:
    link = ROOT / "typings" / "floorproof"
    assert link.resolve() == SRC, "check out with symbolic links enabled"
