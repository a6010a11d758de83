// Keys outside the dialog: / goes to the search box, Escape leaves it, arrows move through the cards, m finds more like one.

// Those of closed near misses are not shown.
const pictures = () => [...document.querySelectorAll("#cards button.picture")].filter((picture) => picture.checkVisibility());

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
    else if (target.closest("#cards")) press_key_on_card(event, query_box);
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

function focus_first_card(event) {
  if (!pictures().length) return;
  event.preventDefault();
  focus_card(0);
}

function press_key_on_card(event, query_box) {
  if (event.key === "m") event.target.closest(".card")?.querySelector(".similar").click();
  else if (event.target.matches("button.picture")) move_focus(event, query_box);
}

function move_focus(event, query_box) {
  const all = pictures();
  const at = all.indexOf(event.target);
  const last = all.length - 1;
  const target = {
    ArrowLeft: () => at - 1,
    ArrowRight: () => at + 1,
    ArrowUp: () => all.indexOf(nearest(all, event.target, -1)),
    ArrowDown: () => all.indexOf(nearest(all, event.target, 1) ?? all[last]),
    Home: () => 0,
    End: () => last,
    Escape: () => -1,
  }[event.key]?.();
  if (target === undefined) return;
  event.preventDefault();
  if (target >= 0) focus_card(target);
  else if (event.key !== "ArrowLeft") query_box.focus();
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
