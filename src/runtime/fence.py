"""The fence: actors and plugins get no time and no chance but the run's own.

Two layers.  The first, on in every run, replaces the functions of a few standard
modules by guards that refuse a call made directly from a fenced module.  The
second (`strict`) watches every call through `sys.setprofile`, and so also sees names
that were bound before the run (``from time import time``) and what cannot be
replaced (``datetime.now``); it makes a run several times slower.

What neither sees: the order of a set's iteration, ``id()`` and ``hash()``, files,
the environment, C extensions with sources of their own, and a fenced module that
asks an unfenced one to call for it.  The order of sets shows in `floorproof verify`,
which runs every seed under two hash seeds.
"""

from __future__ import annotations

import datetime
import functools
import os
import random
import secrets
import socket
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import CodeType, FrameType, ModuleType
from typing import Any

from .errors import FenceBreach

_GUARDED: tuple[ModuleType, ...] = (time, random, uuid, secrets, threading, socket)
_OWN_PACKAGE = __name__.partition(".")[0]


def _functions(module: ModuleType) -> Iterator[tuple[str, Callable[..., Any]]]:
    for name, value in sorted(vars(module).items()):
        if not name.startswith("_") and callable(value) and not isinstance(value, type):
            yield name, value


# Taken at import, before any guard stands in the modules.
_ORIGINALS = [
    (module, name, function) for module in _GUARDED for name, function in _functions(module)
]
_HIDDEN_RANDOM = random.random.__self__  # type: ignore[attr-defined]  # the module's own instance
_BUILTINS = {
    function: f"{module.__name__}.{name}"
    for module, name, function in _ORIGINALS
    if not hasattr(function, "__code__") and not hasattr(function, "__func__")
} | {os.urandom: "os.urandom"}
_CODES: dict[CodeType, str] = {
    code: f"{module.__name__}.{name}"
    for module, name, function in _ORIGINALS
    if (code := getattr(function, "__code__", None)) is not None
} | {
    threading.Thread.__init__.__code__: "threading.Thread",
    socket.socket.__init__.__code__: "socket.socket",
    random.SystemRandom.random.__code__: "random.SystemRandom",
    random.SystemRandom.getrandbits.__code__: "random.SystemRandom",
}

_SEEDING = random.Random.__init__.__code__


def unit_of(module: str) -> str:
    """Return the part of a module's name by which it is fenced.

    That is its top-level package; of floorproof itself, the room.
    """
    parts = module.split(".")
    return ".".join(parts[:2]) if parts[0] == _OWN_PACKAGE else parts[0]


class Fence:
    """Refuses real time, chance, threads and sockets to the modules it is given.

    Args:
        modules: names of modules whose code takes part in the run; each fences its
            whole top-level package, or its room where it is one of ours.
        strict: also watch every call.  Only one strict fence can stand at a time, and
            a debugger or coverage tool that uses the same door is off meanwhile.
    """

    def __init__(self, modules: Iterable[str], *, strict: bool = False) -> None:
        self._units = frozenset(map(unit_of, modules))
        self._strict = strict
        self.breaches: list[FenceBreach] = []
        """Every refusal: a participant that swallows one does not get away with it."""

    @contextmanager
    def standing(self) -> Iterator[None]:
        """Keep the fence up for the length of the block."""
        before = [(module, name, getattr(module, name)) for module, name, _ in _ORIGINALS]
        profiler = sys.getprofile()
        for module, name, function in before:
            setattr(module, name, self._guard(f"{module.__name__}.{name}", function))
        if self._strict:
            sys.setprofile(self._watch)
        try:
            yield
        finally:
            if self._strict:
                sys.setprofile(profiler)
            for module, name, function in before:
                setattr(module, name, function)

    def _holds(self, frame: FrameType | None) -> bool:
        return frame is not None and unit_of(frame.f_globals.get("__name__", "")) in self._units

    def _breach(self, frame: FrameType, called: str) -> FenceBreach:
        breach = FenceBreach(frame.f_globals.get("__name__", "?"), frame.f_lineno, called)
        self.breaches.append(breach)
        return breach

    def _guard(self, called: str, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def guard(*args: object, **kwargs: object) -> object:
            caller = sys._getframe(1)
            if self._holds(caller):
                raise self._breach(caller, called)
            return function(*args, **kwargs)

        return guard

    def _watch(self, frame: FrameType, event: str, arg: object) -> None:
        if event == "c_call":
            called = self._builtin(arg)
            if called is not None and self._holds(frame):
                raise self._breach(frame, called)
        elif event == "call":
            caller = frame.f_back
            called = self._python(frame)
            if called is not None and caller is not None and self._holds(caller):
                raise self._breach(caller, called)

    @staticmethod
    def _builtin(function: object) -> str | None:
        owner = getattr(function, "__self__", None)
        name = getattr(function, "__name__", "")
        if isinstance(owner, type) and issubclass(owner, datetime.date):
            return f"{owner.__name__}.{name}" if name in ("now", "today", "utcnow") else None
        try:
            return _BUILTINS.get(function)  # type: ignore[call-overload, no-any-return]  # any callable
        except TypeError:
            return None  # an unhashable callable is none of ours

    @staticmethod
    def _python(frame: FrameType) -> str | None:
        if (called := _CODES.get(frame.f_code)) is not None:
            return called
        if frame.f_globals is vars(random):
            if frame.f_locals.get("self") is _HIDDEN_RANDOM:
                return f"random.{frame.f_code.co_name}"
            if frame.f_code is _SEEDING and frame.f_locals["x"] is None:
                return "random.Random without a seed"
        return None
