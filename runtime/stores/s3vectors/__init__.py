"""Vectors and rows in Amazon S3 Vectors: an index that nobody runs a server for."""
