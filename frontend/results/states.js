// The states of a search: loading, results, none, failed. The stylesheets decide what each shows.

import { describe_query_read } from "../page/descriptions.js";
import { by_id, make } from "../page/elements.js";
import { address_of, describe_request } from "../request/search_request.js";
import * as lists from "./lists.js";

// A warm search answers sooner than this; skeletons would only flash up.
const SKELETON_DELAY_MS = 150;
const COLD_START_DELAY_MS = 5000;

const cards = by_id("cards");

function enter(state, { status = "", query_read = "", suggested = [] } = {}) {
  document.body.dataset.state = state;
  tell(status);
  by_id("query_read").textContent = query_read;
  by_id("suggestions").replaceChildren(...suggested);
  cards.ariaBusy = String(state === "loading" || state === "results"); // until its cards are made
  by_id("failure").hidden = state !== "failed";
}

export function tell(status) {
  by_id("status").textContent = status;
}

/** Shows that a search is running. Returns what ends it. */
export function show_loading(request) {
  cards.ariaBusy = "true";
  const what = `${request.query ? "" : "for pictures "}${describe_request(request)}`;
  const waking = "The server may be waking up: the first search after a quiet time takes up to 30 s.";
  const show_skeletons = () => {
    lists.clear({ skeletons: true });
    enter("loading", { status: `Looking ${what}` });
    lists.scroll_to_top();
  };
  const timers = [
    setTimeout(show_skeletons, SKELETON_DELAY_MS),
    setTimeout(() => tell(`Still looking ${what}. ${waking}`), COLD_START_DELAY_MS),
  ];
  return () => timers.forEach(clearTimeout);
}

export function show_busy(wait_s) {
  enter("loading", { status: `The server is busy. Trying again in ${wait_s} s.` });
}

export function show_answer(request, answer) {
  const suggested = (answer.filters_suggested ?? []).map(({ words, where, query }) => {
    const href = address_of({ ...request, query, where: { ...request.where, ...where } });
    return make("a", { href, className: "quiet", textContent: `Only ${words}` });
  });
  enter(answer.results.length ? "results" : "none", { query_read: describe_query_read(answer), suggested });
  lists.scroll_to_top();
}

export function show_failure({ title, message, worth_retrying }) {
  lists.clear();
  enter("failed");
  by_id("failure_title").textContent = title;
  by_id("failure_message").textContent = message;
  by_id("retry").hidden = !worth_retrying;
}
