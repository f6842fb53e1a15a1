"""The program of another process, which answers what `elsewhere` has pickled for it."""

from __future__ import annotations

import pickle
import sys

import msgspec

from .elsewhere import work

if __name__ == "__main__":
    told = sys.stdout.buffer
    sys.stdout = sys.stderr  # what a plugin prints is no answer
    told.write(msgspec.json.encode(work(pickle.loads(sys.stdin.buffer.read()))))
