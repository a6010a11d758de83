"""Questions for the load: as many different ones as are wanted, of about ten tokens each."""

SIZES = ("small", "large", "old", "new", "broken", "shiny", "tall", "short", "wet", "dusty")
COLOURS = ("red", "blue", "green", "yellow", "black", "white", "brown", "orange", "pink", "grey", "purple")
THINGS = ("boat", "dog", "castle", "house", "tree", "car", "train", "horse", "bird", "cat", "bridge", "lamp", "kite")
PLACES = ("beach", "street", "hill", "river", "garden", "market", "bridge", "field", "harbour", "station", "forest")
TIMES = ("at night", "at sunset", "in the morning", "in winter", "in the rain", "in summer", "at noon")
WORDS = (SIZES, COLOURS, THINGS, THINGS, PLACES, TIMES)
STRIDE = 514_229  # a prime that shares no factor with the number of questions: neighbours are not alike


def question(number: int) -> str:
    """Return the question of this number; no two are the same before `question_count` is reached."""
    rest = number * STRIDE % question_count()
    chosen = []
    for words in WORDS:
        rest, at = divmod(rest, len(words))
        chosen.append(words[at])
    size, colour, thing, other, place, time = chosen
    return f"a {size} {colour} {thing} and a {other} near the {place} {time}"


def question_count() -> int:
    """Return how many questions there are."""
    count = 1
    for words in WORDS:
        count *= len(words)
    return count
