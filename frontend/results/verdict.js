// The verdict on one picture and on a whole answer, in words. Pure functions; null means "not known".

import { count_pictures } from "../page/descriptions.js";
import { describe_request } from "../request/search_request.js";

const NAMES = { strong: "Strong match", weak: "Weak match", none: "No match" };

/** Returns a probability in percent; never 0 or 100, as it is an estimate. */
export function describe_probability(probability) {
  const percent = Math.round(probability * 100);
  if (percent < 1) return "<1%";
  return percent > 99 ? ">99%" : `${percent}%`;
}

/** Returns what the badge says, such as "Weak match · 54%", or "" without a verdict. */
export function describe_verdict({ verdict, match_probability }) {
  const name = NAMES[verdict] ?? "";
  return name && typeof match_probability === "number" ? `${name} · ${describe_probability(match_probability)}` : name;
}

/** Returns the line above the pictures: how many pictures for which request, or that none matches well. */
export function describe_answer(request, { verdict, results }) {
  if (!results.length) return `No pictures ${describe_request(request)}`;
  if (verdict === "none") return `Nothing here matches “${request.query}” well. These come nearest.`;
  if (verdict === "weak") return `No strong match for “${request.query}”. These come nearest.`;
  return `${count_pictures(results.length)} ${describe_request(request)}`;
}

/** Returns which part of a query that is too long for the model was searched for, or "" where all of it was. */
export function describe_query_read({ query_read }) {
  return query_read ? `Only the first ${query_read.split(/\s+/).length} words were searched for: ${query_read}` : "";
}
