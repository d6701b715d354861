"""Planning many requests at once: the dual prices scarce capacity, rounding makes whole jobs, the gap is between."""

from jiaozi.dispatch.rules.planning.explaining import Unplaced
from jiaozi.dispatch.rules.planning.making import Placement, Plan, Shadow, plan
from jiaozi.dispatch.rules.planning.scores import Horizon

__all__ = ["Horizon", "Placement", "Plan", "Shadow", "Unplaced", "plan"]
