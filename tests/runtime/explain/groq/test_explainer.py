"""Groq's explainer against a server that plays Groq: whose sentence each hit gets; what is asked, kept, never sent."""

import socket
import subprocess
import sys

import pytest

from runtime.errors import ImageNotFound
from runtime.explain.groq.explainer import MAX_PICTURES, GroqExplainer, open_explainer
from runtime.explain.options import GroqOptions
from runtime.explain.sentences import EvidenceExplainer
from runtime.search.evidence import Evidence, Explanation, Hit
from runtime.search.query import ParsedQuery, parse_query
from tests.conftest import ROOT
from tests.runtime.explain.groq.groq_server import (
    BY_GROQ,
    FITS,
    FITS_NOT,
    FROM_CACHE,
    GOOD,
    HITS,
    KEY,
    LOCAL,
    MODEL,
    QUERY,
    Behaviour,
    GroqServer,
    explainer_at,
    explains,
    groq_server,
    lines,
)
from tests.runtime.explain.hits import hit_of


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "*")


def explanations(
    behave: Behaviour, hits: list[Hit] = HITS, query: ParsedQuery = QUERY
) -> tuple[list[Explanation], GroqServer]:
    with groq_server(behave) as server, explainer_at(server.url) as explainer:
        return explainer.explain(query, hits), server


def test_each_sentence_goes_to_its_hit_and_names_the_model() -> None:
    found, server = explanations(GOOD)
    assert found == BY_GROQ
    assert len(server.requests) == 1


def test_a_sentence_that_names_the_unknown_leaves_its_hit_to_the_evidence(caplog: pytest.LogCaptureFixture) -> None:
    found, _ = explanations(explains((7, "A sailor waves from the red boat."), (9, FITS_NOT)))
    assert found == [LOCAL[0], BY_GROQ[1]]
    assert lines(caplog) == ["Groq explained 1 of 2 hits, the evidence does the others: unknown words (1)."]


def test_a_hit_without_a_sentence_is_explained_from_the_evidence(caplog: pytest.LogCaptureFixture) -> None:
    assert explanations(explains((7, FITS)))[0] == [BY_GROQ[0], LOCAL[1]]
    assert "not explained (1)" in lines(caplog)[0]


def test_only_as_many_hits_as_the_token_limit_has_room_for_are_asked_for() -> None:
    hits = [hit_of(number, f"{number}.jpg", "a dog", Evidence(0.3)) for number in range(100)]
    found, server = explanations(
        explains(*((number, "The caption mentions a dog.") for number in range(100))), hits, parse_query("a dog")
    )
    assert server.requests[0]["messages"][1]["content"].count('"id"') == 15
    assert [explanation.source for explanation in found] == [f"groq:{MODEL}"] * 15 + ["evidence"] * 85


@pytest.mark.parametrize("query", ["", "  ", "-sunset"])
def test_a_search_by_a_picture_alone_is_never_sent(query: str) -> None:
    found, server = explanations(GOOD, query=parse_query(query))
    assert server.requests == []
    assert found == EvidenceExplainer().explain(parse_query(query), HITS)


def test_the_first_pictures_are_shown_where_they_can_be_read(caplog: pytest.LogCaptureFixture) -> None:
    hits = [hit_of(number, f"{number}.jpg", "a red boat", Evidence(0.3)) for number in range(10)]
    read: list[int] = []

    def read_picture(hit: Hit) -> bytes:
        read.append(hit.row.id)
        if hit.row.id == 1:
            raise ImageNotFound(hit.row.image_path)
        return b"jpeg"

    with groq_server(GOOD) as server:
        explainer = open_explainer(KEY, GroqOptions(MODEL, 1024, 10.0, server.url), read_picture)
        assert isinstance(explainer, GroqExplainer)
        explainer.explain(QUERY, hits)
        explainer.close()
    shown = [part["text"] for part in server.requests[0]["messages"][1]["content"][1:] if part["type"] == "text"]
    assert read == list(range(MAX_PICTURES))
    assert shown == [f"The picture of id {number}:" for number in (0, 2, 3, 4)]
    assert "not shown a picture" in lines(caplog)[0]


def test_by_default_no_picture_is_sent() -> None:
    _, server = explanations(GOOD)
    assert isinstance(server.requests[0]["messages"][1]["content"], str)


def test_no_hits_make_no_call() -> None:
    found, server = explanations(GOOD, [])
    assert (found, server.requests) == ([], [])


def test_the_same_search_again_is_answered_from_the_cache_without_a_call() -> None:
    with groq_server(GOOD) as server, explainer_at(server.url) as explainer:
        assert explainer.explain(QUERY, HITS) == BY_GROQ
        assert explainer.explain(parse_query("  A  red BOAT "), HITS) == FROM_CACHE
        assert len(server.requests) == 1


def test_only_hits_that_are_not_in_the_cache_are_asked_for() -> None:
    with groq_server(GOOD) as server, explainer_at(server.url) as explainer:
        explainer.explain(QUERY, HITS[:1])
        assert explainer.explain(QUERY, HITS) == [FROM_CACHE[0], BY_GROQ[1]]
        assert [request["messages"][1]["content"].count('"id"') for request in server.requests] == [1, 1]


def test_another_query_caption_file_or_verdict_is_not_the_cached_search() -> None:
    hit, strong = HITS[0], HITS[0].evidence
    with groq_server(GOOD) as server, explainer_at(server.url) as explainer:
        explainer.explain(QUERY, [hit])
        for query, other in [
            (parse_query("a red boat -sea"), hit),
            (QUERY, hit_of(7, "7.jpg", "a red boat", strong)),
            (QUERY, hit_of(7, "8.jpg", hit.caption.text, strong)),
            (QUERY, hit_of(7, "7.jpg", hit.caption.text, Evidence(0.2, match_probability=0.5, verdict="weak"))),
        ]:
            assert explainer.explain(query, [other])[0].source != "cache"
        assert len(server.requests) == 5


def test_neither_local_sentences_nor_flagged_ones_are_cached() -> None:
    with groq_server(explains((7, "A sailor waves from the red boat."))) as server, explainer_at(server.url) as explainer:
        assert explainer.explain(QUERY, HITS) == LOCAL
        server.behave = GOOD
        assert explainer.explain(QUERY, HITS) == BY_GROQ


@pytest.mark.parametrize("key", [None, "", "  "])
def test_without_a_key_nobody_is_called(key: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket.socket, "connect", lambda *_: pytest.fail("a connection was opened"))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: pytest.fail("a name was looked up"))
    explainer = open_explainer(key, GroqOptions(MODEL, 1024, 1.0))
    assert isinstance(explainer, EvidenceExplainer)
    assert explainer.explain(QUERY, HITS) == LOCAL


def test_a_key_opens_the_explainer_that_asks() -> None:
    with groq_server(GOOD) as server:
        explainer = open_explainer(KEY, GroqOptions(MODEL, 1024, 10.0, server.url, cache_size=1))
        assert isinstance(explainer, GroqExplainer)
        assert explainer.explain(QUERY, HITS) == BY_GROQ
        assert [explanation.source for explanation in explainer.explain(QUERY, HITS)].count("cache") == 1
        explainer.close()


def test_the_package_is_imported_at_the_first_call_only() -> None:
    code = (
        "import sys; from runtime.explain.groq.explainer import open_explainer; "
        "from runtime.explain.options import GroqOptions; open_explainer('k', GroqOptions('m', 100, 1.0)); "
        "print('groq' in sys.modules or 'httpx' in sys.modules)"
    )
    printed = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert printed.strip() == "False"
