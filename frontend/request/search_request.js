// A request: {query, picture, picture_weight, where, order}. Pure functions.
//
//   picture  null, a picture of the library {id, image_url, name}, or a given one {key, file, address, name}
//   where    the filters that are set: {from, to, folder, place, camera, has_text}
//   order    "match" or "date"

export const DEFAULT_PICTURE_WEIGHT = 0.5;

// As runtime/search/query.py parses them: a minus at the start or after a space, then a word or a phrase in quotes.
const MINUS_WORDS = /(?<!\S)[-−–](?:"[^"]+"|'[^']+'|[\p{L}\p{N}_]\S*)/gu;

/** Returns whether the query has words to match; minus-words only leave pictures out. */
export function has_words({ query }) {
  return query.replace(MINUS_WORDS, "").trim() !== "";
}

export function is_mix(request) {
  return request.query !== "" && request.picture !== null;
}

/** Returns whether nothing is searched for; filters alone are no search. */
export function is_empty({ query, picture }) {
  return query === "" && picture === null;
}

/** Returns the request in words, to follow "8 pictures" or "Pictures". */
export function describe_request({ query, picture }) {
  const words = query && `for “${query}”`;
  const like = picture && (picture.file ? "like yours" : "like this one");
  return [words, like].filter(Boolean).join(", ");
}
