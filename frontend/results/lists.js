// What a search shows. Cards of near misses are made once they are opened.

import { count_of, describe_caption, describe_facts, describe_query_read, describe_verdict } from "../page/descriptions.js";
import { by_id, copy_template, is_modified, make, sentence, set_in, write } from "../page/elements.js";
import { fill_picture } from "../page/picture.js";
import { address_of, describe_request, first_row, is_match, ratio_of, row_height_of } from "../request/search_request.js";

const SKELETON_DELAY_MS = 150; // a warm search answers sooner
const COLD_START_DELAY_MS = 5000;

const cards_box = by_id("cards");
const match_list = by_id("matches");
const misses_box = by_id("misses");
const [summary, miss_list] = misses_box.children;
const more_button = by_id("more");
const suggestions = by_id("suggestions");
const observer = new IntersectionObserver((entries) => {
	if (entries.at(-1).isIntersecting && document.activeElement !== more_button) load_more();
}, { rootMargin: "0px 0px 600px" });

export let found;
let cards;
let used;
let offered;
let is_scrolled = false; // `scrollY` has the page laid out

function enter(state, status, query_read, suggested = []) {
	document.body.dataset.state = state;
	write("status", status);
	write("query_read", query_read);
	suggestions.replaceChildren(...suggested);
	cards_box.ariaBusy = ["loading", "results"].includes(state);
	by_id("failure").hidden = state !== "failed";
	if (state !== "failed" && is_scrolled) scrollTo(0, 0);
}

export function show_loading(request) {
	cards_box.ariaBusy = true;
	const what = `${request.query ? "" : "for pictures "}${describe_request(request)}`;
	const show_skeletons = () => {
		clear();
		for (let left = 12; left > 0; left--) match_list.append(copy_template("skeleton"));
		enter("loading", `Looking ${what}`);
	};
	const timers = [setTimeout(show_skeletons, SKELETON_DELAY_MS), setTimeout(write, COLD_START_DELAY_MS, "status", sentence("waking_up", { what }))];
	return () => timers.forEach(clearTimeout);
}

export const show_busy = (wait_s) => enter("loading", sentence("trying_again", { wait_s }));

export function show_answer(request, answer) {
	const is_next = !answer.results.some(is_match);
	const suggested = (answer.filters_suggested ?? []).map(({ words, where, query }) => make("a", {
		href: address_of({ ...request, query, where: { ...request.where, ...where } }),
		className: is_next ? "filled" : "quiet",
		textContent: `Only ${words}${is_next && query ? `: “${query}”` : ""}`,
	}));
	enter(answer.results.length ? "results" : "none", null, describe_query_read(answer), suggested);
}

export function show_failure({ title, message, worth_retrying }) {
	clear();
	enter("failed");
	write("failure_title", title);
	write("failure_message", message);
	by_id("retry").hidden = !worth_retrying;
}

export function clear(actions = {}) {
	found = { matches: [], misses: [] };
	cards = new Map();
	used = actions;
	match_list.replaceChildren();
	match_list.classList.remove("few");
	miss_list.replaceChildren();
	Object.assign(misses_box, { open: false, hidden: true });
}

export function add(results) {
	const { matches, misses } = found;
	for (const result of results) (is_match(result) ? matches : misses).push(result);
	match_list.classList.toggle("few", matches.length < 5);
	summary.textContent = count_of(misses.length, "near miss", "near misses");
	summary.hidden = !matches.length && !suggestions.children.length;
	if (misses.length && !matches.length) Object.assign(misses_box, { open: true, hidden: false });
	return make_cards();
}

export const in_sight = () => [...found.matches, ...(misses_box.open ? found.misses : [])];
export const shown = () => in_sight().filter((result) => cards.has(result));

export function show_why(results, why) {
	const instead = why === "failed" ? sentence("explanation_missing") : "";
	for (const result of results) {
		const card = cards.get(result);
		const set = set_in(card);
		card.dataset.why = why;
		set(".verdict", { textContent: describe_verdict(result) });
		set(".explanation", { ariaBusy: why === "pending", textContent: result.explanation || instead });
	}
}

// By rows: 24 cards at once block a phone for .25 s.
async function make_cards() {
	const mine = cards;
	const row = first_row();
	const soon = mine.size ? 0 : row;
	for (const [at, result] of in_sight().filter((result) => !mine.has(result)).entries()) {
		if (at && (at - soon) % (3 * row) === 0) await idle_moment();
		if (mine !== cards) return;
		if (mine.has(result)) continue;
		mine.set(result, make_card(result, at < soon));
		(is_match(result) ? match_list : miss_list).append(mine.get(result));
		show_why([result], result.explanation ? "known" : "awaited");
	}
	misses_box.hidden = !found.misses.length; // not before, or matches push it on
	cards_box.ariaBusy = false;
}

// `requestIdleCallback` takes a phone .25 s longer.
const idle_moment = () => window.scheduler?.postTask(() => {}, { priority: "background" }) ?? new Promise((resolve) => setTimeout(resolve));

function make_card(result, is_soon_seen) {
	const { open, find_similar } = used;
	const card = copy_template("card");
	const set = set_in(card);
	const caption = describe_caption(result);
	card.style.setProperty("--ratio", ratio_of(result));
	if (is_soon_seen) set("img", { loading: "eager", fetchPriority: "high" });
	fill_picture(set(".picture", { onclick: () => open(result) }), result, row_height_of(result, found.matches));
	card.onkeydown = (event) => {
		if (event.key === "h" && !is_modified(event)) open(result, { heatmap: true });
	};
	set(".caption", { textContent: caption }).classList.toggle("absent", !result.caption);
	set(".photo_facts", { textContent: describe_facts(result) });
	set(".similar", { ariaLabel: `More like this: ${caption}`, onclick: () => find_similar(result) });
	return card;
}

export function offer_more(fetch_more, { failed } = {}) {
	const are_misses_closed = found.misses.length && !misses_box.open;
	offered = fetch_more && !are_misses_closed && { fetch_more, failed };
	Object.assign(more_button, { hidden: !offered, textContent: "More" });
	observer.disconnect();
	watch();
}

export function load_more() {
	if (!offered) return null;
	more_button.textContent = "Loading …";
	return (offered.pending ??= offered.fetch_more());
}

// Not before scrolling: explanations may cost something.
const watch = () => offered && !offered.failed && is_scrolled && observer.observe(more_button);

clear();
misses_box.ontoggle = async () => {
	await make_cards();
	used.toggled?.();
};
more_button.onclick = async () => {
	const before = shown();
	if (!(await load_more())) return;
	const card = cards.get(shown().find((result) => !before.includes(result)));
	(card?.querySelector("button") ?? summary).focus();
};
window.onscroll = () => {
	is_scrolled = scrollY > 0;
	watch();
};
