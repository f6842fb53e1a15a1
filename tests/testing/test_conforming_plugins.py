"""All that ships with floorproof passes the conformance kit."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

import pytest

from floorproof.plugins.manager import Plugin, Plugins
from floorproof.testing.conformance.explore import Effort
from floorproof.testing.conformance.kit import Kit, conform

DEEP = os.environ.get("HYPOTHESIS_PROFILE") == "deep"
INSTALLED = Plugins.discover()
SETTINGS = tomllib.loads((Path(__file__).parent / "conform_settings.toml").read_text())

UNREACHED = {
    "autospreader.market": "no other order type trades its spreads",
    "feed-books.watch": "there is no feed",
    "fix": "nobody speaks FIX text",
    "itch": "there is no feed",
    "limits-held.watch": "there are no limits",
    "one-story.watch": "nobody copies",
    "pcap": "there is no feed",
    "self-matches.watch": "the exchange prevents none",
}
"""What looks at something that the kit's floors do not have."""

APART = {"scenario_actions", "participants", "commands", "sometimes_invariants"}
"""What is skipped: it shows in scenarios of its own."""

TRIED = [plugin for plugin in INSTALLED.listing() if {*plugin.provides} - APART]


@pytest.mark.parametrize("plugin", TRIED, ids=lambda plugin: plugin.name)
def test_a_plugin_that_ships_with_floorproof_conforms(plugin: Plugin) -> None:
    effort = Effort(examples=900 if DEEP else 24, budget_s=60)

    report = conform(Kit(plugins=INSTALLED, settings=SETTINGS, effort=effort), plugin).report

    assert not report.failures, report
    unreached = {each.subject for each in report.skipped if each.check.word == "behaves"}
    apart = {name for kind in APART for name in plugin.provides.get(kind, ())}
    if DEEP:
        assert unreached - apart <= {*UNREACHED}, report
