"""A short look at speed, for every change: Lookwhy's own work beside that of the bare graphs. `make bench-quick` runs it."""
