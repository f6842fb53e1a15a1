"""The request centre's *My Requests*: what a user has submitted, and what waits for him."""

from __future__ import annotations

import attrs

from .centre_messages import RequestUpdate


@attrs.define
class MyRequests:
    """A user's requests as they stand, from what he has been told of them."""

    rows: dict[str, tuple[int, RequestUpdate]] = attrs.field(init=False, factory=dict)
    """By id, in the order in which he first heard of them: when he last did, in nanoseconds
    since the start, and what."""

    def show(self, message: object, now_ns: int) -> None:
        """Take in what the user was told, if it is about a request."""
        if isinstance(message, RequestUpdate):
            self.rows[message.request_id] = (now_ns, message)
