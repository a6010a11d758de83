// The filters: their form, a chip for each that is set, and the order of results.

import { fetch_folders } from "../page/api.js";
import { name_date } from "../results/photo_facts.js";

const form = document.getElementById("filter_form");
const chips = document.getElementById("chips");
const order_box = document.getElementById("order");
const folders = document.getElementById("folders");

const NAMES = {
  from: (date) => `from ${name_date(date)}`,
  to: (date) => `up to ${name_date(date)}`,
  folder: (name) => `in ${name}`,
  place: (name) => `of ${name}`,
  camera: (name) => `taken with ${name}`,
  has_text: (has_text) => (has_text ? "with text" : "without text"),
};

let set = {};

/** Shows a request's filters as chips and in the form, and its order. */
export function show_filters({ where, order }) {
  set = where;
  chips.replaceChildren(...Object.keys(NAMES).filter((key) => key in where).map(make_chip));
  for (const field of form.querySelectorAll("[name]")) field.value = String(where[field.name] ?? "");
  order_box.value = order;
}

/** Connects the form, the chips and the order; calls `change({where})` or `change({order})`. */
export function listen_to_filters(change) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    form.hidePopover();
    change({ where: read_form() });
  });
  form.addEventListener("reset", (event) => {
    event.preventDefault(); // it would bring back what the fields had when the page was loaded
    form.hidePopover();
    change({ where: {} });
  });
  form.addEventListener("toggle", ({ newState }) => newState === "open" && offer_folders());
  chips.addEventListener("click", ({ target }) => {
    const { [target.dataset.key]: removed, ...where } = set;
    if (removed === undefined) return;
    change({ where });
    document.getElementById("filter_button").focus(); // the chip is gone
  });
  order_box.addEventListener("change", () => change({ order: order_box.value }));
}

function make_chip(key) {
  const textContent = NAMES[key](set[key]);
  const button = Object.assign(document.createElement("button"), { type: "button", textContent, ariaLabel: `Remove the filter “${textContent}”` });
  button.dataset.key = key;
  const chip = document.createElement("li");
  chip.append(button);
  return chip;
}

function read_form() {
  const given = [...new FormData(form)].map(([key, value]) => [key, value.trim()]).filter(([, value]) => value);
  return Object.fromEntries(given.map(([key, value]) => [key, key === "has_text" ? value === "true" : value]));
}

/** Offers the folders that the other filters leave; where they cannot be had, one can still be typed. */
async function offer_folders() {
  const { folder, ...others } = read_form();
  const answer = await fetch_folders(others).catch(() => ({ folders: [] }));
  folders.replaceChildren(...answer.folders.map(({ folder }) => new Option("", folder)));
}
