"""The plugins of a process: what is installed, what each offers, and what is wrong with it.

An installed plugin that cannot be used must not stop those that can: it is listed
with its error, offers nothing, and is named where something is looked up in vain.  A
file that a scenario names is another matter, and is refused at once.

Built-in plugins come through the same entry points as everybody's.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import importlib.util
import inspect
import re
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

import attrs
import pluggy

from ..market.ledger import Rule
from ..market.profile import VenueProfile
from .contract import PROVIDER_HOOKS, RULE_SET_HOOKS, new_manager, register
from .errors import NameClash, PluginRefused, UnknownPlugin
from .hookspecs import CONTRACT_VERSION
from .ordering import Bundle, Declaration, resolve

if TYPE_CHECKING:
    import click

GROUP = "floorproof"
"""The entry-point group.  An entry point names a provider: a module or an instance."""

KINDS = tuple(hook for hook in PROVIDER_HOOKS if hook != "rules")
"""What plugins offer by name, as the provider hooks call it."""

T = TypeVar("T")


@attrs.frozen
class Offer(Generic[T]):
    """One thing that a plugin offers under a name."""

    name: str
    cls: T
    """The class; of an export, the function; of a command, the command; of a bundle, its names;
    of a venue, its profile."""

    plugin: str
    version: str
    source: str


@attrs.frozen(kw_only=True)
class Plugin:
    """One plugin as it was found: what ``floorproof plugins`` prints of it."""

    name: str
    """That of its entry point; of a file, its path as the scenario writes it."""

    version: str
    """That of its distribution; of a file, the digest of its text."""

    source: str
    """Where it comes from, for a person."""

    contract: object = None
    """The version of the contract that it says it was built for."""

    offers: Mapping[str, tuple[Offer[Any], ...]] = attrs.field(factory=dict, repr=False)
    """What it offers, by kind."""

    rules: tuple[Rule, ...] = attrs.field(default=(), repr=False)
    """All that it implements, each once."""

    rules_by_name: Mapping[str, tuple[Rule, ...]] | None = attrs.field(default=None, repr=False)
    """Which of the names that it offers has which; None if it does not tell them apart."""

    error: str | None = None
    """Why it cannot be used, or None."""

    @property
    def provides(self) -> dict[str, tuple[str, ...]]:
        """The names that it offers, by kind."""
        return {
            kind: tuple(offer.name for offer in offers)
            for kind, offers in self.offers.items()
            if offers
        }


class Offers(Generic[T]):
    """What all plugins offer of one kind, by name.

    A name that two plugins offer is refused where it is used, not before: two
    packages that happen to be installed together leave all others' names alone.
    """

    def __init__(self, kind: str, plugins: Sequence[Plugin]) -> None:
        self.kind = kind.removesuffix("s").replace("_", " ")
        self._broken = {plugin.name: plugin.error for plugin in plugins if plugin.error}
        self._by_name: dict[str, list[Offer[T]]] = {}
        for plugin in plugins:
            for offer in plugin.offers.get(kind, ()):
                self._by_name.setdefault(offer.name, []).append(offer)

    def __getitem__(self, name: str) -> Offer[T]:
        """Return the offer named *name*.

        Raises:
            UnknownPlugin: if there is none; it has the nearest names.
            NameClash: if two plugins offer it.
        """
        if name not in self._by_name:
            raise UnknownPlugin(self.kind, name, self._by_name, self._broken)
        offers = self._by_name[name]
        if len(offers) > 1:
            raise NameClash(
                self.kind, name, [f"plugin {offer.plugin!r} ({offer.source})" for offer in offers]
            )
        return offers[0]

    def __iter__(self) -> Iterator[str]:
        """Yield the names that one plugin offers, in their order."""
        return (name for name in sorted(self._by_name) if len(self._by_name[name]) == 1)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __contains__(self, name: object) -> bool:
        return name in list(self)


class Plugins:
    """What plugins there are, and what they offer."""

    def __init__(self, plugins: Iterable[Plugin]) -> None:
        self._plugins = tuple(plugins)
        self.matching_algorithms: Offers[type] = self.offers("matching_algorithms")
        self.rule_sets: Offers[type | Bundle] = self.offers("rule_sets")
        self.order_types: Offers[type] = self.offers("order_types")
        self.participants: Offers[type] = self.offers("participants")
        self.scenario_actions: Offers[type] = self.offers("scenario_actions")
        self.venues: Offers[VenueProfile] = self.offers("venues")
        self.invariants: Offers[type] = self.offers("invariants")
        self.sometimes_invariants: Offers[type] = self.offers("sometimes_invariants")
        self.exporters: Offers[Callable[..., bytes]] = self.offers("exporters")
        self.commands: Offers[click.Command] = self.offers("commands")

    @classmethod
    def discover(cls, files: Sequence[str] = (), folder: Path = Path()) -> Plugins:
        """Return what is installed, and the plugins in *files*.

        Args:
            files: the local files that a scenario names.
            folder: the scenario's own, which *files* are relative to.

        Raises:
            PluginRefused: if one of *files* cannot be used.
        """
        return cls([*_installed(), *(load_file(file, folder) for file in files)])

    @classmethod
    def of(cls, providers: Mapping[str, object]) -> Plugins:
        """Return these plugins alone: providers by name, as entry points would name them."""
        return cls(
            [
                _or_broken(name, "", "this program", functools.partial(providers.__getitem__, name))
                for name in sorted(providers)
            ]
        )

    def offers(self, kind: str) -> Offers[Any]:
        """Return what is offered of *kind*, one of `KINDS`."""
        return Offers(kind, self._plugins)

    def listing(self) -> tuple[Plugin, ...]:
        """Return every plugin, those that cannot be used too: installed by name, then files."""
        return self._plugins

    def ledger(self) -> tuple[Rule, ...]:
        """Return every plugin's rules, each once, in the order of the listing.

        Raises:
            NameClash: if two rules that differ have one id.
        """
        stated: dict[str, tuple[Rule, str]] = {}
        for plugin in self._plugins:
            for rule in plugin.rules:
                same, by = stated.setdefault(rule.id, (rule, plugin.name))
                if same != rule:
                    raise NameClash("rule", rule.id, [f"plugin {by!r}", f"plugin {plugin.name!r}"])
        return tuple(rule for rule, _ in stated.values())

    @functools.cached_property
    def _declared(self) -> dict[str, Declaration | Bundle]:
        return {name: _declaration(name, self.rule_sets[name].cls) for name in self.rule_sets}

    def resolve(self, listed: Sequence[str]) -> tuple[Offer[type], ...]:
        """Return the rule sets that an exchange gets for the names that its scenario lists.

        They come in the order in which they are asked; see `ordering.resolve`.
        """
        try:
            chosen = resolve(listed, self._declared)
        except UnknownPlugin as unknown:
            self.rule_sets[unknown.name]  # which also knows what clashes, and what is broken
            raise
        return tuple(cast("Offer[type]", self.rule_sets[name]) for name in chosen)


# --- finding them --------------------------------------------------------------------


def _installed() -> list[Plugin]:
    """Return what the entry points name, by name; two of one name are both unusable."""
    found: dict[str, list[tuple[str, importlib.metadata.EntryPoint]]] = {}
    for entry_point in importlib.metadata.entry_points(group=GROUP):
        distribution = entry_point.dist.name if entry_point.dist else "unknown"
        found.setdefault(entry_point.name, []).append((distribution, entry_point))
    plugins = []
    for name in sorted(found):
        claims = sorted(found[name], key=lambda claim: claim[0])
        for distribution, entry_point in claims:
            version = entry_point.dist.version if entry_point.dist else ""
            if len(claims) == 1:
                plugins.append(_or_broken(name, version, distribution, entry_point.load))
            else:
                by = " and by ".join(distribution for distribution, _ in claims)
                error = f"a plugin of this name is installed by {by}: uninstall one"
                plugins.append(Plugin(name=name, version=version, source=distribution, error=error))
    return plugins


def load_file(file: str, folder: Path) -> Plugin:
    """Return the plugin in *file*, a path relative to *folder*.

    The file stands alone: it cannot import what lies beside it.  What needs a
    second module is a package.

    Raises:
        PluginRefused: if the file cannot be read or run, or does not keep the
            contract; the text names the line, where one is to blame.
    """
    path = folder / file
    try:
        source = path.read_bytes()
    except OSError as error:
        raise PluginRefused(file, f"cannot be read: {error.strerror} ({path})") from error
    # The name comes from what is in the file, not from where it lies: class names are
    # in journals, and must be the same on every machine and for every copy.
    digest = hashlib.blake2b(source, digest_size=6).hexdigest()
    name = f"floorproof_file_{re.sub(r'[^0-9A-Za-z]', '_', path.stem)}_{digest}"
    try:
        provider = sys.modules.get(name) or _run(name, path, source)
    except (Exception, SystemExit) as error:
        raise PluginRefused(file, _explain(error, path)) from error
    return examine(file, digest, "file", provider)


def _run(name: str, path: Path, source: bytes) -> ModuleType:
    """Return the module that *source* makes."""
    module = ModuleType(name)
    module.__file__ = str(path)
    code = compile(source, str(path), "exec", dont_inherit=True)
    # Whoever resolves the annotations of its classes looks for the module there.
    sys.modules[name] = module
    try:
        exec(code, vars(module))
    except BaseException:  # whatever it was, half a module is none
        del sys.modules[name]
        raise
    return module


def _explain(error: BaseException, path: Path) -> str:
    """Return what went wrong, with the last line of *path* that had a part in it."""
    if isinstance(error, SyntaxError) and error.filename == str(path):
        return f"line {error.lineno}: {type(error).__name__}: {error.msg}"
    lines = [
        frame.lineno
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename == str(path)
    ]
    where = f"line {lines[-1]}: " if lines else ""
    return f"{where}{type(error).__name__}: {error}"


def _or_broken(name: str, version: str, source: str, load: Callable[[], object]) -> Plugin:
    """Return the plugin that *load* gives, or what is wrong with it."""
    contract: object = None
    try:
        provider = load()
        contract = getattr(provider, "floorproof_contract", None)
        return examine(name, version, source, provider)
    except PluginRefused as refused:
        error = refused.why
    except (Exception, SystemExit) as cause:  # somebody else's module may raise anything
        error = f"{type(cause).__name__}: {cause}"
    return Plugin(name=name, version=version, source=source, contract=contract, error=error)


# --- examining one -------------------------------------------------------------------


def examine(name: str, version: str, source: str, provider: object) -> Plugin:
    """Return what *provider* offers.

    Raises:
        PluginRefused: if it does not keep the contract.
    """
    if inspect.isclass(provider):
        raise PluginRefused(
            name, f"a provider is a module or an instance, found the class {provider.__name__!r}"
        )
    contract = getattr(provider, "floorproof_contract", None)
    if contract != CONTRACT_VERSION:
        said = "says nothing" if contract is None else f"says {contract!r}"
        raise PluginRefused(
            name,
            f"built for another contract: floorproof_contract {said},"
            f" this floorproof has {CONTRACT_VERSION}",
        )
    # A manager for each, as pluggy's answers do not say who gave them.
    manager = new_manager()
    implemented = register(manager, provider, name, PROVIDER_HOOKS)
    answers = {hook: _ask(manager, hook, name) for hook in implemented}
    rules = answers.pop("rules", ())
    offers = {
        kind: tuple(
            Offer(offered, cls, name, version, source)
            for offered, cls in _checked(name, kind, answer)
        )
        for kind, answer in answers.items()
    }
    profiles: list[Any] = [offer.cls for offer in offers.get("venues", ())]
    of_venues = [rule for profile in profiles for rule in profile.ledger]
    by_name = None
    if isinstance(rules, Mapping):
        by_name = {of: _rules(name, rules[of]) for of in rules}
        _check_owners(name, by_name, [each.name for kind in offers.values() for each in kind])
        rules = list(dict.fromkeys(rule for of in by_name.values() for rule in of))
    return Plugin(
        name=name,
        version=version,
        source=source,
        contract=contract,
        rules=(*of_venues, *_rules(name, rules)),
        rules_by_name=by_name,
        offers=offers,
    )


def _rules(plugin: str, found: object) -> tuple[Rule, ...]:
    """Return *found* if it is a sequence of rules."""
    if not isinstance(found, Sequence) or not all(isinstance(rule, Rule) for rule in found):
        raise PluginRefused(plugin, f"rules must give a sequence of Rule, gave {found!r}")
    return tuple(found)


def _check_owners(plugin: str, by_name: Iterable[str], offered: Sequence[str]) -> None:
    for name in by_name:
        if name not in offered:
            expected = ", ".join(offered) or "nothing"
            raise PluginRefused(plugin, f"rules has rules of {name!r}, and it offers {expected}")


def _ask(manager: pluggy.PluginManager, hook: str, plugin: str) -> object:
    """Return the answer of the one plugin that *manager* has."""
    try:
        (answer,) = getattr(manager.hook, hook)() or (None,)  # pluggy drops None
    except Exception as error:  # a plugin may raise anything
        raise PluginRefused(plugin, f"{hook} raised {type(error).__name__}: {error}") from error
    return answer


def _checked(plugin: str, kind: str, answer: object) -> Iterator[tuple[str, object]]:
    """Yield what a provider hook offers, in the order of the names."""
    if not isinstance(answer, Mapping) or not all(isinstance(name, str) for name in answer):
        raise PluginRefused(plugin, f"{kind} must give a mapping of names, gave {answer!r}")
    for name, offered in sorted(answer.items()):
        match kind:
            case "exporters" | "commands":
                if not callable(offered):
                    raise PluginRefused(
                        plugin, f"{kind} must offer callables, found {name!r}: {offered!r}"
                    )
                yield name, offered
            case "venues":
                if not isinstance(offered, VenueProfile):
                    raise PluginRefused(
                        plugin, f"{kind} must offer profiles, found {name!r}: {offered!r}"
                    )
                yield name, offered
            case "rule_sets" if isinstance(offered, tuple | list):
                yield name, _names(plugin, f"the bundle {name!r}", offered)
            case _:
                # Its fields are its settings, and what checks a scenario's table.
                if not (inspect.isclass(offered) and attrs.has(offered)):
                    raise PluginRefused(
                        plugin, f"{kind} must offer attrs classes, found {name!r}: {offered!r}"
                    )
                if kind == "rule_sets":
                    _check_rule_set(plugin, name, offered)
                yield name, offered


def _check_rule_set(plugin: str, name: str, offered: type) -> None:
    try:
        _declaration(name, offered)
    except PluginRefused as refused:
        raise PluginRefused(plugin, f"rule set {name!r}: {refused.why}") from refused


def _declaration(name: str, offered: type | Bundle) -> Declaration | Bundle:
    """Return what the class of a rule set says of its place among others.

    Raises:
        PluginRefused: if it does not keep the contract.
    """
    if isinstance(offered, tuple):
        return offered
    return Declaration(
        register(new_manager(), offered, name, RULE_SET_HOOKS),
        *(
            _names(name, f"`{which}`", getattr(offered, which, ()))
            for which in ("after", "requires", "conflicts")
        ),
    )


def _names(plugin: str, what: str, found: object) -> tuple[str, ...]:
    """Return *found* if it is a list of names.  A lone string would be one of letters."""
    if not isinstance(found, tuple | list) or not all(isinstance(name, str) for name in found):
        raise PluginRefused(plugin, f"{what} must be a tuple of names, was {found!r}")
    return tuple(found)
