"""Who uses the request centre, what each may do there, and how it refuses."""

from __future__ import annotations

from datetime import time
from decimal import Decimal
from enum import StrEnum

import attrs
from attrs import validators

from .firms import EntityName
from .identifiers import CompID


class Right(StrEnum):
    """What a user may do for his entities."""

    ADMINISTRATOR = "administrator"
    """Create, edit and delete groups and keys."""
    APPROVER = "approver"
    """Approve or reject what is asked of sessions that his entities clear."""
    VIEWER = "viewer"
    """Look at groups and keys."""
    FRONT_END = "front_end"
    """Change the front end system of a group that exists; for administrators."""


class Refused(ValueError):
    """The centre does not do what it was asked; the text says why."""


NO_RIGHTS = "there is no such registered entity, or you have no such right there"
"""What is said of both, so that neither can be told from the other."""


@attrs.frozen(kw_only=True)
class CentreUser:
    """A person who uses the request centre."""

    name: CompID
    entities: tuple[EntityName, ...] = attrs.field(validator=validators.min_len(1))
    rights: tuple[Right, ...]
    email: str = ""

    def check(self, entity: EntityName | None, *rights: Right) -> EntityName:
        """Return *entity*, if the user has one of *rights* there.

        Raises:
            Refused: if not.
        """
        if entity is None or entity not in self.entities or not self.has(*rights):
            raise Refused(NO_RIGHTS)
        return entity

    def has(self, *rights: Right) -> bool:
        """Return whether he has one of *rights*."""
        return any(right in self.rights for right in rights)


@attrs.frozen(kw_only=True)
class CentreSettings:
    """What differs between environments."""

    fee: Decimal = attrs.field(default=Decimal(0), validator=validators.ge(Decimal(0)))
    """What every group but the first costs, in US dollars; the amount is not published."""

    setup_ns: int = attrs.field(default=0, validator=validators.ge(0))
    """How long a request is in progress."""

    daily_setup: time | None = None
    """Instead: the time of day at which requests are set up, as in the test environment."""

    codes_per_day: int = attrs.field(default=10, validator=validators.ge(0))
    """How many codes for downloads a user is sent on one day."""

    source_limits: bool = False
    """Whether the newer limits on a target session's sources hold."""

    environment: str = "Production"
    """What a downloaded key says that it is for."""
