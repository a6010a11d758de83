import { by_id, is_modified } from "./elements.js";

const query_box = by_id("query");

const box_of = (picture) => picture.getBoundingClientRect();
const shown_pictures = () => [...document.querySelectorAll("main button.picture")].filter((picture) => picture.checkVisibility());

export const focus_picture = (at) => shown_pictures()[at]?.focus();

function find_target({ key, target }) {
	const all = shown_pictures();
	if (key === "/") return target.closest("input:not([type=range]), select, textarea") ? null : query_box;
	if (key === "ArrowDown" && target.matches("#query, #status")) return all.find((picture) => box_of(picture).top >= 0) ?? all[0];
	if (key === "Escape" && target === query_box) query_box.value ? (query_box.value = "") : query_box.blur();
	if (key === "m") target.closest(".card")?.querySelector(".similar").click();
	const at = all.indexOf(target);
	if (at < 0) return null;
	const found = {
		ArrowLeft: () => all[at - 1],
		ArrowRight: () => all[at + 1],
		ArrowUp: () => nearest(all, target, -1) ?? query_box,
		ArrowDown: () => nearest(all, target, 1) ?? all.at(-1),
		Home: () => all[0],
		End: () => all.at(-1),
		Escape: () => query_box,
	}[key];
	return found && (found() ?? target);
}

// In the next row below (`down` 1) or above (-1).
function nearest(all, from, down) {
	const { left, right, top } = box_of(from);
	const ahead = (picture) => Math.round(down * (box_of(picture).top - top));
	const aside = (picture) => Math.abs(box_of(picture).left + box_of(picture).right - left - right);
	return all.filter((picture) => ahead(picture) > 1).sort((a, b) => ahead(a) - ahead(b) || aside(a) - aside(b))[0];
}

document.onkeydown = (event) => {
	if (is_modified(event) || event.defaultPrevented || by_id("viewer").open) return;
	const found = find_target(event);
	if (!found) return;
	event.preventDefault();
	found.focus();
	if (event.key === "/") query_box.select();
};
