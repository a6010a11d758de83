// All requests to the server. No other file sends any.

import { has_words, is_mix } from "../request/search_request.js";
import { busy_wait_s, refused_or_broken, unreachable } from "./failures.js";

// A function on AWS Lambda that was idle may need many seconds to start; users do not wait longer than this.
const LIMIT_MS = 60_000;

const given_base = document.querySelector('meta[name="api-base"]').content.trim();
// The trailing slash keeps the path of the base, such as a gateway's stage, when a route is appended.
const api_base = new URL(given_base ? `${given_base.replace(/\/+$/, "")}/` : ".", document.baseURI);
let hashes_bodies = false; // once CloudFront in front of AWS Lambda has asked for it (docs/lambda.md)

let sent_ahead = null;

/** How many results are asked for, and explained, at once: 24, or the most that the server allows. */
export let page_size = 24;

/** Sends a search whose answer `search` is to return later. */
export function send_ahead(request) {
  const aborter = new AbortController();
  const { route, ...options } = as_search(request);
  const answer = send(route, { ...options, signal: aborter.signal });
  sent_ahead = { body: options.body, answer, aborter };
  return answer;
}

/**
 * Returns a page of the answer to a request: the first one, or that to which the `next` of the page before leads. A server that
 * is busy is asked again, once; `tell_busy(wait_s)` is called before.
 */
export async function search(request, cursor, signal, tell_busy) {
  const ask = () => {
    const { route, ...options } = as_search(request, cursor);
    return fetch_answer(route, "results", { ...options, signal, tell_busy });
  };
  try {
    return await ask();
  } catch (failure) {
    const allowed = failure.code === "top_k_out_of_range" && Number(failure.message.match(/\d+(?=\.$)/));
    if (!(allowed && allowed < page_size)) throw failure;
    page_size = allowed;
    return ask();
  }
}

export const explain = (fields, signal) => fetch_answer("explain", "results", { ...as_json(fields), signal });

export const fetch_timeline = (where, signal) => browse("timeline", "months", where, signal);
export const fetch_pictures = (fields, signal) => browse("pictures", "pictures", fields, signal);
export const fetch_picture = (id) => browse(`pictures/${id}`, "id");
export const fetch_folders = (where) => browse("folders", "folders", where);
export const fetch_examples = () => browse("examples", "examples");

export const open_folder = (id) => fetch_answer("open-folder", "folder", as_json({ id }));

export async function read_readiness() {
  const answer = await send("readyz").catch(() => null);
  return answer?.body ?? {};
}

export async function log_out() {
  await send("logout", { method: "POST", redirect: "manual" }).catch(() => null);
  location.assign("login");
}

/** Returns the address of a picture, or null. The server's own lie below its base, where a proxy may have put it. */
export function image_address(image_url) {
  const address = URL.parse(image_url?.replace(/^\/(images|previews)\//, "$1/") || "//", api_base);
  return /^https?:$/.test(address?.protocol) ? address.href : null;
}

/** Shows a picture. One of a server of another origin is asked for as CORS demands. */
export function show_image(image, address) {
  const { origin } = new URL(address);
  image.crossOrigin = origin === api_base.origin && origin !== location.origin ? "anonymous" : null;
  image.src = address;
}

function as_search(request, cursor) {
  const { query, picture, picture_weight, where, order } = request;
  const fields = {
    query,
    top_k: page_size,
    explain: !has_words(request),
    ...(is_mix(request) && { picture_weight }),
    ...(Object.keys(where).length && { where }),
    ...(order === "date" && { order }),
    ...(cursor && { cursor }),
  };
  if (picture?.file) return { route: "search/image", ...as_form(fields, picture.file) };
  return { route: "search", ...as_json(picture ? { ...fields, like: picture.id } : fields) };
}

const as_json = (fields) => ({ method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(fields) });

function as_form(fields, file) {
  const body = new FormData();
  body.set("image", file, file.name ?? "picture.jpg");
  for (const [name, value] of Object.entries(fields)) if (value !== "") body.set(name, name === "where" ? JSON.stringify(value) : value);
  return { method: "POST", body };
}

const browse = (route, field, fields, signal) => fetch_answer(`${route}?${new URLSearchParams(fields)}`, field, { signal });

/** Returns an answer that has a field of this name; throws RequestFailed, or AbortError. */
async function fetch_answer(route, field, { tell_busy, ...options }) {
  let answer = await (take_sent_ahead(options) ?? send(route, options));
  const wait_s = busy_wait_s(answer);
  if (wait_s) {
    tell_busy?.(wait_s);
    await wait(wait_s, options.signal);
    answer = await send(route, options);
  }
  const { status, body } = answer;
  if (status < 400 && has_what_is_shown(body?.[field], field)) return body;
  if (status === 401 && api_base.origin === location.origin) await leave_for_login();
  throw refused_or_broken(answer);
}

function take_sent_ahead({ body, signal }) {
  if (!body || sent_ahead?.body !== body) return null;
  const { answer, aborter } = sent_ahead;
  sent_ahead = null;
  signal.addEventListener("abort", () => aborter.abort());
  return answer;
}

// Another version's results may lack what the cards are made of.
function has_what_is_shown(found, field) {
  return field === "results" ? Array.isArray(found) && found.every((result) => result?.id >= 0 && result.evidence) : found !== undefined;
}

async function send(route, options = {}) {
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
    throw unreachable(cause, await is_there());
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

// A page is not told why it may not read an answer of another origin.
function is_there() {
  if (api_base.origin === location.origin) return null;
  const options = { mode: "no-cors", signal: AbortSignal.timeout(LIMIT_MS) };
  return fetch(new URL("healthz", api_base), options).then(() => true, () => false);
}

function wait(seconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, 1000 * seconds);
    signal?.addEventListener("abort", () => (clearTimeout(timer), reject(signal.reason)));
  });
}

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
