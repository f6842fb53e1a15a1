"""What all tests share."""

from __future__ import annotations

import importlib
import os
import pkgutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings

import floorproof

# Hypothesis also draws constants that it finds in the modules loaded so far.  With all of
# ours loaded, a derandomised test draws the same in whichever process it comes to run.
for module in pkgutil.walk_packages(floorproof.__path__, "floorproof."):
    importlib.import_module(module.name)

ROOT = Path(__file__).resolve().parent.parent

settings.register_profile(
    "ci",
    max_examples=60,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile(
    "deep",
    max_examples=3000,
    stateful_step_count=100,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
# For `make mutants`: whether something is found matters, not in what form.
settings.register_profile(
    "mutation",
    max_examples=int(os.environ.get("MUTATION_EXAMPLES", "60")),
    derandomize=True,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    report_multiple_bugs=False,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--accept",
        action="store_true",
        help="rewrite the stories that tests compare with; a person then reads the diff",
    )


@pytest.fixture
def accept(request: pytest.FixtureRequest) -> bool:
    """Whether a test that compares a story rewrites it first."""
    return bool(request.config.getoption("--accept"))


@pytest.fixture
def shared() -> Path:
    """The folder of market data and workloads that lies beside a checkout of ours.

    `FLOORPROOF_SHARED` says where else it is.
    """
    folder = Path(os.environ.get("FLOORPROOF_SHARED", ROOT.parent / "shared"))
    if not folder.is_dir():
        pytest.skip(f"there is no {folder.name!r} beside the checkout (FLOORPROOF_SHARED)")
    return folder
