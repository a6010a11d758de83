"""What the server that stands in for the runtime answers: what a test scripts, and else what is usual."""

import threading
from collections import defaultdict, deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from runtime.web.middleware import content_security_policy
from tests.frontend.answers import explained, heatmap, occlusion, paged, result

FRONTEND = Path(__file__).resolve().parents[2] / "frontend"
LOWER_LEFT = (5, 1)
BROWSED = ("timeline", "pictures", "folders", "examples")
LIMIT_S = 60  # longer than any test holds an answer back or waits for a request


@dataclass
class Scripted:
    """What the next request of a route gets: a status and a body, once `release` is set."""

    status: int = 200
    body: Any = None
    retry_s: int | None = None
    release: threading.Event = field(default_factory=threading.Event)
    hang_up: bool = False


@dataclass
class StandIn:
    """What the server serves, and its script; a request beyond the script gets a usual answer.

    The routes are `search` (by words or by a picture of the library), `search/image`, `explain`, and of the library
    without a question `timeline`, `pictures`, `folders`, `examples` and `open-folder`. `pictures` is how many a search finds
    at most; `photos` are those that can be had by their ids; `pictures_asked`, the paths of images and previews sent.
    """

    script: defaultdict[str, deque[Scripted]] = field(default_factory=lambda: defaultdict(deque))
    asked: defaultdict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    url: str = ""
    sample_models: bool = False
    local: bool = False
    photos: dict[int, dict[str, Any]] = field(default_factory=dict)
    pictures_asked: list[str] = field(default_factory=list)
    login: bool = False
    months: dict[str, int] = field(default_factory=lambda: {"2021-07": 5, "2021-06": 2, "2019": 1})
    undated: int = 2
    pictures: int = 8
    examples: list[str] = field(default_factory=lambda: ["two yellow ducks", "a castle at night"])
    refuses: int = 0  # the status with which all but the login page is refused; 401 leads the page there
    prefix: str = ""  # the path below which a proxy has put it
    frontend: Path = FRONTEND
    policy: str = field(default_factory=content_security_policy)
    installable: bool = False  # whether there is a service worker
    held: list[threading.Event] = field(default_factory=list)
    came_in: threading.Condition = field(default_factory=threading.Condition)

    def answer_next(self, route: str = "search", **fields: Any) -> None:
        """Script an answer with these fields."""
        self._append(route, Scripted(body=fields))

    def fail_next(self, status: int, body: Any, route: str = "search", *, retry_s: int | None = None) -> None:
        """Script an error, perhaps with the seconds after which to try again."""
        self._append(route, Scripted(status=status, body=body, retry_s=retry_s))

    def hang_up_next(self, route: str = "search") -> None:
        """Script a connection that closes without an answer, as when nobody serves."""
        self._append(route, Scripted(hang_up=True))

    def hold_next(self, route: str = "search") -> threading.Event:
        """Script a usual answer that waits for the returned event."""
        scripted = Scripted(body={})
        self.script[route].append(scripted)
        self.held.append(scripted.release)
        return scripted.release

    def _append(self, route: str, scripted: Scripted) -> None:
        scripted.release.set()
        self.script[route].append(scripted)

    def answer(self, route: str, fields: dict[str, Any]) -> Scripted:
        """Return what this request gets, its body filled in where the script leaves it open."""
        with self.came_in:
            self.asked[route].append(fields)
            script = self.script[route]
            scripted = script.popleft() if script else None
            self.came_in.notify_all()
        if scripted is None:
            scripted = Scripted(body={})
            scripted.release.set()
        if scripted.status < 400 and isinstance(scripted.body, dict):
            scripted.body = self.usual(route, fields) | scripted.body
        return scripted

    def usual(self, route: str, fields: dict[str, Any]) -> dict[str, Any]:
        """Return what a route answers where nothing is scripted."""
        if route in BROWSED:
            return self.usual_page(route, fields)
        if route == "open-folder":
            return {"folder": "."}
        return usual_explanation(fields) if route == "explain" else usual_search(fields, self.pictures)

    def usual_page(self, route: str, fields: dict[str, Any]) -> dict[str, Any]:
        """Return what is shown of the library without a question."""
        if route == "timeline":
            months = [{"month": month, "pictures": count} for month, count in self.months.items()]
            return {"pictures": sum(self.months.values()) + self.undated, "undated": self.undated, "months": months}
        if route == "pictures":
            offset, dates = int(fields["offset"]), [m for m, count in self.months.items() for _ in range(count)]
            taken = [*dates, *[None] * self.undated][offset : offset + int(fields["limit"])]
            return {"pictures": [paged(number, when) for number, when in enumerate(taken, offset)], "next": None}
        if route == "folders":
            return {"folders": [{"folder": "holiday", "pictures": 3}, {"folder": "2019/Lisbon", "pictures": 2}]}
        return {"examples": self.examples}

    def wait_until_asked(self, route: str, count: int) -> None:
        """Wait until so many requests of a route have come in, and taken their answers off the script."""
        with self.came_in:
            assert self.came_in.wait_for(lambda: len(self.asked[route]) >= count, LIMIT_S), self.asked

    def release_all(self) -> None:
        """Let everything that waits go on, so that no thread outlives the test."""
        for release in self.held:
            release.set()


def usual_search(fields: dict[str, Any], pictures: int) -> dict[str, Any]:
    query, top_k = fields.get("query", ""), int(fields["top_k"])
    judged = {"verdict": "strong", "match_probability": 0.97}
    results = [result(number, caption=f"{query or 'alike'}, number {number}") for number in range(min(top_k, pictures))]
    if not query:  # a picture alone is not judged
        judged = dict.fromkeys(judged)
        told = {"explanation": "It looks like it.", "explanation_source": "evidence"}
        results = [found | judged | told for found in results]
    return {"query": query, "top_k": top_k, **judged, "results": results, "next": None, "timings_ms": {"embed": 1.5}}


def usual_explanation(fields: dict[str, Any]) -> dict[str, Any]:
    results = [explained(number) for number in fields["ids"]]
    for found in results:
        if fields["heatmap"]:
            found["evidence"] |= {"heatmap": heatmap(*LOWER_LEFT), "occlusion": occlusion()}
        if not fields["explain"]:
            found["evidence"]["words"] = []
            found |= {"explanation": "", "explanation_source": "none"}
    return {"query": fields["query"], "results": results, "timings_ms": {}}
