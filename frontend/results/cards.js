// Makes a card for each result from the templates in index.html. What the server sent becomes text, never markup.

import { describe_caption } from "../page/descriptions.js";
import { fill_picture, offer_large_preview } from "../page/picture.js";
import { describe_facts } from "./photo_facts.js";
import { describe_verdict } from "./verdict.js";

const card_template = document.getElementById("card_template");
const skeleton_template = document.getElementById("skeleton_template");
// As in cards.css.
const ROW_HEIGHT = "clamp(7.25rem, 8vw + 4.25rem, 13.875rem)";
// A preview enlarged by a third still looks sharp, and the next one has ten times the bytes.
const SHARPNESS = 0.75;
// Shapes of photos as they come: most lie, some stand.
const SKELETON_RATIOS = [1.33, 1.5, 0.75, 1.33, 1, 1.5];

/** Returns a card with the actions {open(result, {heatmap}), find_similar(result)}; `soon`: its picture is among the first seen. */
export function make_card(result, { open, find_similar }, { soon = false } = {}) {
  const card = card_template.content.firstElementChild.cloneNode(true);
  const part = (selector) => card.querySelector(selector);
  const ratio = cell_ratio(result);
  const caption = describe_caption(result.caption);
  card.style.setProperty("--ratio", String(ratio));
  if (soon) Object.assign(part("img"), { loading: "eager", fetchPriority: "high" });
  fill_picture(part(".picture"), result);
  offer_large_preview(part("img"), result, `calc(${(SHARPNESS * ratio).toFixed(2)} * ${ROW_HEIGHT})`);
  part(".picture").addEventListener("click", () => open(result));
  card.addEventListener("keydown", (event) => {
    const modified = event.ctrlKey || event.metaKey || event.altKey;
    if (event.key === "h" && !modified) open(result, { heatmap: true });
  });
  part(".caption").textContent = caption;
  part(".caption").classList.toggle("absent", !result.caption);
  part(".photo_facts").textContent = describe_facts(result);
  part(".similar").ariaLabel = `More like this: ${caption}`;
  part(".similar").addEventListener("click", () => find_similar(result));
  return card;
}

/** Fills in a verdict and an explanation; `why` is known, pending or failed. */
export function fill_why(card, result, why) {
  const part = (selector) => card.querySelector(selector);
  card.dataset.why = why;
  part(".verdict").textContent = describe_verdict(result);
  part(".verdict").dataset.verdict = result.verdict ?? "";
  part(".explanation").ariaBusy = String(why === "pending");
  part(".explanation").textContent = result.explanation || (why === "failed" ? "The explanation could not be fetched." : "");
}

export function make_skeletons(count) {
  return Array.from({ length: count }, (_, at) => {
    const skeleton = skeleton_template.content.firstElementChild.cloneNode(true);
    skeleton.style.setProperty("--ratio", String(SKELETON_RATIOS[at % SKELETON_RATIOS.length]));
    return skeleton;
  });
}

// Only what is wider or higher is cropped: a panorama would be a strip.
function cell_ratio({ width, height }) {
  return width && height ? Math.min(2.5, Math.max(0.5, width / height)) : 1;
}
