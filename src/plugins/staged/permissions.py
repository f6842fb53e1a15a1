"""Who may do what to a staged order.

X_TRADER's two settings of a user and TT's permissions for a user and an account stand
side by side: either lets him.
"""

from __future__ import annotations

from ...market.identifiers import Account, CompID
from ...market.staging import Permission
from ..desk import Desk
from .order import StagedOrder


def may_stage(user: CompID, account: Account | None, desk: Desk) -> bool:
    return desk.may(user, Permission.CREATION) or desk.may(user, Permission.SUBMIT, account)


def may_manage(user: CompID, order: StagedOrder, desk: Desk) -> bool:
    """Return whether *user* may claim the order, and work it then."""
    whose = Permission.MANAGE_OWN if order.originator == user else Permission.MANAGE_OTHERS
    return desk.may(user, Permission.MANAGEMENT) or desk.may(user, whose, order.account)


def may_unclaim_others(user: CompID, order: StagedOrder, desk: Desk) -> bool:
    return desk.may(user, Permission.UNCLAIM_OTHERS, order.account)


def needs_no_claim(user: CompID, order: StagedOrder, desk: Desk) -> bool:
    return desk.may(user, Permission.MANAGE_WITHOUT_CLAIMING, order.account)


def acts_as_owner(user: CompID, order: StagedOrder, desk: Desk) -> bool:
    """Return whether *user* may do what an owner may: he is, or need not be."""
    return order.owner == user or needs_no_claim(user, order, desk)


def is_held_to_price(user: CompID, order: StagedOrder, desk: Desk) -> bool:
    """Return whether *user*'s children may not have limits worse than the order's.

    Source: TT, "Care order permissions": it has an effect only where *Manage Staged
    Orders without Claiming* is off.
    """
    return desk.may(user, Permission.ONLY_PRICE_IMPROVEMENTS, order.account) and not needs_no_claim(
        user, order, desk
    )
