"""Graphs, their precision and their tokenizers: time, size and error."""
