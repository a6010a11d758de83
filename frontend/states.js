// The page's states: empty, loading, results, none, failed. One function leads into each; the stylesheet does the rest.

import { write_title } from "./address.js";
import { make_card, make_skeleton } from "./cards.js";
import { count_pictures, describe_duration } from "./facts.js";

// A warm search answers sooner than this; skeletons that flash by would only unsettle.
const SKELETON_DELAY_MS = 150;
const WAKING_DELAY_MS = 5000;
const MAX_SKELETONS = 8;

const status_line = document.getElementById("status");
const duration_line = document.getElementById("duration");
const cards = document.getElementById("cards");
const failure_box = document.getElementById("failure");
const examples = document.getElementById("examples");

function enter(state, { query = "", status = "", shown = [] } = {}) {
  document.body.dataset.state = state;
  write_title(query);
  status_line.textContent = status;
  duration_line.textContent = "";
  cards.replaceChildren(...shown);
  cards.setAttribute("aria-busy", String(state === "loading"));
  failure_box.hidden = state !== "failed";
  examples.hidden = state !== "empty" && state !== "none";
}

export function show_empty() {
  enter("empty");
}

/** Shows that a search runs, if it lasts long enough to be noticed. Returns what ends the waiting. */
export function show_loading({ query, top_k }) {
  write_title(query);
  cards.setAttribute("aria-busy", "true");
  const skeletons = () => Array.from({ length: Math.min(top_k, MAX_SKELETONS) }, make_skeleton);
  const timers = [
    setTimeout(() => enter("loading", { query, status: `Looking for “${query}”`, shown: skeletons() }), SKELETON_DELAY_MS),
    setTimeout(() => (status_line.textContent = `Still looking for “${query}”. A server that slept needs a moment.`), WAKING_DELAY_MS),
  ];
  return () => timers.forEach(clearTimeout);
}

/** Shows an answer; `open(results, at)` is called when a picture is chosen. */
export function show_answer({ query }, { results }, duration_ms, open) {
  const shown = results.map((result, at) => make_card(result, () => open(results, at)));
  const found = results.length ? count_pictures(results.length) : "No pictures";
  enter(results.length ? "results" : "none", { query, status: `${found} for “${query}”`, shown });
  duration_line.textContent = describe_duration(duration_ms);
}

export function show_failure({ query }, { title, message }) {
  enter("failed", { query });
  document.getElementById("failure_title").textContent = title;
  document.getElementById("failure_message").textContent = message;
}
