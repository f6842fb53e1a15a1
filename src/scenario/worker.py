"""Runs seeds of one scenario and prints each one's outcome; `verify` starts it."""

from __future__ import annotations

import importlib
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
) -> None:
    """Print ``seed digest`` or ``seed error text`` for each seed from FIRST to LAST."""
    if hypothesis and hypothesis_installed():
        importlib.import_module("hypothesis")  # which changes how Trio shuffles tasks
    pairs = (each.partition("=") for each in settings)
    scenario = load(path, {key: value for key, _, value in pairs})
    lines: list[bytes] = []
    for seed in seeds_in_order(first, last, reverse=reverse):
        try:
            result = run(scenario, seed=seed, in_place=in_place, strict=strict, write=lines.append)
            outcome = result.digest
        except FloorproofError as error:
            outcome = "error " + str(error).replace("\n", " / ")
        click.echo(f"{seed} {outcome}")
        if journal is not None:
            journal.write_bytes(b"".join(line + b"\n" for line in lines))
        lines.clear()


if __name__ == "__main__":
    work()
