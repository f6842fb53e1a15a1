"""What others test their floors and plugins with; needs the extra ``floorproof[testing]``.

pytest loads `pytest_plugin` wherever floorproof is installed, so importing this
package must be light and must work without the extra.  Whatever needs it calls
`require_extra` first.
"""

from __future__ import annotations

from importlib.util import find_spec

_EXTRA = ("hypothesis", "pytest", "pytest_trio")


class MissingExtra(ImportError):
    """Something here needs packages that are not installed."""

    def __init__(self, missing: tuple[str, ...]) -> None:
        super().__init__(
            f"floorproof.testing needs {', '.join(missing)}: pip install 'floorproof[testing]'"
        )
        self.missing = missing


def require_extra() -> None:
    """Make sure that all of the extra is there.

    Raises:
        MissingExtra: if it is not; the text says what to install.
    """
    missing = tuple(name for name in _EXTRA if find_spec(name) is None)
    if missing:
        raise MissingExtra(missing)
