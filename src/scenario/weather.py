"""What may go wrong on a scenario's floor, checked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ..runtime.faults import ACTOR_KINDS, CLOCK_KINDS, LINK_KINDS, FaultPlan
from .errors import ScenarioError, unknown
from .schema import FaultsTable


def fault_plan(table: FaultsTable, names: Mapping[str, object]) -> FaultPlan | None:
    """Return what may go wrong, or None where nothing may.

    Args:
        names: who is on the floor.

    Raises:
        ScenarioError: if the table names somebody who is not there, or has faults of
            participants and does not say of whom.
    """
    links = tuple(_links("links", table.links, names))
    sessions = tuple(_links("sessions", table.sessions, names))
    for index, actor in enumerate(table.actors):
        if actor not in names:
            where = f"faults.actors[{index}]"
            raise ScenarioError(where, unknown("participant", actor, names))
    of_actors = (*ACTOR_KINDS, *CLOCK_KINDS)
    for kind in of_actors:
        if getattr(table, kind) and not table.actors:
            raise ScenarioError(f"faults.{kind}", "expected `actors` to say who it may befall")
    if table.settle and table.until is None:
        raise ScenarioError("faults.settle", "expected `until` to say from when on")
    budgets = {kind: getattr(table, kind) for kind in (*LINK_KINDS, *of_actors)}
    if not any(budgets.values()):
        return None
    return FaultPlan(
        **budgets,
        one_in=table.one_in,
        longest_ns=table.longest,
        queue=table.queue,
        clock_off_ns=table.clock_off,
        until_ns=table.until,
        settle_ns=table.settle,
        links=links,
        sessions=sessions,
        actors=table.actors,
    )


def _links(
    key: str, links: Iterable[str], names: Mapping[str, object]
) -> Iterator[tuple[str, str]]:
    for index, link in enumerate(links):
        where = f"faults.{key}[{index}]"
        sender, arrow, recipient = link.partition(">")
        if not arrow:
            raise ScenarioError(where, f'expected a link such as "ET1>SSE-A", found {link!r}')
        for name in (sender, recipient):
            if name not in names:
                raise ScenarioError(where, unknown("participant", name, names))
        yield sender, recipient
