"""Clearing: exact prices by the dual, a search over minimums, pro rata at the margin. Pure and in whole numbers."""

from jiaozi.exchange.rules.clearing.session import Cleared, Clearing, Flow, Price, clear

__all__ = ["Cleared", "Clearing", "Flow", "Price", "clear"]
