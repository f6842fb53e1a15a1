"""The ledger of staged orders: what each rule says, and where it is written."""

from __future__ import annotations

from ...market.ledger import Rule

_WORKFLOW = 'TT, "Staging Orders to Execution Traders Who Use Exchange Trader Credentials"'
_XT = 'TT, "Staged Order Management"'
_CARE = 'TT, "Care orders"'
_PERMISSIONS = 'TT, "Care order permissions"'
_CODES = "TT Core SDK, RejectCode; docs/readings.md, reject codes of staged orders"

RULES = (
    Rule(
        "STAGE-1",
        "Only a user with Staged Order Creation Allowed may stage; a refusal goes to him alone.",
        f"{_WORKFLOW}, note on settings",
    ),
    Rule(
        "STAGE-2",
        "A new staged order is acknowledged to everyone who may see it on the synthetic gateway.",
        f"{_WORKFLOW}, step 2",
    ),
    Rule(
        "STAGE-3",
        "Only a user with Staged Order Management Allowed who sees the order may claim it.",
        'TT, "What is order staging?"; docs/readings.md, who may claim and who may work',
    ),
    Rule(
        "STAGE-4",
        "The first claim wins; a later one is refused and told who owns the order.",
        f"{_WORKFLOW}, step 3",
    ),
    Rule(
        "STAGE-5",
        "Only the owner may send children of a staged order.",
        f"{_WORKFLOW}, step 3; docs/readings.md, who may claim and who may work",
    ),
    Rule(
        "STAGE-6",
        "Children never ask for more than the parent has free: its quantity less what children"
        " have filled and still work.",
        'TT, "What is order staging?" and "Staged Order Management";'
        " docs/readings.md, free quantity",
    ),
    Rule(
        "STAGE-7",
        "A child has its parent's side and instrument, and never another customer's account.",
        'TT, "Staged Order Management"; docs/readings.md, the account of a child',
    ),
    Rule(
        "STAGE-8",
        "Each fill of a child makes one partial fill of its parent, of the same quantity and"
        " price, for everyone who may see the parent.",
        f"{_WORKFLOW}, step 5",
    ),
    Rule(
        "STAGE-9",
        "A staged order for an account that nobody has is taken, with a warning.",
        "docs/readings.md, an account that nobody has",
    ),
    Rule(
        "STAGE-10",
        "With staging disabled at the gateway every staged order is refused.",
        'TT, Synthetic SE configuration files, "RequestUnsolicitedEvents";'
        " docs/readings.md, staging disabled",
        ("staging_enabled",),
    ),
    Rule(
        "STAGE-11",
        "A permission is a user's for one account or for all of them; for an account, what is"
        " set for it counts, and else what is set for all.",
        f"{_PERMISSIONS}; docs/readings.md, permissions for an account",
    ),
    Rule(
        "STAGE-12",
        "Who may manage staged orders without claiming them may do all that an owner may, and"
        " also manage his own, manage others' and unclaim others', unless that is taken from him.",
        _PERMISSIONS,
    ),
    Rule(
        "STAGE-13",
        "Without OMS Allowed every act of a user on a staged order is refused.",
        'TT, "OMS Allowed"; docs/readings.md, permissions for an account',
    ),
    Rule(
        "STAGE-14",
        "An owner may unclaim what is Claimed, Working or Partially Filled, and so may who may"
        " unclaim orders owned by others; fills and working children stay.",
        f"{_CARE}, claiming; docs/readings.md, release",
    ),
    Rule(
        "STAGE-15",
        "Its originator or its owner may cancel a staged order; an originator's cancel of an"
        " order that somebody owns waits for the owner's approval.",
        f"{_CARE}, canceling; docs/readings.md, cancel by the originator",
        ("originator_cancel_immediate",),
    ),
    Rule(
        "STAGE-16",
        "Canceling a staged order cancels the children that work; it is canceled once all of"
        " them are over, and what they fill until then counts.",
        f"{_CARE}, canceling; docs/readings.md, while children are canceled",
    ),
    Rule(
        "STAGE-17",
        "While a child is not acknowledged its parent cannot be canceled.",
        _CODES,
    ),
    Rule(
        "STAGE-18",
        "An originator changes price, quantity and order type; of an order that somebody owns"
        " by request, which the owner approves or rejects. Side and instrument never change.",
        f"{_XT}; {_CARE}, changing; docs/readings.md, what may change",
        ("max_order_qty",),
    ),
    Rule(
        "STAGE-19",
        "An owner changes the price of a staged order, unless he is held to it, and no other term.",
        f"{_XT}; docs/readings.md, what may change",
    ),
    Rule(
        "STAGE-20",
        "A staged order's quantity is never less than what its children have filled and work.",
        f"{_CARE}, changing; docs/readings.md, what may change",
    ),
    Rule(
        "STAGE-21",
        "While a request waits for approval nothing is added to what works, and the order is"
        " neither claimed nor unclaimed.",
        f"{_CARE}, statuses; docs/readings.md, while a request waits",
    ),
    Rule(
        "STAGE-22",
        "A second request while one waits is refused, or takes the first one's place.",
        "TT Core SDK, RejectCode; docs/readings.md, second requests",
        ("newer_request_replaces",),
    ),
    Rule(
        "STAGE-23",
        "The owner answers a request by its number: approved it is done, rejected the order is"
        " as before and the originator is told; an answer to what waits no more is refused.",
        f"{_CARE}, approving; {_CODES}",
    ),
    Rule(
        "STAGE-24",
        "Who is held to price sends no child that may trade where the parent's limit does not"
        " let it.",
        f"{_PERMISSIONS}; docs/readings.md, held to price",
    ),
    Rule(
        "STAGE-25",
        "An approved price goes to the children that work as well, if the owner says so.",
        f"{_CARE}, approving; docs/readings.md, pushing an approved price",
    ),
    Rule(
        "STAGE-26",
        "A staged order is not held, and not sent to the market once it works.",
        f"{_XT}; docs/readings.md, hold",
    ),
)
