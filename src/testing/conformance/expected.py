"""Checks that are known to fail: a file of their ids, each with the reason."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

import attrs

from ...plugins.findings import Finding, Outcome, Report
from ...scenario.errors import ScenarioError, unknown


@attrs.frozen
class Judged:
    """A report in the light of what was expected."""

    report: Report
    expected: tuple[tuple[Finding, str], ...] = ()
    """Failures that were expected, each with the reason."""

    unexpected: tuple[Finding, ...] = ()
    """Failures that were not."""

    passing: tuple[Finding, ...] = ()
    """What was expected to fail, and does not: the file is to be put right."""

    unexecuted: tuple[str, ...] = ()
    """What was expected to fail, and was not tried."""

    @property
    def held(self) -> bool:
        return not self.unexpected and not self.passing


def read_expected(path: Path) -> dict[str, str]:
    """Return the reasons by check, of a file such as ``"x.handle:pure" = "it is to be mended"``.

    Raises:
        ScenarioError: if it cannot be read, or is no such file.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ScenarioError(str(path), f"cannot be read: {error.strerror}") from None
    except ValueError as error:  # tomllib's own is one, and that of wrong UTF-8
        raise ScenarioError(str(path), f"not a TOML file: {error}") from None
    for check, reason in table.items():
        if not isinstance(reason, str) or not reason.strip():
            raise ScenarioError(
                f"{path}: {check}", f'expected `"SUBJECT:CHECK" = "reason"`, found {reason!r}'
            )
    return table


def judge(report: Report, expected: Mapping[str, str]) -> Judged:
    """Return *report* in the light of *expected*.

    Raises:
        ScenarioError: if that names a subject that there is not.
    """
    by_id = {finding.id: finding for finding in report.findings}
    subjects = dict.fromkeys(finding.subject for finding in report.findings)
    for check in expected:
        if check not in by_id and check.rpartition(":")[0] not in subjects:
            raise ScenarioError("expected failures", unknown("check", check, by_id))
    tried = {
        check: by_id[check]
        for check in expected
        if check in by_id and by_id[check].outcome is not Outcome.SKIPPED
    }
    return Judged(
        report,
        tuple(
            (finding, expected[check])
            for check, finding in tried.items()
            if finding.outcome is Outcome.FAILED
        ),
        tuple(finding for finding in report.failures if finding.id not in expected),
        tuple(finding for finding in tried.values() if finding.outcome is Outcome.PASSED),
        tuple(check for check in expected if check not in tried),
    )
