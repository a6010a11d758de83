// From the address and the form to a request, and to its answer.

import { attempt, log_out, read_readiness, unreachable } from "./page/api.js";
import { by_id, clear_toast, find_words, is_modified, show_toast, when_idle, write } from "./page/elements.js";
import "./page/keyboard.js";
import * as box from "./request/search_box.js";
import { describe_request, fetch_modules, is_empty, read_address, write_address, write_history } from "./request/search_request.js";
import { show_failure } from "./results/lists.js";
import { run_search, stop_search } from "./results/search.js";
import { load_viewer, viewer } from "./viewer/open_viewer.js";

const query_box = by_id("query");
const weight_box = by_id("picture_weight");
const banner = by_id("sample_models");

let request;
let library;
let newest_files;
let shown_generation;

function restore_from_address() {
	const { kept, like, ...address } = read_address();
	request = { ...address, picture: box.find_picture({ like, kept }) };
	query_box.value = request.query;
	box.show_query_picture(request);
	box.show_filters(request, submit);
	viewer?.leave_viewer();
	clear_toast();
	newest_files = null;
	if (kept && !request.picture) report_lost_picture(kept);
	const title = request.query || `Pictures ${describe_request(request)}`;
	document.title = is_empty(request) ? "Lookwhy" : `${title} · Lookwhy`;
	return run();
}

function run() {
	if (is_empty(request)) return open_library();
	library?.leave_library();
	return run_search(request, find_similar);
}

async function open_library() {
	stop_search();
	const mine = request;
	library ??= await import("./library/library.js").catch(() => null);
	if (mine !== request) return null;
	return library ? library.show_library(request, find_similar) : show_failure(unreachable());
}

function report_lost_picture({ name }) {
	write_address(request, { replace: true });
	show_toast({ ...find_words(request.query ? "picture_lost_beside_words" : "picture_lost", { name }), failure: false });
}

function submit(changes, options) {
	write_address({ ...request, query: query_box.value.trim(), picture_weight: weight_box.valueAsNumber, ...changes }, options);
	restore_from_address();
}

function find_similar({ id, preview_url, image_url, caption, image_path }) {
	submit({ query: "", picture: { id, image_url: preview_url ?? image_url, name: caption || image_path } });
	by_id("status").focus();
}

async function take_files(given) {
	const files = (newest_files = [...given]);
	const { read_picture } = await import("./request/picture_file.js");
	await attempt(null, async () => {
		const picture = await read_picture(files);
		if (files === newest_files) submit({ picture: box.store_picture(picture, files[0].name) });
	}, show_toast);
}

async function note_readiness() {
	const { sample_models, login, local, generation, awaited } = await read_readiness();
	banner.hidden = !sample_models || sessionStorage.sample_models_dismissed;
	by_id("session").hidden = !login;
	by_id("viewer_open_folder").hidden = !local;
	write("awaited", awaited ? `${awaited.toLocaleString("en")} more are being read.` : "");
	shown_generation ??= generation;
	if (!generation || generation === shown_generation) return;
	show_toast({ ...find_words("library_changed"), act: () => location.reload(), name: "Show", failure: false });
}

by_id("search_form").onsubmit = (event) => {
	event.preventDefault();
	submit();
	if (query_box.value && matchMedia("(pointer: coarse)").matches) query_box.blur();
};
document.onclick = (event) => {
	const link = event.target.closest('a[href^="?"]');
	if (!link || is_modified(event)) return;
	event.preventDefault();
	write_history({ picture: history.state?.picture }, link.href, { push: true });
	restore_from_address();
};
by_id("retry").onclick = run;
banner.querySelector("button").onclick = () => {
	banner.hidden = true;
	sessionStorage.sample_models_dismissed = true;
};
by_id("log_out").onclick = log_out;
document.onvisibilitychange = () => document.hidden || note_readiness();
window.onpopstate = () => viewer?.follow_history() || restore_from_address();
window.ononline = () => {
	for (const retry of document.querySelectorAll("#retry, .toast .act")) if (retry.checkVisibility()) retry.click();
};
window.onoffline = () => by_id("retry").checkVisibility() && show_failure(unreachable());
weight_box.onchange = () => submit({}, { replace: true });
by_id("remove_picture").onclick = () => {
	submit({ picture: null });
	query_box.focus();
};
box.listen_to_files(take_files);
new ResizeObserver(([{ target }]) => document.body.style.setProperty("--top_height", `${target.offsetHeight}px`)).observe(document.querySelector(".top"));

await restore_from_address();
note_readiness();
when_idle(async () => {
	await Promise.allSettled([...document.querySelectorAll("img[fetchpriority]")].map((image) => image.decode()));
	["viewer_modules", "library_modules"].forEach(fetch_modules);
	load_viewer();
	navigator.serviceWorker?.register(new URL("service_worker.js", document.baseURI)).catch(() => {});
});
