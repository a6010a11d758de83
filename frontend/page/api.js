// All requests but a linked search, and what can fail.

import { find_words } from "./elements.js";
import { api_base, as_json, is_elsewhere, PAGE_SIZE, search_fields, take_response } from "../request/search_request.js";

const LIMIT_MS = 60_000;
const BUSY_S = 2;
const LONGEST_WAIT_S = 60;

// What an answer must have, where it is not named as its route.
const FIELDS = { search: "results", "search/image": "results", explain: "results", timeline: "months", "open-folder": "folder" };

let hashes_bodies = false; // CloudFront may ask for it

export let page_size = PAGE_SIZE;

export class RequestFailed extends Error {
	constructor(name, { said, code, worth_retrying, ...values } = {}) {
		const { title, message } = find_words(name, values);
		super(said ?? message);
		Object.assign(this, { title: find_words(code)?.title || title, worth_retrying, code });
	}
}

export const attempt = (signal, task, fail) => task().catch((failure) => {
	if (signal?.aborted) return null;
	if (!(failure instanceof RequestFailed)) throw failure;
	return fail(failure);
});

export async function search(request, cursor, signal, tell_busy) {
	const file = request.picture?.file;
	const fields = search_fields(request, { cursor, top_k: page_size });
	const options = { ...(file ? as_form(fields, file) : as_json(fields)), signal, tell_busy };
	try {
		return await fetch_answer(file ? "search/image" : "search", options);
	} catch (failure) {
		const allowed = failure.code === "top_k_out_of_range" && Number(failure.message.match(/\d+(?=\.$)/));
		if (!(allowed && allowed < page_size)) throw failure;
		page_size = allowed;
		return search(request, cursor, signal, tell_busy);
	}
}

export const explain = (fields, signal) => fetch_answer("explain", { ...as_json(fields), signal });
export const open_folder = (id) => fetch_answer("open-folder", as_json({ id }));
export const browse = (route, fields, signal) => fetch_answer(route, { fields, signal });
export const read_readiness = () => send("readyz").then(({ body }) => body ?? {}, () => ({}));

export async function log_out() {
	await send("logout", { method: "POST", redirect: "manual" }).catch(() => null);
	location.assign("login");
}

export function unreachable(cause, is_there) {
	const elsewhere = is_there ? "unreadable" : is_elsewhere ? "unreachable_elsewhere" : "unreachable";
	const name = cause?.name === "TimeoutError" ? "slow" : navigator.onLine ? elsewhere : "offline";
	return new RequestFailed(name, { worth_retrying: true });
}

async function fetch_answer(route, { tell_busy, fields, ...options }) {
	const address = fields ? `${route}?${new URLSearchParams(fields)}` : route;
	let answer = await send(address, options);
	const wait_s = answer.retry_s || BUSY_S;
	if (is_busy(answer) && wait_s <= LONGEST_WAIT_S) {
		tell_busy?.(wait_s);
		await new Promise((resolve) => setTimeout(resolve, 1000 * wait_s));
		answer = await send(address, options);
	}
	const { status, body } = answer;
	const field = FIELDS[route] ?? (route.includes("/") ? "id" : route);
	const found = body?.[field];
	const is_whole = field === "results" ? found?.every?.((result) => result?.id >= 0 && result.evidence) : found !== undefined;
	if (status < 400 && is_whole) return body;
	if (status !== 401 || is_elsewhere) throw failure_of(answer);
	location.assign(`login?back=${encodeURIComponent(location.search)}`);
	return new Promise(() => {});
}

async function send(route, options = {}) {
	const { signal, headers, ...given } = hashes_bodies && options.method ? await with_hash(options) : options;
	const limited = AbortSignal.any([AbortSignal.timeout(LIMIT_MS), signal].filter(Boolean));
	const ask = () => fetch(new URL(route, api_base), { ...given, headers: { ...headers, accept: "application/json" }, signal: limited });
	try {
		const response = await (take_response(given.body, limited) ?? ask());
		const retry_s = Number(response.headers.get("retry-after"));
		const body = await new Response(await response.text()).json().catch(() => null);
		if (hashes_bodies || body?.error?.code !== "body_hash_missing") return { status: response.status, body, retry_s };
		hashes_bodies = true;
		return send(route, options);
	} catch (cause) {
		if (signal?.aborted) throw cause;
		const look = { mode: "no-cors", signal: AbortSignal.timeout(LIMIT_MS) };
		const is_there = is_elsewhere && (await fetch(new URL("healthz", api_base), look).then(() => true, () => false));
		throw unreachable(cause, is_there);
	}
}

function as_form(fields, file) {
	const body = new FormData();
	body.set("image", file, file.name ?? "picture.jpg");
	for (const [name, value] of Object.entries(fields)) {
		if (value !== "") body.set(name, name === "where" ? JSON.stringify(value) : value);
	}
	return { method: "POST", body };
}

async function with_hash(options) {
	const request = new Request(api_base, options);
	const body = await request.arrayBuffer();
	const bytes = [...new Uint8Array(await crypto.subtle.digest("SHA-256", body))];
	const sha256 = bytes.map((byte) => byte.toString(16).padStart(2, "0")).join("");
	return { ...options, body, headers: { ...Object.fromEntries(request.headers), "x-amz-content-sha256": sha256 } };
}

// Other codes of 503, such as a missing index, stay.
const is_busy = ({ status, body }) => status === 429 || (status === 503 && (body?.error?.code ?? "overloaded") === "overloaded");

function failure_of(answer) {
	const { status, body } = answer;
	const { code, message } = body?.error ?? {};
	const is_unsigned = status === 403 && body && !code;
	const name = status < 400 ? "no_answer" : is_unsigned ? "unsigned" : is_busy(answer) ? "busy" : status >= 500 ? "broken" : "refused";
	const worth_retrying = status < 400 || status >= 500 || [408, 429].includes(status);
	return new RequestFailed(find_words(status) ? status : name, { said: status === 401 ? null : message, code, worth_retrying, status });
}
