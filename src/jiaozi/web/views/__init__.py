"""The console's views: each parses its address, asks the house, and shows; nothing is decided or written here."""

from jiaozi.web.views.about import about, accessibility, look
from jiaozi.web.views.account import account, second_factor
from jiaozi.web.views.acting import acting, site_map, stay
from jiaozi.web.views.budget import budget
from jiaozi.web.views.centres import centres
from jiaozi.web.views.closing import close_statement
from jiaozi.web.views.confirming import statement_answer, statement_usage
from jiaozi.web.views.crediting import own_money, prepaid
from jiaozi.web.views.desk import applications, batch
from jiaozi.web.views.dossier import apply, dossier, paper
from jiaozi.web.views.eligibility import eligibility, estimate
from jiaozi.web.views.exchange import exchange, exchange_session
from jiaozi.web.views.finance import close_year, fund, fund_step, payment_run, run_step, year_end
from jiaozi.web.views.grants import award, award_step, awards, redemption, redemption_step, redemptions
from jiaozi.web.views.importing import usage_import
from jiaozi.web.views.keeping import keep_draft
from jiaozi.web.views.lab import lab, lab_file, lab_run
from jiaozi.web.views.leasing import lease_step, leases
from jiaozi.web.views.ledger import entries, ledger, live_orders, open_orders, open_statements, open_vouchers
from jiaozi.web.views.limiting import member_limit, remove_limit
from jiaozi.web.views.market_desk import exchange_step, market_desk
from jiaozi.web.views.members import end_membership, members
from jiaozi.web.views.notices import notices, programme, programmes
from jiaozi.web.views.notifications import (
    notification,
    notification_choices,
    notifications,
    read_notifications,
)
from jiaozi.web.views.opening import open_data, open_data_file, open_key, verify
from jiaozi.web.views.order import order
from jiaozi.web.views.ordering import cancel_order, new_order, wallet
from jiaozi.web.views.pricing import new_price
from jiaozi.web.views.registering import correct, found
from jiaozi.web.views.repeating import run_again
from jiaozi.web.views.ruling import usage_step
from jiaozi.web.views.sitting import extend_session, open_session, session_files
from jiaozi.web.views.statements import statement, statement_claim, statement_file, statement_step, statements
from jiaozi.web.views.stepping import attach, resolve_alert, step
from jiaozi.web.views.supply import health, supply
from jiaozi.web.views.templates import delete_template, keep_order, rename_template, start_template, templates
from jiaozi.web.views.tokens import end_token, tokens
from jiaozi.web.views.tracing import chain_file, journal_lines, search, trace
from jiaozi.web.views.trading import offers, withdraw_offer
from jiaozi.web.views.usage import usage, usage_dispute, usage_record
from jiaozi.web.views.versions import version, versions
from jiaozi.web.views.voucher import voucher
from jiaozi.web.views.watching import order_log, order_output, order_result
from jiaozi.web.views.year import year

__all__ = [
    "about",
    "accessibility",
    "account",
    "acting",
    "applications",
    "apply",
    "attach",
    "award",
    "award_step",
    "awards",
    "batch",
    "budget",
    "cancel_order",
    "centres",
    "chain_file",
    "close_statement",
    "close_year",
    "correct",
    "delete_template",
    "dossier",
    "eligibility",
    "end_membership",
    "end_token",
    "entries",
    "estimate",
    "exchange",
    "exchange_session",
    "exchange_step",
    "extend_session",
    "found",
    "fund",
    "fund_step",
    "health",
    "journal_lines",
    "keep_draft",
    "keep_order",
    "lab",
    "lab_file",
    "lab_run",
    "lease_step",
    "leases",
    "ledger",
    "live_orders",
    "look",
    "market_desk",
    "member_limit",
    "members",
    "new_order",
    "new_price",
    "notices",
    "notification",
    "notification_choices",
    "notifications",
    "offers",
    "open_data",
    "open_data_file",
    "open_key",
    "open_orders",
    "open_session",
    "open_statements",
    "open_vouchers",
    "order",
    "order_log",
    "order_output",
    "order_result",
    "own_money",
    "paper",
    "payment_run",
    "prepaid",
    "programme",
    "programmes",
    "read_notifications",
    "redemption",
    "redemption_step",
    "redemptions",
    "remove_limit",
    "rename_template",
    "resolve_alert",
    "run_again",
    "run_step",
    "search",
    "second_factor",
    "session_files",
    "site_map",
    "start_template",
    "statement",
    "statement_answer",
    "statement_claim",
    "statement_file",
    "statement_step",
    "statement_usage",
    "statements",
    "stay",
    "step",
    "supply",
    "templates",
    "tokens",
    "trace",
    "usage",
    "usage_dispute",
    "usage_import",
    "usage_record",
    "usage_step",
    "verify",
    "version",
    "versions",
    "voucher",
    "wallet",
    "withdraw_offer",
    "year",
    "year_end",
]
