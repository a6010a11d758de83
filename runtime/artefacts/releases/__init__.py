"""Which models, index and pictures are in force together, here or on S3."""
