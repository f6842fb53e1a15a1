"""Settings of rule sets in a scenario's text, and how wrong ones are refused."""

from __future__ import annotations

import pytest
from commands import STAGED_ORDER, changed

import floorproof
from floorproof.scenario.errors import ScenarioError

_INSTRUMENT = "[[exchange.instrument]]"


def with_settings(rule_set: str, lines: str) -> str:
    """Return the text of the staged order on an exchange that has a rule set with settings.

    Args:
        lines: the settings, and any tables of the exchange to come after them.
    """
    table = f'rules = ["{rule_set}"]\n[exchange.settings.{rule_set}]\n{lines}\n\n{_INSTRUMENT}'
    return changed(STAGED_ORDER.read_text(encoding="utf-8"), _INSTRUMENT, table)


def assert_setting_refused(rule_set: str, lines: str, said: str) -> None:
    """Check that these settings are refused as the scenario is read, in these words."""
    with pytest.raises(ScenarioError) as refused:
        floorproof.parse(with_settings(rule_set, lines))

    assert f"exchange[0].settings.{rule_set}" in str(refused.value)
    assert said in str(refused.value)
