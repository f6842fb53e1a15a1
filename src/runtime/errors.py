"""The base of our errors.  What a caller avoids by calling differently is one of these."""

from __future__ import annotations


class FloorproofError(Exception):
    """Base of every error that a caller avoids by calling differently."""
