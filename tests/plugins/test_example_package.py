"""The example of a third party's package: it installs, is found, and keeps the contract."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from floorproof.plugins.check import check_plugin
from floorproof.plugins.manager import load_file

ROOT = Path(__file__).parents[2]
LOTCAP = ROOT / "examples" / "lotcap"

# What somebody sees who has installed the package, in a process of their own.
LOOK = """
import json
from floorproof.plugins.manager import Plugins

plugins = Plugins.discover()
(plugin,) = [it for it in plugins.listing() if it.name == "lotcap"]
(offer,) = plugins.resolve(["lot-cap"])
print(json.dumps({
    "version": plugin.version, "source": plugin.source, "provides": plugin.provides,
    "error": plugin.error, "class": f"{offer.cls.__module__}.{offer.cls.__name__}",
}))
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder into which pip has installed the package."""
    target = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    command += ["--no-build-isolation", "--target", str(target), str(LOTCAP)]
    run(command, {})
    return target


def run(command: list[str], environ: dict[str, str], folder: Path = ROOT) -> str:
    done = subprocess.run(
        command, env=os.environ | environ, cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_package_is_found_through_its_entry_point(site: Path) -> None:
    seen = json.loads(run([sys.executable, "-c", LOOK], {"PYTHONPATH": str(site)}))

    assert seen == {
        "version": "1.0.0",
        "source": "floorproof-lotcap",
        "provides": {"rule_sets": ["lot-cap"]},
        "error": None,
        "class": "floorproof_lotcap.lot_cap.LotCap",
    }


def test_the_packages_own_tests_pass(site: Path) -> None:
    # As its author would run them: with his own settings, away from ours.
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"]

    told = run(command, {"PYTHONPATH": str(site)}, LOTCAP)

    assert re.search(r"\d+ passed", told)


def test_the_plugin_in_the_readme_works(tmp_path: Path) -> None:
    readme = (LOTCAP / "README.md").read_text()
    (text,) = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)
    (tmp_path / "my_rules.py").write_text(text)

    plugin = load_file("my_rules.py", tmp_path)
    report = check_plugin(tmp_path / "my_rules.py")

    assert plugin.provides == {"rule_sets": ("max-lots",)}
    assert not report.failures, report
