// A request, and the address that says it: `?q=...&like=...&w=...&from=...&order=date&photo=...`.
//
//   picture  null, a picture of the library {id, image_url, name}, or a given one {key, file, address, name}
//   where    the filters that are set: {from, to, folder, place, camera, has_text}
//   order    "match" or "date"
//
// A given picture has no place in an address: the history entry holds its key, as long as the page is not loaded again.

/** How many results are asked for at once, unless the server allows fewer. */
export const PAGE_SIZE = 24;

const DEFAULT_PICTURE_WEIGHT = 0.5;
const TEXT_FILTERS = ["from", "to", "folder", "place", "camera"];
// As runtime/search/query.py parses them: a minus at the start or after a space, then a word or a phrase in quotes.
const MINUS_WORDS = /(?<!\S)[-−–](?:"[^"]+"|'[^']+'|[\p{L}\p{N}_]\S*)/gu;

/** Returns whether the query has words to match; minus-words only leave pictures out. */
export const has_words = ({ query }) => query.replace(MINUS_WORDS, "").trim() !== "";

export const is_mix = ({ query, picture }) => query !== "" && picture !== null;

// Filters alone are no search.
export const is_empty = ({ query, picture }) => query === "" && picture === null;

export function describe_request({ query, picture }) {
  const like = picture && (picture.file ? "like yours" : "like this one");
  return [query && `for “${query}”`, like].filter(Boolean).join(", ");
}

/** Returns what is sent of a request; a given picture is sent beside it. */
export function search_fields(request, { cursor, top_k = PAGE_SIZE } = {}) {
  const { query, picture, picture_weight, where, order } = request;
  return {
    query,
    top_k,
    explain: !has_words(request),
    ...(is_mix(request) && { picture_weight }),
    ...(Object.keys(where).length && { where }),
    ...(order === "date" && { order }),
    ...(cursor && { cursor }),
    ...(picture && !picture.file && { like: picture.id }),
  };
}

/** Returns a request whose picture is `like`, an id, or `kept`, what `write_address` stored of it. */
export function read_address() {
  const fields = read_fields();
  const weight = Number(fields.get("w") ?? NaN);
  const text = fields.get("text");
  const set = TEXT_FILTERS.map((key) => [key, fields.get(key)?.trim()]).filter(([, value]) => value);
  return {
    query: (fields.get("q") ?? "").trim(),
    picture_weight: weight >= 0 && weight <= 1 ? weight : DEFAULT_PICTURE_WEIGHT,
    where: { ...Object.fromEntries(set), ...(/^(yes|no)$/.test(text) && { has_text: text === "yes" }) },
    order: fields.get("order") === "date" ? "date" : "match",
    like: read_id("like"),
    kept: history.state?.picture ?? null,
  };
}

/** Adds a history entry, or replaces the current one if the request is the same. */
export function write_address(request, { replace = false } = {}) {
  const { key, id, image_url, name } = request.picture ?? {};
  const address = address_of(request);
  const same = new URL(address, location.href).href === location.href && history.state?.picture?.key === key;
  history[replace || same ? "replaceState" : "pushState"](request.picture && { picture: { key, id, image_url, name } }, "", address);
}

export function address_of(request) {
  const { query, picture, picture_weight, where, order } = request;
  const fields = new URLSearchParams();
  if (query) fields.set("q", query);
  if (picture?.id !== undefined) fields.set("like", picture.id);
  if (is_mix(request) && picture_weight !== DEFAULT_PICTURE_WEIGHT) fields.set("w", picture_weight);
  for (const key of TEXT_FILTERS) if (where[key]) fields.set(key, where[key]);
  if ("has_text" in where) fields.set("text", where.has_text ? "yes" : "no");
  if (!is_empty(request) && order === "date") fields.set("order", order);
  return as_address(fields);
}

/** Returns the current address with fields changed; null takes one out. */
export function address_with(changes) {
  const fields = read_fields();
  for (const [name, value] of Object.entries(changes)) value === null ? fields.delete(name) : fields.set(name, value);
  return as_address(fields);
}

/** Returns what tells one request from another, whichever picture is open. */
export const read_request_key = () => `${address_with({ photo: null })} ${history.state?.picture?.key ?? ""}`;

export const read_photo = () => read_id("photo");

/** Names the open picture in the address, or none. `entry`: its place in the list, and whether Back leads there. */
export function write_photo(id, entry = null, { push = false } = {}) {
  history[push ? "pushState" : "replaceState"]({ ...history.state, photo: entry }, "", address_with({ photo: id }));
}

export const read_photo_entry = () => history.state?.photo ?? null;

const read_fields = () => new URLSearchParams(location.search);

function read_id(name) {
  const id = read_fields().get(name);
  return /^\d{1,15}$/.test(id) ? Number(id) : null;
}

const as_address = (fields) => fields.size ? `?${fields}` : location.pathname;
