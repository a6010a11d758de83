// Keys outside the dialog: / goes to the search box, Escape leaves it, arrows move through the pictures, h and m act on a card.

const pictures = () => [...document.querySelectorAll("main button.picture")].filter((picture) => picture.checkVisibility());

export function focus_card(at) {
  pictures()[at]?.focus();
}

export function listen_to_keys(query_box) {
  document.addEventListener("keydown", (event) => {
    const { key, target } = event;
    const modified = event.ctrlKey || event.metaKey || event.altKey;
    if (modified || event.defaultPrevented || document.querySelector("dialog[open]")) return;
    if (key === "/" && !target.closest("input:not([type=range]), select, textarea")) {
      event.preventDefault();
      query_box.focus();
      query_box.select();
    } else if (key === "ArrowDown" && target.matches("#query, #status")) go_to(first_in_window(), event);
    else if (key === "Escape" && target === query_box) leave_box(event);
    else if (target.closest(".card, #months")) press_key_on_picture(event, query_box);
  });
}

function go_to(element, event) {
  if (!element) return;
  event.preventDefault();
  element.focus();
}

// The library may be scrolled far.
function first_in_window() {
  const all = pictures();
  return all.find((picture) => picture.getBoundingClientRect().top >= 0) ?? all[0];
}

function leave_box(event) {
  event.preventDefault();
  if (event.target.value) event.target.value = "";
  else event.target.blur();
}

function press_key_on_picture(event, query_box) {
  const { key, target } = event;
  const button = { h: ".where:not([hidden])", m: ".similar" }[key];
  if (button) target.closest(".card")?.querySelector(button)?.click();
  if (!target.matches("button.picture")) return;
  const all = pictures();
  const at = all.indexOf(target);
  const found = {
    ArrowLeft: () => all[at - 1] ?? target,
    ArrowRight: () => all[at + 1] ?? target,
    ArrowUp: () => nearest(all, target, -1) ?? query_box,
    ArrowDown: () => nearest(all, target, 1) ?? all.at(-1),
    Home: () => all[0],
    End: () => all.at(-1),
    Escape: () => query_box,
  }[key];
  go_to(found?.(), event);
}

/** Returns the picture that is nearest in the next row below (`down` 1) or above (-1): rows have any number of pictures. */
function nearest(all, from, down) {
  const box = (picture) => picture.getBoundingClientRect();
  const aside = (picture) => Math.abs(box(picture).left + box(picture).right - box(from).left - box(from).right);
  const beyond = all.filter((picture) => down * (box(picture).top - box(from).top) > 1);
  const row = Math.min(...beyond.map((picture) => down * box(picture).top));
  return beyond.filter((picture) => down * box(picture).top < row + 1).sort((a, b) => aside(a) - aside(b))[0];
}
