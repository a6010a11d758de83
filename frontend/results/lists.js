// The results as cards: the matches, and behind a summary the near misses, whose cards are made once it is opened.
// What the server sent becomes text, never markup.

import { first_row } from "../early.js";
import { count_of, describe_caption, describe_facts, describe_verdict } from "../page/descriptions.js";
import { by_id, copy_template, is_modified } from "../page/elements.js";
import { fill_picture, offer_large_preview, ratio_of } from "../page/picture.js";

// As in pictures.css.
const ROW_HEIGHT = "clamp(7.25rem, 8vw + 4.25rem, 13.875rem)";
// A preview enlarged by a third still looks sharp, and the next one has ten times the bytes.
const SHARPNESS = 0.75;
const SKELETONS = 12;

const match_list = by_id("matches");
const misses_box = by_id("misses");
const miss_list = misses_box.querySelector("ol");
const summary = misses_box.querySelector("summary");

let found = { matches: [], misses: [] };
let cards = new Map();
let used = {};

/** Empties both lists. `actions` of what comes: open(result, {heatmap}), find_similar(result), toggled(). */
export function clear({ skeletons = false, actions = {} } = {}) {
  found = { matches: [], misses: [] };
  cards = new Map();
  used = actions;
  match_list.replaceChildren(...Array.from({ length: skeletons ? SKELETONS : 0 }, () => copy_template("skeleton_template")));
  miss_list.replaceChildren();
  misses_box.open = false;
  misses_box.hidden = true;
}

/** Adds results. Without any match the near misses are all there is, and are open. */
export function add(results) {
  const { matches, misses } = found;
  for (const result of results) (result.verdict === "none" ? misses : matches).push(result);
  misses_box.hidden = !misses.length;
  summary.textContent = count_of(misses.length, "near miss", "near misses");
  summary.hidden = !matches.length;
  if (misses.length && !matches.length) misses_box.open = true;
  return make_cards();
}

export const all = () => found;

export const shown = () => [...found.matches, ...(misses_box.open ? found.misses : [])].filter((result) => cards.has(result));

export const misses_are_closed = () => found.misses.length > 0 && !misses_box.open;

export const focusable_of = (result) => cards.get(result)?.querySelector("button") ?? summary;

export function show_why(results, why) {
  for (const result of results) {
    const card = cards.get(result);
    const part = (selector) => card.querySelector(selector);
    card.dataset.why = why;
    part(".verdict").textContent = describe_verdict(result);
    part(".verdict").dataset.verdict = result.verdict ?? "";
    part(".explanation").ariaBusy = String(why === "pending");
    part(".explanation").textContent = result.explanation || (why === "failed" ? "The explanation could not be fetched." : "");
  }
}

// A few rows at a time: 24 cards at once would keep a phone from answering for a quarter of a second.
async function make_cards() {
  const mine = cards;
  const wanted = [...found.matches, ...(misses_box.open ? found.misses : [])].filter((result) => !mine.has(result));
  const soon = mine.size ? 0 : first_row();
  for (let at = 0; at < wanted.length && mine === cards; at += 3 * first_row()) {
    if (at) await pause();
    for (const result of wanted.slice(at, at + 3 * first_row())) {
      if (mine !== cards || mine.has(result)) continue;
      mine.set(result, make_card(result, mine.size < soon));
      (result.verdict === "none" ? miss_list : match_list).append(mine.get(result));
      show_why([result], "known");
    }
  }
}

const pause = () => globalThis.scheduler?.yield?.() ?? new Promise((resolve) => setTimeout(resolve));

function make_card(result, is_soon_seen) {
  const { open, find_similar } = used;
  const card = copy_template("card_template");
  const part = (selector) => card.querySelector(selector);
  const ratio = ratio_of(result);
  card.style.setProperty("--ratio", ratio);
  if (is_soon_seen) Object.assign(part("img"), { loading: "eager", fetchPriority: "high" });
  fill_picture(part(".picture"), result);
  offer_large_preview(part("img"), result, `calc(${(SHARPNESS * ratio).toFixed(2)} * ${ROW_HEIGHT})`);
  part(".picture").onclick = () => open(result);
  card.onkeydown = (event) => {
    if (event.key === "h" && !is_modified(event)) open(result, { heatmap: true });
  };
  part(".caption").textContent = describe_caption(result);
  part(".caption").classList.toggle("absent", !result.caption);
  part(".photo_facts").textContent = describe_facts(result);
  part(".similar").ariaLabel = `More like this: ${describe_caption(result)}`;
  part(".similar").onclick = () => find_similar(result);
  return card;
}

misses_box.addEventListener("toggle", async () => {
  await make_cards();
  used.toggled?.();
});
