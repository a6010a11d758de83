"""Builds the container image and the Lambda zip. Imports no other package of this project, and only the standard library."""
