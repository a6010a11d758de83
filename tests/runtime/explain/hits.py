"""Hits as an explainer gets them, from the few facts that a test cares about."""

from runtime.library.image_rows import ImageRow
from runtime.search.evidence import Evidence, Hit
from runtime.search.words import Phrase


def hit_of(image_id: int, image_path: str, caption: str | None, evidence: Evidence) -> Hit:
    row = ImageRow(image_id, image_path, "0" * 64, 100, 20, 10, caption)
    return Hit(row, f"/images/{image_path}", evidence, Phrase(caption or ""), "index" if caption else "none")
