// The heatmap over the viewer's picture: fetched when the picture is opened, shown unless switched off, described in words.

import { RequestFailed } from "../page/api.js";
import { describe_heatmap, describe_occlusion, describe_uncovered_margin } from "./heatmap.js";
import { draw_heatmap } from "../page/picture.js";

const part = (name) => document.getElementById(`viewer_${name}`);
const toggle = part("heatmap_toggle");

let newest = null;
let evidence_changed = () => {};

/** Connects the toggle and the retry; calls `on_evidence_changed()` when a result's evidence has grown. */
export function listen_to_viewer_heatmap(on_evidence_changed) {
  evidence_changed = on_evidence_changed;
  toggle.addEventListener("click", toggle_heatmap);
  part("where_retry").addEventListener("click", () => newest && load_heatmap(newest.result, newest.fetch_heatmap));
}

/** Switches the heatmap on or off, for this picture and those opened after it. */
export function toggle_heatmap() {
  const on = toggle.getAttribute("aria-pressed") !== "true";
  toggle.ariaPressed = String(on);
  part("picture").toggleAttribute("data-heatmap-visible", on);
}

/** Fetches a result's heatmap and shows it; without `fetch_heatmap` the query has no words to locate. */
export async function load_heatmap(result, fetch_heatmap) {
  const mine = (newest = { result, fetch_heatmap });
  part("where").hidden = toggle.hidden = !fetch_heatmap;
  if (!fetch_heatmap) return;
  say(result.verdict === "none" ? "Looking for what comes nearest to the words …" : "Looking for where the words are …");
  part("picture").dataset.heatmap = "loading";
  try {
    await fetch_heatmap(result);
    if (mine === newest) await show(result);
  } catch (failure) {
    if (failure.name === "AbortError" || mine !== newest) return;
    if (!(failure instanceof RequestFailed)) throw failure;
    delete part("picture").dataset.heatmap;
    say("The heatmap could not be fetched.", { message: failure.message, retry: true });
  }
}

async function show(result) {
  const { heatmap, occlusion } = result.evidence;
  evidence_changed();
  if (!heatmap) {
    delete part("picture").dataset.heatmap;
    return say("There is no heatmap: the picture's file could not be read.");
  }
  const check = occlusion ? describe_occlusion(occlusion) : "";
  const where = describe_heatmap(heatmap, result.verdict);
  say(`${where}.`, { message: `${describe_uncovered_margin(heatmap)} ${check}`.trim() });
  part("heatmap").ariaLabel = `Heatmap. ${where}.`;
  await draw_heatmap(part("picture"), heatmap);
}

function say(title, { message = "", retry = false } = {}) {
  part("where_title").textContent = title;
  part("where_message").textContent = message;
  part("where_retry").hidden = !retry;
}
