"""Every operation as every role, and as another organisation's member: who may, and that the others are refused.

An operation that is not in the table fails the test, so that a new one is thought about.
"""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction

from jiaozi.application.rules.evidence import OTHER
from jiaozi.lease.rules import public_text
from jiaozi.project.openapi import document
from tests.api.furniture import MARKET_CLASS, furnish, market_frame
from tests.application.papers import PDF
from tests.lab.scenario_of_a_page import TEXT as SCENARIO
from tests.world import CENTRE, PROGRAMME


def named(names):
    return names.split()


KEY = public_text(Ed25519PrivateKey.generate().public_key())
EVERYBODY = frozenset(
    "holder stranger officer finance payer outsider centre rival operator auditor nobody".split()  # noqa: SIM905
)
KNOWN = EVERYBODY - {"nobody"}
OVERSEERS = frozenset({"officer", "finance", "payer", "operator", "auditor"})
ALL_OVERSEERS = OVERSEERS | {"outsider"}
"""An officer of another programme sees what belongs to no programme."""
HOLDERS = frozenset({"holder", "stranger"})
CENTRES = frozenset({"centre", "rival"})
ALERTED = OVERSEERS - {"operator"}
PAYERS = frozenset({"finance", "payer"})
OFFICERS = frozenset({"officer"})

OWN = OVERSEERS | {"holder"}
DONE_THERE = OWN | {"centre"}

MAY = {
    # read by everybody
    **dict.fromkeys(
        named(
            "list_programmes get_year get_year_csv list_notices "
            "get_programme list_programme_versions get_programme_document decide_eligibility "
            "compare_programme_versions "
            "list_hubs list_centres get_centre list_offers "
            "list_resource_classes list_tariffs list_tariff_versions list_links "
            "list_exchange_sessions get_exchange_session list_exchange_prices list_exchange_flows "
            "list_exchange_schedules list_exchange_seats"
        ),
        EVERYBODY,
    ),
    # read by those whom it concerns
    **dict.fromkeys(
        ["get_caller", "list_tokens", "list_notifications", "read_notifications", "list_notification_choices"], KNOWN
    ),
    **dict.fromkeys(["list_vouchers", "list_applications", "list_redemptions", "list_awards"], OVERSEERS | HOLDERS),
    **dict.fromkeys(
        [
            "get_voucher",
            "get_voucher_statement",
            "get_voucher_quota",
            "list_quotes",
            "get_application",
            "list_evidence",
        ],
        OWN,
    ),
    **dict.fromkeys(["get_redemption", "get_award"], OWN),
    "get_evidence_content": OWN - {"operator"},
    "list_leases": OVERSEERS | HOLDERS | CENTRES,
    "list_lease_losses": OVERSEERS | CENTRES,
    "rule_lease_loss": frozenset({"officer", "operator"}),
    **dict.fromkeys(["list_orders", "list_credits"], OVERSEERS | HOLDERS | CENTRES),
    "get_own_money": ALL_OVERSEERS | {"holder"} | CENTRES,
    **dict.fromkeys(["get_order", "list_order_usage", "get_order_log", "get_session"], DONE_THERE),
    "price_extension": frozenset({"holder", "operator"}),
    **dict.fromkeys(["get_access", "get_order_result"], frozenset({"holder"})),
    **dict.fromkeys(["list_statements", "list_captures_waiting"], OVERSEERS | CENTRES),
    **dict.fromkeys(
        [
            "get_statement",
            "get_statement_confirmation",
            "list_statement_lines",
            "list_statement_differences",
            "export_statement",
        ],
        OVERSEERS | {"centre"},
    ),
    **dict.fromkeys(["list_held_back_usage", "list_usage_disputes"], ALL_OVERSEERS | {"centre"}),
    **dict.fromkeys(
        named("count_unconfirmed_usage list_standing_usage list_standing_disputes list_orders_waiting_for_usage"),
        ALL_OVERSEERS | CENTRES,
    ),
    **dict.fromkeys(["list_organisations", "list_journal_lines", "audit_books"], ALL_OVERSEERS),
    **dict.fromkeys(["get_organisation", "list_end_users"], ALL_OVERSEERS | {"holder"}),
    "list_members": frozenset({"holder", "officer", "outsider", "operator", "auditor"}),
    "list_spending_limits": frozenset({"holder", "auditor"}),
    **dict.fromkeys(["get_budget", "try_parameter", "preview_year_closing", "get_payment_run"], OVERSEERS),
    **dict.fromkeys(["list_lab_runs", "get_lab_run", "get_lab_file", "start_lab_run"], OVERSEERS),
    **dict.fromkeys(
        ["get_reserve", "list_reserve_movements", "list_disallowances", "list_payments", "list_clawbacks"], OVERSEERS
    ),
    **dict.fromkeys(["list_alerts", "get_alert", "get_alert_thresholds"], ALERTED),
    "choose_notifications": KNOWN,
    **dict.fromkeys(["search_things", "get_chain"], OVERSEERS),
    "list_webhooks": KNOWN,
    "add_webhook": KNOWN - PAYERS - {"auditor"},
    "get_webhook_secret": frozenset({"holder"}),
    "list_webhook_deliveries": frozenset({"holder"}),
    "end_webhook": frozenset({"holder"}),
    # the exchange: traders their own; "rival" is a centre that nobody admitted
    **dict.fromkeys(
        named("get_exchange_holding list_own_exchange_orders enter_exchange_orders withdraw_exchange_orders"),
        HOLDERS | {"centre"},
    ),
    **dict.fromkeys(["deposit_for_trader", "pay_trader_out"], PAYERS | {"operator"}),
    **dict.fromkeys(
        named(
            "set_exchange_schedule admit_centre_to_exchange declare_exchange_capacity open_exchange_session "
            "close_exchange_session clear_exchange_session settle_exchange_session"
        ),
        frozenset({"operator"}),
    ),
    "void_exchange_session": OFFICERS,
    "get_exchange_findings": frozenset({"officer", "operator", "auditor"}),
    "list_sealed_exchange_orders": frozenset({"auditor"}),
    "replay_exchange_session": OVERSEERS,
    # written by the holder
    **dict.fromkeys(["apply_for_voucher", "draft_application"], frozenset({"holder"})),
    **dict.fromkeys(["amend_application", "submit_application", "resubmit_application"], frozenset({"holder"})),
    **dict.fromkeys(["withdraw_application", "appeal_application", "attach_evidence"], frozenset({"holder"})),
    **dict.fromkeys(["submit_redemption", "withdraw_redemption", "name_end_user"], frozenset({"holder"})),
    **dict.fromkeys(
        named("quote_order quote_order_again hold_order cancel_order extend_order allow_leases disallow_leases"),
        frozenset({"holder"}),
    ),
    "correct_organisation": frozenset({"holder", "officer"}),
    "let_member_in": frozenset({"holder", "officer", "outsider"}),
    "end_membership": frozenset({"holder", "officer", "outsider"}),
    "end_token": frozenset({"holder", "operator"}),
    **dict.fromkeys(
        named(
            "list_templates get_template keep_template keep_order_as_template rename_template delete_template "
            "quote_template"
        ),
        frozenset({"holder"}),
    ),
    **dict.fromkeys(["set_spending_limit", "remove_spending_limit"], frozenset({"holder"})),
    # written by the officer
    "register_organisation": frozenset({"officer", "outsider"}),
    **dict.fromkeys(
        named(
            "freeze_voucher unfreeze_voucher cancel_voucher revoke_voucher end_voucher_quota "
            "review_application send_application_back record_decision_by_hand put_application_on_notice "
            "end_demo_notice reject_application issue_voucher grant_award accept_award_report "
            "withdraw_award accept_redemption reject_redemption cancel_redemption "
            "resolve_alert set_alert_thresholds write_off_lease"
        ),
        OFFICERS,
    ),
    **dict.fromkeys(["screen_application", "preview_batch_approval", "approve_batch"], OFFICERS),
    **dict.fromkeys(["check_programme_document", "publish_programme_version"], OFFICERS),
    # written by finance
    **dict.fromkeys(
        named(
            "approve_statement pay_statement pay_redemption pay_award_stage "
            "prefund_reserve replenish_reserve remit_to_treasury recover_disallowance "
            "approve_year_budget close_year recover_clawback"
        ),
        PAYERS,
    ),
    # written by centres, and by those who settle with them
    **dict.fromkeys(["push_usage", "credit_holder"], frozenset({"centre", "operator"})),
    **dict.fromkeys(["import_usage_file", "import_usage_samples"], frozenset({"centre", "operator"})),
    "record_probe": frozenset({"centre", "rival", "operator"}),
    **dict.fromkeys(["preview_tariff", "publish_tariff"], frozenset({"centre", "operator"})),
    **dict.fromkeys(
        named("claim_statement confirm_statement confirm_statement_line object_to_statement_line"),
        frozenset({"centre"}),
    ),
    "dispute_statement": frozenset({"officer", "finance", "payer", "operator", "centre"}),
    **dict.fromkeys(
        ["open_statement", "close_statement", "match_statement", "resolve_statement"],
        frozenset({"officer", "operator"}),
    ),
    **dict.fromkeys(["disallow_capture", "claw_back_payment"], frozenset({"officer", "finance", "payer"})),
    # a record that no order asked for is the affair of the programmes that its centre supplies
    "retry_usage": frozenset({"officer", "operator", "centre"}),
    "waive_usage": frozenset({"officer", "centre"}),
    "waive_order": frozenset({"officer", "centre"}),
    **dict.fromkeys(["accept_usage", "charge_late_usage", "resolve_usage_dispute"], OFFICERS),
}

IN_STATE = {
    "unfreeze_voucher": "FROZEN",
    "amend_application": "DRAFT",
    "submit_application": "DRAFT",
    "resubmit_application": "RETURNED",
    "appeal_application": "REJECTED",
    "record_decision_by_hand": "UNDER_REVIEW",
    "put_application_on_notice": "UNDER_REVIEW",
    "end_demo_notice": "PUBLIC_NOTICE",
    "reject_application": "UNDER_REVIEW",
    "issue_voucher": "PUBLIC_NOTICE",
    "grant_award": "PUBLIC_NOTICE",
    "approve_statement": "MATCHED",
    "pay_statement": "APPROVED",
    "resolve_statement": "DISPUTED",
    "cancel_redemption": "ACCEPTED",
    "pay_redemption": "ACCEPTED",
    "pay_award_stage": "READY",
    "waive_order": "ENDED",
    **dict.fromkeys(["set_spending_limit", "remove_spending_limit"], "OTHER"),
    "clear_exchange_session": "CLOSED",
    "settle_exchange_session": "CLEARED",
    **dict.fromkeys(
        named("get_exchange_findings replay_exchange_session list_sealed_exchange_orders list_exchange_prices"),
        "CLEARED",
    ),
}
"""The state in which an operation's thing must be, so that the role alone decides."""


def bodies(house, ids):
    """Give a sound body for each operation that takes one."""
    now = house.world.now.isoformat()
    reason = {"reason": "资料待核"}
    claimed = {"claimed": {"need": {"compute_cost": "30万"}}}
    applied = claimed | {"holder": str(house.firm.id), "version": str(house.world.version.id), "clause": "general"}
    money = {"programme": PROGRAMME, "amount_fen": 1, "reference": "R9"}
    span = {"programme": PROGRAMME, "centre": CENTRE, "first": "2024-01-01", "end": "2024-02-01"}
    record = {
        "record_id": "r:1",
        "resource_class": "cpu-core",
        "units": 1,
        "started_at": now,
        "ended_at": now,
        "elapsed_ms": 1,
        "outcome": "SUCCEEDED",
    }
    job = {"title": "t", "centre": CENTRE, "resource_class": "cpu-core", "units": 1, "memory_mib": 256}
    new = {"name": "蓉城三号", "holder_class": "TECH_SME", "uscc": "91510100000000038B"}
    some = str(house.world.version.id)
    return {
        **dict.fromkeys(
            named(
                "freeze_voucher unfreeze_voucher cancel_voucher revoke_voucher "
                "reject_redemption cancel_redemption withdraw_award dispute_statement "
                "accept_usage waive_usage charge_late_usage waive_order "
                "retry_usage"
            ),
            reason,
        ),
        "approve_batch": {"programme": PROGRAMME, "choices": [{"application": ids["application"], **reason}]},
        "check_programme_document": {"text": house.world.version.text},
        "publish_programme_version": {"text": house.world.version.text},
        "start_lab_run": {"programme": PROGRAMME, "text": SCENARIO},
        "decide_eligibility": {"facts": {}},
        "apply_for_voucher": applied,
        "draft_application": applied,
        "amend_application": claimed,
        "resubmit_application": claimed,
        "send_application_back": {"missing": "合同"},
        "record_decision_by_hand": reason | {"amount_fen": 1},
        "put_application_on_notice": {"until": now},
        "reject_application": {"zh": "不符", "en": "no"},
        "quote_order": job | {"voucher": ids["voucher"], "time_limit_ms": 1000, "command": ["true"]},
        "quote_order_again": {"voucher": ids["voucher"]},
        "extend_order": {"id": some, "adds_ms": 1},
        "credit_holder": {"holder": str(house.firm.id), "centre": CENTRE, "amount_fen": 1, "reference": some},
        "push_usage": {"records": [record]},
        "resolve_usage_dispute": reason | {"accept": "old"},
        "record_probe": {"start": CENTRE, "end": "chengdu-aicc", "rtt_us": 9, "rtt_least_us": 9, "echoes": 1},
        "publish_tariff": PRICE,
        "open_statement": span,
        "close_statement": span,
        "claim_statement": {"lines": {ids["order"]: 1}},
        "confirm_statement_line": {"capture": some},
        "object_to_statement_line": reason | {"capture": some, "amount_fen": 1},
        "pay_statement": {"bank_reference": "B9"},
        "resolve_statement": {"resolution": "改正"},
        "disallow_capture": reason | {"capture": some, "amount_fen": 1, "reference": "D9"},
        "prefund_reserve": money,
        "replenish_reserve": money,
        "remit_to_treasury": money,
        "recover_disallowance": {"amount_fen": 1, "reference": "R9"},
        "approve_year_budget": {"programme": PROGRAMME, "year": 2026, "amount_fen": 1, "reference": some},
        "close_year": {"programme": PROGRAMME, "year": 2024},
        "submit_redemption": {"voucher": ids["voucher"], "uses": [some]},
        "accept_redemption": {"accepted_fen": 100},
        "pay_redemption": {"bank_reference": "B9"},
        "pay_award_stage": {"bank_reference": "B9"},
        "claw_back_payment": reason | {"amount_fen": 1, "reference": "C9"},
        "recover_clawback": {"amount_fen": 1, "reference": "C9"},
        "resolve_alert": reason | {"confirmed": False},
        "set_alert_thresholds": reason | {"programme": PROGRAMME, "values": {"depth": 2}},
        "register_organisation": new,
        "correct_organisation": new | {"name": "蓉城一号", "uscc": house.firm.uscc, "registered_in_city": True},
        "let_member_in": {"person": some},
        "keep_template": {"name": "夜间", "job": job | {"time_limit_ms": 1000, "command": ["true"]}},
        "keep_order_as_template": {"name": "夜间"},
        "rename_template": {"name": "白天"},
        "quote_template": {"voucher": ids["voucher"]},
        "set_spending_limit": {"per": "MONTH", "limit_fen": 100},
        "name_end_user": {"name": "某人"},
        "allow_leases": {"key": KEY},
        "write_off_lease": reason,
        "rule_lease_loss": reason | {"verdict": "DISPUTED"},
        "choose_notifications": {"items": [{"topic": "VOUCHER", "shown": True, "mailed": False}]},
        **exchange_bodies(house, ids),
        "add_webhook": {"url": "https://hooks.example.cn/"},
    }


def exchange_bodies(house, ids):
    """Give a sound body for each write of the exchange."""
    money = {"party": str(house.firm.id), "amount_fen": 1, "reference": "X9"}
    order = {"side": "BID", "resource_class": MARKET_CLASS, "hub": "chengyu", "period": "h0"}
    frame = market_frame(house.world.now)
    block = {"hub": "chengyu", "resource_class": MARKET_CLASS, "units": 1, "reference": "X9"}
    times = {"opens_minute": 600, "closes_minute": 720, "days_ahead": 1, "first_minute": 480}
    period = frame["periods"][0]
    terms = {name: value for name, value in frame.items() if name not in {"session", "periods"}}
    return {
        "enter_exchange_orders": {"orders": [order | {"quantity": 1, "limit_fen": 0}]},
        "withdraw_exchange_orders": {"orders": [ids["order"]]},
        "deposit_for_trader": money,
        "pay_trader_out": money,
        "admit_centre_to_exchange": {"centre": CENTRE, "party": str(house.firm.id)},
        "declare_exchange_capacity": block
        | {"party": str(house.firm.id), "start": period["start"], "end": period["end"]},
        "open_exchange_session": {"frame": frame, "closes_at": period["start"]},
        "set_exchange_schedule": times | {"period_minutes": 60, "periods": 1, "name": "evening", "frame": terms},
        "void_exchange_session": {"reason": "停电"},
    }


OF_THE_PROGRAMME = {"programme": PROGRAMME}
PRICE = {"resource_class": "cpu-core", "rate_ufen": 9, "source": "公告"}
QUERIES = {
    "preview_tariff": PRICE,
    "search_things": {"programme": PROGRAMME, "q": "蓉城"},
    "preview_batch_approval": {"programme": PROGRAMME, "application": "00000000-0000-4000-8000-000000000001"},
    "try_parameter": {"programme": PROGRAMME, "parameter": "general_ratio", "value": "40%"},
    "compare_programme_versions": {"before": "00000000", "after": "00000000"},
    "price_extension": {"adds_ms": 1},
    "list_quotes": {"resource_class": "cpu-core", "units": 1, "duration_s": 60},
    **dict.fromkeys(
        named(
            "list_vouchers list_applications list_leases list_lease_losses list_orders list_credits list_statements "
            "list_captures_waiting list_redemptions list_awards get_reserve "
            "list_reserve_movements list_disallowances list_payments list_clawbacks "
            "list_alerts get_alert_thresholds get_budget preview_year_closing get_payment_run list_lab_runs"
        ),
        OF_THE_PROGRAMME,
    ),
}
HIDDEN = frozenset({"get_webhook_secret", "list_webhook_deliveries", "end_webhook"})
"""Another's is as if it were not there."""
ALLOWED_ELSEWISE = {401, 403, 405}
"""Statuses that nobody gets who may do something: whether it can be done now is another question."""


def operations():
    for path, methods in document()["paths"].items():
        for method, operation in methods.items():
            yield operation["operationId"], method, path.removeprefix("/api/v1"), operation


def address(operation_id, path, ids):
    """Put real ids into an address, of a thing in the state that the operation needs."""
    state = IN_STATE.get(operation_id)
    for part in [piece[1:-1] for piece in path.split("/") if piece.startswith("{")]:
        name = part.removesuffix("_id")
        path = path.replace(f"{{{part}}}", ids.get(f"{name}:{state}") or ids[name])
    return path


def test_the_table_names_every_operation():
    assert {operation_id for operation_id, *_ in operations()} == set(MAY)


@pytest.fixture
def furnished_house(house):
    house.ids = furnish(house)
    return house


def attempt(caller, method, path, operation_id, body):
    """Ask once, and leave nothing behind."""
    with transaction.atomic():
        if operation_id in FILES:
            answer = handed_in(caller, path, FILES[operation_id])
        elif method == "get":
            answer = caller.get(path, QUERIES.get(operation_id))
        else:
            answer = caller.post(path, body)
        transaction.set_rollback(True)
    return answer


FILES = {
    "attach_evidence": ({"step": "apply", "paper": OTHER}, PDF),
    "import_usage_file": ({"form": "csv"}, b"record_id,resource_class,units,started_at,ended_at\n"),
    "import_usage_samples": ({}, b"sampled_at,reference,metric,value\n"),
}
"""What is handed in with a file: the form's other fields, and the content."""


def handed_in(caller, path, given):
    fields, content = given
    form = {**fields, "content": SimpleUploadedFile("a.bin", content)}
    headers = caller._headers({"Idempotency-Key": "form"})
    return caller.client.post(f"/api/v1{path}", data=form, headers=headers)


def test_every_operation_as_every_role(furnished_house, settings):
    settings.JIAOZI_API_PACE = {"token": 10**6, "address": 10**6}
    house, wrong = furnished_house, []
    made = bodies(house, house.ids)
    for operation_id, method, path, operation in operations():
        here = address(operation_id, path, house.ids)
        for name, caller in house.callers.items():
            answer = attempt(caller, method, here, operation_id, made.get(operation_id))
            status = answer.status_code
            may = name in MAY[operation_id]
            refused = status == (401 if name == "nobody" else 403) or (status == 404 and operation_id in HIDDEN)
            right = status not in ALLOWED_ELSEWISE and status < 500 if may else refused
            documented = str(status) in operation["responses"]
            if not right or not documented:
                wrong.append(f"{operation_id} as {name}: {status} {answer.content.decode()[:160]}")
    assert not wrong, "\n".join(wrong)
