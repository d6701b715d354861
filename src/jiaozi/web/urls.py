"""The console's addresses; each is permanent and keeps its filters in the query."""

from __future__ import annotations

from django.urls import path

from jiaozi.web import views

app_name = "web"
urlpatterns = [
    path("", views.year, name="year"),
    path("orders/live", views.live_orders, name="live-orders"),
    path("orders/<uuid:order_id>", views.order, name="order"),
    path("orders/<uuid:order_id>/cancel", views.cancel_order, name="cancel-order"),
    path("eligibility", views.eligibility, name="eligibility"),
    path("eligibility/<slug:clause>", views.estimate, name="estimate"),
    path("applications", views.applications, name="applications"),
    path("applications/batch", views.batch, name="batch"),
    path("applications/<uuid:application_id>", views.dossier, name="dossier"),
    path("applications/<uuid:application_id>/papers", views.attach, name="attach"),
    path("applications/<uuid:application_id>/alerts/<uuid:alert_id>", views.resolve_alert, name="resolve-alert"),
    path("applications/<uuid:application_id>/steps/<slug:verb>", views.step, name="step"),
    path("apply/<slug:clause>", views.apply, name="apply"),
    path("papers/<uuid:evidence_id>", views.paper, name="paper"),
    path("vouchers/<uuid:voucher_id>", views.voucher, name="voucher"),
    path("vouchers/<uuid:voucher_id>/order", views.new_order, name="new-order"),
    path("statements", views.statements, name="statements"),
    path("statements/<uuid:statement_id>", views.statement, name="statement"),
    path("statements/<uuid:statement_id>/files/<slug:form>", views.statement_file, name="statement-file"),
    path("statements/<uuid:statement_id>/steps/<slug:verb>", views.statement_step, name="statement-step"),
    path("search", views.search, name="search"),
    path("chains/<uuid:application_id>", views.trace, name="chain"),
    path("chains/<uuid:application_id>/file", views.chain_file, name="chain-file"),
    path("journal", views.journal_lines, name="journal"),
    path("wallet", views.wallet, name="wallet"),
    path("account/", views.account, name="account"),
    path("account/acting", views.acting, name="acting"),
    path("account/organisation", views.found, name="found"),
    path("account/notifications", views.notifications, name="notifications"),
    path("account/notifications/read", views.read_notifications, name="read-notifications"),
    path("account/notifications/choices", views.notification_choices, name="notification-choices"),
    path("account/notifications/<uuid:notification_id>", views.notification, name="notification"),
    path("account/tokens", views.tokens, name="tokens"),
    path("account/tokens/<uuid:token_id>/end", views.end_token, name="end-token"),
    path("members", views.members, name="members"),
    path("members/<uuid:membership_id>/end", views.end_membership, name="end-membership"),
    path("account/stay", views.stay, name="stay"),
    path("map", views.site_map, name="site-map"),
]
