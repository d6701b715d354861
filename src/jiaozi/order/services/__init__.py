"""The verbs of an order: quote, hold, submit, watch, cancel, and how it closes."""

from jiaozi.order.services.admitting import admitted
from jiaozi.order.services.apart import centre_apart, order_apart
from jiaozi.order.services.closing import captured, metered, movement_captured, nothing_used, settled
from jiaozi.order.services.crediting import credit_own
from jiaozi.order.services.data import clear as clear_data
from jiaozi.order.services.engines import engine_of
from jiaozi.order.services.extending import Extension, extend, extension_price
from jiaozi.order.services.funding import (
    cancel,
    caps_today,
    held,
    held_for_movement,
    hold,
    resolve,
    resolve_movement,
)
from jiaozi.order.services.moving import re_place, re_place_waiting
from jiaozi.order.services.opening import access, saved_files
from jiaozi.order.services.placing import survey, unable_to_open
from jiaozi.order.services.printing import printed
from jiaozi.order.services.quota import end_due as end_due_quotas
from jiaozi.order.services.quota import end_quota, granted_in_kind
from jiaozi.order.services.quota import quota as quota_of
from jiaozi.order.services.quoting import check_shown, quote, spendable_terms
from jiaozi.order.services.repeating import again, asked
from jiaozi.order.services.results import handed_out, result
from jiaozi.order.services.ruling import give_up
from jiaozi.order.services.spending import check_unlimited, over_limit, remove_limit, set_limit
from jiaozi.order.services.staging import move_data, move_waiting
from jiaozi.order.services.submitting import submit, submit_waiting
from jiaozi.order.services.templates import (
    delete_template,
    keep_order,
    keep_template,
    quote_template,
    rename_template,
)
from jiaozi.order.services.tending import tend_sessions
from jiaozi.order.services.watching import watch, watch_all

__all__ = [
    "Extension",
    "access",
    "admitted",
    "again",
    "asked",
    "cancel",
    "caps_today",
    "captured",
    "centre_apart",
    "check_shown",
    "check_unlimited",
    "clear_data",
    "credit_own",
    "delete_template",
    "end_due_quotas",
    "end_quota",
    "engine_of",
    "extend",
    "extension_price",
    "give_up",
    "granted_in_kind",
    "handed_out",
    "held",
    "held_for_movement",
    "hold",
    "keep_order",
    "keep_template",
    "metered",
    "move_data",
    "move_waiting",
    "movement_captured",
    "nothing_used",
    "order_apart",
    "over_limit",
    "printed",
    "quota_of",
    "quote",
    "quote_template",
    "re_place",
    "re_place_waiting",
    "remove_limit",
    "rename_template",
    "resolve",
    "resolve_movement",
    "result",
    "saved_files",
    "set_limit",
    "settled",
    "spendable_terms",
    "submit",
    "submit_waiting",
    "survey",
    "tend_sessions",
    "unable_to_open",
    "watch",
    "watch_all",
]
