"""The examples run, their expectations hold, and each tells its story.

The stories lie in `examples/stories`; `pytest --accept` rewrites them, and a person
reads the diff.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from commands import EXAMPLES, Ran, command, process

import floorproof

ALL = sorted(EXAMPLES.glob("*.toml"))
# Its data is not ours to ship, so it is run, and its account compared, by itself.
REPLAY = EXAMPLES / "lobster_replay.toml"
STORIES = [path for path in ALL if path != REPLAY]

each_example = pytest.mark.parametrize("path", STORIES, ids=lambda path: path.stem)


def digest(ran: Ran) -> str:
    assert (ran.status, ran.err) == (0, "")
    return ran.out.splitlines()[-1].removeprefix("digest ")


@each_example
def test_example_tells_its_story(path: Path, accept: bool) -> None:
    story = path.parent / "stories" / f"{path.stem}.txt"

    told = command("run", path)

    assert (told.status, told.err) == (0, "")
    if accept:
        story.parent.mkdir(exist_ok=True)
        story.write_text(told.out, encoding="utf-8")
    assert told.out == story.read_text(encoding="utf-8")


def test_no_story_is_of_an_example_that_is_gone() -> None:
    told = [path.stem for path in sorted((EXAMPLES / "stories").iterdir())]

    assert told == [path.stem for path in STORIES]


@each_example
def test_example_runs_to_one_digest_wherever_and_however(path: Path) -> None:
    here = digest(command("run", path, "--seed", "3"))

    assert digest(command("run", path, "--seed", "3")) == here
    assert digest(command("run", path, "--seed", "3", "--in-place")) == here
    assert digest(process("run", path, "--seed", "3", PYTHONHASHSEED="7")) == here


@each_example
@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5])
def test_expectations_of_an_example_hold_under_every_seed(path: Path, seed: int) -> None:
    ran = command("run", path, "--quiet", "--seed", str(seed))

    assert ran.status == 0, ran.out


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.stem)
def test_example_says_in_prose_what_happens_and_what_would_be_wrong(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    prose = " ".join(line.strip("# ") for line in lines[: lines.index("[scenario]")])

    assert "It would be wrong to see" in prose
    assert tomllib.loads("\n".join(lines))["expect"]


def test_replay_accounts_for_every_row_of_real_order_flow(shared: Path) -> None:
    data = shared / "data" / "lobster"

    ran = command(
        "run", REPLAY,
        "--set", f"replay.0.messages={data / 'AAPL_2012-06-21_message_10.csv'}",
        "--set", f"replay.0.book={data / 'AAPL_2012-06-21_orderbook_10.csv'}",
    )  # fmt: skip

    assert (ran.status, ran.err) == (0, "")
    account = ran.out.split("\n\n")[2]
    assert account.splitlines() == [
        "messages 999",
        "top of book equal 999/999",
        "ten levels equal in 985 rows",
        "a level came into sight in 14 rows (10 new, 2 gone, 2 changed)",
        "9 messages name orders from before the file",
        "61 hidden executions leave the book alone",
        "0 unexplained",
    ]


def test_replay_without_its_book_is_no_account_of_this_day(shared: Path) -> None:
    data = shared / "data" / "lobster"

    ran = command(
        "run", REPLAY, "--quiet",
        "--set", "replay.0={ name = 'MARKET', exchange = 'NASDAQ', symbol = 'AAPL', "
        f"messages = '{data / 'AAPL_2012-06-21_message_10.csv'}' }}",
    )  # fmt: skip

    assert (ran.status, ran.err) == (1, "")
    assert "expect[1]: 'replay_account' (messages 999, levels 10," in ran.out


def test_replay_without_its_data_is_refused() -> None:
    ran = command("run", REPLAY)

    assert ran.status == 2
    assert "replay[0].messages: cannot read" in ran.err


def test_what_the_page_on_markets_shows_is_a_scenario() -> None:
    page = (EXAMPLES.parent / "docs" / "markets.md").read_text(encoding="utf-8")
    matching, quotes, day = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    instrument = 'symbol = "NCL"\nprice_decimals = 2\ntick = "0.05"\nalgorithm = "K"\n'
    text = (
        '[scenario]\nname = "a day"\nstart = 2024-03-11T14:30:00Z\n'
        f'[[exchange]]\nname = "X"\n[[exchange.instrument]]\n{instrument}{matching}{day}'
    )

    scenario = floorproof.parse(text)

    assert scenario.name == "a day"
    assert not scenario.warnings

    floor, *_ = (EXAMPLES / "cme_smp_mass_quote.toml").read_text(encoding="utf-8").split("[[step]]")
    ran = floorproof.run(floorproof.parse(floor + quotes))
    assert [quote.quote_entry_id for quote in ran.windows()["MAKER"].quotes.values()] == [
        "m1",
        "m1",
        "m2",
    ]


def test_the_readme_shows_what_the_first_example_prints(accept: bool) -> None:
    readme = EXAMPLES.parent / "README.md"
    text = readme.read_text(encoding="utf-8")
    found = re.search(r"\$ floorproof run examples/staged_order\.toml\n(.*?)```", text, re.DOTALL)
    assert found is not None
    printed = command("run", EXAMPLES / "staged_order.toml").out
    if accept:
        for line in printed.splitlines()[-2:]:
            alike = re.sub(r"^\d+|\w+$", r"\\w+", line)  # another number, or another digest
            text = re.sub(f"^{alike}$", line, text, count=1, flags=re.MULTILINE)
        readme.write_text(text, encoding="utf-8")
        return

    shown = [line for line in found[1].splitlines() if line.strip() != "…"]

    assert [line for line in printed.splitlines() if line in shown] == shown
