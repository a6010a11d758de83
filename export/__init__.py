"""The export step: writes the artefacts that the runtime reads. Importing this package does no work."""
