"""The colours by name, and how dusk, night and rain change them. Owns no geometry."""

RGB = tuple[int, int, int]

PAINTS: dict[str, RGB] = {
    "red": (214, 44, 44),
    "orange": (245, 140, 30),
    "yellow": (250, 215, 50),
    "green": (50, 160, 70),
    "blue": (45, 100, 220),
    "purple": (140, 65, 180),
    "white": (246, 246, 246),
    "brown": (120, 76, 42),
}

BLACK: RGB = (0, 0, 0)
WHITE: RGB = (255, 255, 255)
INK: RGB = (35, 30, 35)
CREAM: RGB = (250, 238, 205)
BEAK: RGB = (245, 150, 40)
LAMP: RGB = (255, 240, 150)
GLASS: RGB = (205, 230, 245)

_DUSK: RGB = (255, 120, 60)
_DUSK_SHADE: RGB = (40, 10, 40)
_MIDNIGHT: RGB = (10, 15, 50)
_DRIZZLE: RGB = (100, 108, 118)


def mix(first: RGB, second: RGB, share: float) -> RGB:
    """Return `first` mixed with a `share` in [0, 1] of `second`."""
    red, green, blue = (int(a * (1 - share) + b * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


def darker(colour: RGB, share: float = 0.35) -> RGB:
    """Return the colour mixed with a share of black."""
    return mix(colour, BLACK, share)


def lighter(colour: RGB, share: float = 0.35) -> RGB:
    """Return the colour mixed with a share of white."""
    return mix(colour, WHITE, share)


def light_on_land(colour: RGB, time: str) -> RGB:
    """Return a colour of the land as it looks at that time: evening and night change the land most."""
    if time == "sunset":
        return mix(mix(colour, _DUSK, 0.25), _DUSK_SHADE, 0.15)
    return {"day": colour, "night": mix(colour, _MIDNIGHT, 0.58), "rain": mix(colour, _DRIZZLE, 0.3)}[time]


def light_on_object(colour: RGB, time: str) -> RGB:
    """Return a colour of an object as it looks at that time: changed little, so that a red boat stays red at night."""
    if time == "day":
        return colour
    tint, share = {"sunset": (_DUSK, 0.1), "night": (_MIDNIGHT, 0.2), "rain": (_DRIZZLE, 0.1)}[time]
    return mix(colour, tint, share)
