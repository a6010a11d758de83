"""Starts of the function as the template deploys it: the index on S3, nothing of the image in memory yet."""
