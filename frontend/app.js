// Turns what the search box, the address and a given picture say into a request, and runs it. Owns no markup and no HTTP.

import { read_address, write_address, write_title } from "./request/address.js";
import { read_readiness } from "./page/api.js";
import { focus_card, listen_to_keys } from "./page/keyboard.js";
import { PictureRefused, only_picture, shrink_picture } from "./request/picture_file.js";
import { listen_for_pictures } from "./request/picture_input.js";
import { find_picture, listen_to_query_picture, read_picture_weight, show_query_picture, store_picture } from "./request/query_picture.js";
import { note_sample_models } from "./page/sample_models.js";
import { is_empty } from "./request/search_request.js";
import { run_search, stop_search } from "./results/search.js";
import { offer_log_out } from "./page/session.js";
import { clear_toast, show_toast } from "./page/toast.js";
import { leave_viewer, listen_to_viewer } from "./viewer/viewer.js";

const form = document.getElementById("search_form");
const query_box = document.getElementById("query");
const top_k_box = document.getElementById("top_k");
const status_line = document.getElementById("status");

let request = null;
// The files given last: shrinking a picture takes a moment, and an earlier picture must not replace a later one.
let newest_files = null;

function restore_from_address() {
  const address = read_address();
  const { query, top_k, picture_weight } = address;
  request = { query, top_k, picture_weight, picture: find_picture(address) };
  query_box.value = request.query;
  choose_top_k(request.top_k);
  show_query_picture(request);
  leave_viewer();
  clear_toast();
  newest_files = null;
  if (address.kept && !request.picture) report_lost_picture(address.kept);
  document.getElementById("examples").hidden = !is_empty(request);
  if (is_empty(request)) show_start();
  else run_search(request, uses);
}

function show_start() {
  stop_search();
  document.body.dataset.state = "empty";
  write_title(request);
  query_box.focus();
}

// A given picture is kept until the page is closed or loaded again; its history entry may be older.
function report_lost_picture({ name }) {
  write_address(request, { replace: true });
  const instead = request.query ? "These match the words alone." : "Give it again to search with it.";
  const message = `“${name}” was never stored, and is gone since the page was loaded again. ${instead}`;
  show_toast({ title: "Your picture was not kept", message, failure: false });
}

function choose_top_k(top_k) {
  const known = [...top_k_box.options].some((option) => Number(option.value) === top_k);
  // A link may have a number that is not in the list; the server refuses it if it is too high.
  if (!known) top_k_box.add(new Option(String(top_k)));
  top_k_box.value = String(top_k);
}

/** Searches for what the search box says, with some changes; adds a history entry, or replaces the current one. */
function submit(changes = {}, { replace = false } = {}) {
  const written = { query: query_box.value.trim(), top_k: Number(top_k_box.value), picture_weight: read_picture_weight() };
  write_address({ ...request, ...written, ...changes }, { replace });
  restore_from_address();
}

function find_similar({ id, preview_url, image_url, caption, image_path }) {
  submit({ query: "", picture: { id, image_url: preview_url ?? image_url, name: caption || image_path } });
  status_line.focus(); // the focused card has been removed
}

const uses = { find_similar };

async function take_files(files) {
  const mine = (newest_files = files);
  try {
    const file = only_picture(files);
    const small = await shrink_picture(file);
    if (mine === newest_files) submit({ picture: store_picture(small, file.name) });
  } catch (refusal) {
    if (!(refusal instanceof PictureRefused)) throw refusal;
    show_toast(refusal);
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  submit();
  // On a phone the keyboard would cover the pictures; with a real one, ↓ leads from the box to the first card.
  if (query_box.value && matchMedia("(pointer: coarse)").matches) query_box.blur();
});

top_k_box.addEventListener("change", () => is_empty({ ...request, query: query_box.value.trim() }) || submit());

document.getElementById("retry").addEventListener("click", () => run_search(request, uses));

document.getElementById("examples").addEventListener("click", (event) => {
  const example = event.target.closest("a");
  const opens_elsewhere = event.ctrlKey || event.metaKey || event.shiftKey;
  if (!example || opens_elsewhere) return;
  event.preventDefault();
  submit({ query: example.textContent, picture: null });
});

window.addEventListener("popstate", restore_from_address);
listen_to_keys(query_box);
listen_to_viewer(focus_card);
listen_for_pictures(take_files);
listen_to_query_picture({
  change_weight: () => submit({}, { replace: true }),
  remove: () => {
    submit({ picture: null });
    query_box.focus();
  },
});
restore_from_address();
const readiness = await read_readiness();
note_sample_models(readiness);
offer_log_out(readiness);
