"""Indexes, full text, filters and stores: time and recall."""
