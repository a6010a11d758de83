// How much each word of the query counts for a picture: as chips on a card, as bars in the viewer.

/** Shows the words as chips, darker the more they count; the label of each says the share, too. */
export function fill_word_chips(list, words = []) {
  list.replaceChildren(
    ...words.map((word) => {
      const chip = make_item("chip", word);
      const share = is_missing(word) ? "not found" : `${describe_share(word)} of the score`;
      chip.append(make_text("b", word.word, { hidden_from_screen_readers: true }), make_text("span", `${word.word}: ${share}`, { only_screen_readers: true }));
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
      const track = make_text("i", "", { hidden_from_screen_readers: true });
      const share = make_text("span", is_missing(word) ? "not found" : describe_share(word));
      const caption = make_text("small", word.in_caption ? "in the caption" : "not in the caption");
      row.append(make_text("b", word.word), track, share, caption);
      return row;
    }),
  );
}

// Neither the picture nor its caption supports such a word.
function is_missing({ drop, in_caption }) {
  return drop <= 0 && !in_caption;
}

function describe_share({ share }) {
  return `${Math.round(100 * share)}%`;
}

function make_item(kind, word) {
  const item = document.createElement("li");
  item.className = kind;
  item.classList.toggle("missing_word", is_missing(word));
  item.style.setProperty("--share", String(Math.min(1, Math.max(0, word.share))));
  return item;
}

function make_text(tag, text, { only_screen_readers = false, hidden_from_screen_readers = false } = {}) {
  const element = document.createElement(tag);
  element.textContent = text;
  if (only_screen_readers) element.className = "only_screen_readers";
  if (hidden_from_screen_readers) element.ariaHidden = "true";
  return element;
}
