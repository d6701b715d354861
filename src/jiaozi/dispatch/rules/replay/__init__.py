"""Replaying a real workload: what the house's rolling placement makes of it, beside simpler policies."""

from jiaozi.dispatch.rules.replay.playing import Centre, Policy, Result, eligible, home, play
from jiaozi.dispatch.rules.replay.trace import Job, read_trace

__all__ = ["Centre", "Job", "Policy", "Result", "eligible", "home", "play", "read_trace"]
