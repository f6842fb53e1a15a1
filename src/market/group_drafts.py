"""Drafts of drop copy groups: the steps from the fee's dialog to *Submit*."""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from .centre_messages import DraftOpen, FillIn, GroupRow, Step
from .centre_users import CentreUser, Refused, Right
from .copy_filters import CopyFilter
from .copy_groups import CopyGroups, check_name, filters
from .firms import EntityName, Market, Registry
from .identifiers import CompID

STEPS = (Step.NAME, Step.FRONT_END, Step.FILTERS, Step.FIRMS, Step.SOURCES)
"""The order in which a new group is filled in; `Step.FIRMS` may be left out."""


@attrs.define(kw_only=True)
class Draft:
    """A group that is being filled in."""

    id: str
    user: CompID
    entity: EntityName
    group: GroupRow
    editing: GroupRow | None = None
    """The group as it copies now, where it is an edit."""

    chargeable: bool = False
    """What the dialog said."""

    proceeded: bool = False
    done: list[Step] = attrs.field(factory=list)

    @property
    def next_step(self) -> Step | None:
        """The first step that has not been filled in; of an edit, none has to be."""
        if self.editing is not None:
            return None
        return next((step for step in STEPS if step not in self.done), None)


class Drafts:
    """The drafts of all users; a user knows of none but his own."""

    def __init__(self, registry: Registry, groups: CopyGroups) -> None:
        self._registry = registry
        self._groups = groups
        self._drafts: dict[str, Draft] = {}
        self._opened: dict[CompID, int] = {}

    def new(self, user: CentreUser, entity: EntityName, market: Market, chargeable: bool) -> Draft:
        empty = GroupRow(
            name="", market=market, front_end="", filters=(), gfids=(), sources=(), targets=()
        )
        return self._add(user, entity, empty, chargeable=chargeable)

    def edit(self, user: CentreUser, entity: EntityName, group: GroupRow) -> Draft:
        return self._add(user, entity, group, editing=group, proceeded=True)

    def _add(
        self,
        user: CentreUser,
        entity: EntityName,
        group: GroupRow,
        *,
        editing: GroupRow | None = None,
        chargeable: bool = False,
        proceeded: bool = False,
    ) -> Draft:
        number = self._opened[user.name] = self._opened.get(user.name, 0) + 1
        draft = Draft(
            id=f"{user.name}/{number}",
            user=user.name,
            entity=entity,
            group=group,
            editing=editing,
            chargeable=chargeable,
            proceeded=proceeded,
        )
        self._drafts[draft.id] = draft
        return draft

    def get(self, user: CentreUser, name: str, *, proceeded: bool = True) -> Draft:
        """Return a draft of *user*'s, whose dialog must have been answered or not.

        Raises:
            Refused: if he has no such draft, or it is not so.
        """
        draft = self._drafts.get(name)
        if draft is None or draft.user != user.name:
            raise Refused("you have no such draft")
        if draft.proceeded is not proceeded:
            been = "has" if draft.proceeded else "has not"
            raise Refused(f"the dialog of {draft.id} {been} been answered")
        return draft

    def drop(self, draft: Draft) -> None:
        del self._drafts[draft.id]

    def opened(self, draft: Draft) -> DraftOpen:
        """Return what the screen shows of a draft: what is next, and what can be chosen."""
        available: tuple[str, ...] = ()
        match draft.next_step:
            case Step.FRONT_END:
                available = self._registry.front_ends
            case Step.FILTERS:
                available = tuple(CopyFilter)
            case Step.FIRMS:
                available = self._groups.firms(draft.entity, draft.group)
            case Step.SOURCES:
                comps = self._groups.available(draft.entity, draft.group)
                available = tuple(comp.comp_id for comp in comps)
            case Step.NAME | None:
                pass  # a name is free, and what is complete has no choice
        return DraftOpen(draft=draft.id, next_step=draft.next_step, available=available)

    def fill_in(
        self, user: CentreUser, draft: Draft, message: FillIn, taken: Iterable[str]
    ) -> None:
        """Fill in one step.

        Args:
            taken: the names that the entity's groups have, or are to have.

        Raises:
            Refused: if it is not that step's turn, or cannot be filled in with that.
        """
        group, step, expected = draft.group, message.step, draft.next_step
        skips_firms = (expected, step) == (Step.FIRMS, Step.SOURCES)
        if draft.editing is None and step is not expected and not skips_firms:
            which = "submit" if expected is None else expected.value
            raise Refused(f"{step.value} is not next; next is: {which}")
        match step:
            case Step.NAME:
                name = _one(message, "a name")
                check_name(name)
                if name in taken and not (draft.editing and name == draft.editing.name):
                    raise Refused(f"{draft.entity} has a group {name!r} already")
                group = attrs.evolve(group, name=name)
            case Step.FRONT_END:
                front_end = _one(message, "a front end system")
                self._groups.check_front_end(front_end)
                may = draft.editing is None or user.has(Right.FRONT_END)
                if front_end != group.front_end and not may:
                    raise Refused("changing the front end system needs a right of its own")
                group = attrs.evolve(group, front_end=front_end)
            case Step.FILTERS:
                group = attrs.evolve(group, filters=filters(message.values))
            case Step.FIRMS:
                known = self._groups.firms(draft.entity, group)
                for gfid in message.values:
                    if gfid not in known:
                        raise Refused(
                            f"no firm {gfid!r} is available; there are: {', '.join(known)}"
                        )
                group = attrs.evolve(group, gfids=tuple(dict.fromkeys(message.values)))
            case Step.SOURCES:
                group = self._with_sources(draft, message)
        draft.group = group
        draft.done += [Step.FIRMS, step] if skips_firms else [step]

    def _with_sources(self, draft: Draft, message: FillIn) -> GroupRow:
        available = self._groups.available(draft.entity, draft.group)
        for gfid in message.gfids:
            if not any(comp.gfid == gfid for comp in available):
                raise Refused(f"no source sender comp of the firm {gfid!r} is available")
        by_firm = [comp.comp_id for comp in available if comp.gfid in message.gfids]
        chosen = [CompID(value) for value in message.values]
        if len(set(chosen)) < len(chosen):
            raise Refused("a source sender comp is named twice")
        group = attrs.evolve(draft.group, sources=tuple(dict.fromkeys([*chosen, *by_firm])))
        self._groups.check_sources(draft.entity, group)
        return group


def _one(message: FillIn, what: str) -> str:
    if len(message.values) != 1:
        raise Refused(f"expected {what}, found {len(message.values)} values")
    return message.values[0]
