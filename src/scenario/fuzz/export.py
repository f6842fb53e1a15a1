"""A failure as files: a scenario that fails by itself, a test that does, and the story.

The scenario is the one that was searched, word for word, without the steps that the
failure does not need, and with its choices written down: it needs no seed.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs
import tomlkit
from tomlkit.items import AoT

from ...runtime.choices import Recorded
from ...runtime.journal import Entry, Recording, plain_text
from ..diagram import sequence_diagram
from ..errors import ScenarioError
from ..floor import Scenario
from ..reading import override
from ..recorded import RecordedRun
from ..watch import Violation
from .failures import Failure, Outcome, outcome
from .shrink import Variant
from .watchdog import Limits

MOST_MESSAGES = 60
"""How many messages a story draws at most."""


@attrs.frozen(kw_only=True)
class Found:
    """A failure, and the smallest run that was found to show it."""

    failure: Failure
    seeds: tuple[int, ...]
    """Those that fail for its cause; numbers of examples where Hypothesis chose."""

    word: str = "seed"
    """What these are called."""

    variant: Variant
    runs: int
    """How many runs it took to make it small."""

    @property
    def slug(self) -> str:
        """What its files are called."""
        return re.sub(r"[^a-z0-9]+", "_", self.failure.cause.lower()).strip("_") or "failure"


# --- the scenario --------------------------------------------------------------------


def scenario_text(scenario: Scenario, found: Found, folder: Path, out: Path) -> str:
    """Return the text of a scenario file that fails without a seed.

    Args:
        folder: that of the scenario that was searched, which its paths are relative to.
        out: the folder of the new file, which its paths will be relative to.
    """
    document = tomlkit.parse(scenario.text)
    for path, value in scenario.overrides.items():
        override(document, path, value)
    _move(document, folder, out)
    _leave_out_steps(document, found.variant, scenario)
    if not found.failure.is_expectation and "expect" in document:
        del document["expect"]  # they were about steps that may be gone
    if "choices" in document:
        del document["choices"]
    if found.variant.choices:
        document["choices"] = dict(found.variant.choices)
    heading = (
        f"# Shrunk by floorproof fuzz: {found.failure.cause}\n# {_one_line(found.failure.text)}\n\n"
    )
    return heading + tomlkit.dumps(document)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _move(document: Any, folder: Path, out: Path) -> None:
    """Make the paths of a file relative to where it goes."""

    def moved(path: str) -> str:
        if Path(path).is_absolute():
            return path
        return Path(os.path.relpath((folder / path).resolve(), out.resolve())).as_posix()

    table = document["scenario"]
    if "plugins" in table:
        table["plugins"] = [moved(path) for path in table["plugins"]]
    for replay in document.get("replay", ()):
        for key in ("messages", "book"):
            if key in replay:
                replay[key] = moved(replay[key])


def _leave_out_steps(document: Any, variant: Variant, scenario: Scenario) -> None:
    steps = document.get("step")
    if steps is not None:
        kept = frozenset(variant.steps)
        for place in reversed(range(len(steps))):
            if place not in kept:
                del steps[place]
        if not steps and isinstance(steps, AoT):
            del document["step"]
    for table, flow in zip(document.get("flow", ()), scenario.plan.flows, strict=True):
        played = variant.flows.get(flow.name, ())
        before = table.get("only")
        if before is None and len(played) == len(flow.steps):
            continue
        numbers = range(1, len(flow.steps) + 1) if before is None else list(before)
        table["only"] = [numbers[place] for place in played]


# --- the test ------------------------------------------------------------------------

_TEST = '''"""{cause}

{text}
Written by floorproof fuzz; {scenario} beside this file is the same story by itself.
"""

from pathlib import Path

from hypothesis import example, given
from hypothesis import strategies as st

import floorproof
from floorproof.runtime.choices import Recorded

SCENARIO = floorproof.load(Path(__file__).with_name("{scenario}"))
FOUND: dict[str, int] = {choices}
MOST: dict[str, int] = {most}
choices = st.fixed_dictionaries({{name: st.integers(0, most) for name, most in MOST.items()}})


@example(choices=FOUND)
@given(choices=choices)
def test_{slug}(choices: dict[str, int]) -> None:
    result = floorproof.run(SCENARIO, choices=Recorded(choices), in_place=True)

    assert result.held, [*result.violations, *(each for each in result.verdicts if not each.held)]
'''


def test_text(found: Found, scenario: str) -> str:
    """Return a test module that fails as the scenario file beside it does.

    Args:
        scenario: that file's name.
    """
    most = {name: max(2 * value, 15) for name, value in found.variant.choices.items()}
    return _TEST.format(
        cause=_quotable(found.failure.cause),
        text=_quotable(found.failure.text),
        scenario=scenario,
        choices=_literal(found.variant.choices),
        most=_literal(most),
        slug=found.slug,
    )


def _quotable(text: str) -> str:
    return _one_line(text).replace("\\", "\\\\").replace('"""', "'''").rstrip('"')


def _literal(values: Mapping[str, int]) -> str:
    inside = ", ".join(f'"{name}": {value}' for name, value in values.items())
    return "{" + inside + "}"


# --- the story -----------------------------------------------------------------------


def recorded_run(scenario: Scenario, limits: Limits) -> tuple[Sequence[Entry], Outcome]:
    """Run a scenario as it is, with every participant a task, to its end or what ends it.

    Returns:
        What is on record, and what is wrong.
    """
    lines: list[bytes] = []
    choices = Recorded(scenario.plan.tables.choices)
    found = outcome(scenario, choices, in_place=False, limits=limits, write=lines.append)
    return RecordedRun(recording(lines)).entries(), found


def recording(lines: Sequence[bytes]) -> Recording:
    """Return a journal from the lines that were written of it."""
    return Recording(b"".join(line + b"\n" for line in lines))


def story_text(
    scenario: Scenario,
    entries: Sequence[Entry],
    violations: Sequence[Violation],
    found: Found,
    file: Path,
) -> str:
    """Return the story of the smallest run, with a diagram of what was said.

    Args:
        scenario: the small one, as *file* has it.
        entries: its journal.
        violations: what was broken in it.
        file: the scenario file that was written.
    """
    failure, variant = found.failure, found.variant
    numbers = ", ".join(map(str, found.seeds[:10])) + (" …" if len(found.seeds) > 10 else "")
    word = found.word
    steps, choices, _ = variant.size
    lines = [
        f"# {failure.cause}",
        "",
        f"{failure.text}.",
        "",
        f"{counted(steps, 'step')}, {counted(choices, 'choice')} that differ from the default;"
        f" shrunk in {found.runs:,} runs from {word} {found.seeds[0]}.",
        "",
        *(f"- {each}" for each in told_choices(variant.choices)),
        *([""] if variant.choices else []),
        f"Fails for it: {word}s {numbers}. Run it again: `floorproof run {file.name}`.",
        "",
        "```mermaid",
        sequence_diagram(
            entries,
            scenario.wording,
            scenario.plan.tables.scenario.start,
            most=MOST_MESSAGES,
            notes=[(each.seq, each.text) for each in violations if each.seq is not None],
        ).rstrip(),
        "```",
        "",
    ]
    for violation in violations:
        lines += [f"What led to *{violation.text}*:", "", "```"]
        lines += [plain_text(entry) for entry in violation.entries]
        lines += ["```", ""]
    return "\n".join(lines)


def counted(number: int, word: str) -> str:
    """Return a number of things as a person says it: ``1 step``, ``2 steps``."""
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def told_choices(choices: Mapping[str, int]) -> Iterator[str]:
    """Yield each choice as a sentence."""
    for name, value in choices.items():
        kind, _, rest = name.partition(" ")
        link, _, number = rest.rpartition(" ")
        sender, _, recipient = link.partition(">")
        message = f"message {number} from {sender} to {recipient}"
        match kind:
            case "order":
                yield f"{message} is put back {counted(value, 'place')}"
            case "jitter":
                yield f"{message} takes {_ms(value)} longer"
            case "drop":
                yield f"{message} is lost"
            case "duplicate":
                yield f"{message} arrives again {_ms(value)} later"
            case "delay":
                yield f"{message} is {_ms(value)} late, and those behind it wait"
            case "reorder":
                yield f"{message} is {_ms(value)} late, and is overtaken"
            case "cut":
                yield f"from {message} on, {sender} does not reach {recipient} for {_ms(value)}"
            case "partition":
                yield f"from {message} on, neither reaches the other for {_ms(value)}"
            case "pause":
                yield f"{sender} gets nothing for {_ms(value)} from his message {number} on"
            case "crash":
                yield f"{sender} crashes at his message {number}, and is back after {_ms(value)}"
            case _:
                yield f"{name} is {value}"


def _ms(value_ns: int) -> str:
    """Return a span of time as a person says it: in milliseconds, or exactly."""
    ms, rest = divmod(value_ns, 1_000_000)
    return f"{ms:,} ms" if ms and not rest else f"{value_ns:,} ns"


# --- writing them --------------------------------------------------------------------


@attrs.frozen
class Written:
    """The files of one failure."""

    scenario: Path
    test: Path
    story: Path

    def __iter__(self) -> Iterator[Path]:
        return iter((self.scenario, self.test, self.story))


def write(scenario: Scenario, found: Found, *, folder: Path, out: Path) -> Written:
    """Write the scenario and the test of a failure into *out*, and return where they are.

    The story is not written yet: it is told of a run of that file.

    Raises:
        ScenarioError: if a file cannot be written.
    """
    slug = found.slug
    written = Written(out / f"{slug}.toml", out / f"test_{slug}.py", out / f"{slug}.md")
    try:
        out.mkdir(parents=True, exist_ok=True)
        text = scenario_text(scenario, found, folder, out)
        written.scenario.write_text(text, encoding="utf-8")
        written.test.write_text(test_text(found, written.scenario.name), encoding="utf-8")
    except OSError as error:
        raise ScenarioError(str(out), f"cannot write: {error.strerror}") from None
    return written
