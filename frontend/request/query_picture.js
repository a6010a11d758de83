// The picture in the search box: its thumbnail, the slider that weighs it against the words, and the pictures given so far.

import { image_address, show_image } from "../page/api.js";

const picture_box = document.getElementById("query_picture");
const thumbnail = picture_box.querySelector("img");
const mix = document.getElementById("mix");
const weight_box = document.getElementById("picture_weight");
const query_box = document.getElementById("query");

// Keys count from 0 each time the page is loaded; the time tells those of an earlier load, still in the history, apart.
const load_time = String(performance.timeOrigin);
const given_pictures = new Map();

/** Stores a given picture until the page is closed or loaded again, so that the back button finds it. */
export function store_picture(file, name) {
  const picture = { key: `${load_time}-${given_pictures.size}`, file, name, address: URL.createObjectURL(file) };
  given_pictures.set(picture.key, picture);
  return picture;
}

/** Returns the picture of an address and its history entry; null where there is none, or where it is lost. */
export function find_picture({ like, kept }) {
  if (like === null) return given_pictures.get(kept?.key) ?? null;
  return kept?.id === like ? kept : { id: like, image_url: null, name: `Picture ${like}` };
}

/** Shows a request's picture and weight in the search box. */
export function show_query_picture({ picture, picture_weight }) {
  const address = picture && (picture.address ?? image_address(picture.image_url));
  picture_box.hidden = !picture;
  picture_box.title = picture?.name ?? "";
  thumbnail.alt = picture ? `Searching with: ${picture.name}` : "";
  thumbnail.hidden = !address;
  if (address) show_image(thumbnail, address);
  query_box.placeholder = picture ? "Add words" : "Describe a picture";
  weight_box.value = String(picture_weight);
  describe_weight();
  show_mix();
}

export function read_picture_weight() {
  return Number(weight_box.value);
}

/** Connects the slider and the button that removes the picture; calls `change_weight()` and `remove()`. */
export function listen_to_query_picture({ change_weight, remove }) {
  document.getElementById("remove_picture").addEventListener("click", remove);
  query_box.addEventListener("input", show_mix);
  weight_box.addEventListener("input", describe_weight);
  weight_box.addEventListener("change", change_weight);
}

// Shown if there are both words and a picture.
function show_mix() {
  mix.hidden = picture_box.hidden || !query_box.value.trim();
}

function describe_weight() {
  const percent = Math.round(100 * read_picture_weight());
  weight_box.setAttribute("aria-valuetext", `${100 - percent}% words, ${percent}% picture`);
}
