"""``make mutants``: plant each fault in a copy of the package, and see who catches it.

What is run against a copy is what Hypothesis draws, and no table: `pytest -m hypothesis`
of the comparisons with the plain venue (its invariants included; one has self-match
prevention on both sides) and of the auction's properties, with the profile ``mutation``
(which shrinks nothing), up to the first failure.  The copy without a fault has to pass the
same.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from compileall import compile_dir
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import attrs

from .faults import FAULTS, ROOT, Fault

TESTS = (
    "tests/market/test_any_market.py",
    "tests/market/test_auction.py",
    "tests/plugins/test_cme_smp_any_market.py",
)
NEEDED = ("src", "pyproject.toml", "tests/conftest.py", "tests/oracle", "tests/smp.py", *TESTS)
EXAMPLES = (10, 60, 400)
"""How many each property draws: few at first, and more against what has survived those."""

LONGEST_S = 10.0
"""How long one example of all may keep the tests busy, ample on any machine: a fault that
never lets them end is caught."""

TESTS_FAILED = 1
"""What pytest exits with then; anything else but 0 says that the check itself is broken."""


@attrs.frozen
class Verdict:
    """What became of one fault, or (without one) of the copy as it is."""

    fault: Fault | None
    caught: bool
    seconds: float
    output: str

    def __str__(self) -> str:
        if self.fault is None:
            return f"without a fault all passes  ({self.seconds:.0f} s)"
        fate = "caught  " if self.caught else "SURVIVES"
        return f"{fate} {self.fault.category}: {self.fault.breaks}  ({self.seconds:.0f} s)"


def copied(folder: Path) -> None:
    """Put into *folder* what the tests need: the package as it stands, and themselves."""
    without_caches = shutil.ignore_patterns("__pycache__")
    for name in NEEDED:
        source, target = ROOT / name, folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=without_caches)
        else:
            shutil.copy(source, target)
    (folder / "typings").mkdir()
    (folder / "typings" / "floorproof").symlink_to("../src")
    compile_dir(folder, quiet=1)  # once, not for each fault


def tried(sound: Path, fault: Fault | None) -> Verdict:
    """Run the tests against a copy of *sound* with *fault*.

    Raises:
        RuntimeError: if they could not be run at all.
    """
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="floorproof-mutant-") as name:
        folder = Path(name).resolve() / "copy"
        shutil.copytree(sound, folder, symlinks=True)
        if fault is not None:
            path = folder / "src" / fault.path
            path.write_text(fault.planted(path.read_text()))
        environment = {
            **os.environ,
            "HYPOTHESIS_PROFILE": "mutation",
            "PYTHONPATH": str(folder / "typings"),
        }
        _check_that_it_is_the_copy(folder, environment)
        code, output = 0, ""
        for examples in EXAMPLES if fault is not None else EXAMPLES[-1:]:
            if code == 0:
                code, output = _tested(folder, environment, examples)
    if code not in (0, TESTS_FAILED):
        what = "the copy" if fault is None else f"the fault {fault.breaks!r}"
        raise RuntimeError(f"pytest could not run with {what}:\n{output}")
    return Verdict(fault, code == TESTS_FAILED, time.monotonic() - started, output)


def _tested(folder: Path, environment: dict[str, str], examples: int) -> tuple[int, str]:
    """Return how pytest ended in *folder*, and what it said."""
    command = [sys.executable, "-m", "pytest", "-m", "hypothesis", "-q", "-x", "--tb=short"]
    command += ["-p", "no:cacheprovider", *TESTS]
    try:
        run = subprocess.run(
            command,
            cwd=folder,
            env={**environment, "MUTATION_EXAMPLES": str(examples)},
            capture_output=True,
            text=True,
            timeout=LONGEST_S * examples,
        )
    except subprocess.TimeoutExpired:
        return TESTS_FAILED, "the tests never ended"
    return run.returncode, run.stdout + run.stderr


def _check_that_it_is_the_copy(folder: Path, environment: dict[str, str]) -> None:
    command = [sys.executable, "-c", "import floorproof; print(floorproof.__file__)"]
    run = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=True
    )
    found = Path(run.stdout.strip()).resolve()
    if folder not in found.parents:
        raise RuntimeError(f"the tests would import {found}, not the copy in {folder}")


def all_tried(sound: Path, faults: Iterable[Fault | None], jobs: int) -> Iterator[Verdict]:
    """Yield what became of each, as it is known."""
    with ThreadPoolExecutor(jobs) as pool:
        futures = [pool.submit(tried, sound, fault) for fault in faults]
        try:
            for future in as_completed(futures):
                yield future.result()
        finally:
            pool.shutdown(cancel_futures=True)


def score(verdicts: Sequence[Verdict]) -> str:
    """Return how many faults of each category were caught, and all that were not."""
    of = Counter(verdict.fault.category for verdict in verdicts if verdict.fault)
    caught = Counter(
        verdict.fault.category for verdict in verdicts if verdict.fault and verdict.caught
    )
    categories = list(dict.fromkeys(fault.category for fault in FAULTS if fault.category in of))
    lines = [f"{category:<22}{caught[category]:>3} of {of[category]:>2}" for category in categories]
    lines.append(f"{'all':<22}{caught.total():>3} of {of.total():>2}")
    for verdict in verdicts:
        if verdict.fault is not None and not verdict.caught:
            fault = verdict.fault
            lines.append(f"survives: {fault.category}: {fault.breaks} (src/{fault.path})")
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(prog="mutation", description="Plant faults, one by one.")
    parser.add_argument("-j", "--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--only", default="", help="faults whose category or text has this in it")
    parser.add_argument("-v", "--verbose", action="store_true", help="tell each, as on a terminal")
    options = parser.parse_args()
    faults = [fault for fault in FAULTS if options.only in f"{fault.category}: {fault.breaks}"]

    with tempfile.TemporaryDirectory(prefix="floorproof-sound-") as name:
        sound = Path(name).resolve() / "copy"  # so that nobody's edits come in between
        copied(sound)
        for fault in faults:
            fault.planted((sound / "src" / fault.path).read_text())  # says so if it is stale
        verdicts: list[Verdict] = []
        for verdict in all_tried(sound, [None, *faults], options.jobs):
            if verdict.fault is not None:
                verdicts.append(verdict)
            elif verdict.caught:
                print(f"{verdict.output}\nthe tests fail without any fault")
                return 2
            if sys.stderr.isatty() or options.verbose:
                count = f"{len(verdicts):>3}/{len(faults)}"
                print(count, verdict, file=sys.stderr, flush=True)
    print(score(verdicts))
    return 0 if all(verdict.caught for verdict in verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())
