// From what is asked, in the box, the address or by a picture, to the search that answers it. Owns no markup and no wire.

import { read_address, write_address } from "./address.js";
import { focus_card, listen_to_keys } from "./keyboard.js";
import { PictureRefused, only_picture, shrink_picture } from "./picture_file.js";
import { listen_for_pictures } from "./picture_intake.js";
import { keep_picture, listen_to_asked_picture, read_picture_weight, recall_picture, show_asked_picture } from "./picture_question.js";
import { is_empty } from "./question.js";
import { note_sample_models } from "./sample_models.js";
import { run_search, stop_search } from "./search.js";
import { show_empty } from "./states.js";
import { clear_toast, show_toast } from "./toast.js";
import { leave_viewer, listen_to_viewer } from "./viewer.js";

const form = document.getElementById("ask");
const query_box = document.getElementById("query");
const top_k_box = document.getElementById("top_k");
const status_line = document.getElementById("status");

let asked = null;
// What was given last; shrinking a picture takes a moment, and an earlier one must not overtake it.
let newest_files = null;

function restore_from_address() {
  const address = read_address();
  const { query, top_k, picture_weight } = address;
  asked = { query, top_k, picture_weight, picture: recall_picture(address) };
  query_box.value = asked.query;
  choose_top_k(asked.top_k);
  show_asked_picture(asked);
  leave_viewer();
  clear_toast();
  newest_files = null;
  if (address.kept && !asked.picture) forget_picture(address.kept);
  if (is_empty(asked)) rest();
  else run_search(asked, find_similar);
}

function rest() {
  stop_search();
  show_empty(asked);
  query_box.focus();
}

// A picture of one's own lives as long as the page does; its step in the history may be older.
function forget_picture({ name }) {
  write_address(asked, { replace: true });
  const instead = asked.query ? "These match the words alone." : "Give it again to go on with it.";
  const message = `“${name}” was never stored, and is gone since the page was loaded anew. ${instead}`;
  show_toast({ title: "Your picture was not kept", message, failure: false });
}

function choose_top_k(top_k) {
  const known = [...top_k_box.options].some((option) => Number(option.value) === top_k);
  // A deep link may name a number that the list lacks; whether it is too many is for the server to say.
  if (!known) top_k_box.add(new Option(String(top_k)));
  top_k_box.value = String(top_k);
}

/** Asks what the search box says, apart from the changes; each question is a step in the history unless it replaces one. */
function ask(changes = {}, { replace = false } = {}) {
  const written = { query: query_box.value.trim(), top_k: Number(top_k_box.value), picture_weight: read_picture_weight() };
  write_address({ ...asked, ...written, ...changes }, { replace });
  restore_from_address();
}

function find_similar({ id, image_url, caption, image_path }) {
  ask({ query: "", picture: { id, image_url, name: caption || image_path } });
  status_line.focus(); // the card that had it is gone
}

async function take_files(files) {
  const mine = (newest_files = files);
  try {
    const file = only_picture(files);
    const small = await shrink_picture(file);
    if (mine === newest_files) ask({ picture: keep_picture(small, file.name) });
  } catch (refusal) {
    if (!(refusal instanceof PictureRefused)) throw refusal;
    show_toast(refusal);
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  ask();
  // On a phone the keyboard would cover the pictures; with a real one, ↓ leads from the box to the first card.
  if (query_box.value && matchMedia("(pointer: coarse)").matches) query_box.blur();
});

top_k_box.addEventListener("change", () => is_empty({ ...asked, query: query_box.value.trim() }) || ask());

document.getElementById("retry").addEventListener("click", () => run_search(asked, find_similar));

document.getElementById("examples").addEventListener("click", (event) => {
  const example = event.target.closest("a");
  const elsewhere = event.ctrlKey || event.metaKey || event.shiftKey;
  if (!example || elsewhere) return;
  event.preventDefault();
  ask({ query: example.textContent, picture: null });
});

window.addEventListener("popstate", restore_from_address);
listen_to_keys(query_box);
listen_to_viewer(focus_card);
listen_for_pictures(take_files);
listen_to_asked_picture({
  mix_anew: () => ask({}, { replace: true }),
  remove: () => {
    ask({ picture: null });
    query_box.focus();
  },
});
restore_from_address();
note_sample_models();
