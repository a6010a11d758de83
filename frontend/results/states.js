// The states of a search: loading, results, none, failed. The stylesheets decide what each shows.

import { address_of, write_address, write_title } from "../request/address.js";
import { describe_request } from "../request/search_request.js";
import { clear_lists } from "./lists.js";
import { describe_query_read } from "./verdict.js";

// A warm search answers sooner than this; skeletons that flash up for a moment would only distract.
const SKELETON_DELAY_MS = 150;
const COLD_START_DELAY_MS = 5000;

const status_line = document.getElementById("status");
const query_read_line = document.getElementById("query_read");
const suggestions = document.getElementById("suggestions");
const cards = document.getElementById("cards");
const failure_box = document.getElementById("failure");
const retry = document.getElementById("retry");

function enter(state, { status = "", query_read = "", suggested = [] } = {}) {
  document.body.dataset.state = state;
  tell(status);
  query_read_line.textContent = query_read;
  query_read_line.hidden = !query_read;
  suggestions.replaceChildren(...suggested);
  suggestions.hidden = !suggested.length;
  cards.ariaBusy = String(state === "loading");
  failure_box.hidden = state !== "failed";
}

export function tell(status) {
  status_line.textContent = status;
}

/** Shows that a search is running, at once where nothing is shown yet. Returns what ends it. */
export function show_loading(request) {
  write_title(request);
  cards.ariaBusy = "true";
  const what = request.query ? describe_request(request) : `for pictures ${describe_request(request)}`;
  const waking = "The server may be waking up: the first search after a quiet time takes up to 30 s.";
  const show_skeletons = () => {
    clear_lists({ skeletons: true });
    enter("loading", { status: `Looking ${what}` });
    scrollTo(0, 0);
  };
  const is_start = document.body.dataset.state === "start";
  if (is_start) show_skeletons();
  const timers = [
    is_start || setTimeout(show_skeletons, SKELETON_DELAY_MS),
    setTimeout(() => tell(`Still looking ${what}. ${waking}`), COLD_START_DELAY_MS),
  ];
  return () => timers.forEach(clearTimeout);
}

export function show_busy(wait_s) {
  enter("loading", { status: `The server is busy. Trying again in ${wait_s} s.` });
}

/** Shows what is above the cards: what was read of the query, and the filters that its words suggest. */
export function show_answer(request, answer) {
  const suggested = (answer.filters_suggested ?? []).map((filter) => make_suggestion(request, filter));
  enter(answer.results.length ? "results" : "none", { query_read: describe_query_read(answer), suggested });
  scrollTo(0, 0);
}

export function show_failure({ title, message, worth_retrying }) {
  clear_lists();
  enter("failed");
  document.getElementById("failure_title").textContent = title;
  document.getElementById("failure_message").textContent = message;
  retry.hidden = !worth_retrying;
}

// A link to the same search with a filter in place of the words that suggest it.
function make_suggestion(request, { words, where, query }) {
  const link = document.createElement("a");
  const filtered = { ...request, query, where: { ...request.where, ...where } };
  link.href = address_of(filtered);
  link.className = "quiet";
  link.textContent = `Only ${words}`;
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    write_address(filtered);
    dispatchEvent(new PopStateEvent("popstate")); // the page shows what its address says
  });
  return link;
}
