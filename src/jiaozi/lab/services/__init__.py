"""Playing scenarios: from files, which touches no database, here; kept runs of a programme's own are in ``runs``."""

from jiaozi.lab.services.playing import UnableToRun, check, run

__all__ = ["UnableToRun", "check", "run"]
