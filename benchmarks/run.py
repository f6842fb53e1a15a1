"""Run all benchmarks: one JSON object a line.

The peers come from the package registry into an environment of their own.
"""

from __future__ import annotations

import json
import subprocess
import sys
import venv

import book
import fuzz
import nsx
import self_match
from measure import HERE, PEERS_PYTHON

import market
import runtime


def set_up_peers() -> None:
    """Make the peers' environment, unless it stands already as `peers.txt` wants it.

    What cannot be installed is left out, and tried again the next time.
    """
    wanted = HERE / "peers.txt"
    ready = PEERS_PYTHON.parent.parent / ".ready"
    if ready.exists() and ready.read_text() == wanted.read_text():
        return
    venv.create(PEERS_PYTHON.parent.parent, with_pip=True, clear=True)
    pip = [str(PEERS_PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    pip += ["--constraint", str(wanted)]
    packages = [line for line in wanted.read_text().splitlines() if not line.startswith("#")]
    done = [
        subprocess.run([*pip, package], check=False, stdout=sys.stderr).returncode
        for package in packages
    ]
    if not any(done):
        ready.write_text(wanted.read_text())


def main() -> None:
    set_up_peers()
    for benchmark in (book, self_match, runtime, market, nsx, fuzz):
        for row in benchmark.rows():
            print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
