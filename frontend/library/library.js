// The library, and its pictures by pages.

import { attempt, browse } from "../page/api.js";
import { count_of } from "../page/descriptions.js";
import { by_id, make, sentence } from "../page/elements.js";
import { show_failure } from "../results/lists.js";
import { open_linked_photo, open_viewer } from "../viewer/open_viewer.js";
import { focus_cell, show_months, stop_months } from "./timeline.js";

const PAGE = 100;
const PAGES_KEPT = 12;

const library = by_id("library");

let examples;
let shown; // or awaited

export async function show_library({ where }, find_similar) {
	document.body.dataset.state = "library";
	const key = JSON.stringify(where);
	if (shown?.key === key && shown.open_linked) return shown.open_linked();
	leave_library();
	stop_months();
	const mine = (shown = { key, aborter: new AbortController() });
	library.ariaBusy = true;
	await attempt(mine.aborter.signal, () => show_all(where, mine, find_similar), (failure) => {
		shown = null;
		show_failure(failure);
	});
}

export function leave_library() {
	if (shown?.open_linked) return;
	shown?.aborter.abort();
	shown = null;
}

async function show_all(where, mine, find_similar) {
	const pictures = open_pictures(where);
	examples ??= browse("examples").then(fill_examples, () => {});
	const [timeline, first] = await Promise.all([browse("timeline", where, mine.aborter.signal), pictures.slice(0, PAGE), examples]);
	if (mine !== shown) return;
	library.ariaBusy = false;
	const count = timeline.pictures;
	const list = { length: count, at: pictures.at };
	const uses = { find_similar, close: focus_cell };
	const textContent = count ? count_of(count, "picture") : sentence("none_left");
	Object.assign(by_id("library_count"), { textContent, className: count ? "" : "notice" });
	show_months(timeline, pictures, first, (at) => open_viewer(list, at, uses));
	mine.open_linked = () => open_linked_photo(first, uses, list);
	mine.open_linked();
}

function fill_examples({ examples: queries }) {
	const links = queries.map((query) => make("a", { href: `?${new URLSearchParams({ q: query })}` }, query));
	by_id("examples").querySelector("p").append(...links);
	by_id("examples").hidden = !queries.length;
}

function open_pictures(where) {
	const pages = new Map(); // by the places of their first pictures; the last used at the end

	function page(offset) {
		const found = pages.get(offset) ?? fetch_page(offset);
		pages.delete(offset);
		pages.set(offset, found);
		const [oldest] = pages.keys();
		if (pages.size > PAGES_KEPT && pages.get(oldest).has_come) pages.delete(oldest);
		return found.pictures;
	}

	function fetch_page(offset) {
		const aborter = new AbortController();
		const answer = browse("pictures", { ...where, order: "date", offset, limit: PAGE }, aborter.signal);
		const found = { aborter, pictures: answer.then(({ pictures }) => pictures) };
		found.pictures.then(() => (found.has_come = true), () => pages.get(offset) === found && pages.delete(offset));
		return found;
	}

	async function slice(first, end) {
		const start = first - (first % PAGE);
		const found = [];
		for (let offset = start; offset < end; offset += PAGE) found.push(page(offset));
		return (await Promise.all(found)).flat().slice(first - start, end - start);
	}

	function call_off(is_wanted) {
		for (const [offset, { aborter, has_come }] of pages) {
			if (has_come || is_wanted(offset, offset + PAGE)) continue;
			pages.delete(offset);
			aborter.abort();
		}
	}

	return { at: async (place) => (await slice(place, place + 1))[0], slice, call_off };
}
