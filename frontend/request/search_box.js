// The picture to search with, its weight, filters, order.

import { browse } from "../page/api.js";
import { name_date } from "../page/descriptions.js";
import { by_id, make } from "../page/elements.js";
import { image_address, show_image } from "./search_request.js";

const picture_box = by_id("query_picture");
const weight_box = by_id("picture_weight");
const query_box = by_id("query");
const file_box = by_id("picture_file");
const form = by_id("filter_form");
const { from, to } = form.elements;
let from_before;

const FILTER_NAMES = {
	from: (date, { to }) => `${to !== date ? "from" : date.split("-")[2] ? "on" : "in"} ${name_date(date)}`,
	to: (date) => `up to ${name_date(date)}`,
	folder: (name) => `in ${name}`,
	place: (name) => `of ${name}`,
	camera: (name) => `taken with ${name}`,
	has_text: (has_text) => (has_text ? "with text" : "without text"),
};

const given_pictures = new Map();

export function store_picture(file, name) {
	const picture = { key: `${performance.timeOrigin}-${given_pictures.size}`, file, name, address: URL.createObjectURL(file) };
	given_pictures.set(picture.key, picture);
	return picture;
}

export function find_picture({ like, kept }) {
	if (like === null) return given_pictures.get(kept?.key);
	return kept?.id === like ? kept : { id: like, name: `Picture ${like}` };
}

export function show_query_picture({ picture, picture_weight }) {
	const address = picture && (picture.address ?? image_address(picture.image_url));
	const thumbnail = picture_box.querySelector("img");
	Object.assign(picture_box, { hidden: !picture, title: picture?.name });
	Object.assign(thumbnail, { hidden: !address, alt: `Searching with: ${picture?.name}` });
	show_image(thumbnail, address);
	query_box.placeholder = picture ? "Add words" : "Describe a picture";
	weight_box.value = picture_weight;
	show_weight();
}

function show_weight() {
	const percent = Math.round(100 * weight_box.value);
	weight_box.ariaValueText = `${100 - percent}% words, ${percent}% picture`;
	by_id("mix").hidden = picture_box.hidden || !query_box.value.trim();
}

export function listen_to_files(take) {
	file_box.onchange = () => {
		take(file_box.files);
		file_box.value = ""; // to be chosen again
	};
	document.onpaste = (event) => {
		const { files } = event.clipboardData;
		// Text may be copied with a picture of it.
		if (!files.length || event.clipboardData.getData("text/plain")) return;
		event.preventDefault();
		take(files);
	};
	document.ondragover = document.ondragleave = document.ondrop = (event) => {
		const { type, dataTransfer, relatedTarget } = event;
		const is_over = type === "dragover";
		if (!dataTransfer?.types.includes("Files") || (type === "dragleave" && relatedTarget)) return;
		event.preventDefault();
		if (is_over) dataTransfer.dropEffect = "copy";
		by_id("drop_target").togglePopover(is_over);
		if (type === "drop") take(dataTransfer.files);
	};
}

export function show_filters({ where, order }, change) {
	const is_one_date = where.from === where.to;
	const set = Object.keys(FILTER_NAMES).filter((key) => key in where && !(key === "to" && is_one_date));
	by_id("chips").replaceChildren(...set.map((key) => {
		const textContent = FILTER_NAMES[key](where[key], where);
		const onclick = () => {
			change({ where: { ...where, [key]: null, ...(key === "from" && is_one_date && { to: null }) } });
			by_id("filter_button").focus();
		};
		return make("li", {}, make("button", { textContent, ariaLabel: `Remove the filter “${textContent}”`, onclick }));
	}));
	for (const field of form.elements) field.value = where[field.name] ?? "";
	from_before = from.value;
	Object.assign(by_id("order"), { value: order, onchange: ({ target }) => change({ order: target.value }) });
	form.onsubmit = form.onreset = (event) => {
		event.preventDefault();
		form.hidePopover();
		change({ where: event.type === "submit" ? read_form() : {} });
	};
}

function read_form() {
	const given = [...new FormData(form)].filter(([, value]) => value.trim());
	return Object.fromEntries(given.map(([key, value]) => [key, key === "has_text" ? value === "true" : value.trim()]));
}

by_id("choose_picture").onclick = () => file_box.click();
query_box.oninput = weight_box.oninput = show_weight;
from.oninput = () => {
	if (to.value === from_before) to.value = from.value;
	from_before = from.value;
};

form.ontoggle = async ({ newState }) => {
	if (newState !== "open") return;
	const { folder, ...others } = read_form();
	const { folders } = await browse("folders", others).catch(() => ({ folders: [] }));
	by_id("folders").replaceChildren(...folders.map(({ folder }) => new Option("", folder)));
};
