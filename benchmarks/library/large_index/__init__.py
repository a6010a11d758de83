"""An index of a million vectors."""
