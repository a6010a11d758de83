// A result's fields in words that fit on a card. Pure functions: no DOM, no HTTP.

const CAPTION_SOURCES = { index: "from the index", given: "given by a person", live: "written just now", none: "none" };
const EXPLANATION_SOURCES = { evidence: "from the evidence", cache: "from an earlier answer", none: "none" };

export function describe_score(score) {
  return score.toFixed(2);
}

export function describe_caption_source(caption_source) {
  return CAPTION_SOURCES[caption_source] ?? caption_source;
}

export function describe_explanation_source(explanation_source) {
  const [service, model] = explanation_source.split(/:(.*)/s);
  return service === "groq" ? `by ${model} (Groq)` : (EXPLANATION_SOURCES[explanation_source] ?? explanation_source);
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
