"""Which plugins are found, what they offer, and what is said of those that cannot be used."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from textwrap import dedent
from types import SimpleNamespace
from typing import Any, ClassVar

import attrs
import pytest

from floorproof.market.ledger import Rule
from floorproof.plugins.errors import NameClash, PluginRefused, RuleSetsRefused, UnknownPlugin
from floorproof.plugins.hookspecs import CONTRACT_VERSION, hookimpl
from floorproof.plugins.manager import Plugin, Plugins, load_file


@attrs.frozen
class Collar:
    after: ClassVar[tuple[str, ...]] = ("halts",)
    width: int = 10

    @hookimpl
    def accept_request(self) -> None: ...


@attrs.frozen
class Halts:
    @hookimpl
    def accept_request(self) -> None: ...


class NotAttrs:
    pass


@attrs.frozen
class LoneString:
    after: ClassVar[str] = "halts"


@attrs.frozen
class Wraps:
    @hookimpl(wrapper=True)
    def accept_request(self) -> Any:
        return (yield)


class Provider:
    """An instance as a plugin: what its hooks give is said when it is made."""

    floorproof_contract: object = CONTRACT_VERSION

    def __init__(self, rule_sets: object = None, rules: object = ()) -> None:
        self._rule_sets = {} if rule_sets is None else rule_sets
        self._rules = rules

    @hookimpl
    def rule_sets(self) -> object:
        return self._rule_sets

    @hookimpl
    def rules(self) -> object:
        return self._rules


class OfLater(Provider):
    floorproof_contract = 2


class OfNone(Provider):
    floorproof_contract = None


class Misspelt(Provider):
    @hookimpl
    def matching_algorithm(self) -> dict[str, type]:
        return {}


class AsksTooMuch(Provider):
    @hookimpl
    def participants(self, floor: object) -> dict[str, type]:
        return {}


class RuleOutside(Provider):
    @hookimpl
    def accept_request(self) -> None: ...


class Raises(Provider):
    @hookimpl
    def order_types(self) -> dict[str, type]:
        raise KeyError("twap")


class NoCommand(Provider):
    @hookimpl
    def commands(self) -> dict[str, object]:
        return {"hello": "hello"}


class NoProfile(Provider):
    @hookimpl
    def venues(self) -> dict[str, object]:
        return {"nowhere": "a town"}


# fmt: off
UNUSABLE: dict[str, tuple[object, str]] = {
    "another contract":    (OfLater(), "floorproof_contract says 2, this floorproof has 1"),
    "no contract":         (OfNone(), "floorproof_contract says nothing, this floorproof has 1"),
    "a class":             (Provider, "a module or an instance, found the class 'Provider'"),
    "unknown hook":        (Misspelt(), "unknown hook 'matching_algorithm'"),
    "unknown argument":    (AsksTooMuch(), "{'floor'} are declared in the hookimpl"),
    "a rule hook":         (RuleOutside(), "accept_request does not belong here"),
    "a hook that raises":  (Raises(), "order_types raised KeyError: 'twap'"),
    "no mapping":          (Provider([Collar]), "must give a mapping of names, gave [<class"),
    "no attrs class":      (Provider({"x": NotAttrs}), "attrs classes, found 'x': <class"),
    "an instance":         (Provider({"x": Collar()}), "attrs classes, found 'x': Collar("),
    "no command":          (NoCommand(), "commands must offer callables, found 'hello': 'hello'"),
    "a wrapper":           (Provider({"x": Wraps}), "'x': accept_request is marked wrapper"),
    "a lone string":       (Provider({"x": LoneString}), "`after` must be a tuple of names, was"),
    "a bundle of classes": (Provider({"x": (Collar,)}), "'x' must be a tuple of names, was ("),
    "rules of text":       (Provider(rules=["no shouting"]), "must give a sequence of Rule, gave"),
    "rules by name, text": (Provider({"x": Halts}, {"x": ["no"]}), "must give a sequence of Rule"),
    "rules of a stranger": (Provider({"x": Halts}, {"y": []}), "rules of 'y', and it offers x"),
    "no profile":          (NoProfile(), "venues must offer profiles, found 'nowhere': 'a town'"),
}
# fmt: on


@pytest.mark.parametrize(("provider", "said"), UNUSABLE.values(), ids=UNUSABLE.keys())
def test_a_plugin_that_breaks_the_contract_is_listed_with_its_error_and_offers_nothing(
    provider: object, said: str
) -> None:
    plugins = Plugins.of({"bad": provider, "good": Provider({"collar": Collar})})

    bad, good = plugins.listing()

    assert said in str(bad.error)
    assert (bad.name, bad.provides) == ("bad", {})
    assert good.error is None
    assert plugins.rule_sets["collar"].cls is Collar


def test_a_plugin_says_what_it_provides() -> None:
    both = Provider({"halts": Halts, "collar": Collar, "day": ["collar"]})

    (plugin,) = Plugins.of({"mine": both}).listing()

    assert plugin.provides == {"rule_sets": ("collar", "day", "halts")}
    assert (plugin.contract, plugin.source, plugin.error) == (1, "this program", None)


def test_an_unknown_name_gets_the_nearest_the_known_and_what_did_not_load() -> None:
    plugins = Plugins.of({"late": OfLater(), "mine": Provider({"collar": Collar, "halts": Halts})})

    with pytest.raises(UnknownPlugin) as unknown:
        plugins.rule_sets["colar"]

    assert unknown.value.nearest == ("collar",)
    assert unknown.value.known == ("collar", "halts")
    assert str(unknown.value).startswith(
        "no rule set named 'colar'; did you mean 'collar'? (installed: collar, halts)\n"
        "  plugin 'late' offers nothing, as it did not load: built for another contract"
    )


def test_a_name_that_two_plugins_offer_is_refused_naming_both() -> None:
    plugins = Plugins.of(
        {
            "ours": Provider({"collar": Collar, "halts": Halts}),
            "theirs": Provider({"collar": Halts, "day": ("collar",)}),
        }
    )

    for ask in (lambda: plugins.rule_sets["collar"], lambda: plugins.resolve(["day"])):
        with pytest.raises(NameClash, match="rule set 'collar' is offered by plugin") as clash:
            ask()
        assert "plugin 'ours'" in clash.value.offered_by[0]
        assert "plugin 'theirs'" in clash.value.offered_by[1]

    assert [*plugins.rule_sets] == ["day", "halts"]
    assert plugins.rule_sets["halts"].plugin == "ours"


def test_rule_sets_come_in_the_order_in_which_they_are_asked() -> None:
    plugins = Plugins.of({"mine": Provider({"collar": Collar, "halts": Halts, "day": ("collar",)})})

    assert [offer.cls for offer in plugins.resolve(["halts", "day"])] == [Halts, Collar]
    with pytest.raises(RuleSetsRefused):
        plugins.resolve(["collar", "halts"])
    with pytest.raises(UnknownPlugin):
        plugins.resolve(["hats"])


def test_the_ledger_has_every_rule_and_no_id_twice() -> None:
    one, two = Rule("M-1", "One.", "a book"), Rule("M-2", "Two.", "a book")

    assert Plugins.of({"b": Provider(rules=[one]), "a": Provider(rules=[two])}).ledger() == (
        two,
        one,
    )
    another = Rule("M-1", "Another.", "a book")
    with pytest.raises(NameClash, match="rule 'M-1' is offered by plugin 'a' and by plugin 'b'"):
        Plugins.of({"a": Provider(rules=[one]), "b": Provider(rules=[two, another])}).ledger()


def test_a_rule_may_belong_to_several_names_also_of_several_plugins() -> None:
    one, two = Rule("M-1", "One.", "a book"), Rule("M-2", "Two.", "a book")
    plugins = Plugins.of(
        {
            "a": Provider(
                {"collar": Collar, "halts": Halts}, {"collar": [one], "halts": [one, two]}
            ),
            "b": Provider({"day": ("halts", "collar"), "more": Halts}, [one]),
        }
    )

    assert plugins.ledger() == (one, two)
    assert [plugin.rules for plugin in plugins.listing()] == [(one, two), (one,)]


# --- installed plugins ---------------------------------------------------------------

COLLAR = """
    import attrs
    from floorproof.plugins.hookspecs import hookimpl

    floorproof_contract = 1

    @attrs.frozen
    class Collar:
        width: int = 10

    @hookimpl
    def rule_sets():
        return {"test-collar": Collar}
"""


def install(
    folder: Path, distribution: str, entry_points: Mapping[str, str], modules: Mapping[str, str]
) -> None:
    """Put into *folder* what an installer leaves behind."""
    info = folder / f"{distribution.replace('-', '_')}-2.5.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 2.5\n")
    lines = [f"{name} = {module}\n" for name, module in entry_points.items()]
    (info / "entry_points.txt").write_text("[floorproof]\n" + "".join(lines))
    for name, text in modules.items():
        (folder / f"{name}.py").write_text(dedent(text))


def found(names: Sequence[str]) -> dict[str, Plugin]:
    """Return the plugins of these names among all that are installed here."""
    return {it.name: it for it in Plugins.discover().listing() if it.name in names}


def test_entry_points_are_found_and_a_broken_one_leaves_the_others_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(
        tmp_path,
        "floorproof-found",
        {"zz_found": "fp_found_good", "aa_found": "fp_found_bad"},
        {"fp_found_good": COLLAR, "fp_found_bad": "import fp_found_nowhere"},
    )
    monkeypatch.syspath_prepend(str(tmp_path))

    plugins = found(["zz_found", "aa_found"])

    assert [*plugins] == ["aa_found", "zz_found"]
    assert plugins["aa_found"].error == "ModuleNotFoundError: No module named 'fp_found_nowhere'"
    good = plugins["zz_found"]
    assert (good.version, good.source) == ("2.5", "floorproof-found")
    assert good.provides == {"rule_sets": ("test-collar",)}


def test_the_search_path_does_not_order_plugins_or_settle_between_two(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listings = []
    for here in ("one", "two"):
        install(
            tmp_path / here, f"fp-{here}", {"twin": "fp_twin", here: "fp_twin"}, {"fp_twin": COLLAR}
        )
    for order in (["one", "two"], ["two", "one"]):
        with monkeypatch.context() as patch:
            for here in order:
                patch.syspath_prepend(str(tmp_path / here))
            plugins = [
                it for it in Plugins.discover().listing() if it.name in ("one", "two", "twin")
            ]
        listings.append([(it.name, it.source, it.error) for it in plugins])

    twice = "a plugin of this name is installed by fp-one and by fp-two: uninstall one"
    assert listings[0] == listings[1]
    assert listings[0] == [
        ("one", "fp-one", None),
        ("twin", "fp-one", twice),
        ("twin", "fp-two", twice),
        ("two", "fp-two", None),
    ]


# --- files ---------------------------------------------------------------------------


def test_a_file_is_a_plugin_whose_version_is_its_text(tmp_path: Path) -> None:
    for folder in ("here", "there"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "my rules.py").write_text(dedent(COLLAR))

    here, there = (load_file("my rules.py", tmp_path / folder) for folder in ("here", "there"))

    assert (here.name, here.source) == ("my rules.py", "file")
    assert here.version == there.version
    (offer,) = here.offers["rule_sets"]
    assert offer.cls.__module__ == f"floorproof_file_my_rules_{here.version}"
    assert attrs.resolve_types(offer.cls).__name__ == "Collar"


def test_files_come_after_what_is_installed(tmp_path: Path) -> None:
    (tmp_path / "rules.py").write_text(dedent(COLLAR))

    plugins = Plugins.discover(["rules.py"], tmp_path)

    assert plugins.listing()[-1].name == "rules.py"
    assert plugins.rule_sets["test-collar"].plugin == "rules.py"


# fmt: off
FILES = {
    "not there":        (None, "cannot be read: No such file or directory"),
    "wrong syntax":     ("x = 1\nif x\n", "line 2: SyntaxError: expected ':'"),
    "an error":         ("import attrs\n\nattr.frozen\n", "line 3: NameError: name 'attr' is not"),
    "an error farther": ("import json\nf = json.loads\nf('{')\n", "line 3: JSONDecodeError:"),
    "no contract":      ("x = 1\n", "floorproof_contract says nothing"),
    "an exit":          ("import sys\n\nsys.exit(3)\n", "line 3: SystemExit: 3"),
    "null bytes":       ("x = '\0'\n", "source code string cannot contain null bytes"),
}
# fmt: on


@pytest.mark.parametrize(("text", "said"), FILES.values(), ids=FILES.keys())
def test_a_file_that_cannot_be_used_is_refused_with_its_line(
    text: str | None, said: str, tmp_path: Path
) -> None:
    if text is not None:
        (tmp_path / "bad.py").write_text(text)

    with pytest.raises(PluginRefused) as refused:
        Plugins.discover(["bad.py"], tmp_path)

    assert refused.value.plugin == "bad.py"
    assert said in str(refused.value)


def test_a_file_that_raised_is_run_again(tmp_path: Path) -> None:
    (tmp_path / "raises.py").write_text("raise OSError('twice')")

    for _ in range(2):
        with pytest.raises(PluginRefused, match="line 1: OSError: twice"):
            load_file("raises.py", tmp_path)

    assert not [name for name in sys.modules if name.startswith("floorproof_file_raises")]


def test_a_provider_may_be_any_object() -> None:
    provider = SimpleNamespace(floorproof_contract=CONTRACT_VERSION)

    (plugin,) = Plugins.of({"empty": provider}).listing()

    assert (plugin.error, plugin.provides) == (None, {})
