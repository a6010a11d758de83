// Where the server is. Sends a linked search, and asks for its first pictures, before the modules that show them are here.

import { is_empty, read_address, search_fields } from "./request/search_request.js";

const given_base = document.querySelector('meta[name="api-base"]').content.trim();
// The trailing slash keeps the path of the base, such as a gateway's stage, when a route is appended.
export const api_base = new URL(given_base ? `${given_base.replace(/\/+$/, "")}/` : ".", document.baseURI);

let sent = null;

/** About how many pictures are in the first row of results. `innerWidth` would have the page laid out each time. */
export const first_row = () => Math.ceil(outerWidth / 260) || 1;

export const as_json = (fields) => ({ method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(fields) });

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

/** Returns the response to the search that was sent from here, once, if it has this body. */
export function take_response(body, signal) {
  if (!sent || sent.body !== body) return null;
  const { response, aborter } = sent;
  sent = null;
  signal.addEventListener("abort", () => aborter.abort(signal.reason));
  return response;
}

function send(request) {
  const aborter = new AbortController();
  const options = as_json(search_fields(request));
  const response = fetch(new URL("search", api_base), { ...options, signal: aborter.signal });
  sent = { body: options.body, response, aborter };
  response.then((answer) => answer.clone().json()).then(load_first).catch(() => {}); // api.js says what failed
}

function load_first({ results }) {
  for (const { preview_url } of results.slice(0, first_row())) {
    const preview = image_address(preview_url);
    if (preview) show_image(Object.assign(new Image(), { fetchPriority: "high" }), preview);
  }
}

const { like, kept, ...address } = read_address();
const request = { ...address, picture: like === null ? null : { id: like } };
if (is_empty(request)) document.head.append(document.getElementById("library_modules").content);
else if (!kept?.key) send(request);
