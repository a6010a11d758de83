// The heatmap over the viewer's picture: fetched and shown only when it is asked for, and described in words.

import { RequestFailed } from "../page/api.js";
import { describe_heatmap, describe_occlusion, describe_uncovered_margin, paint_heatmap } from "./heatmap.js";

const part = (name) => document.getElementById(`viewer_${name}`);
const toggle = part("heatmap_toggle");
const canvas = part("heatmap");

let is_on = false;
let picture = null;
let fetch_heatmap = null;
let newest = null;
let evidence_changed = () => {};

/** Connects the toggle and the retry; calls `on_evidence_changed()` when a picture's evidence has grown. */
export function listen_to_viewer_heatmap(on_evidence_changed) {
  evidence_changed = on_evidence_changed;
  toggle.addEventListener("click", () => toggle_heatmap());
  part("where_retry").addEventListener("click", show);
}

/** Switches the heatmap on or off, for this picture and those stepped to. */
export function toggle_heatmap(on = !is_on) {
  is_on = on;
  if (picture) show();
}

/** Offers the heatmap of a picture, and shows it if it is on; without `fetch` the query has no words to locate. */
export function show_heatmap(its_picture, fetch) {
  [picture, fetch_heatmap] = [its_picture, fetch];
  show();
}

async function show() {
  const mine = (newest = {});
  // In a picture that is no match the heat would show what comes nearest to the words, not that they are there.
  const is_offered = Boolean(fetch_heatmap) && picture.verdict !== "none";
  toggle.hidden = !is_offered;
  toggle.ariaPressed = String(is_on);
  canvas.hidden = true;
  part("where").hidden = !(is_offered && is_on);
  part("picture").toggleAttribute("data-waiting", false);
  if (part("where").hidden) return;
  say("Looking for where the words are …");
  part("picture").toggleAttribute("data-waiting", true);
  try {
    await fetch_heatmap(picture);
    if (mine === newest) describe();
  } catch (failure) {
    if (failure.name === "AbortError" || mine !== newest) return;
    if (!(failure instanceof RequestFailed)) throw failure;
    say("The heatmap could not be fetched.", { message: failure.message, retry: true });
  }
  part("picture").toggleAttribute("data-waiting", false);
}

function describe() {
  const { heatmap, occlusion } = picture.evidence;
  evidence_changed();
  if (!heatmap) return say("There is no heatmap: the picture's file could not be read.");
  const where = describe_heatmap(heatmap);
  const check = occlusion ? describe_occlusion(occlusion) : "";
  say(where, { message: `${describe_uncovered_margin(heatmap)} ${check}`.trim() });
  canvas.ariaLabel = `Heatmap. ${where}`;
  paint_heatmap(canvas, heatmap, picture);
  canvas.hidden = false;
}

function say(title, { message = "", retry = false } = {}) {
  part("where_title").textContent = title;
  part("where_message").textContent = message;
  part("where_retry").hidden = !retry;
}
