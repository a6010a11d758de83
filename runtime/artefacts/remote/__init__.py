"""What comes from AWS: clients, faults, and a folder on S3 mirrored here."""
