"""What is asked and what is found: the query, the ranking, the evidence for each hit, the answer. Runs no model."""
