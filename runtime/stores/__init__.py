"""Vectors by id, searched by cosine: flat, or clustered and memory-mapped."""
