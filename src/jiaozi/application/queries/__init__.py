"""Reading applications."""

from jiaozi.application.queries.reading import (
    ROWS_MAX,
    UnableToFindApplication,
    application,
    applications,
    chosen,
    counts,
    notices,
    times_granted,
    written_by,
    wrote,
)
from jiaozi.application.queries.replaying import Replayed, replayed
from jiaozi.application.queries.trying import WhatIf, what_if

__all__ = [
    "ROWS_MAX",
    "Replayed",
    "UnableToFindApplication",
    "WhatIf",
    "application",
    "applications",
    "chosen",
    "counts",
    "notices",
    "replayed",
    "times_granted",
    "what_if",
    "written_by",
    "wrote",
]
