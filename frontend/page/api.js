// All requests to the server but for a linked search (search_request.js), and what can fail on the way.

import { api_base, as_json, is_elsewhere, PAGE_SIZE, search_fields, take_response } from "../request/search_request.js";

const LIMIT_MS = 60_000; // an idle function on AWS Lambda may need many seconds to start
const BUSY_S = 2; // where a busy server does not say when to ask again
const LONGEST_WAIT_S = 60; // without asking the user

let hashes_bodies = false; // once CloudFront in front of AWS Lambda has asked for it (docs/lambda.md)

/** How many results are asked for at once; fewer where the server says so. */
export let page_size = PAGE_SIZE;

/** A request that failed, or was not worth sending. index.html has the words; what the server `said` is better than theirs. */
export class RequestFailed extends Error {
  constructor(name, { said, code, worth_retrying, ...values } = {}) {
    const words = find_words(name);
    super(said ?? words.textContent.replace(/\{(\w+)\}/g, (_, key) => values[key]));
    Object.assign(this, { title: (find_words(code) ?? words).title, worth_retrying, code });
  }
}

const find_words = (name) => document.getElementById("failures").content.querySelector(`[data-name="${name}"]`);

/** Returns what `task` does; gives a failed request to `fail`, unless `signal` is aborted. */
export async function attempt(signal, task, fail) {
  try {
    return await task();
  } catch (failure) {
    if (signal?.aborted) return null;
    if (!(failure instanceof RequestFailed)) throw failure;
    return fail(failure);
  }
}

/** Returns the first results, or those of a `cursor`. A busy server is asked once more, after `tell_busy(wait_s)`. */
export async function search(request, cursor, signal, tell_busy) {
  const file = request.picture?.file;
  const fields = search_fields(request, { cursor, top_k: page_size });
  const options = { ...(file ? as_form(fields, file) : as_json(fields)), signal, tell_busy };
  try {
    return await fetch_answer(file ? "search/image" : "search", "results", options);
  } catch (failure) {
    const allowed = failure.code === "top_k_out_of_range" && Number(failure.message.match(/\d+(?=\.$)/));
    if (!(allowed && allowed < page_size)) throw failure;
    page_size = allowed;
    return search(request, cursor, signal, tell_busy);
  }
}

const browse = (route, field, fields, signal) => fetch_answer(`${route}?${new URLSearchParams(fields)}`, field, { signal });

export const explain = (fields, signal) => fetch_answer("explain", "results", { ...as_json(fields), signal });
export const open_folder = (id) => fetch_answer("open-folder", "folder", as_json({ id }));
export const fetch_timeline = (where, signal) => browse("timeline", "months", where, signal);
export const fetch_pictures = (fields, signal) => browse("pictures", "pictures", fields, signal);
export const fetch_picture = (id) => browse(`pictures/${id}`, "id");
export const fetch_folders = (where) => browse("folders", "folders", where);
export const fetch_examples = () => browse("examples", "examples");
export const read_readiness = () => send("readyz").then(({ body }) => body ?? {}, () => ({}));

export async function log_out() {
  await send("logout", { method: "POST", redirect: "manual" }).catch(() => null);
  location.assign("login");
}

/** Says why no answer came. `is_there`: a server of another origin gives one that the page may not read. */
export function unreachable(cause, is_there) {
  const elsewhere = is_there ? "unreadable" : is_elsewhere ? "unreachable_elsewhere" : "unreachable";
  const name = cause?.name === "TimeoutError" ? "slow" : navigator.onLine ? elsewhere : "offline";
  return new RequestFailed(name, { worth_retrying: true });
}

/** Returns an answer that has this field; throws RequestFailed, or AbortError. */
async function fetch_answer(route, field, { tell_busy, ...options }) {
  let answer = await send(route, options);
  const { retry_s } = answer;
  if (is_busy(answer) && !(retry_s > LONGEST_WAIT_S)) {
    const wait_s = retry_s || BUSY_S;
    tell_busy?.(wait_s);
    await new Promise((resolve) => setTimeout(resolve, 1000 * wait_s));
    answer = await send(route, options);
  }
  const { status, body } = answer;
  const found = body?.[field];
  // Another version's results may lack what the cards are made of.
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
    const body = await new Response(await response.text()).json().catch(() => null); // a gateway's error page is none
    if (hashes_bodies || body?.error?.code !== "body_hash_missing") return { status: response.status, body, retry_s };
    hashes_bodies = true;
    return send(route, options);
  } catch (cause) {
    if (signal?.aborted) throw cause;
    throw unreachable(cause, is_elsewhere && (await is_there()));
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

async function with_hash({ headers, ...options }) {
  const request = new Request(api_base, { ...options, headers }); // which names the type of a form
  const body = await request.arrayBuffer();
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", body));
  const sha256 = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return { ...options, body, headers: { ...Object.fromEntries(request.headers), "x-amz-content-sha256": sha256 } };
}

function is_there() {
  const options = { mode: "no-cors", signal: AbortSignal.timeout(LIMIT_MS) };
  return fetch(new URL("healthz", api_base), options).then(() => true, () => false);
}

// Waiting does not help with the other codes of 503, such as a missing index.
const is_busy = ({ status, body }) => status === 429 || (status === 503 && (body?.error?.code ?? "overloaded") === "overloaded");

function failure_of(answer) {
  const { status, body } = answer;
  const { code, message } = body?.error ?? {};
  const is_unsigned = status === 403 && body && !code;
  const name = status < 400 ? "no_answer" : is_unsigned ? "unsigned" : is_busy(answer) ? "busy" : status >= 500 ? "broken" : "refused";
  const worth_retrying = status < 400 || status >= 500 || status === 408 || status === 429;
  return new RequestFailed(find_words(status) ? status : name, { said: status === 401 ? null : message, code, worth_retrying, status });
}
