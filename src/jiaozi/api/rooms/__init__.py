"""The operations, a router a room."""

from __future__ import annotations

from ninja import Router

from jiaozi.api.rooms import (
    alerts,
    applications,
    awards,
    batches,
    catalogue,
    chains,
    evidence,
    journal,
    notifications,
    open_data,
    orders,
    organisations,
    programmes,
    quotes,
    redemptions,
    reserve,
    statements,
    tokens,
    usage,
    vouchers,
    webhooks,
)

ROUTERS: tuple[Router, ...] = tuple(
    room.router
    for room in (
        open_data,
        programmes,
        organisations,
        applications,
        batches,
        evidence,
        vouchers,
        catalogue,
        quotes,
        orders,
        usage,
        statements,
        reserve,
        redemptions,
        awards,
        alerts,
        journal,
        chains,
        tokens,
        notifications,
        webhooks,
    )
)
