// Makes a card for each result from the templates in index.html. What the server sent becomes text, never markup.

import { SCORE_MEANING, describe_caption, describe_provenance, describe_score, score_fill } from "../page/descriptions.js";
import { describe_facts } from "./photo_facts.js";
import { fill_picture } from "../page/picture.js";
import { describe_verdict } from "./verdict.js";

const card_template = document.getElementById("card_template");
const skeleton_template = document.getElementById("skeleton_template");

/**
 * Returns one card. `why` is "pending" while its explanation has not arrived.
 *
 * @param uses {open(result), find_similar(result), fetch_heatmap(result)}; without the last the query has no words to locate.
 */
export function make_card(result, { open, find_similar, fetch_heatmap }, why) {
  const card = card_template.content.firstElementChild.cloneNode(true);
  const part = (selector) => card.querySelector(selector);
  const caption = describe_caption(result.caption);
  fill_picture(part(".picture"), result);
  part(".picture").addEventListener("click", () => open(result));
  part(".caption").textContent = caption;
  part(".caption").classList.toggle("absent", !result.caption);
  part(".facts").textContent = describe_facts(result);
  part(".similar").ariaLabel = `More like this: ${caption}`;
  part(".similar").addEventListener("click", () => find_similar(result));
  part(".where").ariaLabel = `Where? Heatmap of ${caption}`;
  part(".where").hidden = !fetch_heatmap;
  part(".where").addEventListener("click", () => open(result, { heatmap: true }));
  fill_why(card, result, why);
  return card;
}

/** Fills in a card's verdict, word weights, explanation and their sources. `why`: known, pending or failed. */
export function fill_why(card, result, why) {
  const part = (selector) => card.querySelector(selector);
  card.dataset.verdict = result.verdict ?? "";
  card.dataset.why = why;
  part(".why").ariaBusy = String(why === "pending");
  fill_badge(part(".badge"), result);
  part(".score").hidden = !part(".badge").hidden;
  part(".score").title = SCORE_MEANING;
  fill_score(part(".score"), result.score);
  part(".explanation").textContent = result.explanation || (why === "failed" ? "The explanation could not be fetched." : "");
  part(".provenance").textContent = why === "pending" ? "" : describe_provenance(result);
}

/** Shows a result's verdict on its badge, or hides the badge where there is none. */
export function fill_badge(badge, result) {
  badge.textContent = describe_verdict(result);
  badge.hidden = !badge.textContent;
  badge.dataset.verdict = result.verdict ?? "";
}

export function fill_score(line, score) {
  line.querySelector("meter").value = score_fill(score);
  line.querySelector("span").textContent = describe_score(score);
}

export function make_skeleton() {
  return skeleton_template.content.firstElementChild.cloneNode(true);
}
