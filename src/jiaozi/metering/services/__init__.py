"""The verbs of metering: receive and collect usage, capture what an order cost, import usage that had no hold."""

from jiaozi.metering.services.capturing import capture
from jiaozi.metering.services.collecting import Collected, collect, collect_all
from jiaozi.metering.services.importing import Imported, import_jobs, import_swf
from jiaozi.metering.services.receiving import Received, receive
from jiaozi.metering.services.screening import screen

__all__ = [
    "Collected",
    "Imported",
    "Received",
    "capture",
    "collect",
    "collect_all",
    "import_jobs",
    "import_swf",
    "receive",
    "screen",
]
