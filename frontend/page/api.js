// All requests to the server: its address, the routes, and the names of what can fail. No other file sends requests.

import { has_words, is_mix } from "../request/search_request.js";

// A function on AWS Lambda that was idle may need many seconds to start; users do not wait longer than this.
const LIMIT_MS = 60_000;
const UNAUTHORIZED = 401;
const TOO_MANY_REQUESTS = 429;
// Statuses below 500 with which the same request may succeed later.
const RETRYABLE = [408, TOO_MANY_REQUESTS];
// A busy server that asks for a longer wait than this is not asked again without the user.
const LONGEST_WAIT_S = 60;

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

/** Returns one picture of the library; throws RequestFailed where there is none of this id. */
export async function fetch_picture(id) {
  const { status, body } = await send(`pictures/${id}`, {}, new AbortController().signal);
  if (status < 400 && body?.id === id) return body;
  if (status === UNAUTHORIZED && api_base.origin === location.origin) await leave_for_login();
  throw refused_or_broken(status, body?.error?.message);
}

/** Opens the folder of a picture in the file manager, where the server runs on this machine. */
export async function open_folder(id) {
  const { status, body } = await post("open-folder", as_json({ id }), new AbortController().signal);
  if (status >= 400) throw refused_or_broken(status, body?.error?.message);
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
  if (answer.status === TOO_MANY_REQUESTS && answer.retry_s && answer.retry_s <= LONGEST_WAIT_S) {
    tell_busy?.(answer.retry_s);
    await wait(answer.retry_s, signal);
    answer = await post(route, options, signal);
  }
  const { status, body } = answer;
  if (status < 400 && Array.isArray(body?.results)) return body;
  if (status === UNAUTHORIZED && api_base.origin === location.origin) await leave_for_login();
  throw refused_or_broken(status, body?.error?.message);
}

function post(route, { headers, body }, signal) {
  return send(route, { method: "POST", headers: { ...headers, accept: "application/json" }, body }, signal);
}

async function send(route, options, signal) {
  try {
    const response = await fetch(new URL(route, api_base), {
      ...options,
      signal: AbortSignal.any([signal, AbortSignal.timeout(LIMIT_MS)]),
    });
    const retry_s = Number(response.headers.get("retry-after"));
    return { status: response.status, body: read_json(await response.text()), retry_s };
  } catch (cause) {
    if (signal.aborted) throw cause;
    throw unreachable(cause);
  }
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

function unreachable(cause) {
  if (cause.name === "TimeoutError") return new RequestFailed("The server takes too long", `It has not answered for ${LIMIT_MS / 1000} seconds.`);
  if (!navigator.onLine) return new RequestFailed("You are offline", "Connect to the network, then try again.");
  return new RequestFailed("The server cannot be reached", "Check your connection, and that the server is running.");
}

function refused_or_broken(status, server_message) {
  const message = server_message ?? `The server answered with status ${status}.`;
  if (status >= 500) return new RequestFailed("The server could not answer", message);
  if (status === TOO_MANY_REQUESTS) return new RequestFailed("The server is busy", message);
  if (status === UNAUTHORIZED) return new RequestFailed("This server asks for an access token", message, { worth_retrying: false });
  if (status >= 400) return new RequestFailed("This search was refused", message, { worth_retrying: RETRYABLE.includes(status) });
  return new RequestFailed("The answer cannot be read", "What answered is not the Lookwhy server, or another version of it.");
}
