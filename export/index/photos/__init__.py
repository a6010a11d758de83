"""What an index knows of photos beside their pixels."""
