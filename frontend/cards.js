// Results as cards, in the form that index.html's templates give them. What a server sent becomes text, never markup.

import { image_address } from "./api.js";
import { SCORE_MEANING, describe_caption, describe_picture, describe_provenance, describe_score, score_fill } from "./facts.js";

const card_template = document.getElementById("card_template");
const skeleton_template = document.getElementById("skeleton_template");

/** Returns one card; `open` is called when its picture is chosen. */
export function make_card(result, open) {
  const card = card_template.content.firstElementChild.cloneNode(true);
  const part = (selector) => card.querySelector(selector);
  fill_picture(part(".picture"), result);
  part(".picture").addEventListener("click", open);
  part(".caption").textContent = describe_caption(result.caption);
  part(".caption").classList.toggle("absent", !result.caption);
  fill_score(part(".score"), result.score);
  part(".score").title = SCORE_MEANING;
  fill_explanation(card, result);
  return card;
}

/** Puts the explanation and who wrote it on a card: apart, since it may come later than the rest. */
export function fill_explanation(card, result) {
  card.querySelector(".explanation").textContent = result.explanation;
  card.querySelector(".provenance").textContent = describe_provenance(result);
}

export function fill_score(line, score) {
  line.querySelector("meter").value = score_fill(score);
  line.querySelector("span").textContent = describe_score(score);
}

/** Shows a result's picture in a frame, whose `data-picture` says loading, shown or broken. */
export function fill_picture(frame, result) {
  const image = frame.querySelector("img");
  const address = image_address(result.image_url);
  image.onload = () => (frame.dataset.picture = "shown");
  image.onerror = () => (frame.dataset.picture = "broken");
  frame.dataset.picture = address ? "loading" : "broken";
  image.alt = describe_picture(result);
  if (address) image.src = address;
  else image.removeAttribute("src");
}

export function make_skeleton() {
  return skeleton_template.content.firstElementChild.cloneNode(true);
}
