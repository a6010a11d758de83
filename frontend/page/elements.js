// Elements, words and short messages. What a server sent becomes text, never markup.

export const by_id = (id) => document.getElementById(id);
export const write = (id, text) => (by_id(id).textContent = text);
export const viewer_part = (name) => by_id(`viewer_${name}`);
export const copy_template = (name) => by_id(`${name}_template`).content.cloneNode(true).firstElementChild;
export const when_idle = window.requestIdleCallback ?? setTimeout;
const toasts = by_id("toasts");

export function make(tag, properties, ...children) {
	const element = Object.assign(document.createElement(tag), properties);
	element.append(...children);
	return element;
}

export const set_in = (element) => (selector, properties) => Object.assign(element.querySelector(selector), properties);

export const is_modified = ({ ctrlKey, metaKey, altKey, shiftKey, type }) => ctrlKey || metaKey || altKey || (shiftKey && type === "click");

// {title, message} by their id in index.html, or null.
export function find_words(name, values) {
	const words = by_id("words").content.getElementById(name);
	return words && { title: words.title, message: words.textContent.replace(/\{(\w+)\}/g, (_, key) => values[key]) };
}

export const sentence = (name, values) => find_words(name, values)?.message;

export function show_toast({ title, message, act, name = "Try again", failure = true }) {
	const toast = copy_template("toast");
	const set = set_in(toast);
	if (failure) toast.role = "alert";
	set(".title", { textContent: title });
	set(".message", { textContent: message });
	set(".dismiss", { onclick: clear_toast });
	set(".act", { hidden: !act, textContent: name, onclick: () => (clear_toast(), act()) });
	place_toasts();
	toasts.replaceChildren(toast);
}

export const report_failure = (name, failure, act) => show_toast({ ...find_words(name), message: `${failure.title}. ${failure.message}`, act });
export const clear_toast = () => toasts.replaceChildren();

// Nothing outside an open dialog can be clicked.
function place_toasts() {
	const parent = document.querySelector("dialog[open]") ?? document.body;
	if (toasts.parentElement !== parent) parent.append(toasts);
}

by_id("viewer").addEventListener("close", place_toasts);
