"""The pictures of an index: their rows in the catalogue, their files, their captions."""
