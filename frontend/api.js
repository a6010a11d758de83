// The only file that speaks to the server: where it is, what is asked, and what each way of failing is called.

// A function that sleeps when idle may need many seconds to wake; past this nobody is waiting any more.
const LIMIT_MS = 60_000;

const api_base = read_api_base();

function read_api_base() {
  const given = document.querySelector('meta[name="api-base"]').content.trim();
  // With the slash at its end, a base's own path (a gateway's stage) is kept when a route is put behind it.
  return new URL(given ? `${given.replace(/\/+$/, "")}/` : ".", document.baseURI);
}

/** A search without an answer. `title` says what happened, `message` what to do or what the server said. */
export class SearchFailed extends Error {
  constructor(title, message) {
    super(message);
    this.title = title;
  }
}

/** Returns the answer of `POST /search`; throws SearchFailed, or the abort's own error once `signal` is aborted. */
export async function search({ query, top_k }, signal) {
  const { status, body } = await post("search", { query, top_k }, signal);
  if (status < 400 && Array.isArray(body?.results)) return body;
  throw refused_or_broken(status, body?.error?.message);
}

/** Returns the address that a picture is fetched from, or null where the server named none that a browser should open. */
export function image_address(image_url) {
  if (!URL.canParse(image_url, api_base)) return null;
  const address = new URL(image_url, api_base);
  return /^https?:$/.test(address.protocol) ? address.href : null;
}

async function post(route, fields, signal) {
  try {
    const response = await fetch(new URL(route, api_base), {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json" },
      body: JSON.stringify(fields),
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
  return cause.name === "TimeoutError"
    ? new SearchFailed("The server takes too long", `It has not answered for ${LIMIT_MS / 1000} seconds.`)
    : new SearchFailed("The server cannot be reached", "Check your connection, and that the server is running.");
}

function refused_or_broken(status, server_message) {
  if (status >= 500) return new SearchFailed("The server could not search", server_message ?? `It answered with status ${status}.`);
  if (status >= 400) return new SearchFailed("This search was refused", server_message ?? `The server answered with status ${status}.`);
  return new SearchFailed("The answer cannot be read", "What answered is not the Lookwhy server, or another version of it.");
}
