"""Measurements that the README cites. RESULTS.md holds every number, with the command that made it."""
