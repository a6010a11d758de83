// One picture, large. Back closes it.

import { attempt, browse } from "../page/api.js";
import { describe_caption } from "../page/descriptions.js";
import { by_id, find_words, is_modified, report_failure, show_toast, viewer_part as part, when_idle, write } from "../page/elements.js";
import { fill_picture, load_ahead, show_larger } from "../page/picture.js";
import { image_address, photo_entry, read_photo, request_key, write_photo } from "../request/search_request.js";
import { show_details, show_evidence } from "./details.js";
import { gestures, reset_zoom, zoom_by } from "./gestures.js";
import { offer_heatmap, toggle_heatmap } from "./heatmap.js";

const ADDRESS_DELAY_MS = 300; // browsers limit how often

const viewer = by_id("viewer");
Object.assign(gestures, { swiped: step, zoomed: load_original });

let pictures;
let uses = {};
let at = 0;
let shown;
let newest = new AbortController();
let key_below; // of the request whose answer lies below, unless a new one closes the viewer
let timer;

const is_there = (place) => place >= 0 && place < pictures.length;

// `list`: an array, or {length, at(place)}. `its_uses`: find_similar, close; with words: words, fetch_heatmap, heatmap, explain.
export const open_viewer = (list, first, its_uses) => open_at(list, first, its_uses, true);

export async function open_linked_photo(loaded, its_uses, list = loaded) {
	const id = read_photo();
	if (id === null) return;
	const first = loaded.findIndex((picture) => picture.id === id);
	if (first >= 0) return open_at(list, first, its_uses);
	const signal = begin();
	await attempt(signal, async () => {
		const picture = await browse(`pictures/${id}`);
		if (!signal.aborted) open_at([picture], 0, its_uses);
	}, ({ message }) => {
		write_photo(null);
		show_toast({ ...find_words("linked_missing"), message });
	});
}

export function leave_viewer() {
	newest.abort();
	key_below = null;
	viewer.close();
}

export function refresh_viewer() {
	if (!viewer.open) return;
	show_evidence(shown, uses);
	offer_its_heatmap();
}

// Whether only the open picture has changed.
export function follow_history() {
	if (request_key() !== key_below) return false;
	if (read_photo() === null) viewer.close();
	else if (!viewer.open) show(photo_entry()?.at ?? at, open_dialog);
	return true;
}

function begin() {
	newest.abort();
	return (newest = new AbortController()).signal;
}

function open_at(list, first, its_uses, push) {
	[pictures, uses] = [list, its_uses];
	return show(first, () => {
		if (push) write_photo(shown.id, { at, is_added: true }, { push: !viewer.open });
		key_below = request_key();
		open_dialog();
		if (uses.heatmap) toggle_heatmap(true);
	});
}

function open_dialog() {
	viewer.showModal();
	part("caption").focus({ preventScroll: true });
}

function close() {
	clearTimeout(timer);
	if (photo_entry()?.is_added) history.back();
	else viewer.close();
}

viewer.onclose = () => {
	clearTimeout(timer);
	toggle_heatmap(false);
	if (!key_below) return;
	if (read_photo() !== null) photo_entry()?.is_added ? history.back() : write_photo(null);
	uses.close?.(at);
};

function step(by) {
	const next = at + by;
	if (!is_there(next)) return;
	show(next, () => {
		write("viewer_said", `${part("position").textContent}: ${part("caption").textContent}`);
		clearTimeout(timer);
		timer = setTimeout(() => write_photo(shown.id, { ...photo_entry(), at }), ADDRESS_DELAY_MS);
	});
}

async function show(next, then) {
	const signal = begin();
	const before = at;
	at = next;
	await attempt(signal, async () => {
		const picture = await pictures.at(next);
		if (signal.aborted) return;
		shown = picture;
		fill_viewer();
		then();
	}, (failure) => {
		at = before;
		report_failure("picture_missing", failure, () => show(next, then));
	});
}

function fill_viewer() {
	reset_zoom();
	fill_picture(part("picture"), shown);
	write("viewer_position", `${(at + 1).toLocaleString("en")} of ${pictures.length.toLocaleString("en")}`);
	write("viewer_caption", describe_caption(shown));
	show_details(shown, uses);
	offer_its_heatmap();
	if (!shown.explanation) uses.explain?.(shown).then(refresh_viewer, () => null);
	// `disabled` would lose the focus.
	part("previous").ariaDisabled = !is_there(at - 1);
	part("next").ariaDisabled = !is_there(at + 1);
	when_idle(() => {
		for (const next of [at + 1, at - 1].filter(is_there)) Promise.resolve(pictures.at(next)).then(load_ahead, () => null);
	});
}

function offer_its_heatmap() {
	const { fetch_heatmap } = uses;
	offer_heatmap(shown, fetch_heatmap && ((picture) => fetch_heatmap(picture).then(() => show_evidence(shown, uses))));
}

function load_original(scale) {
	const { clientWidth, naturalWidth } = part("image");
	const is_wanted = clientWidth * scale * devicePixelRatio > naturalWidth && shown.width > naturalWidth;
	if (is_wanted) show_larger(part("picture"), image_address(shown.image_url));
}

const pressed = { previous: () => step(-1), next: () => step(+1), close, similar: () => uses.find_similar(shown) };
for (const [name, act] of Object.entries(pressed)) part(name).onclick = act;

const keys = {
	ArrowLeft: pressed.previous,
	ArrowRight: pressed.next,
	h: () => toggle_heatmap(),
	m: pressed.similar,
	"+": () => zoom_by(1.5),
	"-": () => zoom_by(1 / 1.5),
};
viewer.onkeydown = (event) => is_modified(event) || keys[event.key]?.();
viewer.oncancel = (event) => {
	event.preventDefault();
	close();
};
