"""Encoders of peers beside ours: rclip's own package, and sessions set as immich sets them. `make bench-peers` runs it."""
