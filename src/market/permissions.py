"""Who may do what with staged orders: a user's settings, for all accounts and for some.

X_TRADER knows two settings of a user.  TT gives permissions for a user and an account;
which orders one of them is for is then a question of the orders' account.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import attrs

from .identifiers import Account, CompID
from .staging import Permission, SetPermission

_BROUGHT_ALONG = (Permission.MANAGE_OWN, Permission.MANAGE_OTHERS, Permission.UNCLAIM_OTHERS)
_OF_USERS = (Permission.CREATION, Permission.MANAGEMENT, Permission.OMS)

Pair: TypeAlias = tuple[Permission, Account | None]


def check_pair(permission: Permission, account: str | None) -> None:
    """Check that *permission* can be given for an account, if it is given for one.

    Raises:
        ValueError: if it is a user's own.
    """
    if account is not None and permission in _OF_USERS:
        raise ValueError(f"{permission} is a user's, for all accounts; found account {account!r}")


@attrs.frozen
class Permissions:
    """What has been set for everybody; a value of this moment."""

    by_user: Mapping[CompID, Mapping[Pair, bool]]

    def may(self, user: CompID, permission: Permission, account: Account | None = None) -> bool:
        """Return whether *user* has *permission* for orders of *account* (STAGE-11, STAGE-12).

        OMS Allowed everybody has from whom it is not taken.

        Args:
            account: None for an order that has none.
        """
        settings = self.by_user.get(user, {})
        for pair in ((permission, account), (permission, None)):
            if pair in settings:
                return settings[pair]
        if permission in _BROUGHT_ALONG:
            return self.may(user, Permission.MANAGE_WITHOUT_CLAIMING, account)
        return permission is Permission.OMS

    def after(self, setting: SetPermission) -> Permissions:
        """Return the settings once the administrator has made this one."""
        settings = {
            **self.by_user.get(setting.user, {}),
            (setting.permission, setting.account): setting.allowed,
        }
        return Permissions({**self.by_user, setting.user: settings})
