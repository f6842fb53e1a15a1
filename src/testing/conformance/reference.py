"""Finding the plugin that somebody means: by its installed name, a file, a folder or a module."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import attrs

from ...plugins.errors import PluginRefused, UnknownPlugin
from ...plugins.manager import Plugin, Plugins, examine, load_file


@attrs.frozen
class Loaded:
    """A plugin, and all that there are with it."""

    plugin: Plugin
    plugins: Plugins


def load(name: str) -> Loaded:
    """Return the plugin that *name* means.

    Args:
        name: that of an entry point; the path of a file, as scenarios name them, or of a
            package's folder; or a module that can be imported.

    Raises:
        UnknownPlugin: if there is none.
        PluginRefused: if it does not keep the contract.
    """
    installed = Plugins.discover()
    path = Path(name)
    if path.suffix == ".py":
        plugin = load_file(name, Path())
    elif (path / "__init__.py").is_file():
        plugin = _imported(path.resolve().name, path.resolve().parent)
    else:
        by_name = {each.name: each for each in installed.listing()}
        if name in by_name:
            plugin = by_name[name]
            if plugin.error is not None:
                raise PluginRefused(name, plugin.error)
            return Loaded(plugin, installed)
        try:
            plugin = _imported(name, None)
        except ModuleNotFoundError as error:
            # What it needs itself may be missing, and that is no unknown name.
            if error.name is None or not f"{name}.".startswith(f"{error.name}."):
                raise PluginRefused(name, f"{type(error).__name__}: {error}") from error
            raise UnknownPlugin("plugin", name, by_name) from None
    others = [each for each in installed.listing() if each.name != plugin.name]
    return Loaded(plugin, Plugins([*others, plugin]))


def _imported(module: str, folder: Path | None) -> Plugin:
    if folder is not None and str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    try:
        provider = importlib.import_module(module)
    except ModuleNotFoundError:
        raise
    except (Exception, SystemExit) as error:  # somebody else's module may raise anything
        raise PluginRefused(module, f"{type(error).__name__}: {error}") from error
    return examine(module, "", str(getattr(provider, "__file__", module)), provider)
