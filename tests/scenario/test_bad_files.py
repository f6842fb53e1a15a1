# ruff: noqa: E501  # a case is a line
"""Bad files and options: exit status 2, one clear message, and nothing written."""

from __future__ import annotations

from pathlib import Path

import pytest
from commands import STAGED_ORDER, assert_refused, changed, command, process, write

GOOD = STAGED_ORDER.read_text(encoding="utf-8")

# --- files -----------------------------------------------------------------------------


def test_a_scenario_that_is_not_there_is_refused(tmp_path: Path) -> None:
    ran = process("run", tmp_path / "nosuch.toml")

    assert_refused(ran, "nosuch.toml: cannot read the scenario: No such file")


def test_a_scenario_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "binary.toml"
    path.write_bytes(b"\xff\xfe\x00")

    assert_refused(command("run", path), "binary.toml: cannot read the scenario", "utf-8")


LOBSTER = """
[scenario]
name = "replay"
start = 2012-06-21T09:30:00-04:00

[[exchange]]
name = "NASDAQ"
instrument = [{ symbol = "AAPL", price_decimals = 4, tick = "0.01" }]

[[replay]]
name = "MARKET"
exchange = "NASDAQ"
symbol = "AAPL"
messages = "messages.csv"
"""
ROW = "34200.1,1,11,100,5859400,1"
BOOK = "5859500,100,5859400,100"

# fmt: off
LOBSTER_CASES = {
    "truncated line":   (f"{ROW}\n34200.2,1,12", None, "replay[0].messages: messages.csv, line 2: expected 6 fields", "found 3 in '34200.2,1,12'"),
    "no time":          (f"x{ROW}", None, "messages.csv, line 1: expected a time (column 1) in decimal seconds", "'x34200.1'"),
    "unknown type":     (f"{ROW}\n34200.2,9,12,100,5859400,1", None, "messages.csv, line 2: expected a type (column 2) among 1, 2, 3, 4, 5, 7, found '9'"),
    "size 0":           ("34200.2,1,12,0,5859400,1", None, "messages.csv, line 1: expected the size (column 4), an integer of at least 1, found '0'"),
    "no direction":     ("34200.2,1,12,10,5859400,0", None, "messages.csv, line 1: expected a direction (column 6) of 1 or -1, found '0'"),
    "back in time":     (f"{ROW}\n34200.0,1,12,100,5859400,1", None, "messages.csv, line 2: expected a time no earlier than that of line 1"),
    "an empty file":    ("", None, "messages.csv, line 1: expected a message, found an empty file"),
    "a book too short": (f"{ROW}\n{ROW}", BOOK, "replay[0].book: book.csv, line 2: expected 2 lines, one a message, found the end of the file"),
    "a book too long":  (ROW, f"{BOOK}\n{BOOK}", "replay[0].book: book.csv, line 2: expected the end of the file after 1 lines"),
    "a level cut off":  (ROW, "5859500,100,5859400", "replay[0].book: book.csv, line 1: expected four fields a level"),
}
# fmt: on


@pytest.mark.parametrize(("messages", "book", "said"), [
    pytest.param(messages, book, said, id=name)
    for name, (messages, book, *said) in LOBSTER_CASES.items()
])  # fmt: skip
def test_a_wrong_line_of_order_flow_is_named(
    messages: str, book: str | None, said: list[str], tmp_path: Path
) -> None:
    write(tmp_path, messages, "messages.csv")
    text = LOBSTER
    if book is not None:
        write(tmp_path, book, "book.csv")
        text += 'book = "book.csv"\n'
    scenario = write(tmp_path, text)

    ran = command("run", scenario, "--journal", tmp_path / "journal")

    assert_refused(ran, *said)
    assert not (tmp_path / "journal").exists()


def test_order_flow_that_is_not_there_is_named(tmp_path: Path) -> None:
    ran = command("run", write(tmp_path, LOBSTER))

    assert_refused(ran, "replay[0].messages: cannot read", "messages.csv: No such file")


def test_order_flow_of_other_decimals_is_refused(tmp_path: Path) -> None:
    text = changed(LOBSTER, "price_decimals = 4", "price_decimals = 2")

    ran = command("run", write(tmp_path, text))

    assert_refused(ran, "replay[0].symbol: a LOBSTER file has 4 price decimals, AAPL has 2")


# --- options ---------------------------------------------------------------------------

# fmt: off
SETTINGS = {
    "no such table":  ("stap.0.at=1s", "--set stap.0.at: expected the path of a key"),
    "no such entry":  ("step.99.at=1s", "--set step.99.at: expected the path of a key"),
    "no entry":       ("step.x.at=1s", "--set step.x.at: expected the path of a key"),
    "below a value":  ("scenario.name.x=1", "--set scenario.name.x: expected the path of a key"),
    "no such key":    ("step.0.att=1s", "step[0]: unknown key 'att' (there are: order, via)"),
    "a wrong value":  ("step.0.at=-1s", "step[0].at: '-1s' is before the start"),
    "no value's type": ("user.0.name=7", "user[0].name: expected text in quotes, found 7"),
}
# fmt: on


@pytest.mark.parametrize(("setting", "said"), SETTINGS.values(), ids=SETTINGS.keys())
def test_a_setting_that_leads_nowhere_is_refused(setting: str, said: str) -> None:
    assert_refused(command("run", STAGED_ORDER, "--set", setting), said)


@pytest.mark.parametrize("options", [
    ("--set", "nothing"), ("--set", "=1"), ("--set", "a=1", "--set", "a=2"),
    ("--export", "messages-csv"), ("--seed", "-1"), ("--seed", "x"), ("--nosuch",),
])  # fmt: skip
def test_a_wrong_option_is_refused(options: tuple[str, ...]) -> None:
    ran = command("run", STAGED_ORDER, *options)

    assert ran.status == 2
    assert ran.out == ""
    assert "Error: " in ran.err


def test_a_journal_that_cannot_be_written_is_refused_before_the_run(tmp_path: Path) -> None:
    nowhere = tmp_path / "nosuch" / "journal"

    ran = process("run", STAGED_ORDER, "--journal", nowhere)

    assert_refused(ran, f"{nowhere}: cannot write: there is no folder")
    assert list(tmp_path.iterdir()) == []


def test_an_export_that_cannot_be_written_leaves_no_journal_either(tmp_path: Path) -> None:
    ran = command(
        "run", STAGED_ORDER, "--journal", tmp_path / "j", "--export", f"messages-csv={tmp_path}"
    )

    assert_refused(ran, f"{tmp_path}: cannot write: it is a folder")
    assert list(tmp_path.iterdir()) == []


def test_a_run_does_not_write_over_its_scenario(tmp_path: Path) -> None:
    scenario = write(tmp_path, GOOD)

    ran = command("run", scenario, "--journal", scenario)

    assert_refused(ran, "scenario.toml: cannot write: that is the scenario itself")
    assert scenario.read_text(encoding="utf-8") == GOOD


def test_two_outputs_in_one_file_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "out"

    ran = command("run", STAGED_ORDER, "--journal", path, "--export", f"messages-csv={path}")

    assert_refused(ran, "out: cannot write: it is written to already")
    assert not path.exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_told(tmp_path: Path) -> None:
    ran = command("run", STAGED_ORDER, "--journal", "/dev/full")

    assert_refused(ran, "/dev/full: cannot write: No space left on device")


def test_an_unknown_export_is_refused_before_the_run(tmp_path: Path) -> None:
    ran = command(
        "run", STAGED_ORDER, "--journal", tmp_path / "j", "--export", f"messages-cvs={tmp_path}/e"
    )

    assert_refused(ran, "--export: no exporter named 'messages-cvs'", "mean 'messages-csv'?")
    assert list(tmp_path.iterdir()) == []


# --- journals --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("journal") / "j"
    assert command("run", STAGED_ORDER, "--journal", path).status == 0
    return path.read_bytes()


# fmt: off
JOURNALS = {
    "empty":            (lambda data: b"", "line 1: expected a journal's header, found no whole line"),
    "no journal":       (lambda data: GOOD.encode(), "line 1: expected a journal's header"),
    "not even text":    (lambda data: b"\xff\xfe\n\x00", "line 1: expected a journal's header"),
    "another format":   (lambda data: data.replace(b'"format":1', b'"format":9', 1), "line 1: expected journal format 1, found 9"),
    "a line destroyed": (lambda data: data.replace(b'\n{"seq":3,', b"\n{seq:3,", 1), "line 4: expected an entry"),
    "a number changed": (lambda data: data.replace(b'"last_qty":4', b'"last_qty":5', 1), "expected", "entries with digest"),
    "no such message":  (lambda data: cut(data.replace(b'"order_qty":10,', b"", 2)), "as this floorproof has it"),
    "its scenario":     (lambda data: data.replace(b"[[gateway]]", b"[[gatewya]]"), "scenario: unknown key 'gatewya'; did you mean gateway?"),
}
# fmt: on


def cut(data: bytes) -> bytes:
    """Return a journal without its end, which knows the digest."""
    return data[: data.rindex(b'{"type":"end"')]


@pytest.mark.parametrize(("spoil", "said"), [
    pytest.param(spoil, said, id=name) for name, (spoil, *said) in JOURNALS.items()
])  # fmt: skip
def test_a_journal_that_is_none_is_refused(
    spoil: object, said: list[str], journal: bytes, tmp_path: Path
) -> None:
    assert callable(spoil)
    path = tmp_path / "journal"
    path.write_bytes(spoil(journal))

    ran = command("show", path, "--user", "PM1")

    assert_refused(ran, f"{path}: ", *said)


def test_a_journal_that_is_not_there_is_refused(tmp_path: Path) -> None:
    ran = process("show", tmp_path / "nosuch", "--user", "PM1")

    assert_refused(ran, "nosuch: cannot read: No such file")


def test_show_knows_its_users(journal: bytes, tmp_path: Path) -> None:
    path = tmp_path / "journal"
    path.write_bytes(journal)

    ran = command("show", path, "--user", "PM9")

    assert_refused(ran, "--user: no user named 'PM9'; did you mean PM2 or PM1?", "there are: ET1")


@pytest.mark.parametrize(
    "until", ["", "noon", "5.5", "#x", "25:00:00", "13:60:00", "13:30", "-5s", "٣s"]
)
def test_a_moment_that_is_none_is_refused(until: str, journal: bytes, tmp_path: Path) -> None:
    path = tmp_path / "journal"
    path.write_bytes(journal)

    ran = command("show", path, "--user", "PM1", "--until", until)

    assert_refused(ran, f"--until: expected 90s, 13:30:04.5 or an entry's number, found {until!r}")


@pytest.mark.parametrize("until", ["0", "5000", "#5000"])
def test_an_entry_that_a_journal_does_not_have_is_refused(
    until: str, journal: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "journal"
    path.write_bytes(journal)

    ran = command("show", path, "--user", "PM1", "--until", until)

    assert_refused(ran, f"--until: expected an entry from 1 to 84, found {int(until.strip('#'))}")
