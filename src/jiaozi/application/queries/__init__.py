"""Reading applications."""

from jiaozi.application.queries.reading import (
    ROWS_MAX,
    UnableToFindApplication,
    application,
    applications,
    counts,
    times_granted,
)

__all__ = ["ROWS_MAX", "UnableToFindApplication", "application", "applications", "counts", "times_granted"]
