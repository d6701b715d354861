"""The verbs of metering: take usage in, capture what an order cost, import a trace, decide on what stands still."""

from jiaozi.metering.services.capturing import capture
from jiaozi.metering.services.collecting import Collected, collect, collect_all
from jiaozi.metering.services.correcting import charge_late
from jiaozi.metering.services.disputing import resolve_dispute
from jiaozi.metering.services.files import Reading
from jiaozi.metering.services.importing import import_file, import_jobs, import_swf
from jiaozi.metering.services.moving import capture_movement, capture_movements
from jiaozi.metering.services.observing import observe
from jiaozi.metering.services.posting import Imported
from jiaozi.metering.services.pushing import push
from jiaozi.metering.services.receiving import Received, receive
from jiaozi.metering.services.ruling import accept_usage, retry_usage, waive_usage
from jiaozi.metering.services.sampling import SamplesTaken, import_samples
from jiaozi.metering.services.screening import screen
from jiaozi.metering.services.spending import screen_spending
from jiaozi.metering.services.uploading import UPLOAD_BYTES_MAX, import_upload, samples_upload

__all__ = [
    "UPLOAD_BYTES_MAX",
    "Collected",
    "Imported",
    "Reading",
    "Received",
    "SamplesTaken",
    "accept_usage",
    "capture",
    "capture_movement",
    "capture_movements",
    "charge_late",
    "collect",
    "collect_all",
    "import_file",
    "import_jobs",
    "import_samples",
    "import_swf",
    "import_upload",
    "observe",
    "push",
    "receive",
    "resolve_dispute",
    "retry_usage",
    "samples_upload",
    "screen",
    "screen_spending",
    "waive_usage",
]
