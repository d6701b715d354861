"""The verbs of metering: receive and collect usage, capture what an order cost, import usage that had no hold."""

from jiaozi.metering.services.capturing import capture
from jiaozi.metering.services.collecting import Collected, collect, collect_all
from jiaozi.metering.services.receiving import Received, receive

__all__ = ["Collected", "Received", "capture", "collect", "collect_all", "receive"]
