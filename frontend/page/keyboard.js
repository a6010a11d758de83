// Keys outside the dialog: / goes to the search box, Escape leaves it, arrows move through the pictures, h and m act on a card.

const pictures = () => [...document.querySelectorAll("main button.picture")].filter((picture) => picture.checkVisibility());

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
    ArrowUp: () => nearest(all, event.target, -1) ?? query_box,
    ArrowDown: () => nearest(all, event.target, 1) ?? all.at(-1),
    Home: () => all[0],
    End: () => all.at(-1),
    Escape: () => query_box,
  }[event.key];
  if (!target) return;
  event.preventDefault();
  target()?.focus();
}

/** Returns the picture that is nearest in the next row below (`down` 1) or above (-1): rows have any number of pictures. */
function nearest(all, from, down) {
  const place = (picture) => picture.getBoundingClientRect();
  const { top, left, width } = place(from);
  const beyond = all.map((picture) => ({ picture, ...place(picture).toJSON() })).filter((other) => down * (other.top - top) > 1);
  const row = Math.min(...beyond.map((other) => down * other.top));
  const aside = (other) => Math.abs(other.left + other.width / 2 - left - width / 2);
  return beyond.filter((other) => down * other.top < row + 1).sort((a, b) => aside(a) - aside(b))[0]?.picture;
}
