"""What the worker does, in a loop, until it is killed: hand over, follow, collect and capture. One call a task."""

from __future__ import annotations

import time

import django

django.setup()

from jiaozi.kernel.clock import now  # noqa: E402 - Django must be set up first
from jiaozi.metering import services as metering  # noqa: E402
from jiaozi.order import services as order  # noqa: E402

PAUSE_S = 0.02


def main() -> None:
    while True:
        order.submit_waiting(now=now())
        order.watch_all(now=now())
        metering.collect_all(now=now())
        time.sleep(PAUSE_S)


if __name__ == "__main__":
    main()
