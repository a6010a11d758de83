// Keys outside the dialog: / goes to the search box, Escape leaves it, arrows move through the cards, h and m act on a card.

const pictures = () => [...document.querySelectorAll("#cards button.picture")];

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
  const button = { h: ".where:not([hidden])", m: ".similar" }[event.key];
  if (button) event.target.closest(".card").querySelector(button)?.click();
  else if (event.target.matches("button.picture")) move_focus(event, query_box);
}

function move_focus(event, query_box) {
  const all = pictures();
  const at = all.indexOf(event.target);
  const across = columns(all);
  const last = all.length - 1;
  const target = {
    ArrowLeft: at - 1,
    ArrowRight: at + 1,
    ArrowUp: at - across,
    ArrowDown: Math.min(at + across, last),
    Home: 0,
    End: last,
    Escape: -1,
  }[event.key];
  if (target === undefined) return;
  event.preventDefault();
  if (target >= 0) focus_card(target);
  else if (event.key !== "ArrowLeft") query_box.focus();
}

function columns(all) {
  const top = (picture) => picture.getBoundingClientRect().top;
  return all.filter((picture) => top(picture) === top(all[0])).length;
}
