"""What the worker does for one order, in a loop, until it is killed; a pause a piece makes a line slow."""

from __future__ import annotations

import sys
import time
from uuid import UUID

import django

django.setup()

from jiaozi.engines.staging.moving import _Run  # noqa: E402 - Django must be set up first
from jiaozi.kernel.clock import now  # noqa: E402
from jiaozi.metering import services as metering  # noqa: E402
from jiaozi.order import services as order  # noqa: E402

PAUSE_S = 0.02


def main(order_id: UUID, slow_s: float) -> None:
    pieces = _Run._pieces

    def slowly(self, file):
        for piece in pieces(self, file):
            time.sleep(slow_s)
            yield piece

    if slow_s:
        _Run._pieces = slowly
    while True:
        order.move_data(order_id=order_id, now=now())
        order.submit_waiting(now=now())
        order.watch_all(now=now())
        metering.collect_all(now=now())
        time.sleep(PAUSE_S)


if __name__ == "__main__":
    main(UUID(sys.argv[1]), float(sys.argv[2]))
