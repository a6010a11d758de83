// The page's states: empty, loading, results, none, failed. One function leads into each; the stylesheet does the rest.

import { write_title } from "./address.js";
import { fill_why, make_card, make_skeleton } from "./cards.js";
import { describe_duration } from "./facts.js";
import { describe_question } from "./question.js";
import { describe_answer } from "./verdict.js";

// A warm search answers sooner than this; skeletons that flash by would only unsettle.
const SKELETON_DELAY_MS = 150;
const WAKING_DELAY_MS = 5000;
const MAX_SKELETONS = 8;

const status_line = document.getElementById("status");
const duration_line = document.getElementById("duration");
const cards = document.getElementById("cards");
const failure_box = document.getElementById("failure");
const retry = document.getElementById("retry");
const examples = document.getElementById("examples");

function enter(state, { status = "", shown = [] } = {}) {
  document.body.dataset.state = state;
  status_line.textContent = status;
  duration_line.textContent = "";
  cards.replaceChildren(...shown);
  cards.ariaBusy = String(state === "loading");
  failure_box.hidden = state !== "failed";
  examples.hidden = state !== "empty" && state !== "none";
}

export function show_empty(question) {
  write_title(question);
  enter("empty");
}

/** Shows that a search runs, if it lasts long enough to be noticed. Returns what ends the waiting. */
export function show_loading(question) {
  write_title(question);
  cards.ariaBusy = "true";
  const skeletons = () => Array.from({ length: Math.min(question.top_k, MAX_SKELETONS) }, make_skeleton);
  const what = question.query ? describe_question(question) : `for pictures ${describe_question(question)}`;
  const timers = [
    setTimeout(() => enter("loading", { status: `Looking ${what}`, shown: skeletons() }), SKELETON_DELAY_MS),
    setTimeout(() => (status_line.textContent = `Still looking ${what}. A server that slept needs a moment.`), WAKING_DELAY_MS),
  ];
  return () => timers.forEach(clearTimeout);
}

/** Shows an answer as cards, which `uses` connects (cards.js); `why` says whether their sentences are still to come. */
export function show_answer(question, answer, { duration_ms, uses, why }) {
  const shown = answer.results.map((result) => make_card(result, uses, why));
  enter(shown.length ? "results" : "none", { status: describe_answer(question, answer), shown });
  cards.dataset.reasons = why;
  duration_line.textContent = describe_duration(duration_ms);
}

/** Fills in why the shown results are there, or that it is awaited, or that it could not be fetched. */
export function show_why(results, why) {
  results.forEach((result, at) => fill_why(cards.children[at], result, why));
}

export function show_failure({ title, message, worth_retrying }) {
  enter("failed");
  document.getElementById("failure_title").textContent = title;
  document.getElementById("failure_message").textContent = message;
  retry.hidden = !worth_retrying;
}
