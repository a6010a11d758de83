"""What the export step writes and the runtime reads: manifests, file records, folders here or on S3."""
