"""Whether the evidence is true, and what it costs."""
