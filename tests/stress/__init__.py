"""Faults: whatever is killed, full, damaged or broken, what was finished is there and the rest can be computed."""
