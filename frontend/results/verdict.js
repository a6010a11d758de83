// The verdict on one picture and on a whole answer, in words. Pure functions; null means "not known".

import { count_pictures } from "../page/descriptions.js";
import { describe_request } from "../request/search_request.js";

const NAMES = { strong: "Likely", weak: "Perhaps", none: "Unlikely" };

// Never 0 or 100, as it is an estimate.
function describe_probability(probability) {
  const percent = Math.round(probability * 100);
  if (percent < 1) return "<1%";
  return percent > 99 ? ">99%" : `${percent}%`;
}

/** Returns how likely a picture shows what was asked for, such as "Perhaps · 54%", or "" without a verdict. */
export function describe_verdict({ verdict, match_probability }) {
  const name = NAMES[verdict] ?? "";
  return name && typeof match_probability === "number" ? `${name} · ${describe_probability(match_probability)}` : name;
}

/** Returns the line above the pictures of which {matches, misses} were fetched; `more`: there are more; `filtered` of the answer. */
export function describe_answer(request, { matches, misses }, { more, filtered }) {
  const asked = describe_request(request);
  const count = matches.length;
  if (!count && misses.length) return `Nothing matches “${request.query}”. The nearest pictures:`;
  if (!count) return [`No pictures ${asked}`, filtered?.message].filter(Boolean).join(". ");
  const first = more && !misses.length ? "The first " : "";
  if (!matches.some(({ verdict }) => verdict)) return `${first}${count_pictures(count)} ${asked}`;
  const possible = matches.every(({ verdict }) => verdict === "weak") ? "possible " : "";
  return `${first}${count} ${possible}${count === 1 ? "match" : "matches"} ${asked}`;
}

/** Returns which part of a query that is too long for the model was searched for, or "" where all of it was. */
export function describe_query_read({ query_read }) {
  return query_read ? `Only the first ${query_read.split(/\s+/).length} words were searched for: ${query_read}` : "";
}
