"""Commands as a person types them, and what came of them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import attrs
from click.testing import CliRunner

from floorproof.cli import main

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "examples"
STAGED_ORDER = EXAMPLES / "staged_order.toml"
MOVING_MARKET = EXAMPLES / "staged_order_in_a_moving_market.toml"


@attrs.frozen
class Ran:
    """What a command left behind."""

    status: int
    out: str
    err: str


def command(*arguments: str | Path) -> Ran:
    """Return what a command does, in this process: whatever it raises, the test raises."""
    ran = CliRunner().invoke(main, [str(each) for each in arguments], catch_exceptions=False)
    return Ran(ran.exit_code, ran.stdout, ran.stderr)


def process(*arguments: str | Path, **environment: str) -> Ran:
    """Return what a command does in a process of its own."""
    ran = subprocess.run(
        [sys.executable, "-c", "from floorproof.cli import main; main()", *map(str, arguments)],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        timeout=60,
        check=False,
    )
    return Ran(ran.returncode, ran.stdout, ran.stderr)


def write(folder: Path, text: str, name: str = "scenario.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def changed(text: str, old: str, new: str) -> str:
    """Return *text* with *new* in place of the first *old*, which must be there."""
    assert old in text, f"{old!r} is not in the text"
    return text.replace(old, new, 1)


def assert_refused(ran: Ran, *fragments: str) -> None:
    """Check that a command refused its input as it should, in these words."""
    assert ran.status == 2, ran
    assert ran.out == ""
    assert "Traceback" not in ran.err
    assert ran.err.startswith("error: ")
    assert ran.err.count("error: ") == 1
    for fragment in fragments:
        assert fragment in ran.err
