"""The torch-free runtime: reads artefacts, answers requests. Importing this package does no work."""

__version__ = "0.2.0"
