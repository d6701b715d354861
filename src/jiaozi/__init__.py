"""Jiaozi 交子 runs a city's compute-voucher programme end to end; ARCHITECTURE.md is the map of the house."""
