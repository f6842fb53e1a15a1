"""The fence: actors and plugins get no time and no chance but the run's own.

Two layers.  The first, on in every run, replaces the functions of a few standard
modules by guards that refuse a call made directly from a fenced module: those of
`time`, `random`, `uuid`, `secrets`, `threading` and `socket`, and Trio's own that
start a thread or a process, open a file or a connection, or hear a signal.  The
second (`strict`) watches every call through `sys.setprofile`, and so also sees names
that were bound before the run (``from time import time``) and what cannot be
replaced (``datetime.now``, a waiting method of `trio.Path`); it makes a run several
times slower.

A random number generator with a seed is the actor's own, and passes.

What neither sees: the order of a set's iteration, ``id()`` and ``hash()``, files
opened without Trio, the environment, C extensions with sources of their own, and a
fenced module that asks an unfenced one to call for it, as
``nursery.start_soon(trio.open_file, ...)`` does.  Of Trio's, the strict layer sees the
await and not the call; a `trio.open_signal_receiver` that was bound earlier it does not
see, as all context managers run the same code.  The order of sets shows in `floorproof
verify`, which runs every seed under two hash seeds.
"""

from __future__ import annotations

import contextlib
import datetime
import functools
import inspect
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

import trio

from .errors import FenceBreach

_GUARDED: tuple[ModuleType, ...] = (time, random, uuid, secrets, threading, socket)
_OWN_PACKAGE = __name__.partition(".")[0]

# What ends the quiet of a floor from outside, at a moment of its own.
_GUARDED_OF_TRIO: dict[ModuleType, tuple[str, ...]] = {
    trio: (
        "open_file",
        "open_signal_receiver",
        "open_ssl_over_tcp_listeners",
        "open_ssl_over_tcp_stream",
        "open_tcp_listeners",
        "open_tcp_stream",
        "open_unix_socket",
        "run_process",
        "serve_ssl_over_tcp",
        "serve_tcp",
    ),
    trio.to_thread: ("run_sync",),
    trio.lowlevel: ("open_process", "start_thread_soon"),
    trio.socket: (
        "from_stdlib_socket",
        "fromfd",
        "getaddrinfo",
        "getnameinfo",
        "getprotobyname",
        "socket",
        "socketpair",
    ),
}


def _functions(module: ModuleType) -> Iterator[tuple[str, Callable[..., Any]]]:
    for name, value in sorted(vars(module).items()):
        if not name.startswith("_") and callable(value) and not isinstance(value, type):
            yield name, value


# Taken at import, before any guard stands in the modules.
_ORIGINALS = [
    (module, name, function) for module in _GUARDED for name, function in _functions(module)
] + [
    (module, name, getattr(module, name))
    for module, names in _GUARDED_OF_TRIO.items()
    for name in names
    if hasattr(module, name)  # some are not there on every platform
]
_BUILTINS = {
    function: f"{module.__name__}.{name}"
    for module, name, function in _ORIGINALS
    if not hasattr(function, "__code__")
} | {os.urandom: "os.urandom"}


def _code(function: object) -> CodeType | None:
    """Return the code that is *function*'s and no other's.

    Not a method's: ``random.choice`` runs the code of every generator's ``choice``.
    Nor a context manager's: all that `contextmanager` has made run the same.
    """
    if hasattr(function, "__self__") or getattr(function, "__globals__", None) is vars(contextlib):
        return None
    return getattr(function, "__code__", None)


_CODES: dict[CodeType, str] = (
    # All of them are one wrapper's, and it is theirs alone.
    {
        method.__code__: "trio.Path"
        for method in vars(trio.Path).values()
        if inspect.iscoroutinefunction(method)
    }
    | {
        code: f"{module.__name__}.{name}"
        for module, name, function in _ORIGINALS
        if (code := _code(function)) is not None
    }
    | {
        threading.Thread.__init__.__code__: "threading.Thread",
        socket.socket.__init__.__code__: "socket.socket",
    }
)

_HIDDEN_RANDOM = random.random.__self__  # type: ignore[attr-defined]  # the module's own instance
_SEEDING = {random.Random.__init__.__code__: "x", random.Random.seed.__code__: "a"}
"""What takes its seed from the system if it is given none: the code, and the argument's name."""


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
            return _BUILTINS.get(function)
        except TypeError:
            return None  # an unhashable callable is none of ours

    @staticmethod
    def _python(frame: FrameType) -> str | None:
        if (called := _CODES.get(frame.f_code)) is not None:
            return called
        if frame.f_globals is vars(random):
            owner = frame.f_locals.get("self")
            if owner is _HIDDEN_RANDOM:
                return f"random.{frame.f_code.co_name}"
            if isinstance(owner, random.SystemRandom):  # that of `secrets`, too
                return "random.SystemRandom"
            seed = _SEEDING.get(frame.f_code)
            if seed is not None and frame.f_locals[seed] is None:
                return "random.Random without a seed"
        return None
