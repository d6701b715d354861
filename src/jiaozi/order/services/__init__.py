"""The verbs of an order: quote, hold, submit, watch, cancel, and how it closes."""

from jiaozi.order.services.closing import captured, metered, nothing_used, settled
from jiaozi.order.services.engines import engine_of
from jiaozi.order.services.funding import cancel, credit_own, held, hold, resolve
from jiaozi.order.services.moving import re_place, re_place_waiting
from jiaozi.order.services.quoting import quote
from jiaozi.order.services.ruling import give_up
from jiaozi.order.services.submitting import submit, submit_waiting
from jiaozi.order.services.watching import watch, watch_all

__all__ = [
    "cancel",
    "captured",
    "credit_own",
    "engine_of",
    "give_up",
    "held",
    "hold",
    "metered",
    "nothing_used",
    "quote",
    "re_place",
    "re_place_waiting",
    "resolve",
    "settled",
    "submit",
    "submit_waiting",
    "watch",
    "watch_all",
]
