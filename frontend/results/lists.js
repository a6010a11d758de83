// The results as cards: the matches, and behind a summary the near misses, whose cards are made once it is opened. More of them
// come when the end of the list comes near, and by a button, which keyboards need. What the server sent becomes text, never markup.

import { first_row } from "../request/search_request.js";
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
const more_button = by_id("more");

const observer = new IntersectionObserver(
  (entries) => entries.at(-1).isIntersecting && document.activeElement !== more_button && load_more(),
  { rootMargin: "0px 0px 600px" },
);

let found = { matches: [], misses: [] };
let cards = new Map();
let used = {};
let offered = null;
let is_scrolled = false; // `scrollY` has the page laid out when it is asked for

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

export function scroll_to_top() {
  if (is_scrolled) scrollTo(0, 0);
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

// A few rows at a time, and the first alone: 24 cards at once would keep a phone from answering for a quarter of a second.
async function make_cards() {
  const mine = cards;
  const wanted = [...found.matches, ...(misses_box.open ? found.misses : [])].filter((result) => !mine.has(result));
  const row = first_row();
  const soon = mine.size ? 0 : row;
  for (let at = 0, end = soon || 3 * row; at < wanted.length && mine === cards; at = end, end += 3 * row) {
    if (at) await idle_moment();
    for (const result of wanted.slice(at, end)) {
      if (mine !== cards || mine.has(result)) continue;
      mine.set(result, make_card(result, mine.size < soon));
      (result.verdict === "none" ? miss_list : match_list).append(mine.get(result));
      show_why([result], result.explanation ? "known" : "awaited");
    }
  }
  if (mine === cards) by_id("cards").ariaBusy = "false";
}

// What draws the cards so far, and loads their pictures, comes first.
const idle_moment = () => globalThis.scheduler?.postTask(() => {}, { priority: "background" }) ?? new Promise((resolve) => setTimeout(resolve));

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

/** Offers what `fetch_more` brings, or nothing; it offers more in turn, and returns what to focus. */
export function offer_more(fetch_more, { failed = false } = {}) {
  offered = fetch_more && { fetch_more, failed };
  more_button.hidden = !fetch_more;
  more_button.textContent = "More";
  observer.disconnect();
  watch();
}

export function load_more() {
  if (!offered) return null;
  more_button.textContent = "Loading …";
  return (offered.pending ??= offered.fetch_more());
}

// What nobody scrolls to is not fetched, as its explanations may cost something; what failed is tried by the more_button alone.
function watch() {
  if (offered && !offered.failed && is_scrolled) observer.observe(more_button);
}

more_button.addEventListener("click", async () => (await load_more())?.focus());
addEventListener("scroll", () => {
  is_scrolled = scrollY > 0;
  watch();
}, { passive: true });
