// The filters: their form, a chip for each that is set, and the order of results.

import { fetch_folders } from "../page/api.js";
import { name_date } from "../page/descriptions.js";
import { by_id, make } from "../page/elements.js";

const form = by_id("filter_form");
const chips = by_id("chips");
const order_box = by_id("order");

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
