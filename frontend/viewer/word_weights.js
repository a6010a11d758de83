// How much each word of the query counts for a picture, as bars.

/** Shows the words as bars with their numbers, and whether the caption mentions them. */
export function fill_word_bars(list, words) {
  list.replaceChildren(...words.map(make_bar));
}

function make_bar({ word, share, drop, in_caption }) {
  const missing = drop <= 0 && !in_caption; // neither the picture nor its caption supports such a word
  const bar = document.createElement("li");
  bar.className = "bar";
  bar.classList.toggle("missing_word", missing);
  bar.style.setProperty("--share", String(Math.min(1, Math.max(0, share))));
  const number = missing ? "not found" : `${Math.round(100 * share)}%`;
  bar.append(make_text("b", word), make_text("i", ""), make_text("span", number), make_text("small", in_caption ? "in the caption" : "not in the caption"));
  return bar;
}

function make_text(tag, text) {
  const element = document.createElement(tag);
  element.textContent = text;
  return element;
}
