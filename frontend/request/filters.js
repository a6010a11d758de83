// The filters: the form that its button opens, a chip for each filter that is set, and the order of results.

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
    const { [target.closest("button")?.dataset.key]: _, ...where } = set;
    change({ where });
    document.getElementById("filter_button").focus(); // the chip is gone
  });
  order_box.addEventListener("change", () => change({ order: order_box.value }));
}

function make_chip(key) {
  const chip = document.createElement("li");
  const button = document.createElement("button");
  button.type = "button";
  button.dataset.key = key;
  button.textContent = NAMES[key](set[key]);
  button.ariaLabel = `Remove the filter “${button.textContent}”`;
  chip.append(button);
  return chip;
}

function read_form() {
  const where = {};
  for (const [key, value] of new FormData(form)) if (value.trim()) where[key] = value.trim();
  if (where.has_text) where.has_text = where.has_text === "true";
  return where;
}

/** Offers the folders that the other filters leave; where they cannot be had, one can still be typed. */
async function offer_folders() {
  const { folder, ...others } = read_form();
  const answer = await fetch_folders(others).catch(() => ({ folders: [] }));
  folders.replaceChildren(...answer.folders.map(({ folder }) => new Option("", folder)));
}
