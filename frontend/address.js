// The page's address, `?q=...&like=...&w=...&k=...`, and the step in the history that belongs to it. Also owns the title.
//
// A picture of one's own fits in no address: its key stands in the step's state, and it lives as long as the page.

import { DEFAULT_PICTURE_WEIGHT, DEFAULT_TOP_K, describe_question, is_empty, is_mix } from "./question.js";

/** Returns `{query, top_k, picture_weight, like, kept}`; `kept` is what `write_address` stored of the picture, or null. */
export function read_address() {
  const fields = new URLSearchParams(location.search);
  const top_k = Number(fields.get("k"));
  const picture_weight = Number(fields.get("w") ?? NaN);
  return {
    query: (fields.get("q") ?? "").trim(),
    top_k: Number.isSafeInteger(top_k) && top_k > 0 ? top_k : DEFAULT_TOP_K,
    picture_weight: picture_weight >= 0 && picture_weight <= 1 ? picture_weight : DEFAULT_PICTURE_WEIGHT,
    like: /^\d{1,15}$/.test(fields.get("like") ?? "") ? Number(fields.get("like")) : null,
    kept: history.state?.picture ?? null,
  };
}

/** Writes a question's address; a new step for the back button unless it is the same again, or `replace` says so. */
export function write_address(question, { replace = false } = {}) {
  const { key, id, image_url, name } = question.picture ?? {};
  const state = question.picture && { picture: key ? { key, name } : { id, image_url, name } };
  const address = address_of(question);
  const same = new URL(address, location.href).href === location.href && history.state?.picture?.key === key;
  history[replace || same ? "replaceState" : "pushState"](state, "", address);
}

export function write_title(question) {
  const { query } = question;
  document.title = is_empty(question) ? "Lookwhy" : `${query || `Pictures ${describe_question(question)}`} · Lookwhy`;
}

function address_of(question) {
  const { query, top_k, picture, picture_weight } = question;
  const fields = new URLSearchParams();
  if (query) fields.set("q", query);
  if (picture?.id !== undefined) fields.set("like", String(picture.id));
  if (is_mix(question) && picture_weight !== DEFAULT_PICTURE_WEIGHT) fields.set("w", String(picture_weight));
  if (!is_empty(question) && top_k !== DEFAULT_TOP_K) fields.set("k", String(top_k));
  return fields.size ? `?${fields}` : location.pathname;
}
