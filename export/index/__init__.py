"""A folder of pictures to an index that the runtime serves. Needs no torch."""
