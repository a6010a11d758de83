// The query's words, and what each one counts for in one picture: as chips on a card, as bars in the viewer.

/** Shows the words as chips, the more shaded the more they count; the shade is put into words for those who do not see it. */
export function fill_word_chips(list, words = []) {
  list.replaceChildren(
    ...words.map((word) => {
      const chip = make_item("chip", word);
      const share = is_missing(word) ? "not found" : `${describe_share(word)} of the match`;
      chip.append(make_text("b", word.word, { hidden_from_readers: true }), make_text("span", `${word.word}: ${share}`, { unseen: true }));
      chip.title = chip.lastChild.textContent;
      return chip;
    }),
  );
}

/** Shows the words as bars with their numbers, and whether the caption mentions them. */
export function fill_word_bars(list, words = []) {
  list.replaceChildren(
    ...words.map((word) => {
      const row = make_item("bar", word);
      const track = make_text("i", "", { hidden_from_readers: true });
      const share = make_text("span", is_missing(word) ? "not found" : describe_share(word));
      const caption = make_text("small", word.in_caption ? "in the caption" : "not in the caption");
      row.append(make_text("b", word.word), track, share, caption);
      return row;
    }),
  );
}

// Nothing speaks for such a word: neither the picture nor its caption.
function is_missing({ drop, in_caption }) {
  return drop <= 0 && !in_caption;
}

function describe_share({ share }) {
  return `${Math.round(100 * share)}\u00a0%`;
}

function make_item(kind, word) {
  const item = document.createElement("li");
  item.className = kind;
  item.classList.toggle("missing_word", is_missing(word));
  item.style.setProperty("--share", String(Math.min(1, Math.max(0, word.share))));
  return item;
}

function make_text(tag, text, { unseen = false, hidden_from_readers = false } = {}) {
  const element = document.createElement(tag);
  element.textContent = text;
  if (unseen) element.className = "unseen";
  if (hidden_from_readers) element.ariaHidden = "true";
  return element;
}
