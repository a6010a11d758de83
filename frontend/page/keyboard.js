// Keys outside the dialog: / goes to the search box, Escape leaves it, arrows move through the pictures, h and m act on a card.

const pictures = () => [...document.querySelectorAll("#cards button.picture, #library button.picture")].filter((picture) => picture.checkVisibility());

export function focus_card(at) {
  pictures()[at]?.focus();
}

export function listen_to_keys(query_box) {
  document.addEventListener("keydown", (event) => {
    const { target } = event;
    const modified = event.ctrlKey || event.metaKey || event.altKey;
    if (modified || event.defaultPrevented || document.querySelector("dialog[open]")) return;
    if (target === query_box) press_key_in_box(event, query_box);
    else if (event.key === "/" && !target.closest("input:not([type=range]), select, textarea")) focus_box(event, query_box);
    else if (target.matches("#status") && event.key === "ArrowDown") focus_first_card(event);
    else if (target.closest("#cards, #months")) press_key_on_card(event, query_box);
  });
}

function focus_box(event, query_box) {
  event.preventDefault();
  query_box.focus();
  query_box.select();
}

function press_key_in_box(event, query_box) {
  if (event.key === "Escape") {
    event.preventDefault();
    if (query_box.value) query_box.value = "";
    else query_box.blur();
  }
  if (event.key === "ArrowDown") focus_first_card(event);
}

// The first one in the window: the library may be scrolled far.
function focus_first_card(event) {
  const all = pictures();
  const first = all.find((picture) => picture.getBoundingClientRect().top >= 0) ?? all[0];
  if (!first) return;
  event.preventDefault();
  first.focus();
}

function press_key_on_card(event, query_box) {
  const button = { h: ".where:not([hidden])", m: ".similar" }[event.key];
  if (button) event.target.closest(".card")?.querySelector(button)?.click();
  else if (event.target.matches("button.picture")) move_focus(event, query_box);
}

function move_focus(event, query_box) {
  const all = pictures();
  const at = all.indexOf(event.target);
  const target = {
    ArrowLeft: () => all[at - 1],
    ArrowRight: () => all[at + 1],
    ArrowUp: () => next_row(all.slice(0, at).reverse(), event.target) ?? query_box,
    ArrowDown: () => next_row(all.slice(at + 1), event.target) ?? all.at(-1),
    Home: () => all[0],
    End: () => all.at(-1),
    Escape: () => query_box,
  }[event.key];
  if (!target) return;
  event.preventDefault();
  target()?.focus();
}

/** Returns the picture of the next row that is nearest in the horizontal, as rows have pictures of different widths. */
function next_row(others, from) {
  const middle = (picture) => picture.getBoundingClientRect().left + picture.offsetWidth / 2;
  const top = (picture) => Math.round(picture.getBoundingClientRect().top);
  const first = others.find((picture) => top(picture) !== top(from));
  const row = others.filter((picture) => first && top(picture) === top(first));
  const distance = (picture) => Math.abs(middle(picture) - middle(from));
  return row.reduce((best, picture) => (best && distance(best) <= distance(picture) ? best : picture), undefined);
}
