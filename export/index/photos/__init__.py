"""What is known of a photo beside its pixels: read from its file, from files beside it, and from its name."""
