"""Why a picture cannot be read, in words that speak of the picture."""

EMPTY = "the file is empty"
UNKNOWN_FORMAT = "it is of no picture format that is known"
NOT_READ = "it is of a kind that is not read"  # which
EXTRA_ABSENT = "it is of a kind that takes more packages to read"  # which, and how to get them
EXTRA_BROKEN = "it is of a kind whose package cannot be loaded here"  # which package, and why
UNSUPPORTED = "its header is damaged, or it is of a kind that is not supported"
DAMAGED = "its contents are damaged"
NO_PICTURE = "it is no picture but"  # what
CUT_SHORT = "the file is damaged or cut short"  # and how much of it is there
UNKNOWN_RANGE = "its pixels are"  # numbers of which kind
COLOUR_SPACE = "its colour space"  # which
OUT_OF_MEMORY = "there is not enough memory to decode it"
# Those that lie in the file alone. For any other, the same file may be read another time: with more memory, with higher
# limits, or by this version where an earlier one gave another reason.
LASTING_REASONS = (EMPTY, UNKNOWN_FORMAT, UNSUPPORTED, DAMAGED, NO_PICTURE, CUT_SHORT, UNKNOWN_RANGE, COLOUR_SPACE)
# Those of a file that stands for a picture which is elsewhere, or on its way: as a sync client, a cloud or Git leaves it.
AWAITED_REASONS = (EMPTY, NO_PICTURE, CUT_SHORT)
