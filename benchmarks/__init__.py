"""Measurements that the README cites. RESULTS.md holds every number, with the command that made it."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent  # of the checkout
