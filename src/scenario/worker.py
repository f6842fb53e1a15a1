"""Runs seeds of one scenario and prints each one's outcome; `verify` starts it."""

from __future__ import annotations

import contextlib
import importlib
import json
import sys
from pathlib import Path

import click

from ..runtime.errors import FloorproofError
from .floor import load, run
from .verify import hypothesis_installed, seeds_in_order


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.argument("first", type=int)
@click.argument("last", type=int)
@click.option("--set", "settings", multiple=True)
@click.option("--reverse", is_flag=True)
@click.option("--in-place", is_flag=True)
@click.option("--strict", is_flag=True)
@click.option("--hypothesis", is_flag=True)
@click.option("--journal", type=click.Path(path_type=Path))
@click.option("--of", type=int, help="Whose journal.")
def work(
    path: Path,
    first: int,
    last: int,
    settings: tuple[str, ...],
    reverse: bool,
    in_place: bool,
    strict: bool,
    hypothesis: bool,
    journal: Path | None,
    of: int | None,
) -> None:
    """Print ``seed digest`` or ``seed error text`` for each seed from FIRST to LAST.

    The text is a JSON string, as it may have several lines.
    """
    outcomes = sys.stdout
    if hypothesis and hypothesis_installed():
        importlib.import_module("hypothesis")  # which changes how Trio shuffles tasks
    pairs = (each.partition("=") for each in settings)
    # What a participant prints must not be taken for an outcome.
    with contextlib.redirect_stdout(sys.stderr):
        scenario = load(path, {key: value for key, _, value in pairs})
    for seed in seeds_in_order(first, last, reverse=reverse):
        lines: list[bytes] = []
        keep = lines.append if journal is not None and seed == of else None
        with contextlib.redirect_stdout(sys.stderr):
            try:
                result = run(scenario, seed=seed, in_place=in_place, strict=strict, write=keep)
                outcome = result.digest
            except FloorproofError as error:
                outcome = f"error {json.dumps(str(error))}"
        click.echo(f"{seed} {outcome}", file=outcomes)
        if journal is not None and seed == of:
            journal.write_bytes(b"".join(line + b"\n" for line in lines))


if __name__ == "__main__":
    work()
