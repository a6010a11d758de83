// Runs one search: cards, explanations, and the pages that follow. A new search aborts the one before.

import { RequestFailed, search } from "../page/api.js";
import { count_pictures } from "../page/descriptions.js";
import { focus_card } from "../page/keyboard.js";
import { announce, show_request_failure } from "../page/toast.js";
import { has_words } from "../request/search_request.js";
import { list_of, open_linked_photo, open_viewer, refresh_viewer } from "../viewer/viewer.js";
import { open_evidence } from "./evidence.js";
import { add_results, clear_lists, focusable_of, found_results, misses_are_closed, show_why, shown_results } from "./lists.js";
import { load_more, offer_more } from "./more.js";
import { show_answer, show_busy, show_failure, show_loading, tell } from "./states.js";
import { describe_answer } from "./verdict.js";

// At once. No page has more, but those of several may have failed.
const MOST_EXPLAINED = 24;
// Of the newest search; all that belongs to an earlier one is aborted.
let newest = new AbortController();

/** Searches, and shows the results or the failure. `uses`: {find_similar(picture)}, for the user who wants more like one. */
export async function run_search(request, uses) {
  newest.abort();
  const { signal } = (newest = new AbortController());
  offer_more(null);
  const ask = (cursor, tell_busy) => search(request, { cursor }, signal, tell_busy);
  const stop_loading = show_loading(request);
  try {
    const answer = await ask(null, (wait_s) => (stop_loading(), show_busy(wait_s)));
    stop_loading();
    if (!signal.aborted) show_results(request, answer, { ask, uses, signal });
  } catch (failure) {
    if (signal.aborted) return;
    if (!(failure instanceof RequestFailed)) throw failure;
    show_failure(failure);
  } finally {
    stop_loading();
  }
}

/** Stops the search, and takes its results away. */
export function stop_search() {
  newest.abort();
  offer_more(null);
  clear_lists();
}

function show_results(request, first_answer, { ask, uses: { find_similar }, signal }) {
  const evidence = has_words(request) ? open_evidence(request, signal) : null;
  let next = null;
  const viewer_uses = {
    find_similar,
    fetch_heatmap: evidence?.fetch_heatmap ?? null,
    explain: async (result) => evidence?.is_explained(result) || evidence?.explain_all([result]),
    close: focus_card,
  };

  function open(result, { heatmap = false } = {}) {
    const shown = shown_results();
    open_viewer(list_of(shown), shown.indexOf(result), { ...viewer_uses, heatmap });
  }

  async function explain_shown() {
    const results = evidence ? shown_results().filter((result) => !evidence.is_explained(result)).slice(0, MOST_EXPLAINED) : [];
    if (!results.length) return;
    show_why(results, "pending");
    try {
      await evidence.explain_all(results);
      show_why(results, "known");
      refresh_viewer();
      explain_shown();
    } catch (failure) {
      if (signal.aborted) return;
      if (!(failure instanceof RequestFailed)) throw failure;
      show_why(results, "failed");
      show_request_failure("The explanations could not be fetched", failure, explain_shown);
    }
  }

  function add_page(answer) {
    next = answer.next ?? null;
    add_results(answer.results);
    tell(describe_answer(request, found_results(), { ...first_answer, more: next !== null }));
    show_more();
  }

  // Where matches have run out, and the near misses are closed, nobody asks for more.
  function show_more({ failed = false } = {}) {
    offer_more(next === null || misses_are_closed() ? null : fetch_page, { failed });
    explain_shown();
  }

  async function fetch_page() {
    const before = shown_results();
    try {
      const answer = await ask(next);
      add_page(answer);
      announce(`${count_pictures(answer.results.length)} more`);
      return focusable_of(shown_results().find((result) => !before.includes(result)));
    } catch (failure) {
      if (signal.aborted) return null;
      if (!(failure instanceof RequestFailed)) throw failure;
      if (!failure.worth_retrying) next = null; // the index is another one now
      show_more({ failed: true });
      show_request_failure("More pictures could not be fetched", failure, next === null ? undefined : load_more);
      return null;
    }
  }

  clear_lists({ actions: { open, find_similar, toggled: show_more } });
  show_answer(request, first_answer);
  add_page(first_answer);
  open_linked_photo(shown_results(), viewer_uses);
}
