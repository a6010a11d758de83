// The only file that speaks to the server: where it is, what is asked, and what each way of failing is called.

import { has_words, is_mix } from "./question.js";

// A function that sleeps when idle may need many seconds to wake; past this nobody is waiting any more.
const LIMIT_MS = 60_000;
// What the server may have no time for now, but for later.
const LATER = [408, 429];

const api_base = read_api_base();

function read_api_base() {
  const given = document.querySelector('meta[name="api-base"]').content.trim();
  // With the slash at its end, a base's own path (a gateway's stage) is kept when a route is put behind it.
  return new URL(given ? `${given.replace(/\/+$/, "")}/` : ".", document.baseURI);
}

/** A request without an answer. `title` says what happened, `message` what to do or what the server said. */
export class RequestFailed extends Error {
  constructor(title, message, { worth_retrying = true } = {}) {
    super(message);
    this.title = title;
    this.worth_retrying = worth_retrying;
  }
}

/** Returns the answer to a question, without sentences where it has words: `explain` makes those, all in one go. */
export function search(question, signal) {
  const { query, top_k, picture, picture_weight } = question;
  const weight = is_mix(question) && { picture_weight };
  const fields = { query, top_k, explain: !has_words(question), ...weight };
  if (picture?.file) return ask("search/image", as_form({ ...fields, image: picture.file }), signal);
  return ask("search", as_json({ ...fields, ...(picture && { like: picture.id }) }), signal);
}

/** Returns what speaks for and against the hits with these ids: sentences unless `explain` is false, heatmaps if `heatmap`. */
export function explain({ query, ids, heatmap, explain = true }, signal) {
  return ask("explain", as_json({ query, ids, heatmap, explain }), signal);
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

/** Returns the address that a picture is fetched from, or null where the server named none that a browser should open. */
export function image_address(image_url) {
  if (!image_url || !URL.canParse(image_url, api_base)) return null;
  const address = new URL(image_url, api_base);
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

/** Returns the answer of a route that answers `results`; throws RequestFailed, or the abort's own error. */
async function ask(route, request, signal) {
  const { status, body } = await post(route, request, signal);
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
    return null; // a gateway's own error page; its status says enough
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
  if (status >= 400) return new RequestFailed("This search was refused", message, { worth_retrying: LATER.includes(status) });
  return new RequestFailed("The answer cannot be read", "What answered is not the Lookwhy server, or another version of it.");
}
