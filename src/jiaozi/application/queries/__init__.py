"""Reading applications."""

from jiaozi.application.queries.reading import (
    ROWS_MAX,
    UnableToFindApplication,
    application,
    applications,
    counts,
    times_granted,
    wrote,
)
from jiaozi.application.queries.replaying import Replayed, replayed

__all__ = [
    "ROWS_MAX",
    "Replayed",
    "UnableToFindApplication",
    "application",
    "applications",
    "counts",
    "replayed",
    "times_granted",
    "wrote",
]
