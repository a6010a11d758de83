"""Generations of an index: written beside the last, switched as a whole, kept, gone back to, salvaged."""
