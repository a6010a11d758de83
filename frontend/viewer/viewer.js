// The viewer: one picture, large, with its details. A modal dialog: the browser keeps the focus inside. Opening it adds a history
// entry whose address names the picture, so Back closes it; its last picture is returned to by `uses.close`.

import { RequestFailed, fetch_picture } from "../page/api.js";
import { describe_caption } from "../page/descriptions.js";
import { fill_picture, load_ahead, show_original } from "../page/picture.js";
import { show_request_failure, show_toast } from "../page/toast.js";
import { read_photo, read_photo_entry, read_request_key, write_photo } from "../request/address.js";
import { listen_to_details, show_details, show_evidence } from "./details.js";
import { listen_to_gestures } from "./gestures.js";
import { listen_to_viewer_heatmap, show_heatmap, toggle_heatmap } from "./viewer_heatmap.js";

// Browsers refuse an address that changes more often, as when a key is held down.
const ADDRESS_DELAY_MS = 300;
// The dialog's return value if a new search closed it; "" if its user did.
const NEW_SEARCH = "new search";

const part = (name) => document.getElementById(`viewer_${name}`);
const viewer = document.getElementById("viewer");
const when_idle = window.requestIdleCallback ?? setTimeout;

let pictures = list_of([]);
let uses = {};
let at = 0;
let shown = null;
let newest = null; // the latest picture asked for; an earlier one that comes later is dropped
let request_key = null; // of the page below; null once another search has begun
let gestures = null;
let timer = 0;

/** Returns an array of pictures as the list that the viewer steps through; the array may grow. */
export function list_of(array) {
  return {
    get count() {
      return array.length;
    },
    at: async (at) => array[at],
  };
}

/**
 * Opens a picture of a list.
 *
 * @param list {count, at(i)}: how many pictures there are, and a promise of one of them, a result or a picture of a page.
 * @param its_uses {find_similar(picture), close(at)}, and where the query has words: fetch_heatmap(picture), `heatmap: true` to show
 *   it at once, and explain(picture), which adds words and an explanation to a picture that has none.
 */
export function open_viewer(list, first, its_uses) {
  return open_at(list, first, its_uses, { push: true });
}

/** Opens the picture that the address names, if it names one: among those `loaded`, else alone. */
export async function open_linked_photo(loaded, its_uses, list = list_of(loaded)) {
  const id = read_photo();
  if (id === null) return;
  const first = loaded.findIndex((picture) => picture.id === id);
  if (first >= 0) return open_at(list, first, its_uses);
  const mine = (newest = {});
  try {
    const picture = await fetch_picture(id);
    if (mine === newest) await open_at(list_of([picture]), 0, its_uses);
  } catch (failure) {
    if (!(failure instanceof RequestFailed)) throw failure;
    if (mine !== newest) return;
    write_photo(null);
    show_toast({ title: "The linked picture cannot be shown", message: failure.message });
  }
}

/** Closes the dialog because a new search begins. */
export function leave_viewer() {
  newest = request_key = null;
  if (viewer.open) viewer.close(NEW_SEARCH);
}

/** Shows the open picture's evidence again, as it has grown. */
export function refresh_viewer() {
  if (viewer.open) show_evidence(shown);
}

/** Connects the dialog's buttons and keys, the gestures, and Back and Forward. */
export function listen_to_viewer() {
  const find_similar = () => uses.find_similar(shown);
  gestures = listen_to_gestures(part("picture"), part("layers"), { swiped: step, zoomed: load_original });
  const pressed = { previous: () => step(-1), next: () => step(+1), close, similar: find_similar };
  for (const [name, act] of Object.entries(pressed)) part(name).addEventListener("click", act);
  const keys = {
    ArrowLeft: pressed.previous,
    ArrowRight: pressed.next,
    h: toggle_heatmap,
    m: find_similar,
    "+": () => gestures.zoom_by(1.5),
    "-": () => gestures.zoom_by(1 / 1.5),
  };
  viewer.addEventListener("keydown", (event) => {
    const modified = event.ctrlKey || event.metaKey || event.altKey;
    if (!modified) keys[event.key]?.();
  });
  viewer.addEventListener("cancel", (event) => {
    event.preventDefault();
    close();
  });
  viewer.addEventListener("close", on_close);
  listen_to_viewer_heatmap(refresh_viewer);
  listen_to_details(() => write_photo(shown.id, read_photo_entry()));
}

async function open_at(list, first, its_uses, { push = false } = {}) {
  [pictures, uses] = [list, its_uses];
  await show(first, () => {
    if (push) write_photo(shown.id, { at, is_added: true }, { push });
    request_key = read_request_key();
    open_dialog();
    if (uses.heatmap) toggle_heatmap();
  });
}

function open_dialog() {
  viewer.returnValue = "";
  viewer.showModal();
  part("caption").focus({ preventScroll: true });
}

function close() {
  if (read_photo_entry()?.is_added) history.back();
  else viewer.close();
}

function on_close() {
  clearTimeout(timer);
  toggle_heatmap(false);
  if (viewer.returnValue === NEW_SEARCH) return;
  // Else it was closed by Back, or by a browser that did not wait for it.
  if (read_photo() !== null) read_photo_entry()?.is_added ? history.back() : write_photo(null);
  uses.close?.(at);
}

function follow_history(event) {
  if (read_request_key() !== request_key) return;
  event.stopImmediatePropagation();
  if (read_photo() === null) viewer.close();
  else if (!viewer.open) show(read_photo_entry()?.at ?? at, open_dialog);
}

function step(by) {
  const next = at + by;
  if (next < 0 || next >= pictures.count) return;
  show(next, () => {
    part("said").textContent = `${part("position").textContent}: ${part("caption").textContent}`;
    clearTimeout(timer);
    timer = setTimeout(() => write_photo(shown.id, { ...read_photo_entry(), at }), ADDRESS_DELAY_MS);
  });
}

/** Shows one of the pictures, and then calls `then`, unless another one has been asked for meanwhile. */
async function show(next, then) {
  const mine = (newest = {});
  const before = at;
  at = next;
  try {
    const picture = await pictures.at(next);
    if (mine !== newest) return;
    shown = picture;
    fill_viewer();
    then();
  } catch (failure) {
    if (!(failure instanceof RequestFailed)) throw failure;
    if (mine !== newest) return;
    at = before;
    show_request_failure("The picture could not be fetched", failure, () => show(next, then));
  }
}

function fill_viewer() {
  gestures.reset();
  fill_picture(part("picture"), shown, { large: true });
  part("position").textContent = `${(at + 1).toLocaleString("en")} of ${pictures.count.toLocaleString("en")}`;
  part("caption").textContent = describe_caption(shown.caption);
  show_details(shown);
  show_heatmap(shown, uses.fetch_heatmap);
  if (!shown.explanation) uses.explain?.(shown).then(refresh_viewer, () => null);
  // aria-disabled, as a button that is `disabled` would lose the focus at either end.
  part("previous").ariaDisabled = String(at === 0);
  part("next").ariaDisabled = String(at === pictures.count - 1);
  when_idle(load_neighbours);
}

function load_neighbours() {
  for (const next of [at + 1, at - 1]) if (pictures.at && next >= 0 && next < pictures.count) pictures.at(next).then(load_ahead, () => null);
}

function load_original(scale) {
  const image = part("picture").querySelector("img");
  const wanted = image.clientWidth * scale * devicePixelRatio;
  if (wanted > image.naturalWidth && shown.width > image.naturalWidth) show_original(part("picture"), shown);
}

// Here, not in listen_to_viewer: it must come before the page's own listener, which would search again.
window.addEventListener("popstate", follow_history);
