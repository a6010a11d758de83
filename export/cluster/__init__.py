"""Libraries past one machine: Ray looks at pictures and writes shards, and shards are loaded into an engine."""
