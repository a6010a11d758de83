"""Queries for the load test, of about ten tokens each: over a million distinct ones, by number."""

SIZES = ("small", "large", "old", "new", "broken", "shiny", "tall", "short", "wet", "dusty")
COLOURS = ("red", "blue", "green", "yellow", "black", "white", "brown", "orange", "pink", "grey", "purple")
OBJECTS = ("boat", "dog", "castle", "house", "tree", "car", "train", "horse", "bird", "cat", "bridge", "lamp", "kite")
PLACES = ("beach", "street", "hill", "river", "garden", "market", "bridge", "field", "harbour", "station", "forest")
TIMES = ("at night", "at sunset", "in the morning", "in winter", "in the rain", "in summer", "at noon")
WORDS = (SIZES, COLOURS, OBJECTS, OBJECTS, PLACES, TIMES)
STRIDE = 514_229  # a prime that shares no factor with the number of queries: consecutive queries differ in most words


def make_query(number: int) -> str:
    """Return the query of this number; numbers below `count_queries` give distinct queries."""
    rest = number * STRIDE % count_queries()
    chosen = []
    for words in WORDS:
        rest, index = divmod(rest, len(words))
        chosen.append(words[index])
    size, colour, object_, other, place, time = chosen
    return f"a {size} {colour} {object_} and a {other} near the {place} {time}"


def count_queries() -> int:
    """Return how many distinct queries there are."""
    count = 1
    for words in WORDS:
        count *= len(words)
    return count
