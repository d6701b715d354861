"""The operations, a router a room."""

from __future__ import annotations

from ninja import Router

from jiaozi.api.rooms import (
    alerts,
    applications,
    awards,
    batches,
    budgets,
    catalogue,
    chains,
    evidence,
    exchange_desk,
    journal,
    lab,
    leases,
    limits,
    notifications,
    open_data,
    orders,
    organisations,
    own_money,
    programmes,
    quotes,
    redemptions,
    reserve,
    sessions,
    statements,
    templates,
    tokens,
    usage,
    usage_files,
    vouchers,
    webhooks,
)

ROUTERS: tuple[Router, ...] = tuple(
    room.router
    for room in (
        open_data,
        programmes,
        organisations,
        limits,
        applications,
        batches,
        evidence,
        vouchers,
        leases,
        catalogue,
        quotes,
        orders,
        own_money,
        templates,
        sessions,
        usage,
        usage_files,
        statements,
        reserve,
        budgets,
        redemptions,
        awards,
        exchange_desk,
        alerts,
        lab,
        journal,
        chains,
        tokens,
        notifications,
        webhooks,
    )
)
