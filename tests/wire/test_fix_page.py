"""The table of messages and tags in `docs/fix.md` is that of the dictionary."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from floorproof.wire.ilink_dictionary import FIELDS, LAYOUTS, Group, Layout, Row

PAGE = Path(__file__).parents[2] / "docs" / "fix.md"
BEGIN, END = "<!-- the dictionary's table -->", "<!-- its end -->"


def rows(of: tuple[Row | Group, ...], depth: int = 0) -> Iterator[tuple[int, Row]]:
    seen = set()
    for row in of:
        counted = row.count if isinstance(row, Group) else row
        if counted.tag not in seen:
            seen.add(counted.tag)
            yield depth, counted
        if isinstance(row, Group):
            yield from rows(row.rows, depth + 1)


def table(layout: Layout) -> Iterator[str]:
    way = "to the venue" if layout.comes_in else "from the venue"
    yield f"### {layout.name} (35={layout.msg_type}), {way}: `{layout.cls.__name__}`"
    yield ""
    yield "| tag | name | format | needed |"
    yield "| --- | --- | --- | --- |"
    for depth, row in rows(layout.rows):
        field = FIELDS[row.tag]
        kind = field.type.value if field.size is None else f"{field.type.value}({field.size})"
        values = f": {', '.join(f'`{each}`' for each in field.values)}" if field.values else ""
        yield f"| {'· ' * depth}{row.tag} | {field.name} | {kind}{values} | {row.need} |"
    yield ""


def test_the_page_has_the_dictionarys_table(accept: bool) -> None:
    said = "\n".join(line for layout in LAYOUTS.values() for line in table(layout))
    text = PAGE.read_text(encoding="utf-8")
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    wanted = f"{head}{BEGIN}\n\n{said}\n{END}{tail}"

    if accept:
        PAGE.write_text(wanted, encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == wanted


def test_every_tag_of_the_dictionary_is_in_a_message() -> None:
    used = {row.tag for layout in LAYOUTS.values() for _, row in rows(layout.rows)}

    assert used == set(FIELDS)
