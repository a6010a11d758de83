"""Answers as text for a language model: verdicts, facts and evidence, a line each. Knows no protocol.

What comes from pictures (captions, names, text in them) stands in quotation marks on one line, so that it is seen where it
begins and ends, and none of it reads as a line of ours.
"""

import json
from collections.abc import Iterator, Sequence

from runtime.terminal import CAPTIONS_ARE_ENGLISH, NO_GOOD_MATCH, escape_controls, percent
from runtime.web.routes.paged_pictures import PagedPicture
from runtime.web.schemas import ExplainBody, ExplainedBody, HeatmapBody, ResultBody, SearchBody

VERDICTS = {"strong": "a strong match", "weak": "a weak match", "none": "no match", None: "not judged"}
CAPTION_SAYS = {
    "agrees": "The caption says the same as the query.",
    "contradicts": "The caption says otherwise than the query.",
}
ROWS, COLUMNS = ("top", "middle", "bottom"), ("left", "centre", "right")


def search_text(answer: SearchBody, count: int) -> str:
    """Return the answer to a search over `count` pictures."""
    return "\n".join(_search_lines(answer, count))


def explain_text(answer: ExplainBody, pictures: Sequence[PagedPicture]) -> str:
    """Return the evidence of an answer; `pictures` are those of its results, in their order."""
    lines = [f"How pictures fit {quoted(answer.query)}:", *_query_notes(answer)]
    for result, picture in zip(answer.results, pictures, strict=True):
        lines += _evidence_lines(result, picture)
    return "\n".join(lines)


def picture_text(picture: PagedPicture, path: str | None) -> str:
    """Return what is known of a picture; `path` is where its file lies, None where that is gone."""
    lines = [f"id {picture.id}: {quoted(picture.image_path)}, {picture.width} x {picture.height} pixels"]
    lines += [f"   caption: {quoted(picture.caption)}"] if picture.caption else []
    lines += _fact_lines(picture)
    lines.append(f"   file: {quoted(path)}" if path else "   file: gone, or not on this machine")
    return "\n".join(lines)


def quoted(text: str) -> str:
    """Return a text that others wrote on one line, in quotation marks, those in it escaped."""
    return escape_controls(json.dumps(text, ensure_ascii=False))


def _search_lines(answer: SearchBody, count: int) -> Iterator[str]:
    shown = f"{len(answer.results)} of {count:,} pictures"
    best = f"; the best is {VERDICTS[answer.verdict]}" if answer.results and answer.verdict else ""
    yield f"{shown}{f' for {quoted(answer.query)}' if answer.query else ''}{best}."
    yield from _query_notes(answer)
    if answer.filtered is not None:
        yield answer.filtered.message
    if answer.results and answer.verdict == "none":
        yield NO_GOOD_MATCH
    for suggested in answer.filters_suggested:
        where = json.dumps(suggested.where, ensure_ascii=False)
        yield f"To filter by {quoted(suggested.words)}, search for {quoted(suggested.query)} with where = {where}."
    for at, result in enumerate(answer.results, 1):
        yield from _result_lines(at, result)


def _result_lines(at: int, result: ResultBody) -> Iterator[str]:
    yield f"{at}. id {result.id}: {quoted(result.image_path)}: {_verdict(result)}, score {result.score:.3f}"
    if result.caption:
        yield f"   caption: {quoted(result.caption)}"
    if result.explanation:
        yield f"   why: {quoted(result.explanation)}"
    yield from _written_lines(result)
    yield from _fact_lines(result)
    if result.copy_count:
        yield f"   stands for {result.copy_count:,} more {'copy' if result.copy_count == 1 else 'copies'} of it, too"


def _evidence_lines(result: ExplainedBody, picture: PagedPicture) -> Iterator[str]:
    evidence = result.evidence
    scores = f"score {evidence.score:.3f}"
    scores += "" if evidence.caption_score is None else f", caption's score {evidence.caption_score:.3f}"
    yield f"id {result.id}: {quoted(picture.image_path)}: {_verdict(result)}, {scores}"
    if picture.caption:
        yield f"   caption: {quoted(picture.caption)}"
    if result.explanation:
        yield f"   why: {quoted(result.explanation)}"
    if says := CAPTION_SAYS.get(evidence.caption_says):
        yield f"   {says}"
    if evidence.named:
        yield "   The names of its file and folders have all the query's words."
    yield from _written_lines(result)
    for word in evidence.words:
        caption = "in the caption" if word.in_caption else "not in the caption"
        yield f"   word {quoted(word.word)}: {100 * word.share:.0f} % of what the words add, {caption}"
    if evidence.heatmap and evidence.occlusion and result.verdict != "none":  # what is no match has no such part
        place = _hottest(evidence.heatmap)
        yield (
            f"   where: {place} of the picture counts most; the check confirms it"
            if evidence.occlusion.holds
            else f"   where: not clear, as the check does not confirm what the heatmap says ({place})"
        )


def _verdict(result: ExplainedBody) -> str:
    known = result.match_probability is not None
    return f"{VERDICTS[result.verdict]}{f' ({percent(result.match_probability)})' if known else ''}"


def _query_notes(answer: SearchBody | ExplainBody) -> Iterator[str]:
    if answer.query_read is not None:
        yield f"The query is too long; only this part was read: {quoted(answer.query_read)}"
    if answer.query_language is not None:
        yield CAPTIONS_ARE_ENGLISH


def _written_lines(result: ExplainedBody) -> Iterator[str]:
    if words := [quoted(word.text) for word in result.evidence.text]:
        yield f"   text in the picture that the query names: {', '.join(words)}"


def _fact_lines(picture: ResultBody | PagedPicture) -> Iterator[str]:
    place = ", ".join(filter(None, (picture.place, picture.country)))
    known = ((f"taken (by {picture.taken_source})", picture.taken), ("place", place), ("camera", picture.camera))
    if facts := [f"{name} {quoted(value)}" for name, value in known if value]:
        yield f"   {', '.join(facts)}"


def _hottest(heatmap: HeatmapBody) -> str:
    """Return which ninth of the picture holds the patch that contributes most, in words."""
    patches = [(value, row, column) for row, line in enumerate(heatmap.contributions) for column, value in enumerate(line)]
    _, row, column = max(patches)
    left, top, right, bottom = heatmap.box
    across = left + (right - left) * (column + 0.5) / heatmap.grid
    down = top + (bottom - top) * (row + 0.5) / heatmap.grid
    names = ROWS[min(2, int(3 * down))], COLUMNS[min(2, int(3 * across))]
    return "the centre" if names == ("middle", "centre") else f"the {' '.join(names)}"
