// A result's fields in words that fit on a card. Pure functions: no DOM, no HTTP.

export const SCORE_MEANING =
  "How close the picture is to your query (cosine similarity): 0 is unrelated, 1 is as close as possible. Compare it within one search, not between searches.";

const CAPTION_SOURCES = { index: "from the index", given: "given by a person", live: "written just now", none: "none" };
const EXPLANATION_SOURCES = { evidence: "from the evidence", cache: "from an earlier answer", none: "none" };

export function describe_score(score) {
  return score.toFixed(2);
}

/** Returns the part of the bar to fill, 0 to 1: the cosine itself, so that the best of poor matches does not look good. */
export function score_fill(score) {
  return Math.min(1, Math.max(0, score));
}

export function describe_caption_source(caption_source) {
  return CAPTION_SOURCES[caption_source] ?? caption_source;
}

export function describe_explanation_source(explanation_source) {
  const [service, model] = explanation_source.split(/:(.*)/s);
  return service === "groq" ? `by ${model} (Groq)` : (EXPLANATION_SOURCES[explanation_source] ?? explanation_source);
}

/** Returns the sources of a card's caption and explanation, or "" where it has neither. */
export function describe_provenance({ caption, caption_source, explanation, explanation_source }) {
  const sources = [];
  if (caption) sources.push(`Caption ${describe_caption_source(caption_source)}`);
  if (explanation) sources.push(`Explanation ${describe_explanation_source(explanation_source)}`);
  return sources.join(" · ");
}

export function describe_caption(caption) {
  return caption || "No caption";
}

/** Returns the alternative text of a picture. */
export function describe_picture({ caption, image_path }) {
  return caption || `Picture ${image_path}`;
}

export function count_pictures(count) {
  return count === 1 ? "1 picture" : `${count} pictures`;
}

export function describe_duration(duration_ms) {
  return duration_ms < 1000 ? `${Math.round(duration_ms)} ms` : `${(duration_ms / 1000).toFixed(1)} s`;
}
