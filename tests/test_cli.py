"""What the commands print, and how they end."""

from __future__ import annotations

import csv
import datetime
import importlib.metadata
import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path
from typing import Any

import pytest
from commands import EXAMPLES, STAGED_ORDER, changed, command, process, write
from jsonschema import Draft202012Validator

from floorproof.runtime.journal import Recording


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The journal of the staged order: claimed after one second, filled after seven."""
    path = tmp_path_factory.mktemp("journal") / "journal"
    assert command("run", STAGED_ORDER, "--journal", path).status == 0
    return path


# --- run -------------------------------------------------------------------------------


def test_run_prints_messages_windows_and_the_digest_last() -> None:
    ran = command("run", STAGED_ORDER)

    lines = ran.out.splitlines()
    assert (ran.status, ran.err) == (0, "")
    assert lines[0] == "staged order, typical workflow"
    assert lines[2].split() == ["time", "from", "to", "message", "key", "fields"]
    assert lines[4] == (
        "13:30:00.000  SSE-A  ET1, ET2, PM1         StagedAck          "
        "P1 Available, owner none, leaves 10"
    )
    assert "PM2: Orders and Fills is empty" in lines
    assert re.fullmatch(r"digest [0-9a-f]{32}", lines[-1])


def test_run_prints_plain_text_in_a_pipe() -> None:
    ran = process("run", STAGED_ORDER, TERM="xterm-256color")

    assert ran.out == command("run", STAGED_ORDER).out
    assert "\x1b" not in ran.out
    assert not any(line.endswith(" ") for line in ran.out.splitlines())


def on_a_terminal(*arguments: str | Path, **environment: str) -> str:
    """Return what a command prints on a terminal."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", "from floorproof.cli import main; main()", *map(str, arguments)],
        stdout=theirs,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "TERM": "xterm-256color", **environment},
    ) as running:
        os.close(theirs)
        printed = b""
        while True:
            try:
                more = os.read(ours, 65_536)
            except OSError:  # how Linux says that the other end is closed
                more = b""
            if not more:
                break
            printed += more
        os.close(ours)
    assert running.returncode == 0
    return printed.decode()


def test_run_colours_messages_on_a_terminal() -> None:
    printed = on_a_terminal("run", STAGED_ORDER)

    coloured = [line for line in printed.splitlines() if "\x1b[31m" in line]
    assert len(coloured) == 1, "one message is a refusal"
    assert "StagedReject" in coloured[0]
    assert "\x1b[32m" in next(line for line in printed.splitlines() if "ParentPartialFill" in line)
    plain = [re.sub(r"\x1b\[[0-9;]*m", "", line).rstrip() for line in printed.splitlines()]
    assert plain == command("run", STAGED_ORDER).out.splitlines()


def test_run_prints_plain_text_on_a_terminal_that_asks_for_it() -> None:
    assert "\x1b[3" not in on_a_terminal("run", STAGED_ORDER, NO_COLOR="1")


def test_quiet_leaves_verdicts_and_digest() -> None:
    lines = command("run", STAGED_ORDER, "--quiet").out.splitlines()

    assert lines[0] == "9 expectations, 0 failed"
    assert lines[1].endswith(" invariants, 0 broken")
    assert lines[2].startswith("digest ")
    assert lines == command("run", STAGED_ORDER).out.splitlines()[-3:]


def test_an_export_holds_the_run(tmp_path: Path) -> None:
    table = tmp_path / "messages.csv"

    ran = command("run", STAGED_ORDER, "--quiet", "--export", f"messages-csv={table}")

    assert ran.status == 0
    with table.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert rows[1]["message"] == "NewStagedOrder"
    assert (rows[1]["from"], rows[1]["to"], rows[1]["time_ns"]) == ("PM1", "SSE-A", "0")
    assert json.loads(rows[1]["fields"])["order_qty"] == 10


EXPORTER = """
from floorproof.plugins.hookspecs import hookimpl

floorproof_contract = 1

def count(entries):
    return str(len(entries)).encode()

@hookimpl
def exporters():
    return {"count": count}
"""


def test_an_export_may_be_of_the_scenario_s_own_plugin_file(tmp_path: Path) -> None:
    write(tmp_path, EXPORTER, "own.py")
    text = STAGED_ORDER.read_text(encoding="utf-8")
    scenario = write(tmp_path, changed(text, "[scenario]", '[scenario]\nplugins = ["own.py"]'))

    ran = command("run", scenario, "--quiet", "--export", f"count={tmp_path / 'count'}")

    assert (ran.status, ran.err) == (0, "")
    assert int((tmp_path / "count").read_text(encoding="utf-8")) > 20


SHORT_FORM = """
from floorproof.plugins.hookspecs import ShortForm, hookimpl
from floorproof.runtime.errors import FloorproofError

floorproof_contract = 1

def count(entries):
    return str(len(entries)).encode()

def fail(entries):
    raise FloorproofError("nothing to tell of")

@hookimpl
def exporters():
    return {
        "count": ShortForm(count, "Write how many there were."),
        "fail": ShortForm(fail, "Fail."),
        "seed": ShortForm(count, "In vain."),
    }
"""


@pytest.fixture
def installed_export(tmp_path: Path) -> str:
    """Install a plugin, and return the path that has it."""
    folder = tmp_path / "installed"
    (folder / "short-1.0.dist-info").mkdir(parents=True)
    info = {"METADATA": "Metadata-Version: 2.1\nName: short\nVersion: 1.0\n"}
    info["entry_points.txt"] = "[floorproof]\nshort = short_form\n"
    for name, text in info.items():
        write(folder / "short-1.0.dist-info", text, name)
    write(folder, SHORT_FORM, "short_form.py")
    return str(folder)


def test_an_export_may_have_an_option_of_its_own(tmp_path: Path, installed_export: str) -> None:
    count = tmp_path / "count"

    ran = process(
        "run", STAGED_ORDER, "--quiet", "--count", count, "--seed", "1", PYTHONPATH=installed_export
    )
    told = process("run", "--help", PYTHONPATH=installed_export)

    assert (ran.status, ran.err) == (0, "")
    assert int(count.read_text(encoding="utf-8")) > 20
    assert re.search(r"--count FILE +Write how many there were\.", told.out)
    assert "In vain" not in told.out


def test_a_short_form_is_an_export_like_any_other(tmp_path: Path, installed_export: str) -> None:
    both = tmp_path / "both"

    ran = process(
        "run", STAGED_ORDER, "--count", both, "--export", f"messages-csv={both}",
        PYTHONPATH=installed_export,
    )  # fmt: skip

    assert (ran.status, ran.err) == (2, f"error: {both}: cannot write: it is written to already\n")
    assert not both.exists()


def test_of_an_export_that_fails_nothing_is_written(tmp_path: Path, installed_export: str) -> None:
    count, fail = tmp_path / "count", tmp_path / "fail"

    ran = process(
        "run", STAGED_ORDER, "--quiet", "--count", count, "--fail", fail,
        PYTHONPATH=installed_export,
    )  # fmt: skip

    assert (ran.status, ran.err) == (2, "error: nothing to tell of\n")
    assert not count.exists()
    assert not fail.exists()


def test_a_setting_changes_the_run(tmp_path: Path) -> None:
    ran = command("run", STAGED_ORDER, "--set", "step.0.order.text=now", "--quiet")

    assert ran.status == 0
    assert ran.out != command("run", STAGED_ORDER, "--quiet").out


# --- how a run ends --------------------------------------------------------------------

PLUGIN = """
import attrs
from floorproof.plugins.hookspecs import hookimpl

floorproof_contract = 1

@attrs.frozen
class Raises:
    async def run(self, mailbox):
        mailbox.report("about to", {"raise": True})
        mailbox.send(mailbox.name, "first")
        async for delivery in mailbox:
            raise KeyError("nothing of that name")

@attrs.frozen
class Waits:
    async def run(self, mailbox):
        await mailbox.request("SILENT", "anybody there?")

@attrs.frozen
class Silent:
    def receive(self, delivery):
        return ()

@attrs.frozen
class Endless:
    async def run(self, mailbox):
        mailbox.send(mailbox.name, "again")
        async for delivery in mailbox:
            mailbox.send(mailbox.name, "again")

@hookimpl
def participants():
    return {"raises": Raises, "waits": Waits, "silent": Silent, "endless": Endless}
"""

ODD = """
[scenario]
name = "odd participants"
start = 2023-07-17T13:30:00Z
plugins = ["odd.py"]

[[participant]]
name = "SILENT"
kind = "silent"

[[participant]]
name = "ODD"
kind = "KIND"
"""


def odd(folder: Path, kind: str) -> Path:
    write(folder, PLUGIN, "odd.py")
    return write(folder, changed(ODD, "KIND", kind))


def test_a_participant_that_raises_ends_the_run_with_its_name_message_and_tail(
    tmp_path: Path,
) -> None:
    ran = process("run", odd(tmp_path, "raises"), "--journal", tmp_path / "journal")

    assert (ran.status, ran.out) == (1, "")
    lines = ran.err.splitlines()
    assert lines[0] == "error: ODD raised KeyError: 'nothing of that name'"
    assert lines[1] == "  handling 'first'"
    assert lines[2] == "  the journal's last entries:"
    assert '"kind":"about to"' in lines[3]
    assert len(lines) == 5
    recording = Recording((tmp_path / "journal").read_bytes())
    assert len(recording.entries) == 2
    assert recording.end is not None
    assert recording.end.outcome == "ODD raised KeyError: 'nothing of that name'"


def test_a_stuck_floor_says_who_waits_for_what(tmp_path: Path) -> None:
    ran = command("run", odd(tmp_path, "waits"))

    assert (ran.status, ran.out) == (1, "")
    assert ran.err.startswith("error: the floor is stuck: ")
    assert "ODD" in ran.err
    assert "SILENT" in ran.err
    assert "Traceback" not in ran.err


def test_a_floor_on_which_time_stands_still_is_stopped(tmp_path: Path) -> None:
    ran = command("run", odd(tmp_path, "endless"))

    assert (ran.status, ran.out) == (1, "")
    assert ran.err == "error: more than 10,000 phases at 0 ns; at the end these had messages: ODD\n"


LONG = """
[scenario]
name = "hours of flow"
start = 2023-07-17T13:30:00Z

[[exchange]]
name = "CME"
instrument = [{ symbol = "MNQU3", price_decimals = 2, tick = "0.25" }]

[[user]]
name = "PM1"
role = "portfolio_manager"

[[flow]]
exchange = "CME"
settings = { symbol = "MNQU3", start_mid = "100.00", duration_s = "4000" }
"""


@pytest.mark.skipif(os.name != "posix", reason="interrupts as a POSIX terminal does")
def test_an_interrupted_run_leaves_a_journal_that_show_reads(tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    # Where the tests run in the background, the child inherits that interrupts are ignored.
    program = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler);"
        "from floorproof.cli import main; main()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, "run", write(tmp_path, LONG), "--journal", journal],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        try:
            deadline = time.monotonic() + 30
            while not (journal.exists() and journal.stat().st_size > 100_000):
                assert time.monotonic() < deadline
                assert running.poll() is None
                time.sleep(0.01)
            running.send_signal(signal.SIGINT)
            out, err = running.communicate(timeout=30)
        finally:
            running.kill()

    assert (running.returncode, out, err) == (130, "", "interrupted\n")
    recording = Recording(journal.read_bytes())
    assert len(recording.entries) > 100
    assert recording.end is None or recording.end.outcome == "interrupted"
    shown = command("show", journal, "--user", "PM1")
    assert shown.status == 0
    assert shown.out.startswith("PM1: Orders and Fills is empty\n")


# --- show ------------------------------------------------------------------------------

# As of when, and what PM1's window says of P1 then: owner, filled, working, status.
MOMENTS = {
    "0s": ("", "0", "0", "Available"),
    "999ms": ("", "0", "0", "Available"),
    "1s": ("ET2", "0", "0", "Claimed"),
    "13:30:00.999999999": ("", "0", "0", "Available"),
    "13:30:01": ("ET2", "0", "0", "Claimed"),
    "3s": ("ET2", "0", "6", "Working"),
    "13:30:04.5": ("ET2", "4", "2", "Partially Filled"),
    "5s": ("ET2", "6", "0", "Partially Filled"),
    "1h": ("ET2", "10", "0", "Filled"),
}


def columns(table: str) -> dict[str, str]:
    """Return the first row of a printed table, by heading: a column goes to the next one."""
    headings, row = table.splitlines()[1:3]
    places = [(found[0], found.start(), found.end()) for found in re.finditer(r"\S+", headings)]
    values = {}
    for index, (heading, start, end) in enumerate(places):
        right = heading in {"OrdQty", "ExeQty", "RemQty", "WrkQty", "AvgPrc", "Price"}
        left = places[index - 1][2] if right and index else start
        until = end if right else places[index + 1][1] if index + 1 < len(places) else None
        values[heading] = row[left:until].strip()
    return values


@pytest.mark.parametrize(("until", "stands"), MOMENTS.items(), ids=MOMENTS.keys())
def test_show_tells_a_window_as_of_a_moment(
    until: str, stands: tuple[str, ...], journal: Path
) -> None:
    ran = command("show", journal, "--user", "PM1", "--until", until)

    assert (ran.status, ran.err) == (0, "")
    row = columns(ran.out)
    owner, filled, working, status = stands
    assert row.get("CurrentUser", "") == owner
    assert row["ExeQty"] == filled
    assert row["WrkQty"] == working
    assert ran.out.splitlines()[2].find(f" {status} ") > 0


def test_show_tells_the_window_that_run_has_printed(journal: Path) -> None:
    printed = command("run", STAGED_ORDER).out

    for user in ("ET1", "ET2", "PM1", "LP"):
        shown = command("show", journal, "--user", user).out
        assert shown.rpartition("\nas of ")[0] in printed


def test_show_says_as_of_when(journal: Path) -> None:
    assert command("show", journal, "--user", "LP").out.endswith("as of 13:30:07.000\n")
    until = command("show", journal, "--user", "LP", "--until", "2500us")
    assert until.out == "LP: Orders and Fills is empty\n\nas of 13:30:00.002500\n"


def test_a_journal_that_is_cut_off_is_shown_up_to_there(journal: Path, tmp_path: Path) -> None:
    data = journal.read_bytes()
    path = tmp_path / "cut"
    path.write_bytes(data[: data.index(b'{"seq":14,') + 20])

    ran = command("show", path, "--user", "PM1")

    assert ran.status == 0
    assert columns(ran.out)["CurrentUser"] == "ET2"
    assert ran.out.endswith("as of 13:30:02.000\n")
    assert ran.err == (
        f"note: {path}: the journal is cut off in the middle of line 15; "
        "shown is what stands before that\n"
    )


def test_a_journal_that_only_began_is_shown_empty(journal: Path, tmp_path: Path) -> None:
    path = tmp_path / "begun"
    path.write_bytes(journal.read_bytes().partition(b"\n")[0] + b"\n")

    ran = command("show", path, "--user", "PM1")

    assert (ran.status, ran.out) == (0, "PM1: Orders and Fills is empty\n\n")
    assert "the journal stops before its end, after line 1" in ran.err


# --- plugins, rules --------------------------------------------------------------------


def test_plugins_lists_what_each_provides_and_where_it_comes_from() -> None:
    ran = command("plugins")

    rows = {line.split()[0]: line for line in ran.out.splitlines()}
    assert ran.status == 0
    version = importlib.metadata.version("floorproof")
    assert re.fullmatch(rf"fifo +{version} +matching algorithms: F +floorproof", rows["fifo"])
    assert "order types: BROKER" in rows["staged"]
    assert "scenario actions: approve, bust, cancel, cancel_orders" in rows["actions"]


def test_rules_lists_every_rule_with_its_source() -> None:
    ran = command("rules")

    lines = ran.out.splitlines()
    rules = [line for line in lines[:-1] if not line.startswith(" ")]
    assert ran.status == 0
    assert len(rules) == len({line.split()[0] for line in rules}) > 20
    assert sum(line.startswith("    source: ") for line in lines) == len(rules)
    assert lines[-1] == f"{len(rules)} rules"


def test_rules_of_one_plugin_are_its_own() -> None:
    ran = command("rules", "staged")

    rules = [line for line in ran.out.splitlines()[:-1] if not line.startswith(" ")]
    assert rules
    assert all(line.startswith("STAGE-") for line in rules)


def test_rules_of_no_plugin_are_refused() -> None:
    ran = command("rules", "stagd")

    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith(
        "error: rules: no venue, rule set or plugin named 'stagd'; did you mean 'staged'?"
    )


# --- check, schema, and the rest -------------------------------------------------------


def test_check_says_that_a_scenario_can_be_run() -> None:
    ran = command("check", STAGED_ORDER)

    assert (ran.status, ran.err) == (0, "")
    assert ran.out == (f"{STAGED_ORDER}: 8 participants, 8 steps, 9 expectations; it can be run\n")


APART = """
[[user]]
name = "ET3"
role = "execution_trader"
login = [
  { gateway = "SSE-A", routing_mgt = "TTSSE/SE1/003", exchange_mgt = "TTSSE/SE1/003" },
  { gateway = "CME-A", routing_mgt = "DEF/DEF/001", exchange_mgt = "DEF/DEF/001" },
]
"""


def test_books_that_are_shared_at_one_gateway_only_are_warned_of(tmp_path: Path) -> None:
    text = changed(STAGED_ORDER.read_text(encoding="utf-8"), "[[step]]", f"{APART}\n[[step]]")
    scenario = write(tmp_path, text.partition("[[expect]]")[0])
    warning = (
        "warning: ET1 and ET3 share an order book at SSE-A but not at CME-A: "
        "each sees the other's staged orders and not their children"
    )

    assert warning in command("check", scenario).out.splitlines()
    ran = command("run", scenario)
    assert warning in ran.err.splitlines()
    assert ran.status == 0


@pytest.fixture(scope="module")
def schema() -> Any:
    ran = command("schema")
    assert ran.status == 0
    return json.loads(ran.out)


def plain(tables: Any) -> Any:
    """Return TOML's tables as JSON has them, where a time is a text."""
    if isinstance(tables, dict):
        return {key: plain(value) for key, value in tables.items()}
    if isinstance(tables, list):
        return [plain(each) for each in tables]
    return tables.isoformat() if isinstance(tables, datetime.datetime) else tables


def test_the_schema_is_one(schema: Any) -> None:
    Draft202012Validator.check_schema(schema)

    assert {"scenario", "step", "expect"} <= set(schema["properties"])


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.toml")), ids=lambda path: path.stem)
def test_every_example_fits_the_schema(path: Path, schema: Any) -> None:
    tables = plain(tomllib.loads(path.read_text(encoding="utf-8")))

    assert list(Draft202012Validator(schema).iter_errors(tables)) == []


# fmt: off
MISFITS = {
    "unknown table":    ("[[drop]]\nname = 1\n\n[[step]]", "[[step]]"),
    "unknown key":      ('name = "SSE-A"\ncolour = "red"', 'name = "SSE-A"'),
    "unknown kind":     ('kind = "ssex"', 'kind = "sse"'),
    "unknown role":     ('role = "trader"', 'role = "execution_trader"'),
    "wrong type":       ("price_decimals = true", "price_decimals = 2"),
    "missing key":      ("", 'at = "1s"'),
    "no duration":      ('at = "1"', 'at = "1s"'),
    "unknown action":   ('do = "clam"', 'do = "claim"'),
    "key of a step":    ('do = "claim"\nordr = "P1"', 'do = "claim"\norder = "P1"'),
    "key of an order":  ("qty = 10", "quantity = 10"),
    "price as a float": ("price = 15352.00", 'price = "15352.00"'),
}
# fmt: on


@pytest.mark.parametrize(("new", "old"), MISFITS.values(), ids=MISFITS.keys())
def test_what_a_scenario_may_not_hold_does_not_fit_the_schema(
    new: str, old: str, schema: Any
) -> None:
    text = changed(STAGED_ORDER.read_text(encoding="utf-8"), old, new)

    assert not Draft202012Validator(schema).is_valid(plain(tomllib.loads(text)))


def test_version_is_the_distribution_s() -> None:
    ran = process("--version")

    assert (ran.status, ran.err) == (0, "")
    assert importlib.metadata.version("floorproof") in ran.out


def test_an_unknown_command_is_refused() -> None:
    ran = command("rnu", STAGED_ORDER)

    assert (ran.status, ran.out) == (2, "")
    assert "No such command 'rnu'" in ran.err
