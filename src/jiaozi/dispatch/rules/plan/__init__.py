"""Planning many requests at once: the dual prices scarce capacity, rounding makes whole jobs, the gap is between."""

from jiaozi.dispatch.rules.plan.explaining import Unplaced
from jiaozi.dispatch.rules.plan.making import Placement, Plan, Shadow, plan
from jiaozi.dispatch.rules.plan.scores import Horizon

__all__ = ["Horizon", "Placement", "Plan", "Shadow", "Unplaced", "plan"]
