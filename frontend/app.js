// Turns what the address, the search box, the filters and a given picture say into a request, and shows its answer.

import { leave_library, show_library } from "./library/library.js";
import { read_readiness } from "./page/api.js";
import { listen_to_keys } from "./page/keyboard.js";
import { note_sample_models } from "./page/sample_models.js";
import { offer_log_out } from "./page/session.js";
import { clear_toast, show_toast } from "./page/toast.js";
import { read_address, write_address } from "./request/address.js";
import { listen_to_filters, show_filters } from "./request/filters.js";
import { PictureRefused, only_picture, shrink_picture } from "./request/picture_file.js";
import { listen_for_pictures } from "./request/picture_input.js";
import { find_picture, listen_to_query_picture, read_picture_weight, show_query_picture, store_picture } from "./request/query_picture.js";
import { is_empty } from "./request/search_request.js";
import { run_search, stop_search } from "./results/search.js";
import { offer_open_folder } from "./viewer/details.js";
import { leave_viewer, listen_to_viewer } from "./viewer/viewer.js";

const form = document.getElementById("search_form");
const query_box = document.getElementById("query");
const status_line = document.getElementById("status");

let request = null;
// The files given last: shrinking a picture takes a moment, and an earlier picture must not replace a later one.
let newest_files = null;

function restore_from_address() {
  const { kept, like, ...address } = read_address();
  request = { ...address, picture: find_picture({ like, kept }) };
  query_box.value = request.query;
  show_query_picture(request);
  show_filters(request);
  leave_viewer();
  clear_toast();
  newest_files = null;
  if (kept && !request.picture) report_lost_picture(kept);
  run();
}

function run() {
  if (is_empty(request)) {
    stop_search();
    show_library(request, uses);
  } else {
    leave_library();
    run_search(request, uses);
  }
}

// A given picture is kept until the page is closed or loaded again; its history entry may be older.
function report_lost_picture({ name }) {
  write_address(request, { replace: true });
  const instead = request.query ? "These match the words alone." : "Give it again to search with it.";
  const message = `“${name}” was never stored, and is gone since the page was loaded again. ${instead}`;
  show_toast({ title: "Your picture was not kept", message, failure: false });
}

/** Shows what the search box says, with some changes; adds a history entry, or replaces the current one. */
function submit(changes = {}, { replace = false } = {}) {
  const written = { query: query_box.value.trim(), picture_weight: read_picture_weight() };
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

document.getElementById("retry").addEventListener("click", run);

document.getElementById("examples").addEventListener("click", (event) => {
  const example = event.target.closest("a");
  const opens_elsewhere = event.ctrlKey || event.metaKey || event.shiftKey;
  if (!example || opens_elsewhere) return;
  event.preventDefault();
  submit({ query: example.textContent, picture: null });
});

window.addEventListener("popstate", restore_from_address);
listen_to_keys(query_box);
listen_to_viewer();
listen_for_pictures(take_files);
listen_to_filters(submit);
listen_to_query_picture({
  change_weight: () => submit({}, { replace: true }),
  remove: () => {
    submit({ picture: null });
    query_box.focus();
  },
});
restore_from_address();
// The header grows with the slider and with larger text.
const header = document.querySelector(".top");
new ResizeObserver(() => document.body.style.setProperty("--top_height", `${header.offsetHeight}px`)).observe(header);
const readiness = await read_readiness();
note_sample_models(readiness);
offer_log_out(readiness);
offer_open_folder(readiness);
