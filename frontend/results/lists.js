// The two lists of an answer: its matches, and behind a summary its near misses, whose cards are made once it is opened.

import { fill_why, make_card, make_skeletons } from "./cards.js";

const MAX_SKELETONS = 12;
// About; it decides which pictures are loaded first.
const CARD_WIDTH = 260;

const match_list = document.getElementById("matches");
const misses_box = document.getElementById("misses");
const miss_list = misses_box.querySelector("ol");
const summary = misses_box.querySelector("summary");

let found = { matches: [], misses: [] };
let cards = new Map();
let used = {};

/** Empties both lists, for `skeletons`, or for results with `actions`: as in cards.js, and `toggled()`, for the near misses. */
export function clear_lists({ skeletons = false, actions = {} } = {}) {
  found = { matches: [], misses: [] };
  cards = new Map();
  used = actions;
  match_list.replaceChildren(...(skeletons ? make_skeletons(MAX_SKELETONS) : []));
  miss_list.replaceChildren();
  misses_box.open = false;
  misses_box.hidden = true;
}

/** Adds results, each to its list. Without any match the near misses are all there is, and are open. */
export function add_results(results) {
  for (const result of results) found[result.verdict === "none" ? "misses" : "matches"].push(result);
  const { matches, misses } = found;
  misses_box.hidden = !misses.length;
  summary.textContent = `${misses.length} near ${misses.length === 1 ? "miss" : "misses"}`;
  summary.hidden = !matches.length;
  if (misses.length && !matches.length) misses_box.open = true;
  make_cards();
}

/** Returns `{matches, misses}`, all that were added. */
export function found_results() {
  return found;
}

/** Returns the results whose cards are shown, in their order. */
export function shown_results() {
  return [...found.matches, ...(misses_box.open ? found.misses : [])].filter((result) => cards.has(result));
}

export function misses_are_closed() {
  return found.misses.length > 0 && !misses_box.open;
}

/** Returns what takes the focus for a result; without a card it is the summary of the near misses. */
export function focusable_of(result) {
  return cards.get(result)?.querySelector("button") ?? summary;
}

export function show_why(results, why) {
  for (const result of results) fill_why(cards.get(result), result, why);
}

function make_cards() {
  const first_row = cards.size ? 0 : Math.ceil(innerWidth / CARD_WIDTH);
  const add = (list, results) => {
    const missing = results.filter((result) => !cards.has(result));
    for (const result of missing) cards.set(result, make_card(result, used, { soon: cards.size < first_row }));
    list.append(...missing.map((result) => cards.get(result)));
    show_why(missing, "known");
  };
  add(match_list, found.matches);
  if (misses_box.open) add(miss_list, found.misses);
}

misses_box.addEventListener("toggle", () => {
  make_cards();
  used.toggled?.();
});
