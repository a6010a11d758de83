"""A list of addresses to a folder of pictures."""
