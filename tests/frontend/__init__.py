"""A package for pytest, so that one browser serves all of its modules."""
