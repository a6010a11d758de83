// The months. Only chunks near the window have pictures; the others keep their height.

import { name_date } from "../page/descriptions.js";
import { by_id, copy_template, make, report_failure } from "../page/elements.js";
import { fill_picture } from "../page/picture.js";
import { ratio_of } from "../request/search_request.js";

const CHUNK = 60;
const MARGIN = 1200; // CSS pixels
const SETTLING_MS = 80;
const FAST = 0.25; // in windows a frame
const GAP = 4; // as in pictures.css
const USUAL_RATIO = 1.4;

const box = by_id("months");
const years = by_id("years");

let pictures;
let chunks = [];
let near = new Set();
let [width, timer, to_focus, seen_at] = [0, 0, -1, 0];

export function show_months({ months, undated }, its_pictures, first, open) {
	[pictures, width] = [its_pictures, 0];
	box.replaceChildren(...months.map(({ month, pictures: count }) => make_month(name_date(month), count)));
	if (undated) box.append(make_month(months.length ? "No date" : "", undated));
	years.replaceChildren(...months.flatMap(make_year));
	years.hidden = years.children.length < 2;
	years.closest("main").classList.toggle("with_years", !years.hidden);
	fit_all();
	for (const chunk of chunks) {
		if (chunk.end > first.length || chunk.first >= CHUNK) break;
		fill(chunk, first.slice(chunk.first, chunk.end));
	}
	box.onclick = ({ target }) => {
		const cell = target.closest("button");
		if (cell) open(Number(cell.value));
	};
}

function make_month(name, count) {
	const month = make("section", {}, ...(name ? [make("h2", {}, name)] : []));
	const last = (chunks.at(-1)?.end ?? 0) + count;
	for (let first = last - count; first < last; first += CHUNK) {
		const end = Math.min(first + CHUNK, last);
		const element = make("div", { className: end < last ? "rows whole" : "rows" });
		chunks.push({ month, element, first, end });
		month.append(element);
	}
	return month;
}

function make_year({ month }, at, months) {
	const year = month.slice(0, 4);
	if (months[at - 1]?.month.startsWith(year)) return [];
	return make("button", { onclick: () => box.children[at].scrollIntoView() }, year);
}

// An IntersectionObserver of 2,000 chunks, and all headings sticky, cost 20 ms a frame.
function see() {
	if (!box.clientWidth) return;
	const now = find_near();
	const is_fast = Math.abs(scrollY - seen_at) > FAST * innerHeight;
	const is_same = !now.symmetricDifference(near).size;
	seen_at = scrollY;
	if (is_same && !is_fast) return;
	clearTimeout(timer);
	timer = setTimeout(fetch_near, SETTLING_MS);
	near.difference(now).forEach(clear);
	near = now;
	for (const { month } of near) month.classList.add("near");
}

function find_near() {
	const place = (at) => chunks[at].element.getBoundingClientRect();
	const found = new Set();
	let [at, beyond] = [0, chunks.length];
	while (at < beyond) {
		const middle = (at + beyond) >> 1;
		if (place(middle).bottom < -MARGIN) at = middle + 1;
		else beyond = middle;
	}
	while (at < chunks.length && place(at).top < innerHeight + MARGIN) found.add(chunks[at++]);
	return found;
}

function fetch_near() {
	pictures.call_off((from, to) => [...near].some((chunk) => chunk.first < to && chunk.end > from));
	near.forEach(fetch_chunk);
}

async function fetch_chunk(chunk) {
	if (chunk.ratios) return;
	chunk.element.ariaBusy = true;
	try {
		const found = await pictures.slice(chunk.first, chunk.end);
		if (near.has(chunk) && !chunk.ratios) fill(chunk, found);
		see();
	} catch (failure) {
		if (failure.name !== "AbortError") report_failure("pictures_missing", failure, fetch_near);
	}
}

function fill(chunk, found) {
	chunk.element.ariaBusy = false;
	chunk.ratios = found.map(ratio_of);
	chunk.element.replaceChildren(...found.map((picture, at) => make_cell(picture, chunk.first + at)));
	fit(chunk);
	if (to_focus >= chunk.first && to_focus < chunk.end) focus_cell(to_focus);
}

function clear(chunk) {
	const { element, month, ratios } = chunk;
	month.classList.remove("near");
	element.ariaBusy = false;
	if (!ratios || element.contains(document.activeElement)) return;
	chunk.ratios = null;
	element.style.height = `${element.offsetHeight}px`;
	element.replaceChildren();
}

function fit_all() {
	if (box.clientWidth && box.clientWidth !== width) {
		width = box.clientWidth;
		chunks.forEach(fit);
	}
	see();
}

const usual_height = () => Math.min(200, Math.max(112, width * 0.16));

function fit({ element, first, end, ratios }) {
	const usual = usual_height();
	const height = ratios && element.matches(".whole") ? fill_last_row(ratios, usual) : usual;
	const rows = Math.ceil(((end - first) * USUAL_RATIO * 1.1 * usual) / width);
	element.style.height = ratios ? "" : `${rows * (1.1 * usual + GAP)}px`;
	element.style.setProperty("--row_height", `${height}px`);
}

function fill_last_row(ratios, usual) {
	let best = { left: Infinity };
	for (let height = 0.85 * usual; height < 1.15 * usual; height += 0.015 * usual) {
		let left = 0;
		for (const ratio of ratios) left = (left < ratio * height + GAP ? width + GAP : left) - ratio * height - GAP;
		if (left < best.left) best = { left, height };
	}
	return best.height;
}

export function focus_cell(place) {
	const cell = box.querySelector(`[value="${place}"]`);
	to_focus = cell ? -1 : place;
	if (cell) cell.focus();
	else chunks.find(({ end }) => place < end)?.element.scrollIntoView();
}

export function stop_months() {
	[chunks, near, to_focus] = [[], new Set(), -1];
	clearTimeout(timer);
	pictures?.call_off(() => false);
}

function make_cell(picture, value) {
	const cell = Object.assign(copy_template("cell"), { value });
	cell.style.setProperty("--ratio", ratio_of(picture));
	fill_picture(cell, picture, `${usual_height()}px`);
	return cell;
}

document.onscroll = see;
new ResizeObserver(fit_all).observe(box);
