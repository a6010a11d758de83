// All requests to the server: its address and the routes. No other file sends requests; failures.js says what can fail.

import { has_words, is_mix } from "../request/search_request.js";
import { busy_wait_s, refused_or_broken, unreachable } from "./failures.js";

export { RequestFailed } from "./failures.js";

// A function on AWS Lambda that was idle may need many seconds to start; users do not wait longer than this.
const LIMIT_MS = 60_000;
const PAGE_HITS = 24;

const api_base = read_api_base();
let hashes_bodies = false; // once CloudFront in front of AWS Lambda has asked for it (docs/lambda.md)

function read_api_base() {
  const given = document.querySelector('meta[name="api-base"]').content.trim();
  // The trailing slash keeps the path of the base, such as a gateway's stage, when a route is appended.
  return new URL(given ? `${given.replace(/\/+$/, "")}/` : ".", document.baseURI);
}

/**
 * Returns a page of the answer to a request: the first one, or that to which the `next` of the page before leads. With words in
 * the query it has no explanations: `explain` fetches those. A server that is busy is asked again, once; `tell_busy(wait_s)` is
 * called before.
 */
export function search(request, { cursor }, signal, tell_busy) {
  const { query, picture, picture_weight, where = {}, order } = request;
  const weight = is_mix(request) && { picture_weight };
  const given = { ...(Object.keys(where).length && { where }), ...(order === "date" && { order }), ...(cursor && { cursor }) };
  const fields = { query, top_k: PAGE_HITS, explain: !has_words(request), ...weight, ...given };
  const body = picture?.file ? as_form({ ...fields, image: picture.file }) : as_json({ ...fields, ...(picture && { like: picture.id }) });
  return fetch_answer(picture?.file ? "search/image" : "search", "results", { ...body, signal, tell_busy });
}

/** Returns the evidence of the hits with these ids, with explanations unless `explain` is false, with heatmaps if `heatmap`. */
export function explain({ query, ids, heatmap, explain = true }, signal) {
  return fetch_answer("explain", "results", { ...as_json({ query, ids, heatmap, explain }), signal });
}

// Of the library without a question, as docs/api.md has it ("Browse"); `where` says which pictures alone.

export function fetch_timeline(where, signal) {
  return fetch_answer(with_fields("timeline", where), "months", { signal });
}

export function fetch_pictures({ where, ...page }, signal) {
  return fetch_answer(with_fields("pictures", { ...where, ...page }), "pictures", { signal });
}

export function fetch_picture(id) {
  return fetch_answer(`pictures/${id}`, "id", {});
}

export function fetch_folders(where, signal) {
  return fetch_answer(with_fields("folders", where), "folders", { signal });
}

export function fetch_examples(signal) {
  return fetch_answer("examples", "examples", { signal });
}

/** Has a server on this machine show the folder of a picture. */
export async function open_folder(id) {
  const answer = await send("open-folder", as_json({ id }));
  if (answer.status >= 400) throw refused_or_broken(answer);
}

/**
 * Returns what the server says of itself: `sample_models`, its models know drawn scenes only; `login`, it asks for a token;
 * `local`, it runs on this machine, and can open folders.
 */
export async function read_readiness() {
  try {
    const response = await fetch(new URL("readyz", api_base), { signal: AbortSignal.timeout(LIMIT_MS) });
    return read_json(await response.text()) ?? {};
  } catch {
    return {}; // a search will say what is wrong
  }
}

/** Ends the session, and leaves the page for the one to log in at. */
export async function log_out() {
  await send("logout", { method: "POST", redirect: "manual" }).catch(() => null);
  location.assign("login");
}

/**
 * Returns the address of a picture or a preview, or null where the server gave none, or one that is not http(s). The server's
 * own lie below its base, of which it does not know: a proxy may have put it below a path.
 */
export function image_address(image_url) {
  const below_base = image_url?.replace(/^\/(images|previews)\//, "$1/");
  if (!below_base || !URL.canParse(below_base, api_base)) return null;
  const address = new URL(below_base, api_base);
  return /^https?:$/.test(address.protocol) ? address.href : null;
}

/** Has an image show the picture at an address. One of a server of another origin is asked for as CORS demands. */
export function show_image(image, address) {
  const { origin } = new URL(address);
  image.crossOrigin = origin === api_base.origin && origin !== location.origin ? "anonymous" : null;
  image.src = address;
}

function as_json(fields) {
  return { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(fields) };
}

function as_form({ image, ...fields }) {
  const body = new FormData();
  body.set("image", image, image.name ?? "picture.jpg");
  for (const [name, value] of Object.entries(fields)) if (value !== "") body.set(name, name === "where" ? JSON.stringify(value) : String(value));
  return { method: "POST", body };
}

function with_fields(route, fields) {
  return `${route}?${new URLSearchParams(fields)}`;
}

/** Returns an answer that has a field of this name; throws RequestFailed, or AbortError once `signal` is aborted. */
async function fetch_answer(route, field, { tell_busy, ...options }) {
  const { signal } = options;
  let answer = await send(route, options);
  const wait_s = busy_wait_s(answer);
  if (wait_s) {
    tell_busy?.(wait_s);
    await wait(wait_s, signal);
    answer = await send(route, options);
  }
  const { status, body } = answer;
  if (status < 400 && has_what_is_shown(body, field)) return body;
  if (status === 401 && api_base.origin === location.origin) await leave_for_login();
  throw refused_or_broken(answer);
}

// Another version's results may lack what the cards are made of.
function has_what_is_shown(body, field) {
  const found = body?.[field];
  return field === "results" ? Array.isArray(found) && found.every((result) => result?.id >= 0 && result.evidence) : found !== undefined;
}

async function send(route, options) {
  const { signal, headers, ...given } = hashes_bodies && options.method ? await with_hash(options) : options;
  const limit = AbortSignal.timeout(LIMIT_MS);
  try {
    const response = await fetch(new URL(route, api_base), {
      ...given,
      headers: { ...headers, accept: "application/json" },
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
    });
    const retry_s = Number(response.headers.get("retry-after"));
    const body = read_json(await response.text());
    if (hashes_bodies || body?.error?.code !== "body_hash_missing") return { status: response.status, body, retry_s };
    hashes_bodies = true;
    return send(route, options);
  } catch (cause) {
    if (signal?.aborted) throw cause;
    throw unreachable(cause, LIMIT_MS, await is_there());
  }
}

async function with_hash({ body, headers, ...options }) {
  const whole = new Response(body);
  const type = whole.headers.get("content-type");
  const bytes = await whole.arrayBuffer();
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  const sha256 = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return { ...options, body: bytes, headers: { ...(type && { "content-type": type }), ...headers, "x-amz-content-sha256": sha256 } };
}

/** Returns whether a server of another origin answers at all: a page is not told why it may not read an answer. */
function is_there() {
  if (api_base.origin === location.origin) return null;
  const options = { mode: "no-cors", signal: AbortSignal.timeout(LIMIT_MS) };
  return fetch(new URL("healthz", api_base), options).then(() => true, () => false);
}

function wait(seconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, 1000 * seconds);
    signal.addEventListener("abort", () => (clearTimeout(timer), reject(signal.reason)), { once: true });
  });
}

/** Leaves for the login page, which leads back to this address; nothing goes on here meanwhile. */
function leave_for_login() {
  location.assign(`login?back=${encodeURIComponent(location.search)}`);
  return new Promise(() => {});
}

function read_json(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null; // the error page of a gateway; the status is enough
  }
}
