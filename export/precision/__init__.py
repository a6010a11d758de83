"""A precision for every layer: measured errors, a budget, and the gates that the result must meet."""
