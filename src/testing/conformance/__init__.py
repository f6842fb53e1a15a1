"""The conformance kit: a stranger's plugin, tried by what it declares.

`kit.conform` is the door.  What can be asked of each kind is a `explore.Bench`; Hypothesis
draws what is asked, so this needs the extra ``floorproof[testing]``.
"""
