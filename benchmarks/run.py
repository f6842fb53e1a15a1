"""Run all benchmarks: one JSON object a line.

The peers come from the package registry into an environment of their own.
"""

from __future__ import annotations

import json
import subprocess
import sys
import venv

import book
from measure import HERE, PEERS_PYTHON

import market
import runtime


def set_up_peers() -> None:
    """Make the peers' environment, unless it stands already as `peers.txt` wants it."""
    wanted = HERE / "peers.txt"
    ready = PEERS_PYTHON.parent.parent / ".ready"
    if ready.exists() and ready.read_text() == wanted.read_text():
        return
    venv.create(PEERS_PYTHON.parent.parent, with_pip=True, clear=True)
    pip = [str(PEERS_PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--requirement", str(wanted)], check=True, stdout=sys.stderr)
    ready.write_text(wanted.read_text())


def main() -> None:
    set_up_peers()
    for benchmark in (book, runtime, market):
        for row in benchmark.rows():
            print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
