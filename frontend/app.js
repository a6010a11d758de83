// One search from the address to the cards: who asks, what is dropped, what is shown next. Owns no markup and no wire.

import { read_address, write_address } from "./address.js";
import { SearchFailed, search } from "./api.js";
import { focus_card, listen_to_keys } from "./keyboard.js";
import { show_answer, show_empty, show_failure, show_loading } from "./states.js";
import { close_viewer, listen_to_viewer, open_viewer } from "./viewer.js";

const form = document.getElementById("ask");
const query_box = document.getElementById("query");
const top_k_box = document.getElementById("top_k");

// The newest search's controller. It is the sequence too: an answer whose controller is no longer this one is stale.
let newest = null;

async function run_search(wanted) {
  newest?.abort();
  const mine = (newest = new AbortController());
  const stop_loading = show_loading(wanted);
  try {
    const asked_at = performance.now();
    const answer = await search(wanted, mine.signal);
    if (mine === newest) show_answer(wanted, answer, performance.now() - asked_at, open_viewer);
  } catch (failure) {
    if (mine !== newest) return;
    if (!(failure instanceof SearchFailed)) throw failure;
    show_failure(wanted, failure);
  } finally {
    stop_loading();
  }
}

function restore_from_address() {
  const wanted = read_address();
  query_box.value = wanted.query;
  choose_top_k(wanted.top_k);
  close_viewer();
  if (wanted.query) {
    run_search(wanted);
  } else {
    newest?.abort();
    newest = null;
    show_empty();
    query_box.focus();
  }
}

function choose_top_k(top_k) {
  const known = [...top_k_box.options].some((option) => Number(option.value) === top_k);
  // A deep link may name a number that the list lacks; whether it is too many is for the server to say.
  if (!known) top_k_box.add(new Option(String(top_k)));
  top_k_box.value = String(top_k);
}

function ask(query) {
  write_address({ query: query.trim(), top_k: Number(top_k_box.value) });
  restore_from_address();
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  ask(query_box.value);
  // On a phone the keyboard would cover the pictures; with a real one, ↓ leads from the box to the first card.
  if (query_box.value && matchMedia("(pointer: coarse)").matches) query_box.blur();
});

top_k_box.addEventListener("change", () => query_box.value.trim() && ask(query_box.value));

document.getElementById("retry").addEventListener("click", () => run_search(read_address()));

document.getElementById("examples").addEventListener("click", (event) => {
  const example = event.target.closest("a");
  const elsewhere = event.ctrlKey || event.metaKey || event.shiftKey;
  if (!example || elsewhere) return;
  event.preventDefault();
  ask(example.textContent);
});

window.addEventListener("popstate", restore_from_address);
listen_to_keys(query_box);
listen_to_viewer(focus_card);
restore_from_address();
