// The viewer: one picture, large, with its details. A modal dialog: the browser keeps the focus inside and Escape closes it.

import { image_address } from "../page/api.js";
import { describe_verdict } from "../results/verdict.js";
import { SCORE_MEANING, describe_caption, describe_caption_source, describe_explanation_source, describe_score, score_fill } from "../page/descriptions.js";
import { describe_facts } from "../results/photo_facts.js";
import { fill_picture } from "../page/picture.js";
import { listen_to_viewer_heatmap, load_heatmap, toggle_heatmap } from "./viewer_heatmap.js";
import { fill_word_bars } from "../results/word_weights.js";

const part = (name) => document.getElementById(`viewer_${name}`);
const viewer = document.getElementById("viewer");

// The dialog's return value if a new search closed it; "" if its user did.
const NEW_SEARCH = "new search";

let open_results = [];
let open_at = 0;
let open_uses = {};

/** Returns an array of results as the list that the viewer steps through. */
export function list_of(array) {
  return { array, count: array.length, at: async (at) => array[at] };
}

export async function open_linked_photo() {}

/** Opens the dialog at one of the results; `uses` as on the cards (cards.js). */
export function open_viewer(list, at, uses) {
  open_results = list.array;
  open_uses = uses;
  show(at);
  viewer.returnValue = "";
  viewer.showModal();
  part("caption").focus();
}

export async function open_linked_photo() {}

/** Closes the dialog because a new search begins. */
export function leave_viewer() {
  if (viewer.open) viewer.close(NEW_SEARCH);
}

/** Shows the open picture's evidence again, as it has grown. */
export function refresh_viewer() {
  if (viewer.open) show_evidence(open_results[open_at]);
}

/** Connects the dialog's buttons and keys; calls `return_to(at)` with the last picture shown when its user closes it. */
export function listen_to_viewer(return_to) {
  const close = () => viewer.close();
  const find_similar = () => open_uses.find_similar(open_results[open_at]);
  part("previous").addEventListener("click", () => step(-1));
  part("next").addEventListener("click", () => step(+1));
  part("close").addEventListener("click", close);
  part("similar").addEventListener("click", find_similar);
  viewer.addEventListener("close", () => viewer.returnValue !== NEW_SEARCH && return_to(open_at));
  viewer.addEventListener("click", (event) => event.target === viewer && close());
  const keys = { ArrowLeft: () => step(-1), ArrowRight: () => step(+1), h: toggle_heatmap, m: find_similar };
  viewer.addEventListener("keydown", (event) => {
    const modified = event.ctrlKey || event.metaKey || event.altKey;
    if (!modified) keys[event.key]?.();
  });
  listen_to_viewer_heatmap(refresh_viewer);
}

function step(by) {
  const at = open_at + by;
  if (at >= 0 && at < open_results.length) show(at);
}

function show(at) {
  open_at = at;
  const result = open_results[at];
  fill_picture(part("picture"), result, { large: true });
  part("position").textContent = `${at + 1} of ${open_results.length}`;
  part("caption").textContent = describe_caption(result.caption);
  part("facts").textContent = describe_facts(result);
  part("meaning").textContent = SCORE_MEANING;
  part("caption_source").textContent = describe_caption_source(result.caption_source);
  show_file(result);
  show_evidence(result);
  load_heatmap(result, open_uses.fetch_heatmap);
  // aria-disabled, as a button that is `disabled` would lose the focus at either end.
  part("previous").ariaDisabled = String(at === 0);
  part("next").ariaDisabled = String(at === open_results.length - 1);
}

// What may arrive later than the picture.
function show_evidence(result) {
  const { words = [], caption_score = null } = result.evidence ?? {};
  fill_badge(part("badge"), result);
  fill_score(viewer.querySelector(".score"), result.score);
  part("explanation").textContent = result.explanation;
  part("explanation_source").textContent = describe_explanation_source(result.explanation_source);
  part("words").hidden = !words.length;
  fill_word_bars(part("bars"), words);
  part("caption_similarity").hidden = caption_score === null;
  part("caption_score").textContent = caption_score === null ? "" : describe_score(caption_score);
}

function show_file({ image_path, image_url }) {
  const file = part("file");
  const address = image_address(image_url);
  file.textContent = image_path;
  if (address) file.href = address;
  else file.removeAttribute("href");
}

function fill_badge(badge, result) {
  badge.textContent = describe_verdict(result);
  badge.hidden = !badge.textContent;
  badge.dataset.verdict = result.verdict ?? "";
}

function fill_score(line, score) {
  line.querySelector("meter").value = score_fill(score);
  line.querySelector("span").textContent = describe_score(score);
}
