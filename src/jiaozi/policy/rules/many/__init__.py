"""Decides whole columns of applications with the programme's own tree, amounts and caps; for the policy lab.

The answers are those of ``decide``, to the fen and clause by clause; a test holds the two equal on random facts.
"""

from jiaozi.policy.rules.many.clauses import Alone, Weighed
from jiaozi.policy.rules.many.columns import Bools, Column, Ints, Table, table
from jiaozi.policy.rules.many.counting import CapOf, Counter
from jiaozi.policy.rules.many.deciding import BY_HAND, CODES, GRANTED, NUMBER, REFUSED, Decided, Many, bounding, weigh

__all__ = [
    "BY_HAND",
    "CODES",
    "GRANTED",
    "NUMBER",
    "REFUSED",
    "Alone",
    "Bools",
    "CapOf",
    "Column",
    "Counter",
    "Decided",
    "Ints",
    "Many",
    "Table",
    "Weighed",
    "bounding",
    "table",
    "weigh",
]
