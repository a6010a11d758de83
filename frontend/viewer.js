// One picture, big, with its facts. A modal dialog: the browser keeps the focus inside and Escape closes it.

import { image_address } from "./api.js";
import { fill_picture, fill_score } from "./cards.js";
import { SCORE_MEANING, describe_caption, describe_caption_source, describe_explanation_source } from "./facts.js";

const part = (name) => document.getElementById(`viewer_${name}`);
const viewer = document.getElementById("viewer");

let open_results = [];
let open_at = 0;

export function open_viewer(results, at) {
  open_results = results;
  show(at);
  viewer.showModal();
  part("caption").focus();
}

export function close_viewer() {
  if (viewer.open) viewer.close();
}

/** Connects the dialog's buttons and keys; `return_to(at)` is called with the last picture shown when it closes. */
export function listen_to_viewer(return_to) {
  part("previous").addEventListener("click", () => step(-1));
  part("next").addEventListener("click", () => step(+1));
  part("close").addEventListener("click", close_viewer);
  viewer.addEventListener("close", () => return_to(open_at));
  viewer.addEventListener("click", (event) => event.target === viewer && close_viewer());
  viewer.addEventListener("keydown", (event) => {
    if (event.key === "ArrowLeft") step(-1);
    if (event.key === "ArrowRight") step(+1);
  });
}

function step(by) {
  const at = open_at + by;
  if (at >= 0 && at < open_results.length) show(at);
}

function show(at) {
  open_at = at;
  const result = open_results[at];
  fill_picture(part("picture"), result);
  part("place").textContent = `${at + 1} of ${open_results.length}`;
  part("caption").textContent = describe_caption(result.caption);
  part("explanation").textContent = result.explanation;
  fill_score(viewer.querySelector(".score"), result.score);
  part("meaning").textContent = SCORE_MEANING;
  part("caption_source").textContent = describe_caption_source(result.caption_source);
  part("explanation_source").textContent = describe_explanation_source(result.explanation_source);
  show_file(result);
  // aria-disabled keeps the focus where it is; a disabled button would lose it at either end.
  part("previous").setAttribute("aria-disabled", String(at === 0));
  part("next").setAttribute("aria-disabled", String(at === open_results.length - 1));
}

function show_file({ image_path, image_url }) {
  const file = part("file");
  const address = image_address(image_url);
  file.textContent = image_path;
  if (address) file.href = address;
  else file.removeAttribute("href");
}
