"""Messages of the feed to draw from: of every kind, each field at its bounds and between."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from floorproof.wire.itch import LAYOUTS, Field, Kind, Layout, Message, Printable

PRINTABLE = "".join(map(chr, range(0x20, 0x7F)))
TEXT = "".join(map(chr, range(1, 0x80)))


def values(field: Field) -> st.SearchStrategy[Any]:
    """Draw what *field* may hold."""
    match field.kind:
        case Kind.UNSIGNED:
            return st.integers(0, 2 ** (8 * field.length) - 1)
        case Kind.SIGNED:
            half = 2 ** (8 * field.length - 1)
            return st.integers(-half, half - 1)
        case Kind.ALPHA:
            texts = st.text(PRINTABLE, max_size=field.length)
            return texts.map(lambda text: text.rstrip(" "))
        case Kind.ZERO_ENDED:
            return st.text(TEXT, max_size=field.length - 1)
        case Kind.CODE:
            return st.sampled_from(codes(field))


def codes(field: Field) -> list[Any]:
    if field.codes is Printable:
        return [True, False]
    assert field.codes is not None
    return [*field.codes]


def bounds(field: Field) -> list[Any]:
    """Return the extremes of what *field* may hold."""
    match field.kind:
        case Kind.UNSIGNED:
            return [0, 1, 2 ** (8 * field.length) - 1]
        case Kind.SIGNED:
            half = 2 ** (8 * field.length - 1)
            return [-half, -1, 0, 1, half - 1]
        case Kind.ALPHA:
            return ["", "x" * field.length, " x"[: field.length].rstrip(" "), "~"]
        case Kind.ZERO_ENDED:
            return ["", "x" * (field.length - 1), " x ", "\x7f"]
        case Kind.CODE:
            return codes(field)


def beyond(field: Field) -> list[Any]:
    """Return what *field* cannot hold."""
    match field.kind:
        case Kind.UNSIGNED:
            return [-1, 2 ** (8 * field.length), 1.0, "1", None]
        case Kind.SIGNED:
            half = 2 ** (8 * field.length - 1)
            return [-half - 1, half, 1.0, "1", None]
        case Kind.ALPHA:
            return ["x" * (field.length + 1), "x "[-field.length :], "ä", "\n", "\0", b"x", None, 1]
        case Kind.ZERO_ENDED:
            return ["x" * field.length, "a\0b", "ä", b"x", None, 1]
        case Kind.CODE:
            return ["?", "", None, 7, ["B"]]


def plain(layout: Layout, **fields: Any) -> Message:
    """Return a message of the smallest values, but for *fields*."""
    smallest = {field.name: bounds(field)[0] for field in layout.fields}
    return layout.message(**{**smallest, **fields})


def of(layout: Layout) -> st.SearchStrategy[Message]:
    """Draw a message of one kind."""
    return st.builds(layout.message, **{field.name: values(field) for field in layout.fields})


MESSAGES: st.SearchStrategy[Message] = st.one_of([of(layout) for layout in LAYOUTS])
