// The picture in the search box: its thumbnail, the slider that mixes it with words, and the pictures given so far.

import { image_address } from "./api.js";

const chip = document.getElementById("asked_picture");
const thumbnail = chip.querySelector("img");
const mix = document.getElementById("mix");
const weight_box = document.getElementById("picture_weight");
const query_box = document.getElementById("query");

// Keys start anew with the page, and must not name a picture that an earlier load of it kept in the history.
const load = String(performance.timeOrigin);
const own_pictures = new Map();

/** Keeps a picture of one's own for as long as the page lives, so that the back button finds it. */
export function keep_picture(file, name) {
  const picture = { key: `${load}-${own_pictures.size}`, file, name, address: URL.createObjectURL(file) };
  own_pictures.set(picture.key, picture);
  return picture;
}

/** Returns the picture that an address and its step in the history mean: null where there is none, or none any more. */
export function recall_picture({ like, kept }) {
  if (like === null) return own_pictures.get(kept?.key) ?? null;
  return kept?.id === like ? kept : { id: like, image_url: null, name: `Picture ${like}` };
}

/** Shows a question's picture and weight in the search box. */
export function show_asked_picture({ picture, picture_weight }) {
  const address = picture && (picture.address ?? image_address(picture.image_url));
  chip.hidden = !picture;
  chip.title = picture?.name ?? "";
  thumbnail.alt = picture ? `Asked with: ${picture.name}` : "";
  thumbnail.hidden = !address;
  if (address) thumbnail.src = address;
  query_box.placeholder = picture ? "Add words" : "Describe a picture";
  weight_box.value = String(picture_weight);
  describe_weight();
  show_mix();
}

export function read_picture_weight() {
  return Number(weight_box.value);
}

/** Connects the slider and the chip's cross; `mix_anew()` and `remove()` are called when they are used. */
export function listen_to_asked_picture({ mix_anew, remove }) {
  document.getElementById("remove_picture").addEventListener("click", remove);
  query_box.addEventListener("input", show_mix);
  weight_box.addEventListener("input", describe_weight);
  weight_box.addEventListener("change", mix_anew);
}

// There is something to mix as soon as there are both.
function show_mix() {
  mix.hidden = chip.hidden || !query_box.value.trim();
}

function describe_weight() {
  const percent = Math.round(100 * read_picture_weight());
  weight_box.setAttribute("aria-valuetext", `${100 - percent} % words, ${percent} % picture`);
}
