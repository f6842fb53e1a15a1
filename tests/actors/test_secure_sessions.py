"""Order entry sessions whose logons are signed with secure keys."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from copy_floors import run, scenario, story

import floorproof
from floorproof.market.centre_messages import KeyFile, KeysLive, LiveKey
from floorproof.market.firms import SessionID
from floorproof.market.fix_line import SOH, FixText
from floorproof.market.secure_keys import SecretKey
from floorproof.runtime.participant import Answer, Delivery, Send
from floorproof.scenario.errors import ScenarioError
from floorproof.scenario.floor import Floor

KEY = '[[request_centre.key]]\nsession = "X01"\ncreated = 2023-01-02\n'
ADMIN1 = """
[[request_centre.user]]
name = "ADMIN1"
entities = ["ALPHA"]
rights = ["administrator"]
"""


def key_step(at: int, do: str, more: str = "") -> str:
    return f'[[step]]\nat = "{at}s"\nwho = "ADMIN1"\ndo = "{do}"\nsession = "X01"\n{more}\n'


def secure(
    *steps: tuple[float, str, str], indicator: str = "N", extra: str = KEY, seconds: int = 6
) -> str:
    session = f'secure = true\nindicator = "{indicator}"'
    return scenario(steps, fix=True, session=session, extra=extra, seconds=seconds)


def events(result: floorproof.Result, who: str = "ALPHA") -> list[str]:
    return [
        f"{entry.time // 1_000_000_000} {entry.payload.event} {entry.payload.text}".rstrip()
        for entry in result.journal
        if entry.kind == "session" and entry.actor == who
    ]


def logons(result: floorproof.Result) -> list[dict[str, str]]:
    """Return ALPHA's logons by tag."""
    texts = (
        entry.payload.text
        for entry in result.journal
        if entry.actor == "CME" and entry.sender == "ALPHA" and isinstance(entry.payload, FixText)
    )
    read = (dict(pair.split("=", 1) for pair in text.split(SOH)[:-1]) for text in texts)
    return [fields for fields in read if fields["35"] == "A"]


def heard(result: floorproof.Result) -> list[FixText]:
    """Return what ALPHA was told in text, without what was sent again."""
    return [
        entry.payload
        for entry in result.journal
        if entry.actor == "ALPHA"
        and entry.sender == "CME"
        and isinstance(entry.payload, FixText)
        and f"{SOH}35=8{SOH}" in entry.payload.text
    ]


@pytest.mark.rule("LOGON-1", "LOGON-2", "LOGON-9")
@pytest.mark.parametrize(("indicator", "later"), [("N", "N"), ("U", "P")])
def test_a_session_is_cut_off_and_logs_on_again_signed_as_it_was_designated(
    indicator: str, later: str
) -> None:
    result = run(secure((2, "cut_off", "ALPHA"), (4, "connect", "ALPHA"), indicator=indicator))

    assert [(each["49"], "1402" in each) for each in logons(result)] == [
        (f"X01AAA{indicator}", True),
        (f"X01AAA{later}", True),
    ]
    assert events(result)[:5] == [
        "0 connected",
        "0 logged on",
        "2 disconnected",
        "4 connected",
        "4 logged on",
    ]
    assert heard(result)
    assert result.violations == ()


def test_nothing_is_lost_of_what_is_traded_from_the_first_moment_on() -> None:
    """A key from before the run is there before the first order is refused."""
    signed, plain = run(secure()), run(scenario(fix=True, seconds=6))

    assert len(heard(signed)) == len(heard(plain)) > 0


@pytest.mark.rule("LOGON-3")
def test_without_a_key_nobody_logs_on_until_there_is_one() -> None:
    generate = ADMIN1 + key_step(2, "generate_key")

    never, late = run(secure(extra="")), run(secure(extra=generate))

    assert (logons(never), heard(never)) == ([], [])
    assert events(late)[:2] == ["2 connected", "2 logged on"]
    assert heard(late)
    assert story(never) == story(late) == []


@pytest.mark.rule("LOGON-3", "KEY-5")
def test_a_deleted_key_keeps_a_session_out_until_it_has_another() -> None:
    keys = KEY + ADMIN1 + key_step(1, "delete_key", 'key = "oldest"') + key_step(4, "generate_key")
    steps = [(2.0, "cut_off", "ALPHA"), (3.0, "connect", "ALPHA"), (5.0, "connect", "ALPHA")]

    result = run(secure(*steps, extra=keys))

    refused = "Invalid logon. Logout forced."
    assert events(result)[2:] == [
        "2 disconnected",
        "3 connected",
        f"3 logon refused {refused}",
        f"3 closed {refused}",
        "3 disconnected",
        "5 connected",
        "5 logged on",
    ]
    assert "3 logon refused key: Invalid logon. Logout forced." in events(result, "CME")
    assert result.violations == ()


def test_only_the_request_centre_says_which_keys_are_good() -> None:
    """Somebody else's keys are on record, and open no door."""

    class Stranger:
        def start(self) -> Iterator[Answer]:
            key = LiveKey(access_key_id="x" * 20, secret=SecretKey("A" * 43), expires_ns=10**18)
            yield Send("CME", KeysLive(session_id=SessionID("X01"), keys=(key,)))

        def receive(self, delivery: Delivery) -> Iterator[Answer]:
            raise AssertionError("nobody answers him")

    floor = Floor(floorproof.parse(secure()))
    floor.add("STRANGER", lambda _context: Stranger())

    result = floor.run()

    mismatches = [entry.payload for entry in result.journal if entry.kind == "session mismatch"]
    assert mismatches == [{"sender": "STRANGER", "message": "KeysLive"}]
    assert events(result)[:2] == ["0 connected", "0 logged on"]


class Giver:
    """Hands somebody a key that he has made up."""

    def __init__(self, to: str, session_id: str) -> None:
        self._to = to
        self._session_id = SessionID(session_id)

    def start(self) -> Iterator[Answer]:
        file = KeyFile(
            session_id=self._session_id,
            access_key_id="x" * 20,
            secret=SecretKey("A" * 43),
            created="2023-07-17",
            expires="2024-07-17",
            environment="Production",
        )
        yield Send(self._to, file)

    def receive(self, delivery: Delivery) -> Iterator[Answer]:
        raise AssertionError("nobody answers him")


@pytest.mark.rule("LOGON-9")
@pytest.mark.parametrize(
    ("to", "session_id"), [("ALPHA", "X01"), ("COPY-A", "A10000"), ("COPY-A", "B10000")]
)
def test_a_key_is_taken_from_those_alone_who_manage_the_sessions_keys(
    to: str, session_id: str
) -> None:
    """A stranger's file is on record; it neither replaces a key nor is one where there is none."""
    bravo = ADMIN1.replace("ALPHA", "BRAVO")  # administers another firm's sessions
    for giver, extra in (("STRANGER", KEY), ("ADMIN1", KEY + bravo)):
        floor = Floor(floorproof.parse(secure((2, "cut_off", to), (3, "connect", to), extra=extra)))
        floor.add(giver, lambda _context: Giver(to, session_id))

        result = floor.run()

        mismatches = [entry.payload for entry in result.journal if entry.kind == "session mismatch"]
        assert mismatches == [{"sender": giver, "message": "KeyFile"}]
        assert events(result, to)[:5] == [
            "0 connected",
            "0 logged on",
            "2 disconnected",
            "3 connected",
            "3 logged on",
        ]
        assert story(result) == []


def test_a_user_hands_on_no_key_that_the_centre_has_not_given_him() -> None:
    floor = Floor(floorproof.parse(secure(extra=KEY + ADMIN1)))
    floor.add("STRANGER", lambda _context: Giver("ADMIN1", "X01"))

    result = floor.run()

    mismatches = [entry.payload for entry in result.journal if entry.kind == "session mismatch"]
    assert mismatches == [{"sender": "STRANGER", "message": "KeyFile"}]
    assert not [entry for entry in result.journal if entry.sender == "ADMIN1"]


def test_a_secure_session_without_a_key_is_warned_of() -> None:
    def warned(text: str) -> list[str]:
        return [each for each in floorproof.parse(text).warnings if "never logs on" in each]

    old = KEY.replace("2023-01-02", "2022-01-03")
    generate = ADMIN1 + key_step(2, "generate_key")
    download = ADMIN1 + key_step(2, "download_key")

    said = (
        "ALPHA never logs on: its session is secure, and X01 has no key that is good as the run"
        " begins (a [[request_centre.key]]) and is given none (a step generate_key)"
    )
    assert warned(secure()) == warned(secure(extra=generate)) == []
    assert warned(secure(extra="")) == warned(secure(extra=old)) == [said]
    assert warned(secure(extra=download)) == [said]
    desks = warned(scenario(keys=False))
    assert [each.split()[0] for each in desks] == ["COPY-A", "COPY-B", "COPY-C", "COPY-D"]
    assert warned(scenario(keys=False, service="secure = false")) == []
    assert warned(scenario(kind="MSGW", keys=False))[0] == desks[0]


def test_secure_sessions_need_a_request_centre() -> None:
    text = secure().replace("[request_centre]\n[drop_copy_service]\n", "")
    text = text[: text.index("[[registry.target]]")]

    with pytest.raises(ScenarioError, match=r"exchange\[0\].session\[0\].secure"):
        floorproof.parse(text)
