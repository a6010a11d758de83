"""What is known of a photo beside its pixels, on its card: date, place and copies."""

from typing import Any

import pytest
from playwright.sync_api import Page

from tests.frontend.answers import result
from tests.frontend.driving import cards, open_explained
from tests.frontend.stand_in import StandIn

pytestmark = pytest.mark.browser
LISBON = {"place": "Lisbon", "country": "PT"}
FACTS: list[tuple[dict[str, Any], str]] = [
    (
        {"taken": "2019-06-02T14:03:22", "taken_source": "exif", **LISBON, "copy_count": 2},
        "2 June 2019 · Lisbon, Portugal · 2 copies",
    ),
    ({"taken": "2019-06", "taken_source": "name", "country": "PT"}, "June 2019 · Portugal"),
    ({"taken": "1998", "taken_source": "sidecar", "copy_count": 1}, "1998 · 1 copy"),
    ({"taken": "2026-11-28T21:00:00", "taken_source": "mtime", "place": "<b>"}, "<b>"),
    ({"taken": None, "country": "??"}, ""),
]


def test_facts_stand_under_the_caption_as_far_as_they_are_known(page: Page, stand_in: StandIn) -> None:
    stand_in.answer_next("search", results=[result(number, **facts) for number, (facts, _) in enumerate(FACTS)])
    open_explained(page, f"{stand_in.url}/?q=boat")
    shown = [line.inner_text() for line in cards(page).locator(".photo_facts").all()]
    assert shown == [said for _, said in FACTS]
