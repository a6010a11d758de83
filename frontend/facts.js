// What a result's fields mean, in words that fit on a card. Pure functions: no page, no wire.

export const SCORE_MEANING =
  "How close the picture lies to what you asked: 0 is unrelated, 1 as close as can be (cosine similarity). Compare it within one search, not between searches.";

const CAPTION_SOURCES = { index: "from the index", live: "written just now", none: "none" };
const EXPLANATION_SOURCES = { evidence: "from the evidence", cache: "from an earlier answer", none: "none" };

export function describe_score(score) {
  return score.toFixed(2);
}

/** Returns the part of the bar to fill, 0 to 1: the cosine itself, so that a poor best match does not look like a good one. */
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

/** Returns who wrote the words on a card, or "" where there are none. */
export function describe_provenance({ caption, caption_source, explanation, explanation_source }) {
  const said = [];
  if (caption) said.push(`Caption ${describe_caption_source(caption_source)}`);
  if (explanation) said.push(`Explanation ${describe_explanation_source(explanation_source)}`);
  return said.join(" · ");
}

export function describe_caption(caption) {
  return caption || "No caption";
}

/** Returns the text that stands for the picture where it is not seen. */
export function describe_picture({ caption, image_path }) {
  return caption || `Picture ${image_path}`;
}

export function count_pictures(count) {
  return count === 1 ? "1 picture" : `${count} pictures`;
}

export function describe_duration(duration_ms) {
  return duration_ms < 1000 ? `${Math.round(duration_ms)} ms` : `${(duration_ms / 1000).toFixed(1)} s`;
}
