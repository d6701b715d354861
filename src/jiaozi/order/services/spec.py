"""An order read again: as what its holder asked for, and as the job that an engine is asked to run."""

from __future__ import annotations

from jiaozi.catalogue.rules import Unit
from jiaozi.order import queries
from jiaozi.order.models import Order
from jiaozi.order.ports import JobSpec, SessionSpec
from jiaozi.order.rules import Request, Session
from jiaozi.order.services.data import paths_of


def request_of(row: Order) -> Request:
    """Give what an order asked for, at its present centre."""
    session = queries.session_of(row)
    return Request(
        centre=row.centre_id,
        resource_class=row.resource_class_id,
        units=row.units,
        memory_mib=row.memory_mib,
        time_limit_ms=row.time_limit_ms,
        command=tuple(row.command),
        end_user=row.end_user_id,
        session=Session(opens=session.opens, authorized_key=session.authorized_key) if session else None,
    )


def spec_of(row: Order) -> JobSpec:
    """Give an order's job.

    Raises
    ------
    UnableToSubmit
        When no engine could take it; the field says why.
    """
    session = queries.session_of(row)
    inputs, outputs = paths_of(row) if row.movement_bytes_max else ({}, {})
    counts_cores = row.resource_class.unit == Unit.CORE_HOUR
    return JobSpec(
        order_id=row.id,
        command=tuple(row.command),
        files={name: text.encode() for name, text in row.files.items()},
        resource_class=row.resource_class_id,
        cores=row.units if counts_cores else 1,
        cards=0 if counts_cores else row.units,
        memory_mib=row.memory_mib,
        time_limit_ms=row.time_limit_ms,
        voucher_id=row.voucher_id,
        session=SessionSpec(opens=session.opens, authorized_key=session.authorized_key) if session else None,
        inputs=inputs,
        outputs=outputs,
    )
