// What is asked, as one plain object: words, a picture, or a mix of both. Pure functions; no page, no wire.
//
//   {query, top_k, picture_weight, picture}
//   picture  null, a picture of the library {id, image_url, name}, or one's own {key, file, address, name}

export const DEFAULT_TOP_K = 8;
export const DEFAULT_PICTURE_WEIGHT = 0.5;

// As runtime/search/words.py reads them: a minus at the start or behind a space, then a word or a phrase in quotes.
const MINUS_WORDS = /(?<!\S)[-−–](?:"[^"]+"|'[^']+'|[\p{L}\p{N}_]\S*)/gu;

/** Returns whether there are words that a picture could answer; those behind a minus only leave pictures out. */
export function has_words({ query }) {
  return query.replace(MINUS_WORDS, "").trim() !== "";
}

export function is_mix(question) {
  return question.query !== "" && question.picture !== null;
}

export function is_empty({ query, picture }) {
  return query === "" && picture === null;
}

/** Returns how the page names what was asked: behind "8 pictures", or alone as the document's title. */
export function describe_question({ query, picture }) {
  const words = query && `for “${query}”`;
  const like = picture && (picture.file ? "like yours" : "like this one");
  return [words, like].filter(Boolean).join(", ");
}
