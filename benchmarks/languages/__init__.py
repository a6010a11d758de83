"""Whether the language of a short query is told."""
