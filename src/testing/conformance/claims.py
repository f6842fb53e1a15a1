"""What is claimed of plugins besides what `floorproof.plugins.findings` has."""

from __future__ import annotations

from ...plugins.findings import Claim

FINISHES = Claim("finishes", "answers within its budget of time")
ELSEWHERE = Claim("elsewhere", "answers the same in other processes, under other hash seeds")
ON_RECORD = Claim("record", "answers what a journal can write down")
INDIFFERENT = Claim("indifferent", "is indifferent only where asking it would change nothing")
SETTINGS = Claim(
    "settings", "refuses bad settings with a reason, and runs with those that it takes"
)
COST = Claim("cost", "costs no more than it may")
CONSERVES = Claim("conserves", "loses nothing, and hands out no more than there is")
PRIORITY = Claim("priority", "gives of two equal orders the earlier no less")
ENDS = Claim("ends", "leaves nothing at work once it is over, and ends where that is asked")
QUIET = Claim("quiet", "says nothing of a floor on which all is well")
ASSEMBLES = Claim("assembles", "makes a market of its products, on any date, that can be run")
