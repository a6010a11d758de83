"""Deployment: what builds the image and the Lambda zip. Imports nothing of ours, and needs the standard library alone."""
