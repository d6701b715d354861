"""The exchange's verbs: money and capacity in, orders in and out, a session's steps, schedules."""

from jiaozi.exchange.services.accounts import admit_centre, declare_capacity, deposit, pay_out
from jiaozi.exchange.services.ending import settle_session, void_session
from jiaozi.exchange.services.scheduling import advance_due, open_due, set_schedule
from jiaozi.exchange.services.sessions import clear_session, close_session, open_session
from jiaozi.exchange.services.trading import enter, withdraw

__all__ = [
    "admit_centre",
    "advance_due",
    "clear_session",
    "close_session",
    "declare_capacity",
    "deposit",
    "enter",
    "open_due",
    "open_session",
    "pay_out",
    "set_schedule",
    "settle_session",
    "void_session",
    "withdraw",
]
