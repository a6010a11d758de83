"""A query checked and parsed, the ranking of the pictures, and the evidence for each hit. Runs no model."""
