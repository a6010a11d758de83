// Results as cards, in the form that index.html's templates give them. What a server sent becomes text, never markup.

import { listen_for_glances } from "./card_heatmap.js";
import { SCORE_MEANING, describe_caption, describe_provenance, describe_score, score_fill } from "./facts.js";
import { fill_picture } from "./picture.js";
import { describe_verdict } from "./verdict.js";
import { fill_word_chips } from "./words.js";

const card_template = document.getElementById("card_template");
const skeleton_template = document.getElementById("skeleton_template");

/**
 * Returns one card. `why` is "awaited" while its sentence is still to come.
 *
 * @param uses {open(result), find_similar(result), ask_heatmap(result)}; without the last there are no words to look for.
 */
export function make_card(result, { open, find_similar, ask_heatmap }, why) {
  const card = card_template.content.firstElementChild.cloneNode(true);
  const part = (selector) => card.querySelector(selector);
  const caption = describe_caption(result.caption);
  fill_picture(part(".picture"), result);
  part(".picture").addEventListener("click", () => open(result));
  part(".caption").textContent = caption;
  part(".caption").classList.toggle("absent", !result.caption);
  part(".similar").ariaLabel = `More like this: ${caption}`;
  part(".similar").addEventListener("click", () => find_similar(result));
  part(".where").ariaLabel = `Where? Heatmap of ${caption}`;
  part(".where").hidden = !ask_heatmap;
  if (ask_heatmap) listen_for_glances(card, result, ask_heatmap);
  fill_why(card, result, why);
  return card;
}

/** Puts on a card why its picture is there: verdict, words, sentence and who wrote it. `why`: known, awaited or failed. */
export function fill_why(card, result, why) {
  const part = (selector) => card.querySelector(selector);
  card.dataset.verdict = result.verdict ?? "";
  card.dataset.why = why;
  part(".why").ariaBusy = String(why === "awaited");
  fill_badge(part(".badge"), result);
  part(".score").hidden = !part(".badge").hidden;
  part(".score").title = SCORE_MEANING;
  fill_score(part(".score"), result.score);
  fill_word_chips(part(".chips"), result.evidence?.words);
  part(".explanation").textContent = result.explanation || (why === "failed" ? "The reason could not be fetched." : "");
  part(".provenance").textContent = why === "awaited" ? "" : describe_provenance(result);
}

/** Puts a result's verdict on its badge, which is hidden without one. */
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
