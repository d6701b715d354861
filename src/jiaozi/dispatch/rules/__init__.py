"""Dispatch: which place serves which request. Exact in money, and able to say why not."""

from jiaozi.dispatch.rules.board import RANK, Board, board
from jiaozi.dispatch.rules.network import HERE, Network, Route, distance_km, modelled_rtt_us, network
from jiaozi.dispatch.rules.planning import Horizon, Placement, Plan, Shadow, Unplaced, plan
from jiaozi.dispatch.rules.quote import Answer, Option, Turned, quote, ranked
from jiaozi.dispatch.rules.refusals import Change, Miss
from jiaozi.dispatch.rules.request import Block, Offer, Request, UnableToPlace, check_offer, check_request

__all__ = [
    "HERE",
    "RANK",
    "Answer",
    "Block",
    "Board",
    "Change",
    "Horizon",
    "Miss",
    "Network",
    "Offer",
    "Option",
    "Placement",
    "Plan",
    "Request",
    "Route",
    "Shadow",
    "Turned",
    "UnableToPlace",
    "Unplaced",
    "board",
    "check_offer",
    "check_request",
    "distance_km",
    "modelled_rtt_us",
    "network",
    "plan",
    "quote",
    "ranked",
]
