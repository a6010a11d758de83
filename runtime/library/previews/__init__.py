"""Previews: where they lie, and how one that is not there yet is made."""
