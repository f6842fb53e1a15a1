"""What a journal was written by, held against what is here."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Iterator, Mapping
from pathlib import Path

from ..plugins.errors import PluginRefused
from ..plugins.manager import Plugins, load_file
from ..runtime.journal import Header


def foreign(header: Header) -> tuple[str, ...]:
    """Return what a journal was written by that is not the same here, one sentence each.

    A scenario's own files are looked for where the run found them; one that is no longer
    there is passed over.
    """
    return tuple(_foreign(header))


def _foreign(header: Header) -> Iterator[str]:
    version = importlib.metadata.version("floorproof")
    if header.version != version:
        yield f"it is of floorproof {header.version}, and this is {version}"
    here = _versions(header)
    for name, theirs in header.plugins.items():
        ours = here.get(name)
        if ours is None and not name.endswith(".py"):
            yield f"plugin {name} ({theirs}) is not installed"
        elif ours is not None and ours != theirs:
            yield f"plugin {name} was {theirs}, and is {ours}"


def _versions(header: Header) -> Mapping[str, str]:
    """Return the versions of what is installed, and of a scenario's own files."""
    versions = {plugin.name: plugin.version for plugin in Plugins.discover().listing()}
    for name in header.plugins:
        if name not in versions and name.endswith(".py"):
            try:
                versions[name] = load_file(name, Path(header.folder)).version
            except PluginRefused:
                continue  # whoever runs it will say so
    return versions
