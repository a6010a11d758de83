"""Captions of an index: made or given, their words and vectors, and what is asked of a library with them."""
