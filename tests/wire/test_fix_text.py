"""FIX text: what is one message, and what is none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wire.fix_ends import spoiled

from floorproof.wire.fix_text import DATA, Pairs, Unparsable, Unsayable, parse, shown, write

BEAT: Pairs = ((35, "0"), (34, "2"), (112, "TEST"))
SOUND = write(BEAT)

PUBLISHED = (
    "8=FIX.4.2|9=430|35=8|34=127|369=0|52=20180702-18:06:27.043|49=CME|50=G|56=T59350|57=BRIO|"
    "143=US,IL|1=2E2X78|6=0|11=T597104|14=185|17=82438:M:21010TN0000012|20=0|31=9677.5|32=3|"
    "37=82807241412|38=500|39=1|40=2|41=0|44=9677.5|48=5620|54=1|55=GE|59=1|"
    "60=20180702-18:06:27.042|75=20180702|107=GEH7|150=1|151=315|167=FUT|337=TRADE|375=CME000A|"
    "432=00000000|442=1|527=828072414122018070212|1028=N|1057=N|5979=1530554787042876035|"
    "9717=T597104|37711=95588|10=121|"
)


def test_a_message_is_framed() -> None:
    assert shown(SOUND) == "8=FIX.4.2|9=19|35=0|34=2|112=TEST|10=191|"
    assert parse(SOUND) == BEAT


def test_the_published_fill_is_read() -> None:
    """CME's own sample, of 2018, with its length and checksum."""
    data = PUBLISHED.replace("|", "\x01").encode()

    pairs = parse(data)

    assert dict(pairs)[17] == "82438:M:21010TN0000012"
    assert write(pairs) == data


def framed(body: bytes, begin: bytes = b"FIX.4.2", length: int | None = None) -> bytes:
    size = len(body) if length is None else length
    head = b"8=%b\x019=%d\x01" % (begin, size)
    return head + body + b"10=%03d\x01" % (sum(head + body) % 256)


# fmt: off
NONE: dict[str, tuple[bytes, str]] = {
    "nothing":               (b"",                                    "expected one message"),
    "a part":                (SOUND[:-3],                             "expected one message"),
    "two":                   (SOUND + SOUND,                          "expected one message"),
    "something behind":      (SOUND + b"x",                           "expected one message"),
    "a wrong checksum":      (spoiled(SOUND),                  "a CheckSum (10) of 191"),
    "a short checksum":      (SOUND[:-4] + b"9\x01",                  "a CheckSum (10) of 191"),
    "a wrong length":        (framed(b"35=0\x01", length=6), "a BodyLength (9) of 5, found '6'"),
    "a byte above ASCII":    (SOUND.replace(b"TEST", b"TE\xe4T"),     "found the byte 0xe4"),
    "a control character":   (framed(b"35=0\x0158=a\nb\x01"),  "found 'a\\nb' in tag 58"),
    "another version":       (framed(b"35=0\x01", b"FIX.4.4"),        "FIX.4.2, found 'FIX.4.4'"),
    "no type":               (framed(b"34=2\x01"),                    "8, 9 and 35 as the first"),
    "a tag of words":        (framed(b"35=0\x01x=1\x01"),             "expected tags and values"),
    "a tag with a sign":     (framed(b"35=0\x01+34=1\x01"),           "as plain numbers"),
    "a tag with a zero":     (framed(b"35=0\x01034=1\x01"),           "as plain numbers"),
    "a second length":       (framed(b"35=0\x019=5\x01"),             "expected 8, 9 and 10 once"),
    "a length of words":     (framed(b"35=0\x01212=x\x01213=y\x01"),  "expected tags and values"),
    "data that is cut":      (framed(b"35=0\x01212=99\x01213=y\x01"), "expected one message"),
}
# fmt: on


@pytest.mark.rule("FIX-1")
@pytest.mark.parametrize(("data", "text"), NONE.values(), ids=NONE.keys())
def test_what_is_no_message(data: bytes, text: str) -> None:
    with pytest.raises(Unparsable) as raised:
        parse(data)

    assert text in str(raised.value)


def test_a_value_may_be_empty_and_a_tag_may_repeat() -> None:
    assert parse(framed(b"35=0\x0158=\x0158=a\x01")) == ((35, "0"), (58, ""), (58, "a"))


def test_data_may_hold_a_whole_message() -> None:
    inner = SOUND.decode()
    pairs: Pairs = ((35, "n"), (212, str(len(inner))), (213, inner), (97, "Y"))

    assert parse(write(pairs)) == pairs


@pytest.mark.parametrize(
    ("tag", "value", "expected"),
    [(58, "", "a value"), (58, "ä", "printable"), (58, "a\x01b", "printable"), (213, "ä", "ASCII")],
)
def test_what_has_no_form_is_not_written(tag: int, value: str, expected: str) -> None:
    with pytest.raises(Unsayable, match=f"tag {tag}: expected .*{expected}") as raised:
        write(((35, "0"), (tag, value)))

    assert (raised.value.tag, raised.value.value) == (tag, value)


TAGS = st.integers(11, 50_000).filter(lambda tag: tag not in (*DATA, *DATA.values(), 35))
VALUES = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=12)


@given(st.lists(st.tuples(TAGS, VALUES), max_size=8))
def test_what_is_written_is_read(pairs: list[tuple[int, str]]) -> None:
    message: Pairs = ((35, "B"), *pairs)

    data = write(message)

    assert parse(data) == message
    assert write(parse(data)) == data


@given(st.lists(st.tuples(TAGS, VALUES), max_size=3), st.data())
def test_a_message_with_another_byte_is_none(
    pairs: list[tuple[int, str]], data: st.DataObject
) -> None:
    """Any single byte that differs is seen: by the checksum, if by nothing else."""
    sound = write(((35, "B"), *pairs))
    place = data.draw(st.integers(0, len(sound) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda each: each != sound[place]))

    with pytest.raises(Unparsable):
        parse(sound[:place] + bytes([byte]) + sound[place + 1 :])


@given(st.binary(max_size=200))
def test_any_bytes_are_a_message_or_are_refused(data: bytes) -> None:
    try:
        pairs = parse(data)
    except Unparsable:
        return
    assert pairs
