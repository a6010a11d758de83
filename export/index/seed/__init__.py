"""An index of the seed project, taken over."""
