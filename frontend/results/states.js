// The page's states: empty, loading, results, none, failed. One function enters each; the stylesheets decide what is shown.

import { write_title } from "../request/address.js";
import { fill_why, make_card, make_skeleton } from "./cards.js";
import { describe_duration } from "../page/descriptions.js";
import { describe_request } from "../request/search_request.js";
import { describe_answer, describe_query_read } from "./verdict.js";

// A warm search answers sooner than this; skeletons that flash up for a moment would only distract.
const SKELETON_DELAY_MS = 150;
const COLD_START_DELAY_MS = 5000;
const MAX_SKELETONS = 8;

const status_line = document.getElementById("status");
const query_read_line = document.getElementById("query_read");
const duration_line = document.getElementById("duration");
const cards = document.getElementById("cards");
const failure_box = document.getElementById("failure");
const retry = document.getElementById("retry");
const examples = document.getElementById("examples");

function enter(state, { status = "", query_read = "", shown = [] } = {}) {
  document.body.dataset.state = state;
  status_line.textContent = status;
  query_read_line.textContent = query_read;
  query_read_line.hidden = !query_read;
  duration_line.textContent = "";
  cards.replaceChildren(...shown);
  cards.ariaBusy = String(state === "loading");
  failure_box.hidden = state !== "failed";
  examples.hidden = state !== "empty" && state !== "none";
}

export function show_empty(request) {
  write_title(request);
  enter("empty");
}

/** Shows that a search is running once it takes noticeably long. Returns the function that ends this state. */
export function show_loading(request) {
  write_title(request);
  cards.ariaBusy = "true";
  const skeletons = () => Array.from({ length: Math.min(request.top_k, MAX_SKELETONS) }, make_skeleton);
  const what = request.query ? describe_request(request) : `for pictures ${describe_request(request)}`;
  const timers = [
    setTimeout(() => enter("loading", { status: `Looking ${what}`, shown: skeletons() }), SKELETON_DELAY_MS),
    setTimeout(() => (status_line.textContent = `Still looking ${what}. The server may be waking up: the first search after a quiet time takes up to 30 s.`), COLD_START_DELAY_MS),
  ];
  return () => timers.forEach(clearTimeout);
}

/** Shows that the server is busy, and in how many seconds it is asked again. */
export function show_busy(wait_s) {
  enter("loading", { status: `The server is busy. Trying again in ${wait_s} s.` });
}

/** Shows an answer as cards with the actions `uses` (cards.js); `why` says whether their explanations are known or pending. */
export function show_answer(request, answer, { duration_ms, uses, why }) {
  const shown = answer.results.map((result) => make_card(result, uses, why));
  const told = { status: describe_answer(request, answer), query_read: describe_query_read(answer) };
  enter(shown.length ? "results" : "none", { ...told, shown });
  cards.dataset.explanations = why;
  duration_line.textContent = describe_duration(duration_ms);
}

/** Fills in the explanations of the results that are shown; `why` says whether they are known, pending or failed. */
export function show_why(results, why) {
  results.forEach((result, at) => fill_why(cards.children[at], result, why));
}

export function show_failure({ title, message, worth_retrying }) {
  enter("failed");
  document.getElementById("failure_title").textContent = title;
  document.getElementById("failure_message").textContent = message;
  retry.hidden = !worth_retrying;
}
