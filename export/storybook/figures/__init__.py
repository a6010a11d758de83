"""The figures of the storybook: one function per object, each drawing in the frame that Pen gives it.

Owns what an object looks like; where it stands and how large it is, layout.py decides.
"""

from collections.abc import Callable

from export.storybook.canvas import Pen
from export.storybook.figures.animals import bird, butterfly, cat, dog, duck, whale
from export.storybook.figures.buildings import castle, house, tent
from export.storybook.figures.plants import flower, mushroom, tree
from export.storybook.figures.toys import balloon, kite, umbrella
from export.storybook.figures.vehicles import boat, car, plane

FIGURES: dict[str, Callable[[Pen], None]] = {
    "balloon": balloon,
    "bird": bird,
    "kite": kite,
    "butterfly": butterfly,
    "plane": plane,
    "boat": boat,
    "duck": duck,
    "whale": whale,
    "house": house,
    "castle": castle,
    "tree": tree,
    "car": car,
    "tent": tent,
    "dog": dog,
    "cat": cat,
    "flower": flower,
    "mushroom": mushroom,
    "umbrella": umbrella,
}
