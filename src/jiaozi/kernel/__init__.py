"""What every stage speaks in: money, periods, ids, the clock, labels, canonical JSON, refusals. Pure."""
