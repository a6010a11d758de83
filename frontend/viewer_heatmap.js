// The heatmap over the viewer's picture: asked for when the picture is opened, shown unless switched off, and what it is worth.

import { RequestFailed } from "./api.js";
import { describe_heatmap, describe_occlusion, describe_rim } from "./heatmap.js";
import { lay_heatmap } from "./picture.js";

const part = (name) => document.getElementById(`viewer_${name}`);
const toggle = part("heatmap_toggle");

let newest = null;
let learned = () => {};

/** Connects the toggle and the retry; `learned()` is called when a result's evidence has grown. */
export function listen_to_viewer_heatmap(call_when_learned) {
  learned = call_when_learned;
  toggle.addEventListener("click", toggle_heatmap);
  part("where_retry").addEventListener("click", () => newest && look_for_heatmap(newest.result, newest.ask_heatmap));
}

/** Switches the heatmap on or off, for this picture and those opened after it. */
export function toggle_heatmap() {
  const on = toggle.getAttribute("aria-pressed") !== "true";
  toggle.ariaPressed = String(on);
  part("picture").toggleAttribute("data-looking", on);
}

/** Asks for a result's heatmap and shows it; without `ask_heatmap` there are no words to look for. */
export async function look_for_heatmap(result, ask_heatmap) {
  const mine = (newest = { result, ask_heatmap });
  part("where").hidden = toggle.hidden = !ask_heatmap;
  if (!ask_heatmap) return;
  say("Looking for where the words are …");
  part("picture").dataset.heatmap = "loading";
  try {
    await ask_heatmap(result);
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
  learned();
  if (!heatmap) {
    delete part("picture").dataset.heatmap;
    return say("There is no heatmap: the picture's file could not be read.");
  }
  const check = occlusion ? describe_occlusion(occlusion) : "";
  say(`${describe_heatmap(heatmap)}.`, { message: `${describe_rim(heatmap)} ${check}`.trim() });
  part("heatmap").ariaLabel = `Heatmap. ${describe_heatmap(heatmap)}.`;
  await lay_heatmap(part("picture"), heatmap);
}

function say(title, { message = "", retry = false } = {}) {
  part("where_title").textContent = title;
  part("where_message").textContent = message;
  part("where_retry").hidden = !retry;
}
