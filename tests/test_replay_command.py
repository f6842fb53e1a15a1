"""Going back in a run: any moment of a journal, had again, and what participants hold there."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import attrs
import pytest
from commands import EXAMPLES, MOVING_MARKET, STAGED_ORDER, assert_refused, changed, command, write
from floors import floor

import floorproof
from floorproof.market.secure_keys import SecretKey
from floorproof.runtime.choices import Recorded
from floorproof.runtime.journal import Recording
from floorproof.runtime.mailbox import Mailbox
from floorproof.scenario.recorded import RecordedRun
from floorproof.scenario.states import Tree, differences, lines, state_of
from floorproof.scenario.time_machine import Diverged, stand_at

STEPS = """
    0s PM1 stage P1 buy 10 @ 15352.00 for 123
    1s ET2 claim P1
    3s ET2 child C1 of P1 6 @ 15351.50
    4s LP enter o1 sell 4 @ 15351.50
    5s ET2 cancel C1
"""


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("journals") / "journal"
    assert command("run", STAGED_ORDER, "--journal", path).status == 0
    return path


def first(journal: Path, kind: str, actor: str) -> int:
    """The number of the first entry of a kind that somebody got."""
    for line in journal.read_text(encoding="utf-8").splitlines()[1:-1]:
        entry = json.loads(line)
        if (entry["kind"], entry["actor"]) == (kind, actor):
            return int(entry["seq"])
    raise AssertionError(f"{actor} gets no {kind}")


# --- one moment ----------------------------------------------------------------------


def test_a_venue_is_shown_by_its_book_as_it_was(journal: Path) -> None:
    entered = first(journal, "NewOrderSingle", "CME")

    before = command("replay", journal, "--until", str(entered - 1), "--actor", "CME")
    after = command("replay", journal, "--until", f"#{entered}", "--actor", "CME")

    assert "15351.50" not in before.out
    assert "      bid\n        15351.50: order 1 6 of 6 (CME-A CME-A-1)\n" in after.out
    assert after.out.endswith(f"after entry {entered}\n{entered} entries, as recorded\n")


def test_a_gateway_shows_parents_and_owners(journal: Path) -> None:
    staged = command("replay", journal, "--until", "500ms", "--actor", "SSE-A").out
    claimed = command("replay", journal, "--until", "13:30:01.5", "--actor", "SSE-A").out

    assert "originator PM1" in staged
    assert "owner" not in staged
    assert "owner ET" in claimed


def test_without_an_actor_it_tells_what_came_last_and_who_is_there(journal: Path) -> None:
    ran = command("replay", journal, "--until", "1")

    said = "     1  13:30:00.000  scenario > PM1  Enter: "
    assert ran.out.startswith(said)
    assert "\n--actor shows what one of these holds: ET1, ET2, PM1, PM2, " in ran.out
    assert ran.out.endswith("as of 13:30:00.000, after entry 1\n1 entry, as recorded\n")


def test_before_the_first_entry_nobody_has_done_anything(tmp_path: Path) -> None:
    path, journal = write(tmp_path, floor("1s PM1 stage P1 buy 10 @ 1.00 for 123")), tmp_path / "j"
    assert command("run", path, "--quiet", "--journal", journal).status == 0

    ran = command("replay", journal, "--until", "0s", "--actor", "SSE-A")

    assert "P1" not in ran.out
    assert ran.out.endswith("13:30:00.000, before the first entry\n0 entries, as recorded\n")


def test_the_whole_run_is_held_against_its_journal(journal: Path) -> None:
    count = len(journal.read_text(encoding="utf-8").splitlines()) - 2

    assert command("replay", journal).out.endswith(f"\n{count} entries, as recorded\n")


# --- two moments ---------------------------------------------------------------------


def test_two_moments_are_told_by_what_has_changed(journal: Path) -> None:
    entered = first(journal, "NewOrderSingle", "CME")

    ran = command("replay", journal, "--from", str(entered - 1), "--to", str(entered))

    order = "exchange / MNQU3 / bid / 15351.50 / order 1"
    assert f"CME\n  + {order}: 6 of 6 (CME-A CME-A-1)\n" in ran.out
    assert "PM1\n" not in ran.out


def test_two_moments_that_are_alike_are_said_to_be(journal: Path) -> None:
    ran = command("replay", journal, "--from", "1", "--to", "1", "--actor", "ET1")

    assert ran.out.startswith("nobody's state has changed\n")


def recorded(text: str, choices: dict[str, int] | None = None) -> RecordedRun:
    lines: list[bytes] = []
    scenario = floorproof.parse(text)
    floorproof.run(scenario, choices=Recorded(choices or {}), write=lines.append)
    return RecordedRun(Recording(b"\n".join(lines) + b"\n"))


def test_forward_and_back_it_is_the_same_floor() -> None:
    run = recorded(floor(STEPS))
    scenario = floorproof.parse(floor(STEPS))
    places = [run.at_rest(run.place(str(seq))) for seq in range(1, run.last.count + 1)]

    on_the_way = stand_at(run, scenario, places, ())

    for standing in on_the_way[::9]:
        (alone,) = stand_at(run, scenario, [standing.place], ())
        assert alone == standing


def test_the_end_is_as_the_run_left_it() -> None:
    run, scenario = recorded(floor(STEPS)), floorproof.parse(floor(STEPS))

    (standing,) = stand_at(run, scenario, [run.last], ["CME", "ET2"])

    left = dict(standing.states)
    assert str(left["CME"]).count("order") == 0  # C1's rest is canceled, and o1 has traded
    assert "'ord_status': 'canceled'" in str(left["ET2"])


def test_who_has_crashed_shows_what_he_had_put_down() -> None:
    text = floor(STEPS, extra='[faults]\ncrash = 1\nactors = ["SSE-A"]\nlongest = "1s"')
    run = recorded(text, {"crash SSE-A>SSE-A 2": 500_000_000})
    fault = next(each for each in run.recording if each.kind == "fault")

    (standing,) = stand_at(
        run, floorproof.parse(text), [run.at_rest(run.place(str(fault.seq)))], ["SSE-A"]
    )

    (down,) = standing.states.items()
    assert "down, and has put down" in down[1]
    assert "'originator': 'PM1'" in str(down[1])


FAILS = """
import attrs
from floorproof.plugins.actions import Instruction
from floorproof.plugins.hookspecs import CONTRACT_VERSION, hookimpl

floorproof_contract = CONTRACT_VERSION


@attrs.frozen
class Unheard:
    pass


@attrs.frozen
class Fail:
    def instructions(self, who, plan):
        yield Instruction("SSE-A", Unheard())


@hookimpl
def scenario_actions():
    return {"fail": Fail}
"""


def test_a_run_that_failed_is_shown_where_it_ended(tmp_path: Path) -> None:
    (tmp_path / "fails.py").write_text(FAILS, encoding="utf-8")
    text = floor(STEPS.splitlines()[1]) + '\n[[step]]\nat = "2s"\nwho = "PM1"\ndo = "fail"\n'
    text = text.replace("[scenario]", '[scenario]\nplugins = ["fails.py"]', 1)
    path, journal = write(tmp_path, text), tmp_path / "journal"
    assert command("run", path, "--journal", journal).status == 1

    ran = command("replay", journal, "--actor", "SSE-A")

    assert "\nthe run ended there: SSE-A raised TypeError: " in ran.out
    assert "originator PM1" in ran.out


# --- what is not the journal's -------------------------------------------------------


def edited(journal: Path, folder: Path, change: Callable[[str], str]) -> Path:
    header, rest = journal.read_text(encoding="utf-8").split("\n", 1)
    path = folder / "edited"
    path.write_text(change(header) + "\n" + rest, encoding="utf-8")
    return path


def test_the_first_entry_that_differs_is_told_with_its_causes(tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    assert command("run", MOVING_MARKET, "--seed", "3", "--quiet", "--journal", journal).status == 0
    other = edited(journal, tmp_path, lambda text: changed(text, '"seed":3', '"seed":4'))

    ran = command("replay", other, "--actor", "CME")

    assert (ran.status, ran.out) == (1, "")
    assert " is not as recorded: " in ran.err
    assert "\n  the journal: {" in ran.err
    assert "\n  the run again: {" in ran.err
    # What comes before that is shown all the same.
    assert command("replay", other, "--until", "1", "--actor", "CME").status == 0


def test_a_run_that_goes_on_after_its_journal_has_ended_differs() -> None:
    run = recorded(floor(STEPS))
    longer = floorproof.parse(floor(STEPS + "    9s PM1 cancel_staged P1\n"))

    with pytest.raises(Diverged, match="the journal: nothing more") as raised:
        stand_at(run, longer, [run.last], ())

    assert raised.value.recorded is None
    assert raised.value.again is not None


def test_a_run_that_ends_before_its_journal_differs() -> None:
    run = recorded(floor(STEPS))
    shorter = floorproof.parse(floor(STEPS.replace("5s ET2 cancel C1", "")))

    with pytest.raises(Diverged, match="the run again: nothing more"):
        stand_at(run, shorter, [run.last], ())


async def tells_nobody(mailbox: Mailbox) -> None:
    async for _ in mailbox:
        mailbox.report("heard", "something")


def test_a_programs_own_participant_is_not_had_again() -> None:
    lines: list[bytes] = []
    scenario = floorproof.parse(floor(STEPS))
    own = floorproof.Floor(scenario)
    own.add("ET2", tells_nobody)
    own.run(write=lines.append)
    run = RecordedRun(Recording(b"\n".join(lines) + b"\n"))

    with pytest.raises(Diverged, match="participants of a program's own"):
        stand_at(run, scenario, [run.last], ())


def test_a_journal_that_is_cut_off_is_shown_as_far_as_it_goes(
    journal: Path, tmp_path: Path
) -> None:
    whole = journal.read_text(encoding="utf-8").splitlines(keepends=True)
    cut = tmp_path / "cut"
    cut.write_text("".join(whole[:21]), encoding="utf-8")

    ran = command("replay", cut, "--actor", "SSE-A")

    assert ran.status == 0
    assert "20 entries, as recorded" in ran.out
    assert "the journal stops before its end" in ran.err


# --- files, versions and plugins -----------------------------------------------------


def test_a_scenario_that_has_been_moved_is_named(tmp_path: Path) -> None:
    home, away = tmp_path / "home", tmp_path / "away"
    home.mkdir()
    for name in ("own_order_type.toml", "own_order_type.py"):
        (home / name).write_bytes((EXAMPLES / name).read_bytes())
    journal = tmp_path / "journal"
    ran = command("run", home / "own_order_type.toml", "--quiet", "--journal", journal)
    assert ran.status == 0
    assert command("replay", journal).status == 0
    home.rename(away)

    assert_refused(command("replay", journal), "--scenario FILE says where it lies")
    there = command("replay", journal, "--scenario", away / "own_order_type.toml")
    assert "as recorded" in there.out


def test_a_scenario_that_is_another_is_taken_only_if_asked(journal: Path, tmp_path: Path) -> None:
    text = STAGED_ORDER.read_text(encoding="utf-8")
    same = write(tmp_path, text)
    other = write(tmp_path, f"# now with a comment\n{text}", "other.toml")

    assert command("replay", journal, "--scenario", same).status == 0
    assert_refused(command("replay", journal, "--scenario", other), "not what the journal was")
    assert command("replay", journal, "--scenario", other, "--anyway").status == 0


def foreign_version(header: str) -> str:
    return changed(header, '"version":"', '"version":"9.')


def foreign_plugin(header: str) -> str:
    return changed(header, '"plugins":{"', '"plugins":{"stockholm":"3.1","')


def other_plugin(header: str) -> str:
    return changed(header, '"fifo":"', '"fifo":"9.')


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (foreign_version, "it is of floorproof 9."),
        (foreign_plugin, "plugin stockholm (3.1) is not installed"),
        (other_plugin, "plugin fifo was 9."),
    ],
)
@pytest.mark.parametrize("name", ["replay", "show", "why", "diff"])
def test_a_journal_of_another_floorproof_is_read_only_if_asked(
    journal: Path, tmp_path: Path, change: Callable[[str], str], says: str, name: str
) -> None:
    foreign = edited(journal, tmp_path, change)
    arguments: dict[str, tuple[str | Path, ...]] = {
        "replay": (foreign,),
        "show": (foreign, "--user", "PM1"),
        "why": (foreign, "5"),
        "diff": (journal, foreign),
    }

    assert_refused(command(name, *arguments[name]), says, "--anyway goes on")
    asked = command(name, *arguments[name], "--anyway")
    assert asked.status == 0
    assert f"note: {foreign}: " in asked.err
    assert says in asked.err


def test_a_file_of_the_scenarios_that_has_changed_is_told(tmp_path: Path) -> None:
    for name in ("own_order_type.toml", "own_order_type.py"):
        (tmp_path / name).write_bytes((EXAMPLES / name).read_bytes())
    journal = tmp_path / "journal"
    ran = command("run", tmp_path / "own_order_type.toml", "--quiet", "--journal", journal)
    assert ran.status == 0
    with (tmp_path / "own_order_type.py").open("a", encoding="utf-8") as file:
        file.write("\n# a comment more\n")

    assert_refused(command("replay", journal), "plugin own_order_type.py was ", ", and is ")
    assert command("replay", journal, "--anyway").status == 0


# fmt: off
WRONG = {
    ("--until", "9999"):                        "--until: expected an entry from 1 to ",
    ("--until", "0"):                           "--until: expected an entry from 1 to ",
    ("--until", "soon"):                        "expected 90s, 13:30:04.5 or an entry's number",
    ("--from", "2", "--to", "x"):               "--to: expected 90s",
    ("--to", "3"):                              "--to: expected --from as well",
    ("--from", "20", "--to", "2"):              "--to: expected a moment after 20, found 2",
    ("--from", "1", "--until", "3"):            "--until: expected one moment, or two",
    ("--actor", "PM9"):                         "--actor: no participant named 'PM9'",
    ("--scenario", "nowhere.toml"):             "--scenario: cannot read nowhere.toml",
}
# fmt: on


@pytest.mark.parametrize(("arguments", "says"), WRONG.items())
def test_what_cannot_be_asked_is_refused(
    journal: Path, arguments: tuple[str, ...], says: str
) -> None:
    assert_refused(command("replay", journal, *arguments), says)


# --- show ----------------------------------------------------------------------------


def test_show_takes_an_entry_and_the_very_beginning(journal: Path) -> None:
    acked = first(journal, "StagedAck", "PM1")

    before = command("show", journal, "--user", "PM1", "--until", str(acked - 1)).out
    after = command("show", journal, "--user", "PM1", "--until", f"#{acked}").out
    beginning = command("show", journal, "--user", "PM1", "--until", "0s").out

    assert "P1" not in before
    assert "P1" in after
    assert beginning.endswith("as of 13:30:00.000\n")


# --- states as text ------------------------------------------------------------------


@attrs.define
class Linked:
    name: str
    _held: dict[tuple[str, int], object] = attrs.field(factory=dict)
    other: Linked | None = None
    config: str = "what it is set up with"
    nothing: tuple[int, ...] = ()
    after: Callable[[], None] = print


def test_a_state_has_names_and_words_and_no_end_of_its_own() -> None:
    one = Linked("one", {("a", 1): [1, 2], ("b", 2): b"secret"})
    one.other = Linked("two", other=one)

    tree = state_of(one, {})

    assert tree == {
        "name": "one",
        "held": {"a 1": "1, 2", "b 2": "6 bytes"},
        "other": {"name": "two"},
    }
    assert [*lines(tree)] == ["name: one", "held: a 1 1, 2, b 2 6 bytes", "other: name two"]


def test_what_is_long_is_told_in_several_lines() -> None:
    told = [*lines({"row": {f"field{n}": "x" * 9 for n in range(12)}})]

    assert told[0] == "row:"
    assert len(told) > 2
    assert all(line.startswith("  field") and len(line) <= 102 for line in told[1:2])


def test_differences_tell_what_came_and_went() -> None:
    before: Tree = {"a": "1", "b": {"c": "2", "d": "3"}}
    after: Tree = {"a": "1", "b": {"c": "4"}, "e": "5"}

    assert [*differences(before, after)] == [
        "  b / c: 2 -> 4",
        "- b / d: 3",
        "+ e: 5",
    ]
    assert [*differences(before, before)] == []


def test_a_secret_is_shown_as_its_fingerprint(tmp_path: Path) -> None:
    key = SecretKey("A" * 43)
    journal = tmp_path / "journal"
    assert command("run", EXAMPLES / "drop_copy.toml", "--quiet", "--journal", journal).status == 0

    shown = command("replay", journal, "--actor", "COPY-ALPHA", "--actor", "DROPCOPY").out

    assert state_of({"key": key}, {}) == {"key": f"<secret key {key.fingerprint}>"}
    assert "secret <secret key " in shown
