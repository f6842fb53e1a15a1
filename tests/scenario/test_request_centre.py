"""The request centre in a scenario: its tables, its steps, and what its users are told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from commands import assert_refused, changed, command, write

import floorproof
from floorproof.market.centre_messages import (
    CentreRefusal,
    Email,
    GroupLive,
    GroupsShown,
    KeyFile,
    KeysShown,
    RequestStatus,
    RequestUpdate,
)
from floorproof.runtime.choices import Recorded
from floorproof.runtime.journal import plain_text

FLOOR = """
[scenario]
name = "Alpha asks for a group, and for a key"
start = 2023-07-17T13:30:00Z

[[gateway]]
name = "CME-A"
kind = "exchange"

[[exchange]]
name = "CME"
gateway = "CME-A"
[[exchange.instrument]]
symbol = "MNQU3"
price_decimals = 2
tick = "0.25"

[registry]
front_ends = ["TT", "CQG"]
market_data = { MD1 = "Alpha" }
[[registry.firm]]
gfid = "AAA"
entity = "Alpha"
clearing_firm = "CCC"
[[registry.firm]]
gfid = "CCC"
entity = "Clear"
[[registry.sender_comp]]
comp_id = "X01AAA"
session = "CME-A"
[[registry.target]]
comp_id = "A10000"
entity = "Alpha"
[[registry.target]]
comp_id = "C10000"
entity = "Clear"

[request_centre]
setup = "1m"
fee = "250.00"
[[request_centre.user]]
name = "ADMIN1"
entities = ["Alpha"]
rights = ["administrator"]
email = "admin1@alpha.example"
[[request_centre.user]]
name = "APPROVER"
entities = ["Clear"]
rights = ["approver", "viewer"]
[[request_centre.key]]
session = "A10000"
created = 2022-07-20
[[request_centre.group]]
entity = "Clear"
name = "All"
front_end = "CQG"
filters = ["Trade - Fill Notice", "Reject"]
sources = ["X01AAA"]
targets = ["C10000"]
"""

STEPS = """
[[step]]
at = "1s"
who = "ADMIN1"
do = "create_group"
entity = "Alpha"
name = "Desk"
front_end = "TT"
filters = ["Trade - Fill Notice"]
source_firms = ["AAA"]
[[step]]
at = "2s"
who = "ADMIN1"
do = "generate_key"
session = "A10000"
[[step]]
at = "2m"
who = "APPROVER"
do = "approve_request"
request = "Alpha/1"
[[step]]
at = "3m"
who = "ADMIN1"
do = "edit_group"
entity = "Alpha"
group = "Desk"
filters = ["Reject"]
[[step]]
at = "5m"
who = "ADMIN1"
do = "look_up"
entity = "Alpha"
[[step]]
at = "6m"
who = "ADMIN1"
do = "delete_groups"
target = "A10000"
[[step]]
at = "8m"
who = "ADMIN1"
do = "delete_key"
session = "A10000"
key = "oldest"
[[step]]
at = "9m"
who = "ADMIN1"
do = "look_up"
session = "A10000"
"""

REFUSED = """
[[step]]
at = "1s"
who = "ADMIN1"
do = "create_group"
entity = "Alpha"
name = "Desk"
front_end = "TT"
filters = ["Trade - Fill Notice"]
sources = ["X99AAA"]
[[step]]
at = "1s"
who = "ADMIN1"
do = "create_group"
entity = "Alpha"
name = "Second"
front_end = "TT"
filters = ["Trade - Fill Notice"]
sources = ["X01AAA"]
proceed = false
[[step]]
at = "2s"
who = "ADMIN1"
do = "generate_key"
session = "A10000"
right_code = false
[[step]]
at = "3s"
who = "ADMIN1"
do = "download_key"
session = "A10000"
[[step]]
at = "4s"
who = "APPROVER"
do = "delete_groups"
entity = "Clear"
groups = ["All"]
[[step]]
at = "5s"
who = "APPROVER"
do = "reject_request"
request = "Alpha/1"
text = "no"
"""


def run(text: str, seed: int | None = None, in_place: bool = False) -> floorproof.Result:
    return floorproof.run(floorproof.parse(text), seed=seed, in_place=in_place)


def told(result: floorproof.Result, user: str, kind: type) -> list[object]:
    return [
        entry.payload
        for entry in result.journal
        if entry.actor == user and entry.sender is not None and isinstance(entry.payload, kind)
    ]


@pytest.mark.rule("REQ-1", "REQ-3", "REQ-4", "REQ-5")
def test_a_groups_life_from_its_creation_to_its_end() -> None:
    result = run(FLOOR + STEPS)

    updates = told(result, "ADMIN1", RequestUpdate)
    assert [
        f"{each.request_id} {each.kind}, {each.status}"
        for each in updates
        if isinstance(each, RequestUpdate)
    ] == [
        "Alpha/1 Create Drop Copy Group, In Progress",
        "Alpha/2 Generate Key, Completed",
        "Alpha/1 Create Drop Copy Group, Pending Approval",
        "Alpha/1 Create Drop Copy Group, Completed",
        "Alpha/3 Edit Drop Copy Group, In Progress",
        "Alpha/3 Edit Drop Copy Group, Completed",
        "Alpha/4 Delete Drop Copy Groups, In Progress",
        "Alpha/4 Delete Drop Copy Groups, Completed",
    ]
    [shown] = told(result, "ADMIN1", GroupsShown)
    assert isinstance(shown, GroupsShown)
    [group] = shown.groups
    assert (group.name, group.filters, group.targets) == ("Desk", ("Reject",), ("A10000",))
    assert told(result, "ADMIN1", CentreRefusal) == []
    assert result.end_ns == 9 * 60 * 1_000_000_000


@pytest.mark.rule("KEY-6", "REQ-11")
def test_a_key_is_renewed_and_the_old_one_deleted() -> None:
    result = run(FLOOR + STEPS)

    emails = [each.subject for each in told(result, "ADMIN1", Email) if isinstance(each, Email)]
    assert emails == [
        "A secure key of A10000 expires on 2023-07-20",
        "A secure key of A10000 has been generated",
    ]
    [file] = told(result, "ADMIN1", KeyFile)
    [shown] = told(result, "ADMIN1", KeysShown)
    assert isinstance(file, KeyFile)
    assert isinstance(shown, KeysShown)
    assert [status for _, _, status in shown.keys] == ["Deleted", "Active"]
    assert shown.keys[1][0] == file.access_key_id


@pytest.mark.rule("KEY-7")
def test_no_secret_is_in_a_journal() -> None:
    lines: list[bytes] = []
    result = floorproof.run(floorproof.parse(FLOOR + STEPS), write=lines.append)

    [file] = told(result, "ADMIN1", KeyFile)
    assert isinstance(file, KeyFile)
    secret = file.secret.reveal()
    assert all(secret.encode() not in line for line in lines)
    assert json.loads(plain_text(file))["secret"] == repr(file.secret)
    assert any(file.secret.fingerprint.encode() in line for line in lines)


def test_what_is_refused_ends_what_the_user_was_about_and_nothing_else() -> None:
    result = run(FLOOR + REFUSED)

    refusals = told(result, "ADMIN1", CentreRefusal)
    assert [each.text for each in refusals if isinstance(each, CentreRefusal)] == [
        "the source sender comp 'X99AAA' is not available",
        "the code is wrong: nothing has been generated or downloaded",
    ]
    assert len(told(result, "ADMIN1", KeyFile)) == 1
    assert len(told(result, "APPROVER", CentreRefusal)) == 2
    assert told(result, "ADMIN1", RequestUpdate) == []
    assert told(result, "CENTRE", GroupLive) == []


@pytest.mark.parametrize("seed", [None, 1, 2])
def test_keys_are_the_runs_own_and_the_same_however_it_is_hosted(seed: int | None) -> None:
    text = FLOOR + STEPS
    once, again, in_place = run(text, seed), run(text, seed), run(text, seed, in_place=True)

    assert once.digest == again.digest == in_place.digest
    assert told(once, "ADMIN1", KeyFile) == told(in_place, "ADMIN1", KeyFile)
    other = run(text, 99)
    assert told(once, "ADMIN1", KeyFile) != told(other, "ADMIN1", KeyFile)
    recorded = floorproof.run(floorproof.parse(text), choices=Recorded(once.choices))
    assert recorded.digest == once.digest


# --- bad files ------------------------------------------------------------------------

# fmt: off
BAD = {
    "a firm's id": ('gfid = "AAA"', 'gfid = "A"', "registry.firm[0].gfid: a GFID is three"),
    "a clearing firm that is none": ('clearing_firm = "CCC"', 'clearing_firm = "ZZZ"',
                                     "registry: AAA clears through 'ZZZ'"),
    "a comp id": ('comp_id = "X01AAA"', 'comp_id = "X01AAAN"',
                  "registry.sender_comp[0].comp_id: a comp id is six"),
    "a comp of a stranger": ('comp_id = "X01AAA"', 'comp_id = "X01QQQ"',
                             "registry: X01QQQ is a session of the firm 'QQQ'"),
    "a session that nobody has": ('session = "CME-A"', 'session = "CME-B"',
                                  "registry.sender_comp[0].session: no session named 'CME-B';"
                                  " did you mean CME-A?"),
    "a market": ('session = "CME-A"', 'session = "CME-A"\nmarket = "Globe"',
                 "registry.sender_comp[0].market: expected one of BrokerTec EU"),
    "a target of nobody": ('comp_id = "A10000"\nentity = "Alpha"',
                           'comp_id = "A10000"\nentity = "Alpa"',
                           "registry: A10000 belongs to the entity 'Alpa'"),
    "a user of an unknown entity": ('entities = ["Alpha"]', 'entities = ["Alpa"]',
                                    "request_centre.user[0].entities[0]: no registered entity"
                                    " named 'Alpa'; did you mean Alpha?"),
    "a right": ('rights = ["administrator"]', 'rights = ["administrater"]',
                "request_centre.user[0].rights[0]: expected one of administrator"),
    "a user's name that is taken": ('name = "ADMIN1"', 'name = "CME-A"',
                                    "the name 'CME-A' is taken"),
    "a time of day": ('setup = "1m"', 'daily_setup = "4 pm"',
                      "request_centre.daily_setup: expected a time of day"),
    "a time zone": ('setup = "1m"', 'time_zone = "America/Chicargo"',
                    "request_centre.time_zone: no time zone named"),
    "a fee": ('fee = "250.00"', 'fee = "-1"', "request_centre.fee: must be >= 0"),
    "a key of no session": ('session = "A10000"', 'session = "A1"',
                            "request_centre.key[0].session: no session ID named 'A1'"),
    "a key of tomorrow": ('created = 2022-07-20', 'created = 2023-07-18',
                          "request_centre.key[0].created: 2023-07-18 is after the start"),
    "a group of another's source": ('"X01AAA"]\ntargets', '"X09CCC"]\ntargets',
                                    "request_centre.group[0]: the source sender comp 'X09CCC' is"
                                    " not available"),
    "a group without sources": ('sources = ["X01AAA"]\ntargets', 'sources = []\ntargets',
                                "request_centre.group[0]: a group needs at least one source"),
    "a group with another's target": ('targets = ["C10000"]', 'targets = ["A10000"]',
                                      "request_centre.group[0]: Clear has no target session"),
    "a target that would get all twice": (
        'targets = ["C10000"]', 'targets = ["C10000", "C10000"]',
        "request_centre.group[0]: a target session is named twice"),
    "a group's filter": ('"Trade - Fill Notice", "Reject"', '"Fills"',
                         "request_centre.group[0].filters[0]: expected one of Acknowledgement"),
    "a group of nobody": ('entity = "Clear"\nname = "All"', 'entity = "Clera"\nname = "All"',
                          "request_centre.group[0].entity: no registered entity named 'Clera'"),
}
BAD_STEPS = {
    "a step of a stranger": ('who = "ADMIN1"', 'who = "ADMIN9"', "step[0].who: no user named"),
    "a filter": ('filters = ["Trade - Fill Notice"]\nsource_firms', 'filters = ["x"]\nsource_firms',
                 "step[0].filters[0]: expected one of"),
    "an order at the request centre": ('do = "look_up"\nentity = "Alpha"',
                                       'do = "cancel"\norder = "o1"',
                                       "ADMIN1 is a user of the request centre, and cannot"
                                       " 'cancel'"),
    "nothing to look up": ('do = "look_up"\nentity = "Alpha"', 'do = "look_up"',
                           "expected one of: entity, session, expirations"),
    "nothing to delete": ('do = "delete_groups"\ntarget = "A10000"', 'do = "delete_groups"',
                          "expected either an entity with its groups, or a target"),
}
# fmt: on


@pytest.mark.parametrize(("old", "new", "says"), BAD.values(), ids=BAD.keys())
def test_a_wrong_table_is_refused_with_its_path(
    old: str, new: str, says: str, tmp_path: Path
) -> None:
    assert_refused(command("check", write(tmp_path, changed(FLOOR, old, new))), says)


@pytest.mark.parametrize(("old", "new", "says"), BAD_STEPS.values(), ids=BAD_STEPS.keys())
def test_a_wrong_step_is_refused_with_its_path(
    old: str, new: str, says: str, tmp_path: Path
) -> None:
    assert_refused(command("check", write(tmp_path, FLOOR + changed(STEPS, old, new))), says)


def test_only_users_of_the_centre_use_it(tmp_path: Path) -> None:
    user = '[[user]]\nname = "PM1"\nrole = "portfolio_manager"\n'
    steps = changed(STEPS, 'who = "ADMIN1"', 'who = "PM1"')

    ran = command("check", write(tmp_path, FLOOR + user + steps))

    assert_refused(ran, "step[0]: only a user of the request centre does that, PM1 is none")


# --- floorproof requests --------------------------------------------------------------


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("journal")
    path = folder / "journal"
    assert command("run", write(folder, FLOOR + STEPS), "--journal", path).status == 0
    return path


@pytest.mark.parametrize(
    ("until", "statuses"),
    [
        ("0s", {}),
        ("30s", {"Alpha/1": "In Progress", "Alpha/2": "Completed"}),
        ("90s", {"Alpha/1": "Pending Approval", "Alpha/2": "Completed"}),
        ("13:32:00", {"Alpha/1": "Completed", "Alpha/2": "Completed"}),
        (
            None,
            {
                "Alpha/1": "Completed",
                "Alpha/2": "Completed",
                "Alpha/3": "Completed",
                "Alpha/4": "Completed",
            },
        ),
    ],
)
def test_requests_lists_a_users_requests_as_of_a_moment(
    journal: Path, until: str | None, statuses: dict[str, str]
) -> None:
    ran = command(
        "requests", journal, "--user", "ADMIN1", *([] if until is None else ["--until", until])
    )

    lines = ran.out.splitlines()
    assert (ran.status, ran.err) == (0, "")
    assert lines[0] == ("ADMIN1: My Requests" if statuses else "ADMIN1: My Requests is empty")
    found = {}
    for line in lines[2:]:
        number = line.split()[0]
        if number.startswith("Alpha/"):
            known = [each.value for each in RequestStatus if f"  {each.value}  " in line]
            found[number] = known[0]
    assert found == statuses
    assert lines[-1].startswith("as of 2023-07-17 13:")


def test_an_approver_is_shown_what_waits_for_him(journal: Path) -> None:
    ran = command("requests", journal, "--user", "APPROVER", "--until", "90s")

    assert "To do" in ran.out
    assert "Alpha/1" in ran.out
    assert "Alpha/2" not in ran.out


def test_whoever_is_no_user_of_the_centre_has_no_requests(journal: Path) -> None:
    assert_refused(
        command("requests", journal, "--user", "ADMIN"),
        "--user: no user of the request centre named 'ADMIN'; did you mean ADMIN1?",
    )
