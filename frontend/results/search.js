// Runs one search; a new one aborts it.

import * as api from "../page/api.js";
import { count_of, describe_answer } from "../page/descriptions.js";
import { report_failure, write } from "../page/elements.js";
import { focus_picture } from "../page/keyboard.js";
import { has_words, weighed_words } from "../request/search_request.js";
import { open_linked_photo, open_viewer, viewer } from "../viewer/open_viewer.js";
import * as lists from "./lists.js";

let newest = new AbortController();

export async function run_search(request, find_similar) {
	const signal = stop_search();
	const stop_loading = lists.show_loading(request);
	await api.attempt(signal, async () => {
		const answer = await api.search(request, null, signal, (wait_s) => (stop_loading(), lists.show_busy(wait_s)));
		stop_loading();
		if (!signal.aborted) show_results(request, answer, find_similar, signal);
	}, lists.show_failure);
	stop_loading();
}

export function stop_search() {
	newest.abort();
	lists.offer_more();
	return (newest = new AbortController()).signal;
}

function show_results(request, first_answer, find_similar, signal) {
	const evidence = has_words(request) ? open_evidence(request, signal) : null;
	const uses = {
		find_similar,
		words: weighed_words(request),
		fetch_heatmap: evidence?.fetch_heatmap,
		explain: async (result) => evidence?.explained.has(result) || evidence?.ask([result]),
		close: (at) => are_shown.then(() => signal.aborted || focus_picture(at)),
	};
	let next;
	let are_shown;

	function open(result, options) {
		const seen = lists.in_sight();
		open_viewer(seen, seen.indexOf(result), { ...uses, ...options });
	}

	async function explain_shown() {
		const results = lists.shown().filter((result) => evidence && !evidence.explained.has(result)).slice(0, api.page_size);
		if (!results.length) return;
		lists.show_why(results, "pending");
		await api.attempt(signal, async () => {
			await evidence.ask(results);
			lists.show_why(results, "known");
			viewer?.refresh_viewer();
			explain_shown();
		}, (failure) => {
			lists.show_why(results, "failed");
			report_failure("explanations_missing", failure, explain_shown);
		});
	}

	async function add_page(answer) {
		next = answer.next;
		are_shown = lists.add(answer.results);
		write("status", describe_answer(request, lists.found, { ...first_answer, more: next }));
		await are_shown;
		if (!signal.aborted) show_more();
	}

	function show_more(options) {
		lists.offer_more(next && fetch_page, options);
		explain_shown();
	}

	const fetch_page = () => api.attempt(signal, async () => {
		const answer = await search_on(next);
		await add_page(answer);
		write("announcer", `${count_of(answer.results.length, "picture")} more`);
		return true;
	}, (failure) => {
		show_more({ failed: true });
		report_failure("more_missing", failure, failure.worth_retrying && lists.load_more);
	});

	async function search_on(cursor) {
		const answer = await api.search(request, cursor, signal).catch((failure) => {
			if (failure.code === "cursor_invalid") return api.search(request, null, signal);
			throw failure;
		});
		const ids = Object.values(lists.found).flat().map(({ id }) => id);
		const results = answer.results.filter(({ id }) => !ids.includes(id));
		return results.length || !answer.next ? { ...answer, results } : search_on(answer.next);
	}

	lists.clear({ open, find_similar, toggled: show_more });
	lists.show_answer(request, first_answer);
	add_page(first_answer);
	open_linked_photo(first_answer.results, uses);
}

function open_evidence({ query }, signal) {
	const heatmaps = new Map();
	const explained = new Set(); // none twice: it may cost something

	async function ask(results, heatmap = false) {
		const unexplained = results.filter((result) => !explained.has(result));
		unexplained.forEach((result) => explained.add(result));
		try {
			const answer = await api.explain({ query, ids: results.map(({ id }) => id), heatmap, explain: unexplained.length > 0 }, signal);
			for (const result of results) merge_evidence(result, answer.results.find(({ id }) => id === result.id) ?? {});
		} catch (failure) {
			unexplained.forEach((result) => explained.delete(result));
			heatmaps.delete(results[0]);
			throw failure;
		}
	}

	function fetch_heatmap(result) {
		if (!heatmaps.has(result)) heatmaps.set(result, ask([result], true));
		return heatmaps.get(result);
	}

	return { ask, explained, fetch_heatmap };
}

function merge_evidence(result, { explanation, explanation_source, evidence = {}, ...verdict }) {
	Object.assign(result, known(verdict), explanation && { explanation, explanation_source });
	result.evidence = { ...result.evidence, ...known(evidence) };
}

const known = (fields) => Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null && value.length !== 0));
