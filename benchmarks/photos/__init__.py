"""Pictures: decoding, facts, memory, and text in them."""
