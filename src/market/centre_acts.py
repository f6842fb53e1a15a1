"""What a user of the request centre does at his screen, as the screen's program is told.

Everything that is one press of a button is a `CentreRequest` of its own; what takes
several, and answers in between, is an act here.
"""

from __future__ import annotations

from typing import TypeAlias, get_args

import attrs

from .centre_messages import CentreRequest, Method
from .firms import EntityName, Gfid, Market, SessionID


@attrs.frozen(kw_only=True)
class CreateGroup:
    """Go through all steps of a new group, from the dialog to *Submit*."""

    entity: EntityName
    market: Market
    name: str
    front_end: str
    filters: tuple[str, ...]
    gfids: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    source_gfids: tuple[Gfid, ...] = ()
    proceed: bool = True
    """Whether the dialog that tells the fee is answered with *Proceed*."""


@attrs.frozen(kw_only=True)
class EditGroup:
    """Change a group; what is None stays as it is."""

    entity: EntityName
    group: str
    name: str | None = None
    front_end: str | None = None
    filters: tuple[str, ...] | None = None
    gfids: tuple[str, ...] | None = None
    sources: tuple[str, ...] | None = None
    source_gfids: tuple[Gfid, ...] = ()


@attrs.frozen(kw_only=True)
class TakeKey:
    """Generate a key and download it, or download one that there is."""

    session_id: SessionID
    generate: bool = True
    method: Method = Method.SMS
    key: str | None = None
    """Which key is downloaded, or deleted for a third: an id, ``oldest`` or ``newest``."""

    right_code: bool = True
    """Whether the code that the telephone shows is typed in, or another."""


CentreAct: TypeAlias = CreateGroup | EditGroup | TakeKey | CentreRequest

CENTRE_ACTS: tuple[type, ...] = get_args(CentreAct)
