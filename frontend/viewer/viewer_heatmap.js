// The heatmap over the viewer's picture: fetched and shown only when it is asked for, and described in words.

import { RequestFailed } from "../page/api.js";
import { describe_check, describe_heatmap, paint_heatmap } from "./heatmap.js";

const part = (name) => document.getElementById(`viewer_${name}`);
const toggle = part("heatmap_toggle");
const canvas = part("heatmap");

let is_on = false;
let picture = null;
let fetch_heatmap = null;
let newest = null;

/** Connects the toggle and the retry. */
export function listen_to_viewer_heatmap() {
  toggle.addEventListener("click", () => toggle_heatmap());
  part("where_retry").addEventListener("click", show);
}

/** Switches the heatmap on or off, for this picture and those stepped to. */
export function toggle_heatmap(on = !is_on) {
  is_on = on;
  if (picture) show();
}

/** Offers a picture's heatmap, and shows it if it is on; without `fetch`, which adds it, the query has no words to locate. */
export function show_heatmap(its_picture, fetch) {
  [picture, fetch_heatmap] = [its_picture, fetch];
  show();
}

async function show() {
  const mine = (newest = {});
  const is_waiting = (on) => part("picture").toggleAttribute("data-waiting", on);
  // In a picture that is no match the heat would show what comes nearest to the words, not that they are there.
  const is_offered = Boolean(fetch_heatmap) && picture.verdict !== "none";
  toggle.hidden = !is_offered;
  toggle.ariaPressed = String(is_on);
  canvas.hidden = true;
  part("where").hidden = !(is_offered && is_on);
  is_waiting(!part("where").hidden);
  if (part("where").hidden) return;
  say("Looking for where the words are …");
  try {
    await fetch_heatmap(picture);
    if (mine !== newest) return;
    describe(picture.evidence);
  } catch (failure) {
    if (failure.name === "AbortError" || mine !== newest) return;
    if (!(failure instanceof RequestFailed)) throw failure;
    say("The heatmap could not be fetched.", failure.message, true);
  }
  is_waiting(false);
}

function describe({ heatmap, occlusion }) {
  if (!heatmap) return say("There is no heatmap: the picture's file could not be read.");
  const where = describe_heatmap(heatmap);
  say(where, describe_check(heatmap, occlusion));
  canvas.ariaLabel = `Heatmap. ${where}`;
  paint_heatmap(canvas, heatmap, picture);
  canvas.hidden = false;
}

function say(title, message = "", retry = false) {
  part("where_title").textContent = title;
  part("where_message").textContent = message;
  part("where_retry").hidden = !retry;
}
