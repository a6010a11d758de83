// All requests to the server: its address and the routes. No other file sends requests; failures.js says what can fail.

import { has_words, is_mix } from "../request/search_request.js";
import { busy_wait_s, refused_or_broken, unreachable } from "./failures.js";

export { RequestFailed } from "./failures.js";

// A function on AWS Lambda that was idle may need many seconds to start; users do not wait longer than this.
const LIMIT_MS = 60_000;

const api_base = read_api_base();

function read_api_base() {
  const given = document.querySelector('meta[name="api-base"]').content.trim();
  // The trailing slash keeps the path of the base, such as a gateway's stage, when a route is appended.
  return new URL(given ? `${given.replace(/\/+$/, "")}/` : ".", document.baseURI);
}

/**
 * Returns the answer to a request. With words in the query it has no explanations: `explain` fetches those for all hits at once.
 * A server that is busy is asked again, once; `tell_busy(wait_s)` is called before.
 */
export function search(request, signal, tell_busy) {
  const { query, top_k, picture, picture_weight } = request;
  const weight = is_mix(request) && { picture_weight };
  const fields = { query, top_k, explain: !has_words(request), ...weight };
  if (picture?.file) return fetch_results("search/image", as_form({ ...fields, image: picture.file }), signal, tell_busy);
  return fetch_results("search", as_json({ ...fields, ...(picture && { like: picture.id }) }), signal, tell_busy);
}

/** Returns the evidence of the hits with these ids, with explanations unless `explain` is false, with heatmaps if `heatmap`. */
export function explain({ query, ids, heatmap, explain = true }, signal) {
  return fetch_results("explain", as_json({ query, ids, heatmap, explain }), signal);
}

/** Returns what the server says of itself: `sample_models`, its models know drawn scenes only; `login`, it asks for a token. */
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
  await fetch(new URL("logout", api_base), { method: "POST", redirect: "manual" }).catch(() => null);
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
  return { headers: { "content-type": "application/json" }, body: JSON.stringify(fields) };
}

function as_form({ image, ...fields }) {
  const body = new FormData();
  body.set("image", image, image.name ?? "picture.jpg");
  for (const [name, value] of Object.entries(fields)) if (value !== "") body.set(name, String(value));
  return { body };
}

/** Returns the answer of a route that answers with `results`; throws RequestFailed, or AbortError once `signal` is aborted. */
async function fetch_results(route, options, signal, tell_busy) {
  let answer = await post(route, options, signal);
  const wait_s = busy_wait_s(answer);
  if (wait_s) {
    tell_busy?.(wait_s);
    await wait(wait_s, signal);
    answer = await post(route, options, signal);
  }
  const { status, body } = answer;
  // Another version's results may lack what the cards are made of.
  if (status < 400 && Array.isArray(body?.results) && body.results.every((result) => result?.id >= 0 && result.evidence)) return body;
  if (status === 401 && api_base.origin === location.origin) await leave_for_login();
  throw refused_or_broken(answer);
}

async function post(route, { headers, body }, signal) {
  try {
    const response = await fetch(new URL(route, api_base), {
      method: "POST",
      headers: { ...headers, accept: "application/json" },
      body,
      signal: AbortSignal.any([signal, AbortSignal.timeout(LIMIT_MS)]),
    });
    const retry_s = Number(response.headers.get("retry-after"));
    return { status: response.status, body: read_json(await response.text()), retry_s };
  } catch (cause) {
    if (signal.aborted) throw cause;
    throw unreachable(cause, LIMIT_MS, await is_there());
  }
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
