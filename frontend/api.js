// All requests to the server: its address, the routes, and the names of what can fail. No other file sends requests.

import { has_words, is_mix } from "./search_request.js";

// A function on AWS Lambda that was idle may need many seconds to start; users do not wait longer than this.
const LIMIT_MS = 60_000;
// Statuses below 500 with which the same request may succeed later.
const RETRYABLE = [408, 429];

const api_base = read_api_base();

function read_api_base() {
  const given = document.querySelector('meta[name="api-base"]').content.trim();
  // The trailing slash keeps the path of the base, such as a gateway's stage, when a route is appended.
  return new URL(given ? `${given.replace(/\/+$/, "")}/` : ".", document.baseURI);
}

/** A request that failed. `title` says what happened, `message` what to do or what the server said. */
export class RequestFailed extends Error {
  constructor(title, message, { worth_retrying = true } = {}) {
    super(message);
    this.title = title;
    this.worth_retrying = worth_retrying;
  }
}

/** Returns the answer to a request. With words in the query it has no explanations: `explain` fetches those for all hits at once. */
export function search(request, signal) {
  const { query, top_k, picture, picture_weight } = request;
  const weight = is_mix(request) && { picture_weight };
  const fields = { query, top_k, explain: !has_words(request), ...weight };
  if (picture?.file) return fetch_results("search/image", as_form({ ...fields, image: picture.file }), signal);
  return fetch_results("search", as_json({ ...fields, ...(picture && { like: picture.id }) }), signal);
}

/** Returns the evidence of the hits with these ids, with explanations unless `explain` is false, with heatmaps if `heatmap`. */
export function explain({ query, ids, heatmap, explain = true }, signal) {
  return fetch_results("explain", as_json({ query, ids, heatmap, explain }), signal);
}

/** Returns whether the server's models know drawn scenes only; false where it does not say. */
export async function has_sample_models() {
  try {
    const response = await fetch(new URL("readyz", api_base), { signal: AbortSignal.timeout(LIMIT_MS) });
    return read_json(await response.text())?.sample_models === true;
  } catch {
    return false; // a search will say what is wrong
  }
}

/**
 * Returns the address of a picture, or null where the server gave none, or one that is not http(s). The server's own pictures
 * lie below its base, of which it does not know: a proxy may have put it below a path.
 */
export function image_address(image_url) {
  const below_base = image_url?.replace(/^\/images\//, "images/");
  if (!below_base || !URL.canParse(below_base, api_base)) return null;
  const address = new URL(below_base, api_base);
  return /^https?:$/.test(address.protocol) ? address.href : null;
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
async function fetch_results(route, options, signal) {
  const { status, body } = await post(route, options, signal);
  if (status < 400 && Array.isArray(body?.results)) return body;
  throw refused_or_broken(status, body?.error?.message);
}

async function post(route, { headers, body }, signal) {
  try {
    const response = await fetch(new URL(route, api_base), {
      method: "POST",
      headers: { ...headers, accept: "application/json" },
      body,
      signal: AbortSignal.any([signal, AbortSignal.timeout(LIMIT_MS)]),
    });
    return { status: response.status, body: read_json(await response.text()) };
  } catch (cause) {
    if (signal.aborted) throw cause;
    throw unreachable(cause);
  }
}

function read_json(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null; // the error page of a gateway; the status is enough
  }
}

function unreachable(cause) {
  if (cause.name === "TimeoutError") return new RequestFailed("The server takes too long", `It has not answered for ${LIMIT_MS / 1000} seconds.`);
  if (!navigator.onLine) return new RequestFailed("You are offline", "Connect to the network, then try again.");
  return new RequestFailed("The server cannot be reached", "Check your connection, and that the server is running.");
}

function refused_or_broken(status, server_message) {
  const message = server_message ?? `The server answered with status ${status}.`;
  if (status >= 500) return new RequestFailed("The server could not answer", message);
  if (status >= 400) return new RequestFailed("This search was refused", message, { worth_retrying: RETRYABLE.includes(status) });
  return new RequestFailed("The answer cannot be read", "What answered is not the Lookwhy server, or another version of it.");
}
