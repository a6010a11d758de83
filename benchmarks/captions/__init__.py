"""Captioners: their time, their memory, and how good captions are."""
