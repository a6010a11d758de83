"""Facts of photos, and the pictures that a filter or a page leaves."""
