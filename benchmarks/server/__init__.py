"""The server: load, checks, uploads."""
