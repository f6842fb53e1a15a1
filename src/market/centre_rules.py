"""The rules of the request centre: how groups, requests and keys are asked for, and by whom.

Sources: CME Group, BrokerTec Drop Copy Groups (Customer Center help); CME Group, Request
Center help; CME Group Client Systems Wiki, Drop Copy 4.0 (46140051); readings in
``docs/readings.md``.
"""

from __future__ import annotations

from .ledger import Rule

_HELP = "CME Group, BrokerTec Drop Copy Groups (Customer Center help)"
_READINGS = "docs/readings.md"

RULES = (
    Rule(
        "REQ-1",
        "A group is created in steps: its name, its front end system, its filters, a GFID filter"
        " if one is wanted, its sources; each is checked as it is filled in.",
        f"{_HELP}, Creating a Drop Copy Group",
    ),
    Rule(
        "REQ-2",
        "A dialog tells how many groups the entity has and whether another one costs a fee, which"
        " it does for all but the first; nothing goes on before the user proceeds, and the fee"
        " stands on the request.",
        f"{_HELP}, Creating a Drop Copy Group; {_READINGS}, the fee of a group",
        ("fee",),
    ),
    Rule(
        "REQ-3",
        "A request is In Progress until it has been validated, then waits for its approvals if it"
        " needs any, and ends Completed, Failed or Rejected.",
        f"{_HELP}, Submit; {_READINGS}, statuses of a request",
        ("setup", "daily_setup"),
    ),
    Rule(
        "REQ-4",
        "What a clearing firm of another entity guarantees is copied only after one of its"
        " approvers has approved; nobody else can.",
        f"{_HELP}, My Requests; CME Group Client Systems Wiki, Drop Copy 4.0 (46140051);"
        f" {_READINGS}, who approves",
    ),
    Rule(
        "REQ-5",
        "Only a completed group copies; while an edit is not completed, what it changes stays as"
        " it was.",
        f"{_READINGS}, statuses of a request",
    ),
    Rule(
        "REQ-6",
        "A group's sources are sessions of its own entity's firms and of firms that these clear,"
        " in its market and its GFID filter; there may be any number, unless the newer limits of"
        " 1,000 CGW and 5,000 MSGW sources for a target session are on.",
        f"{_HELP}, Creating a Drop Copy Group; {_READINGS}, how many sources",
        ("source_limits",),
    ),
    Rule(
        "REQ-7",
        "Target sessions are assigned, of the kind that the sources need, and are no other group's;"
        " whoever deletes a group, or the group of a target session, deletes no session.",
        f"{_HELP}, Editing and Deleting",
    ),
    Rule(
        "REQ-8",
        "An administrator creates, edits and deletes groups and keys, an approver approves, a"
        " viewer looks; the front end system of a group is changed only with a right of its own.",
        f"{_HELP}, Editing Drop Copy Groups; {_READINGS}, rights in the request centre",
    ),
    Rule(
        "REQ-9",
        "What a user has no rights to is refused in the words in which what does not exist is.",
        f"{_READINGS}, rights in the request centre",
    ),
    Rule(
        "REQ-10",
        "Generating and downloading a key need a second factor; where it fails there is no key, and"
        " no file. A user is sent at most ten codes for downloads a day.",
        f"{_HELP}, Generating Keys for Drop Copy Sessions; {_READINGS}, ten codes a day",
        ("codes_per_day",),
    ),
    Rule(
        "REQ-11",
        "A new key is told by a banner and an e-mail, and stands in My Requests; of a key that"
        " exists only its Access Key ID is shown.",
        f"{_HELP}, Generating Keys for Drop Copy Sessions",
    ),
)
