// The page's address, `?q=...&like=...&w=...&from=...&order=date&photo=...`, its history entries, and the title. A picture that
// the user gave has no place in an address: the history entry holds its key, as long as the page is not loaded again.

import { DEFAULT_PICTURE_WEIGHT, describe_request, is_empty, is_mix } from "./search_request.js";

const TEXT_FILTERS = ["from", "to", "folder", "place", "camera"];

/** Returns `{query, picture_weight, where, order, like, kept}`; `kept` is what `write_address` stored about the picture, or null. */
export function read_address() {
  const fields = new URLSearchParams(location.search);
  const picture_weight = Number(fields.get("w") ?? NaN);
  return {
    query: (fields.get("q") ?? "").trim(),
    picture_weight: picture_weight >= 0 && picture_weight <= 1 ? picture_weight : DEFAULT_PICTURE_WEIGHT,
    where: read_where(fields),
    order: fields.get("order") === "date" ? "date" : "match",
    like: /^\d{1,15}$/.test(fields.get("like")) ? Number(fields.get("like")) : null,
    kept: history.state?.picture ?? null,
  };
}

/** Writes a request's address as a new history entry; the entry is replaced if the request is the same, or if `replace` is set. */
export function write_address(request, { replace = false } = {}) {
  const { key, id, image_url, name } = request.picture ?? {};
  const state = request.picture && { picture: key ? { key, name } : { id, image_url, name } };
  const address = address_of(request);
  const same = new URL(address, location.href).href === location.href && history.state?.picture?.key === key;
  history[replace || same ? "replaceState" : "pushState"](state, "", address);
}

export function write_title(request) {
  const { query } = request;
  document.title = is_empty(request) ? "Lookwhy" : `${query || `Pictures ${describe_request(request)}`} · Lookwhy`;
}

/** Returns the address at which the page shows a request; a given picture has no part in it. */
export function address_of(request) {
  const { query, picture, picture_weight, where, order } = request;
  const fields = new URLSearchParams();
  if (query) fields.set("q", query);
  if (picture?.id !== undefined) fields.set("like", String(picture.id));
  if (is_mix(request) && picture_weight !== DEFAULT_PICTURE_WEIGHT) fields.set("w", String(picture_weight));
  for (const key of TEXT_FILTERS) if (where[key]) fields.set(key, where[key]);
  if ("has_text" in where) fields.set("text", where.has_text ? "yes" : "no");
  if (!is_empty(request) && order === "date") fields.set("order", order);
  return fields.size ? `?${fields}` : location.pathname;
}

function read_where(fields) {
  const set = TEXT_FILTERS.map((key) => [key, fields.get(key)?.trim()]).filter(([, value]) => value);
  const text = fields.get("text");
  return { ...Object.fromEntries(set), ...(/^(yes|no)$/.test(text) && { has_text: text === "yes" }) };
}

// The picture that is open in the viewer: `photo=17` beside the request. Its history entry also says which one of the list it
// is, and whether the entry was added for it, so that Back leads to the same page without it.

/** Returns the id of the picture that the address opens, or null. */
export function read_photo() {
  const id = new URLSearchParams(location.search).get("photo") ?? "";
  return /^\d{1,15}$/.test(id) ? Number(id) : null;
}

/** Names the open picture in the address, or none; `entry` {at, is_added} is kept, and `push` adds a history entry for it. */
export function write_photo(id, entry = null, { push = false } = {}) {
  history[push ? "pushState" : "replaceState"]({ ...history.state, photo: entry }, "", address_with({ photo: id }));
}

/** Returns what `write_photo` stored with the current entry, or null. */
export function read_photo_entry() {
  return history.state?.photo ?? null;
}

/** Returns what tells one request from another, whichever picture is open. */
export function read_request_key() {
  return `${address_with({ photo: null })} ${history.state?.picture?.key ?? ""}`;
}

/** Returns the current address with these fields changed; null takes one out. */
export function address_with(changes) {
  const fields = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(changes)) value === null ? fields.delete(name) : fields.set(name, String(value));
  return fields.size ? `?${fields}` : location.pathname;
}
