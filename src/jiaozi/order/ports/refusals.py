"""What an engine answers when it can't do what was asked, and whether asking again is right."""

from __future__ import annotations

from jiaozi.kernel.refusal import Refused


class UnableToSubmit(Refused):
    """The engine won't take this job as it is; asking again with the same job is pointless."""


class UnableToReachEngine(Refused):
    """The engine gave no answer or can take no more now; asking again later is right."""


class UnableToFindJob(Refused):
    """The engine never took a job for this order."""


class UnableToReadUsage(Refused):
    """The cursor is none that this engine gave out."""


class UnableToExtend(Refused):
    """The engine won't raise this session's limit; what was held for it goes back, at capture if the session is over.

    An engine says that it is over, or about to be, by the code SESSION_ENDING.
    """
