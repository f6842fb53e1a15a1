"""FIX 4.2 text: tags and values to bytes and back, with the length and the checksum.

What a message means is not known here, only how it lies on the wire.  Coded with
simplefix, which takes more than there is in a sound message: what it read is therefore
held against the bytes that it was read from.

Source: FIX 4.2, "FIX message format and delivery"; cme.md's wiki pages on iLink 2.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TypeAlias

import simplefix
from simplefix.errors import ParsingError

BEGIN_STRING = "FIX.4.2"
SOH = "\x01"

Pair: TypeAlias = tuple[int, str]
Pairs: TypeAlias = tuple[Pair, ...]
"""Tags and values in the order of the wire, without 8, 9 and 10, which are the frame's."""

DATA = {95: 96, 212: 213, 354: 355, 1401: 1402}
"""Tags that say how long the value of another is, which may then hold anything."""

_PRINTABLE = re.compile(r"[ -~]*", re.ASCII)
_DATA_TAGS = frozenset(DATA.values())


class Unparsable(ValueError):
    """Bytes are no message: nobody answers them, as nothing in them can be trusted."""

    def __init__(self, expected: str, found: str) -> None:
        super().__init__(f"expected {expected}, found {found}")
        self.expected = expected
        self.found = found


class Unsayable(ValueError):
    """A value has no form in the text, so that the message cannot be sent as it is.

    Attributes:
        tag: the one that the value was for.
        value: what cannot be said.
        expected: what could be.
    """

    def __init__(self, tag: int, value: object, expected: str) -> None:
        super().__init__(f"tag {tag}: expected {expected}, was {value!r}")
        self.tag = tag
        self.value = value
        self.expected = expected


def write(pairs: Iterable[Pair]) -> bytes:
    """Return the message of *pairs*, framed: 8, 9, 35 first and 10 last.

    Raises:
        Unsayable: for a value that is empty, or not of printable ASCII.
        ValueError: if there is no message type (35).
    """
    message = simplefix.FixMessage()
    message.append_pair(8, BEGIN_STRING)
    for tag, value in pairs:
        if not value:
            raise Unsayable(tag, value, "a value")
        if not (value.isascii() if tag in _DATA_TAGS else _PRINTABLE.fullmatch(value)):
            raise Unsayable(tag, value, "printable ASCII")
        message.append_pair(tag, value)
    encoded: bytes = message.encode()
    return encoded


def parse(data: bytes) -> Pairs:
    """Return the tags and values of one message; values may be empty, and tags repeat.

    Raises:
        Unparsable: if *data* is not one whole message of FIX 4.2 in ASCII, with the
            right length and checksum.
    """
    if not data.isascii():
        raise Unparsable("ASCII", _found(next(byte for byte in data if byte > 127)))
    parser = simplefix.FixParser(allow_empty_values=True, strip_fields_before_begin_string=False)
    parser.raw_len_tags, parser.raw_data_tags = [*DATA], [*DATA.values()]
    parser.append_buffer(data)
    try:
        message = parser.get_message()
    except (ParsingError, ValueError) as error:
        raise Unparsable("tags and values", str(error) or type(error).__name__) from None
    if message is None or parser.get_buffer():
        raise Unparsable("one message, up to its checksum (10)", _shortened(data))
    raw = [(int(tag), value) for tag, value in message.pairs]
    return _checked(raw, data)


def _checked(raw: Sequence[tuple[int, bytes]], data: bytes) -> Pairs:
    """Return what was read, if it is all that stands there, and the frame is right."""
    if b"".join(b"%d=%b\x01" % pair for pair in raw) != data:
        raise Unparsable("tags written as plain numbers", _shortened(data))
    tags = [tag for tag, _ in raw]
    if tags[:3] != [8, 9, 35]:
        raise Unparsable("8, 9 and 35 as the first tags", f"{tags[:3]}")
    if any(tag in (8, 9, 10) for tag in tags[2:-1]):
        raise Unparsable("8, 9 and 10 once", f"{tags}")
    if raw[0][1] != BEGIN_STRING.encode():
        raise Unparsable(BEGIN_STRING, _shortened(raw[0][1]))
    trailer = b"10=%b\x01" % raw[-1][1]
    head = b"8=%b\x019=%b\x01" % (raw[0][1], raw[1][1])
    length = b"%d" % (len(data) - len(head) - len(trailer))
    if raw[1][1] != length:
        raise Unparsable(f"a BodyLength (9) of {length.decode()}", _shortened(raw[1][1]))
    checksum = b"%03d" % (sum(data[: -len(trailer)]) % 256)
    if raw[-1][1] != checksum:
        raise Unparsable(f"a CheckSum (10) of {checksum.decode()}", _shortened(raw[-1][1]))
    pairs = tuple((tag, value.decode("ascii")) for tag, value in raw[2:-1])
    for tag, value in pairs:
        if tag not in _DATA_TAGS and not _PRINTABLE.fullmatch(value):
            raise Unparsable("printable ASCII", f"{value!r} in tag {tag}")
    return pairs


def shown(data: bytes) -> str:
    """Return a message as people print it, with a bar for each separator."""
    return data.decode("ascii", "backslashreplace").replace(SOH, "|")


def _found(byte: int) -> str:
    return f"the byte {byte:#04x}"


def _shortened(data: bytes) -> str:
    text = shown(data)
    return repr(text if len(text) <= 80 else f"{text[:80]}...")
