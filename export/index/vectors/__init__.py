"""Vectors of pictures: made, and kept in stores, flat or in clusters."""
