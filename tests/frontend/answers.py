"""What the stand-in server answers, in the contract's form, and the pictures that it has."""

from typing import Any

GRID = 7
TEAL = b"<rect width='100%' height='100%' fill='teal'/></svg>"
# A square picture, and one of which CLIP sees the middle half alone.
PICTURES = {
    "square": b"<svg xmlns='http://www.w3.org/2000/svg' width='384' height='384'>" + TEAL,
    "wide": b"<svg xmlns='http://www.w3.org/2000/svg' width='600' height='300'>" + TEAL,
}
WIDE_BOX = [0.25, 0.0, 0.75, 1.0]


def drawn_picture(longest: int) -> bytes:
    """Return a picture three wide and two high, of which nothing but the size tells a preview from the original."""
    return f"<svg xmlns='http://www.w3.org/2000/svg' width='{longest}' height='{longest * 2 // 3}'>".encode() + TEAL


def result(number: int, **changes: Any) -> dict[str, Any]:
    """Return one result of a search that asked for no sentence."""
    usual = {
        "id": number,
        "image_path": f"scenes/{number:04}.svg",
        "image_url": f"/images/scenes/{number:04}.svg",
        "width": 384,
        "height": 384,
        "score": 0.91 - number / 50,
        "match_probability": 0.97,
        "verdict": "strong",
        "caption": f"a red boat on the sea at sunset, number {number}",
        "caption_source": "index",
        "explanation": "",
        "explanation_source": "none",
        "evidence": evidence(),
    }
    return usual | changes


def paged(number: int, taken: str | None, **changes: Any) -> dict[str, Any]:
    """Return one picture of `GET /pictures`; every third one is wide."""
    shape = "wide" if number % 3 == 0 else "square"
    usual = {
        "id": number + 1,
        "image_path": f"library/{number:06}.{shape}.svg",
        "image_url": f"/images/library/{number:06}.{shape}.svg",
        "preview_url": None,
        "width": 600 if shape == "wide" else 384,
        "height": 300 if shape == "wide" else 384,
        "bytes": 12_345,
        "caption": f"picture {number} of the library",
        "caption_source": "index",
        "taken": taken,
        "taken_source": taken and "exif",
        **dict.fromkeys(("place", "country", "camera")),
    }
    return usual | changes


def explained(number: int, **changes: Any) -> dict[str, Any]:
    """Return what `POST /explain` says of one picture."""
    usual = {
        "id": number,
        "match_probability": 0.97,
        "verdict": "strong",
        "explanation": f"The caption names a boat and a sunset, as the query does ({number}).",
        "explanation_source": "evidence",
        "evidence": evidence(words=[word("boat", 0.62), word("sunset", 0.38)], caption_score=0.71),
    }
    return usual | changes


def evidence(**changes: Any) -> dict[str, Any]:
    return {"score": 0.5, "caption_score": None, "words": [], "heatmap": None, "occlusion": None} | changes


def word(name: str, share: float, **changes: Any) -> dict[str, Any]:
    return {"word": name, "share": share, "drop": share / 5, "in_caption": share > 0} | changes


def heatmap(row: int, column: int, box: list[float] | None = None) -> dict[str, Any]:
    """Return a heatmap with one hot patch."""
    contributions = [[0.31 if (r, c) == (row, column) else 0.1 for c in range(GRID)] for r in range(GRID)]
    return {"grid": GRID, "box": box or [0.0, 0.0, 1.0, 1.0], "contributions": contributions}


def occlusion(**changes: Any) -> dict[str, Any]:
    return {"patches": 5, "draws": 8, "hottest_drop": 0.21, "random_drop": 0.02, "holds": True} | changes
