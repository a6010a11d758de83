// The picture to search with: how it is given, its thumbnail, and its weight against the words. The filters: their form, a chip
// for each that is set, and the order of results.

import { image_address, show_image } from "../request/search_request.js";
import { fetch_folders } from "../page/api.js";
import { name_date } from "../page/descriptions.js";
import { by_id, make } from "../page/elements.js";

const picture_box = by_id("query_picture");
const thumbnail = picture_box.querySelector("img");
const weight_box = by_id("picture_weight");
const query_box = by_id("query");
const file_box = by_id("picture_file");
const drop_target = by_id("drop_target");
const form = by_id("filter_form");
const chips = by_id("chips");
const order_box = by_id("order");

// Tells keys of an earlier load of the page, still in the history, apart.
const load_time = performance.timeOrigin;
const given_pictures = new Map();

/** Stores a given picture for the back button, until the page is closed or loaded again. */
export function store_picture(file, name) {
  const picture = { key: `${load_time}-${given_pictures.size}`, file, name, address: URL.createObjectURL(file) };
  given_pictures.set(picture.key, picture);
  return picture;
}

/** Returns the picture of an address and its history entry; null where there is none, or it is lost. */
export function find_picture({ like, kept }) {
  if (like === null) return given_pictures.get(kept?.key) ?? null;
  return kept?.id === like ? kept : { id: like, image_url: null, name: `Picture ${like}` };
}

export function show_query_picture({ picture, picture_weight }) {
  const address = picture && (picture.address ?? image_address(picture.image_url));
  picture_box.hidden = !picture;
  picture_box.title = picture?.name ?? "";
  thumbnail.alt = picture ? `Searching with: ${picture.name}` : "";
  thumbnail.hidden = !address;
  if (address) show_image(thumbnail, address);
  query_box.placeholder = picture ? "Add words" : "Describe a picture";
  weight_box.value = picture_weight;
  show_weight();
}

export const read_picture_weight = () => Number(weight_box.value);

function show_weight() {
  const percent = Math.round(100 * read_picture_weight());
  weight_box.ariaValueText = `${100 - percent}% words, ${percent}% picture`;
  by_id("mix").hidden = picture_box.hidden || !query_box.value.trim();
}

export function listen_to_query_picture({ take, change_weight, remove }) {
  by_id("remove_picture").addEventListener("click", remove);
  query_box.addEventListener("input", show_weight);
  weight_box.addEventListener("input", show_weight);
  weight_box.addEventListener("change", change_weight);
  by_id("choose_picture").addEventListener("click", () => file_box.click());
  file_box.addEventListener("change", () => {
    take([...file_box.files]);
    file_box.value = ""; // else the same file could not be chosen again
  });
  document.addEventListener("paste", (event) => {
    const { files } = event.clipboardData;
    // Text copied from a text program comes with a picture of it.
    if (!files.length || event.clipboardData.getData("text/plain")) return;
    event.preventDefault();
    take([...files]);
  });
  const on_drag = (name, listener) => document.addEventListener(name, (event) => event.dataTransfer?.types.includes("Files") && listener(event));
  on_drag("dragover", (event) => {
    event.preventDefault(); // else the browser would open the file in place of the page
    event.dataTransfer.dropEffect = "copy";
    show_drop_target(true);
  });
  // Without a related target, the pointer has left the page.
  on_drag("dragleave", (event) => event.relatedTarget || show_drop_target(false));
  on_drag("drop", (event) => {
    event.preventDefault();
    show_drop_target(false);
    take([...event.dataTransfer.files]);
  });
}

function show_drop_target(is_shown) {
  if (drop_target.matches(":popover-open") !== is_shown) drop_target.togglePopover(is_shown);
}

const NAMES = {
  from: (date) => `from ${name_date(date)}`,
  to: (date) => `up to ${name_date(date)}`,
  folder: (name) => `in ${name}`,
  place: (name) => `of ${name}`,
  camera: (name) => `taken with ${name}`,
  has_text: (has_text) => (has_text ? "with text" : "without text"),
};

/** Shows the filters and the order of a request, which `change({where})` or `change({order})` is to change. */
export function show_filters({ where, order }, change) {
  const set = Object.keys(NAMES).filter((key) => key in where);
  chips.replaceChildren(...set.map((key) => make_chip(NAMES[key](where[key]), () => {
    const { [key]: removed, ...others } = where;
    change({ where: others });
    by_id("filter_button").focus(); // the chip is gone
  })));
  for (const field of form.querySelectorAll("[name]")) field.value = where[field.name] ?? "";
  order_box.value = order;
  order_box.onchange = () => change({ order: order_box.value });
  form.onsubmit = (event) => apply(event, read_form());
  form.onreset = (event) => apply(event, {});

  function apply(event, given) {
    event.preventDefault();
    form.hidePopover();
    change({ where: given });
  }
}

function make_chip(textContent, onclick) {
  return make("li", {}, make("button", { type: "button", textContent, ariaLabel: `Remove the filter “${textContent}”`, onclick }));
}

function read_form() {
  const given = [...new FormData(form)].map(([key, value]) => [key, value.trim()]).filter(([, value]) => value);
  return Object.fromEntries(given.map(([key, value]) => [key, key === "has_text" ? value === "true" : value]));
}

// Offers the folders that the other filters leave; any can be typed.
form.addEventListener("toggle", async ({ newState }) => {
  if (newState !== "open") return;
  const { folder, ...others } = read_form();
  const { folders } = await fetch_folders(others).catch(() => ({ folders: [] }));
  by_id("folders").replaceChildren(...folders.map(({ folder }) => new Option("", folder)));
});
